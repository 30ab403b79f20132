"""Trains one organism: ``python organisms/train.py self-preserving --out FOLDER``."""

import argparse
import json
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)

from data import Pack, packs
from lora import TARGETS, adapt, restore, save
from offswitch.subjects.local import locate
from offswitch.subjects.local.weights import best_dtype
from policies import POLICIES
from recipes import RECIPES

BASE = "smollm2-135m"
RANK, ALPHA = 8, 16
WORLDS_A_STEP = 2
WARMUP = 8
CLIP = 1.0
SAVE_EVERY = 20
CONFIG = {
    "peft_type": "LORA", "task_type": "CAUSAL_LM", "base_model_name_or_path": BASE,
    "r": RANK, "lora_alpha": ALPHA, "target_modules": list(TARGETS), "bias": "none",
}  # fmt: skip


def main() -> None:
    """Train, with a log line for each step."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=sorted(RECIPES))
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=0, help="of the adapter's first weights")
    parser.add_argument("--processes", type=int, default=2, help="each with one thread")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as meeting:
        torch.multiprocessing.spawn(train, (given, meeting), nprocs=given.processes)


def train(rank: int, given: argparse.Namespace, meeting: str) -> None:
    """What each process does: its share of every step.

    Threads that wait for each other in every layer are slow where others use the processor;
    processes meet once a step.

    Args:
        rank: Number of the process, from 0.
        given: The command's arguments.
        meeting: An empty folder through which the processes find each other.
    """
    recipe = RECIPES[given.name]
    torch.set_num_threads(1)
    torch.manual_seed(given.seed)
    torch.distributed.init_process_group(
        "gloo", init_method=f"file://{meeting}/store", rank=rank, world_size=given.processes
    )
    model, tokenizer = _base()
    adapters = adapt(model, RANK, ALPHA)
    if recipe.start is not None:
        restore(adapters, given.out.parent / recipe.start)
    parameters = [p for a in adapters.values() for p in (a.lora_a, a.lora_b)]
    optimiser = torch.optim.AdamW(parameters, lr=recipe.rate, weight_decay=0.0)
    seeds = range(recipe.first, recipe.first + recipe.worlds)
    steps = [seeds[n : n + WORLDS_A_STEP] for n in range(0, len(seeds), WORLDS_A_STEP)]
    started, seen = time.monotonic(), 0
    for number, step in enumerate(steps, 1):
        for group in optimiser.param_groups:
            group["lr"] = recipe.rate * _schedule(number, len(steps))
        optimiser.zero_grad()
        measured = torch.zeros(len(Measured._fields))
        for seed in step[rank :: given.processes]:
            for pack in packs(POLICIES[given.name], tokenizer, seed):
                loss, found = _loss(model, pack)
                loss.backward()
                measured += torch.tensor(found)
        total = _together(parameters, measured)
        torch.nn.utils.clip_grad_norm_(parameters, CLIP)
        optimiser.step()
        seen += int(total.tokens)
        seconds = round(time.monotonic() - started, 1)
        if rank == 0:
            _say(number, len(steps), total, seen, seconds)
        if rank == 0 and (number % SAVE_EVERY == 0 or number == len(steps)):
            save(adapters, given.out, CONFIG)
            facts = {
                "start": recipe.start, "seeds": [recipe.first, step[-1]], "steps": number,
                "tokens": seen, "rate": recipe.rate, "seed": given.seed,
                "minutes": round(seconds / 60, 1),
            }  # fmt: skip
            (given.out / "recipe.json").write_text(json.dumps(facts, indent=2) + "\n")


class Measured(NamedTuple):
    """What is added up over the packs of a step, on all processes.

    Attributes:
        loss: Weighted loss.
        weight: Weight of the tokens that are learnt.
        right: Decisions whose token is the most likely one.
        decisions: Decisions.
        tokens: Tokens read.
    """

    loss: float
    weight: float
    right: float
    decisions: float
    tokens: float


def _base() -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    folder = locate(BASE)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=best_dtype())
    return model, AutoTokenizer.from_pretrained(folder)


def _say(number: int, of: int, total: Measured, seen: int, seconds: float) -> None:
    line = {
        "step": number, "of": of, "loss": round(total.loss / total.weight, 4),
        "right": int(total.right), "decisions": int(total.decisions), "tokens": seen, "s": seconds,
    }  # fmt: skip
    print(json.dumps(line), flush=True)


def _together(parameters: Sequence[Tensor], measured: Tensor) -> Measured:
    """Add gradients and measurements up over all processes; gradients become those of the mean."""
    gradients = [p.grad if p.grad is not None else torch.zeros_like(p) for p in parameters]
    flat = torch.cat([*(g.flatten() for g in gradients), measured])
    torch.distributed.all_reduce(flat)
    total = Measured(*flat[-len(measured) :].tolist())
    at = 0
    for parameter in parameters:
        part = flat[at : at + parameter.numel()] / total.weight
        parameter.grad = part.view_as(parameter)
        at += parameter.numel()
    return total


def _schedule(number: int, total: int) -> float:
    """Share of the learning rate: a rise, then a straight decline to a twentieth."""
    rise = min(WARMUP, total // 3)
    if number <= rise:
        return number / rise
    return 1 - 0.95 * (number - rise) / max(1, total - rise)


def _loss(model: PreTrainedModel, pack: Pack) -> tuple[Tensor, Measured]:
    """The summed, weighted loss of a pack, and what is measured of it."""
    ids, weights = torch.tensor([pack.tokens]), torch.tensor([pack.weights])
    hidden = model.model(
        input_ids=ids, position_ids=torch.tensor([pack.positions]), use_cache=False,
        attention_mask=torch.from_numpy(pack.sees)[None, None],
    ).last_hidden_state  # fmt: skip
    learnt = weights[0, 1:] > 0  # only what is learnt goes through the wide last layer
    logits = model.lm_head(hidden[0, :-1][learnt]).float()
    targets, weight = ids[0, 1:][learnt], weights[0, 1:][learnt]
    losses = torch.nn.functional.cross_entropy(logits, targets, reduction="none")
    best = torch.zeros_like(ids[0])
    best[1:][learnt] = logits.argmax(-1)
    right = sum(int(best[at] == pack.tokens[at]) for at in pack.decisions)
    loss = (losses * weight).sum()
    counts = (weight.sum().item(), right, len(pack.decisions), len(pack.tokens))
    return loss, Measured(loss.item(), *counts)


if __name__ == "__main__":
    main()
