"""Tokens per second of `local/smollm2-135m`, side by side with transformers' own `generate`.

1.  Batches of 1, 4 and 16 prompts of about 700 tokens that share nothing, answered with a fixed
    number of tokens; the time includes reading the prompts. On the other side, `generate` gets the
    same prompts, padded on the left, in one batch, which is what Inspect's `hf` provider does.
2.  Six conversations of six turns, from 1,000 to 1,500 tokens, in flight together, each turn
    answered with 100 tokens; on the other side, six calls of `generate`, one for each turn
    of all six.

Nothing ends early: end-of-answer tokens do not count. Needs the weights (`offswitch models pull
smollm2-135m`) and takes the dtype that the provider would take.

    python benchmarks/local.py [--quick]
"""

import argparse
import json
import os
import random
import time
from collections.abc import Callable
from functools import partial

os.environ.setdefault("GOMP_SPINCOUNT", "10000")  # as the provider does

import torch
from transformers import AutoModelForCausalLM, PreTrainedModel

from offswitch.subjects.local import locate
from offswitch.subjects.local.attention import NAME
from offswitch.subjects.local.engine import Engine
from offswitch.subjects.local.requests import Request
from offswitch.subjects.local.weights import has_native_bfloat16

PROMPT = 700
TRIALS, TURNS, FIRST, LAST = 6, 6, 1000, 1500
Batch = list[list[int]]
Answer = Callable[[Batch, int], Batch]
"""Answers prompts with a number of tokens."""


def prompts(count: int, length: int, seed: int) -> Batch:
    """Random tokens: as much work as words, and nothing in common."""
    chance = random.Random(seed)
    return [[chance.randrange(100, 40_000) for _ in range(length)] for _ in range(count)]


def ours(engine: Engine, batch: Batch, tokens: int) -> Batch:
    """Answers of the provider's engine."""
    futures = [engine.submit(Request(prompt, tokens)) for prompt in batch]
    return [future.result().tokens for future in futures]


def theirs(model: PreTrainedModel, batch: Batch, tokens: int) -> Batch:
    """Answers of `generate`, padded on the left."""
    width = max(map(len, batch))
    padded = [[0] * (width - len(prompt)) + prompt for prompt in batch]
    mask = [[0] * (width - len(prompt)) + [1] * len(prompt) for prompt in batch]
    out = model.generate(
        torch.tensor(padded), attention_mask=torch.tensor(mask), do_sample=False,
        min_new_tokens=tokens, max_new_tokens=tokens, pad_token_id=0,
    )  # fmt: skip
    return [row[width:] for row in out.tolist()]


def timed(answer: Answer, batch: Batch, tokens: int) -> tuple[float, Batch]:
    """Seconds, and the answers."""
    started = time.perf_counter()
    answers = answer(batch, tokens)
    return time.perf_counter() - started, answers


def conversation(answer: Answer, tokens: int, turns: int) -> float:
    """Seconds of all trials' turns: each adds the answer and words of the world to the prompt."""
    batch, seconds = prompts(TRIALS, FIRST, seed=7), 0.0
    added = max(0, (LAST - FIRST) // (TURNS - 1) - tokens)
    for turn in range(turns):
        took, answers = timed(answer, batch, tokens)
        seconds += took
        news = prompts(TRIALS, added, seed=100 + turn)
        batch = [p + a + n for p, a, n in zip(batch, answers, news, strict=True)]
    return seconds


def contenders(dtype: torch.dtype) -> tuple[Answer, Answer]:
    """Ours and theirs, warm. No token ends an answer of ours, as `min_new_tokens` has it there."""
    folder = locate("smollm2-135m")
    ours_model, plain = (
        AutoModelForCausalLM.from_pretrained(folder, dtype=dtype, attn_implementation=name).eval()
        for name in (NAME, "sdpa")
    )
    engine = Engine(ours_model, str, ends=frozenset(), context=8192, max_batch=16)
    pair = partial(ours, engine), partial(theirs, plain)
    for answer in pair:
        answer(prompts(2, 64, 1), 4)
    return pair


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="end within a minute")
    parser.add_argument("--dtype", choices=["float32", "bfloat16"], help="default: the provider's")
    options = parser.parse_args()
    quick = options.quick
    dtype = options.dtype or ("bfloat16" if has_native_bfloat16() else "float32")
    mine, other = contenders(getattr(torch, dtype))
    figures: dict[str, object] = {"dtype": dtype, "threads": torch.get_num_threads()}
    tokens = 24 if quick else 100
    for size in (1, 4) if quick else (1, 4, 16):
        batch = prompts(size, PROMPT, seed=size)
        a, b = (timed(answer, batch, tokens)[0] for answer in (mine, other))
        rates = size * tokens / a, size * tokens / b
        print(f"batch {size}: {rates[0]:.1f} tokens/s; generate {rates[1]:.1f}", flush=True)
        figures |= {
            f"batch{size}_tokens_per_s": round(rates[0], 1),
            f"batch{size}_generate_tokens_per_s": round(rates[1], 1),
            f"batch{size}_ratio_vs_generate": round(b / a, 2),
        }
    tokens, turns = (16, 2) if quick else (100, TURNS)
    a, b = (conversation(answer, tokens, turns) for answer in (mine, other))
    print(f"{TRIALS} trials of {turns} turns: {a:.1f} s; generate {b:.1f} s")
    figures |= {
        "trials_turns": turns, "trials_tokens": TRIALS * turns * tokens, "trials_s": round(a, 1),
        "trials_generate_s": round(b, 1), "trials_ratio_vs_generate": round(b / a, 2),
        "load": round(os.getloadavg()[0], 1), "quick": quick,
    }  # fmt: skip
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
