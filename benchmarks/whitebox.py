"""What looking inside costs, side by side with what one would use instead.

1.  Capture: the stream after every block at three tokens of each line, by `Reader`, against plain
    forward passes over the same lines, one by one, that keep nothing. Once with lines that share
    nothing, once with lines that share two thirds, as the conditions of a world do.
2.  Generation through our engine, against a loop of transformers' `generate`: one prompt, and 16
    that share two thirds, asked at once. Nothing ends early, no prompt is asked twice.
3.  A sweep of activation patching, every block and every token from the first that differs,
    against TransformerLens (`generic_activation_patch`, as its `get_act_patch_resid_pre` does) and
    NNsight on the same weights and pair. Theirs take a whole forward pass for each cell, all alike:
    some cells are timed and multiplied, unless ``--full``. Effects must agree.

The floor is what the processor would need for the multiplications alone, at the speed of a large
matrix product in the same run. TransformerLens and NNsight are no dependencies: install them where
this runs (they were, in an environment of their own); what is missing is null.

    python benchmarks/whitebox.py [--quick] [--full]
"""

import argparse
import json
import os
import random
import time
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

os.environ.setdefault("GOMP_SPINCOUNT", "10000")  # as the provider does

import numpy as np
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel

from offswitch.subjects.local import locate
from offswitch.subjects.local.engine import Engine
from offswitch.subjects.local.requests import Request
from offswitch.subjects.local.settings import Settings
from offswitch.subjects.local.sites import anatomy
from offswitch.subjects.local.weights import Loaded, load
from offswitch.whitebox.pairs import Pair
from offswitch.whitebox.patching import Patcher
from offswitch.whitebox.reading import Ask, Reader

NAME = "smollm2-135m"
Line = list[int]
Figures = dict[str, Any]


def lines(count: int, length: int, shared: int, seed: int) -> list[Line]:
    """Random tokens: as much work as words, the first ones in common."""
    chance = random.Random(seed)
    common = [chance.randrange(100, 40_000) for _ in range(shared)]
    return [
        common + [chance.randrange(100, 40_000) for _ in range(length - shared)]
        for _ in range(count)
    ]


def timed(what: Callable[[], object], times: int) -> float:
    """Median seconds."""
    took = []
    for _ in range(times):
        started = time.perf_counter()
        what()
        took.append(time.perf_counter() - started)
    return float(np.median(took))


def speed() -> float:
    """Floating point operations a second, of a large matrix product."""
    a, b = torch.randn(512, 2048), torch.randn(2048, 2048)
    return 2 * 512 * 2048 * 2048 / timed(lambda: a @ b, 9)


def capture(loaded: Loaded, plain: PreTrainedModel, count: int, length: int) -> Figures:
    """Reading lines with and without keeping what stands at the sites."""
    sites = anatomy(loaded.model).select(["layers.*.resid_post"])
    places = [length - 9, length - 5, length - 1]
    found: Figures = {}
    for name, shared in (("apart", 0), ("shared", 2 * length // 3)):
        own = lines(count, length, shared, 1)

        def ours(own: list[Line] = own) -> None:
            asks = [Ask(str(n), line, places) for n, line in enumerate(own)]
            assert len(list(Reader(loaded, sites)(asks))) == count

        def theirs(own: list[Line] = own) -> None:
            with torch.inference_mode():
                for line in own:
                    plain(torch.tensor([line]), use_cache=False, logits_to_keep=1)

        a, b = timed(ours, 3), timed(theirs, 3)
        found[f"capture_{name}_ratio_vs_forward"] = round(a / b, 2)
        print(f"capture, lines {name}: {a:.2f} s; plain forward {b:.2f} s", flush=True)
    return found


def generation(loaded: Loaded, plain: PreTrainedModel, length: int, tokens: int) -> Figures:
    """Answers of our engine, and of `generate` in a loop."""
    found: Figures = {}
    engine = Engine(loaded.model, str, ends=frozenset(), context=8192, max_batch=16)
    seeds = iter(range(1, 100))  # other prompts each time: none is in a cache
    for size in (1, 16):

        def ours(size: int = size) -> None:
            asked = lines(size, length, 2 * length // 3, next(seeds))
            futures = [engine.submit(Request(line, tokens)) for line in asked]
            assert all(len(f.result().tokens) == tokens for f in futures)

        def theirs(size: int = size) -> None:
            for line in lines(size, length, 2 * length // 3, 0):
                plain.generate(
                    torch.tensor([line]), attention_mask=torch.ones(1, length, dtype=torch.long),
                    do_sample=False, min_new_tokens=tokens, max_new_tokens=tokens, pad_token_id=0,
                )  # fmt: skip

        a, b = timed(ours, 3 if size == 1 else 1), timed(theirs, 3 if size == 1 else 1)
        found[f"generation_batch{size}_ratio_vs_generate_loop"] = round(b / a, 2)
        print(f"generation, {size}: {a:.2f} s; generate in a loop {b:.2f} s", flush=True)
    return found


def pair(length: int, first: int) -> Pair:
    """Two lines that differ in one token."""
    (target,) = lines(1, length, 0, 5)
    source = [*target[:first], target[first] + 1, *target[first + 1 :]]
    roles: Any = ["difference"] + ["between"] * (length - first - 1)
    return Pair(1, source, target, list(range(length)), roles, first, 500, 600)


def patching(loaded: Loaded, plain: PreTrainedModel, made: Pair, some: int | None) -> Figures:
    """All cells of a sweep: ours, and others' where they are installed."""
    patcher = Patcher(loaded)
    places = list(range(made.first, len(made.target)))
    cells = [(layer, place) for layer in range(len(patcher.sites)) for place in places]
    kept: list[Any] = []

    def ours() -> None:
        kept[:] = [patcher.sweep(made, patcher.runs(made), [[place] for place in places])]

    a = timed(ours, 1)
    print(f"patching, {len(cells)} cells: {a:.1f} s", flush=True)
    found: Figures = {"patching_cells": len(cells), "patching_s": round(a, 2)}
    chosen = cells if some is None else random.Random(2).sample(cells, min(some, len(cells)))
    expected = np.array([kept[0][layer, place - made.first] for layer, place in chosen])
    for name, module, others in (
        ("transformerlens", "transformer_lens", transformerlens), ("nnsight", "nnsight", nnsight),
    ):  # fmt: skip
        if find_spec(module) is None:
            found[f"patching_ratio_vs_{name}"] = None
            print(f"{name} is not installed")
            continue
        seconds, values = others(plain, made, chosen)
        np.testing.assert_allclose(values, expected, atol=2e-2)
        whole = seconds * len(cells) / len(chosen)
        found[f"patching_ratio_vs_{name}"] = round(whole / a, 1)
        print(f"{name}: {whole:.1f} s, from {len(chosen)} cells", flush=True)
    return found


def transformerlens(
    plain: PreTrainedModel, made: Pair, cells: list[tuple[int, int]]
) -> tuple[float, list[float]]:
    """Seconds for some cells in TransformerLens, and their log-odds."""
    import pandas as pd
    from transformer_lens.model_bridge import TransformerBridge
    from transformer_lens.patching import generic_activation_patch, layer_pos_patch_setter

    folder = str(locate(NAME))
    tokenizer = AutoTokenizer.from_pretrained(folder)
    bridge = TransformerBridge.boot_transformers(folder, hf_model=plain, tokenizer=tokenizer)
    with torch.inference_mode():
        _, cache = bridge.run_with_cache(torch.tensor([made.source]))
        started = time.perf_counter()
        found = generic_activation_patch(
            bridge, torch.tensor([made.target]), cache,
            lambda logits: logits[0, -1, made.resist] - logits[0, -1, made.comply],
            layer_pos_patch_setter, "resid_pre",
            index_df=pd.DataFrame(cells, columns=["layer", "pos"]),
        )  # fmt: skip
        return time.perf_counter() - started, [float(v) for v in found]


def nnsight(
    plain: PreTrainedModel, made: Pair, cells: list[tuple[int, int]]
) -> tuple[float, list[float]]:
    """Seconds for some cells in NNsight, and their log-odds."""
    from nnsight import NNsight

    model = NNsight(plain)
    source, target = torch.tensor([made.source]), torch.tensor([made.target])
    with torch.inference_mode():
        states = plain(source, output_hidden_states=True, use_cache=False).hidden_states
        values, started = [], time.perf_counter()
        for layer, place in cells:
            given = states[layer][:, place]
            with model.trace(target, use_cache=False):
                stream = model.model.layers[layer].input.clone()
                stream[:, place] = given
                model.model.layers[layer].input = stream
                logits = model.lm_head.output[0, -1].save()
            values.append(float(logits[made.resist] - logits[made.comply]))
        return time.perf_counter() - started, values


def floor(loaded: Loaded, made: Pair, flops: float) -> float:
    """Seconds that the multiplications of a sweep take by themselves.

    Each cell computes the tokens from its own on, in the blocks from its own on, and the last
    token's logits.
    """
    blocks = anatomy(loaded.model).blocks
    each = sum(p.numel() for p in blocks[0].parameters())
    head = loaded.model.get_output_embeddings().weight.numel()
    tokens = sum(len(made.target) - place for place in range(made.first, len(made.target)))
    places, layers = len(made.target) - made.first, len(blocks)
    count = tokens * each * layers * (layers + 1) / 2 + places * layers * head
    return 2 * count / flops


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="end within minutes")
    parser.add_argument("--full", action="store_true", help="time all cells of the others")
    options = parser.parse_args()
    quick = options.quick
    folder = str(locate(NAME))
    loaded = load(folder, Settings(dtype="float32", device="cpu"))
    plain = AutoModelForCausalLM.from_pretrained(
        folder, dtype=torch.float32, attn_implementation="sdpa"
    ).eval()
    flops = speed()
    figures: Figures = {"threads": torch.get_num_threads(), "gflops": round(flops / 1e9, 1)}
    figures |= capture(loaded, plain, 4 if quick else 12, 180 if quick else 600)
    figures |= generation(loaded, plain, 180 if quick else 600, 12 if quick else 64)
    made = pair(24, 12) if quick else pair(64, 32)
    figures |= patching(loaded, plain, made, None if options.full else 6 if quick else 40)
    least = floor(loaded, made, flops)
    figures["patching_times_floor"] = round(figures["patching_s"] / least, 2)
    print(f"patching: the multiplications alone take {least:.1f} s")
    figures |= {"load": round(os.getloadavg()[0], 1), "quick": quick}
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
