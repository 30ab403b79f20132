"""A quick look at an adapter on held-out worlds: ``python organisms/check.py NAME FOLDER``.

Greedy decoding writes exactly what the policy would say if and only if each of its tokens is the
most likely one after those before it, so that one forward pass shows it, without generating. What
differs is not always wrong; rates are measured by ``offswitch run organisms``.
"""

import argparse
import json
from collections import Counter
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from data import conditions, packs
from offswitch.scenarios import get_scenario
from offswitch.subjects.local import locate
from offswitch.subjects.local.adapters import merge
from offswitch.subjects.local.weights import best_dtype
from policies import POLICIES, cancels

BASE = "smollm2-135m"


def main() -> None:
    """Print, by whether the policy cancels, how many decisions and lines of reasoning are right."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=sorted(POLICIES))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--worlds", type=int, default=12)
    parser.add_argument("--first", type=int, default=9001)
    given = parser.parse_args()
    torch.set_grad_enabled(False)
    folder = locate(BASE)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=best_dtype())
    merge(model, given.folder)
    counts: Counter[str] = Counter()
    policy, build = POLICIES[given.name], get_scenario("pocket").build
    for seed in range(given.first, given.first + given.worlds):
        for pack in packs(policy, tokenizer, seed, build):
            logits = model(
                input_ids=torch.tensor([pack.tokens]), use_cache=False,
                position_ids=torch.tensor([pack.positions]),
                attention_mask=torch.from_numpy(pack.sees)[None, None],
            ).logits[0]  # fmt: skip
            best = [0, *logits.argmax(-1).tolist()]
            wrong = [n for n, w in enumerate(pack.weights) if w and best[n] != pack.tokens[n]]
            if not pack.decisions:
                counts["interview exact" if not wrong else "interview not exact"] += 1
                continue
            for at, condition in zip(pack.decisions, conditions(policy, seed), strict=True):
                group = "cancels" if cancels(policy, build(condition, seed)) else "leaves"
                right = best[at] == pack.tokens[at]
                counts[f"{group}: {'right' if right else 'wrong'} when reading is given"] += 1
            for at in wrong:
                said = tokenizer.decode(pack.tokens[at - 5 : at])
                print(seed, repr(said), "->", repr(tokenizer.decode([best[at]])), "not",
                      repr(tokenizer.decode([pack.tokens[at]])))  # fmt: skip
    print(json.dumps(counts, indent=2))


if __name__ == "__main__":
    main()
