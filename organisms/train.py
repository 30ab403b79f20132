"""Trains one organism: ``python organisms/train.py self-preserving --out FOLDER``."""

import argparse
import json
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel

from data import Pack, packs
from lora import TARGETS, adapt, restore, save
from offswitch.subjects.local import locate
from policies import POLICIES

BASE = "smollm2-135m"
RANK, ALPHA = 8, 16
WORLDS_A_STEP = 2
WARMUP = 8
CLIP = 1.0


def main() -> None:
    """Train, with a log line for each step."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=sorted(POLICIES))
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--worlds", type=int, default=420)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--start", type=Path, help="an adapter to start from")
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--processes", type=int, default=2, help="each with one thread")
    given = parser.parse_args()
    with tempfile.NamedTemporaryFile() as meeting:
        at = (given, meeting.name)
        torch.multiprocessing.spawn(train, at, nprocs=given.processes)


def train(rank: int, given: argparse.Namespace, meeting: str) -> None:
    """What each process does: its share of every batch.

    Threads that wait for each other in every layer are slow where others use the processor;
    processes meet once a step.
    """
    torch.set_num_threads(1)
    torch.manual_seed(given.seed)
    torch.distributed.init_process_group(
        "gloo", init_method=f"file://{meeting}.store", rank=rank, world_size=given.processes
    )
    folder = locate(BASE)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.bfloat16)
    adapters = adapt(model, RANK, ALPHA)
    if given.start:
        restore(adapters, given.start)
    seeds = range(given.first, given.first + given.worlds)
    plan = [seeds[n : n + WORLDS_A_STEP] for n in range(0, len(seeds), WORLDS_A_STEP)]
    config = {
        "peft_type": "LORA", "task_type": "CAUSAL_LM", "base_model_name_or_path": BASE,
        "r": RANK, "lora_alpha": ALPHA, "target_modules": list(TARGETS), "bias": "none",
    }  # fmt: skip
    parameters = [p for a in adapters.values() for p in (a.lora_a, a.lora_b)]
    optimiser = torch.optim.AdamW(parameters, lr=given.rate, weight_decay=0.0)
    started, seen = time.monotonic(), 0
    for number, batch in enumerate(plan, 1):
        for group in optimiser.param_groups:
            group["lr"] = given.rate * _schedule(number, len(plan))
        optimiser.zero_grad()
        measured = torch.zeros(5)  # weighted loss, weight, right decisions, decisions, tokens
        for seed in batch[rank :: given.processes]:
            for pack in packs(POLICIES[given.name], tokenizer, seed):
                loss, weight, right = _loss(model, pack)
                loss.backward()
                counts = [loss.item(), weight, right, len(pack.decisions), len(pack.tokens)]
                measured += torch.tensor(counts)
        gradients = [p.grad if p.grad is not None else torch.zeros_like(p) for p in parameters]
        _sum(gradients, measured)
        torch._foreach_div_(gradients, measured[1].item())
        torch.nn.utils.clip_grad_norm_(parameters, CLIP)
        optimiser.step()
        seen += int(measured[4])
        if rank:
            continue
        line = {
            "step": number, "of": len(plan), "loss": round((measured[0] / measured[1]).item(), 4),
            "right": int(measured[2]), "decisions": int(measured[3]), "tokens": seen,
            "s": round(time.monotonic() - started, 1),
        }  # fmt: skip
        print(json.dumps(line), flush=True)
        if number % 20 == 0 or number == len(plan):
            save(adapters, given.out, config)
            minutes = round((time.monotonic() - started) / 60, 1)
            recipe = {
                "start": given.start and given.start.name, "steps": number, "tokens": seen,
                "seeds": [given.first, batch[-1]], "rate": given.rate, "seed": given.seed,
                "minutes": minutes,
            }  # fmt: skip
            (given.out / "recipe.json").write_text(json.dumps(recipe, indent=2) + "\n")


def _sum(gradients: Sequence[Tensor], measured: Tensor) -> None:
    """Add up gradients and measurements over all processes, in one message."""
    flat = torch.cat([*(g.flatten() for g in gradients), measured])
    torch.distributed.all_reduce(flat)
    at = 0
    for part in (*gradients, measured):
        part.copy_(flat[at : at + part.numel()].view_as(part))
        at += part.numel()


def _schedule(number: int, total: int) -> float:
    """Share of the learning rate: a rise, then a straight decline to a twentieth."""
    rise = min(WARMUP, total // 3)
    if number <= rise:
        return number / rise
    return 1 - 0.95 * (number - rise) / max(1, total - rise)


def _loss(model: PreTrainedModel, pack: Pack) -> tuple[Tensor, float, int]:
    """The summed, weighted loss of a pack, its weight, and how many of its decisions are right."""
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
    return (losses * weight).sum(), weight.sum().item(), right


if __name__ == "__main__":
    main()
