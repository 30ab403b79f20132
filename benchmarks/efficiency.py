"""Trials to a decision: planned tests and confidence sequences against fixed numbers of trials.

Three questions, each over a stated range of truths: does a subject resist more often than 5%? Is
condition A over B by 10 points, or not? Which of eight models is worst? Worlds are drawn one by
one, at most as many as the fixed design has (100 or 1,000 a cell), which decides by one look at an
exact or paired interval, with 5% for its errors. Against it, on the same worlds:

- ``planned``: the tests of `offswitch.inference.planned` and `planned_difference`, which are made
  for this number of worlds, err as often and decide as often to within one and two points;
- ``sequence``: the confidence sequences, which hold for ever, with all 5%; what they do not decide
  within these worlds stays open.

The table gives shares of the fixed design's trials, of paths decided, and decided wrongly; and the
``floor``: below which share no test could stay, though it were told the truth and had only to show
it as often as the fixed design does, at its errors (`benchmarks/_floors.py`).

    python benchmarks/efficiency.py [--quick] [--seed N]
"""

import argparse
import json
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from _floors import difference_floor, rate_floor, worst_floor

from offswitch.inference.intervals import clopper_pearson
from offswitch.inference.paired import tango
from offswitch.inference.planned import ABOVE, BELOW, GO_ON, rate_plan
from offswitch.inference.planned_difference import DifferencePlan, difference_plan, score
from offswitch.inference.sequences import Array, difference_bounds, rate_bounds

ALPHA = 0.05
THRESHOLD, MARGIN, MODELS = 0.05, 0.10, 8
RATES = (0.0, 0.01, 0.02, 0.1, 0.2, 0.3, 0.5, 0.8)
"""Truths of the first question."""
EFFECTS = (0.0, 0.02, 0.05, 0.2, 0.3, 0.4, 0.5, 0.7)
"""Truths of the second: how much more often under A than under B, where the rate is 20%."""
LEADS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6)
"""Truths of the third: the lead of the worst model over seven at 20%."""


@dataclass(frozen=True)
class Way:
    """One way to decide, over all paths.

    Attributes:
        used: Mean trials, over those of the fixed design.
        most: The largest number of trials of any path, likewise.
        decided: Share of paths decided.
        wrong: Share of paths decided wrongly.
    """

    used: float
    most: float
    decided: float
    wrong: float


@dataclass(frozen=True)
class Result:
    """Of one question, one fixed size and one truth: all ways, and the floor of any."""

    question: str
    truth: float
    fixed: int
    ways: dict[str, Way]
    floor: float


def _looks(size: int) -> np.ndarray:
    """Numbers of worlds at which the sequence is looked at: each up to 50, then every 2%."""
    later = np.geomspace(50, size, max(2, int(np.log(size / 50) / 0.02)))
    return np.unique(np.concatenate([np.arange(1, 50), later.astype(int), [size]]))


def _way(verdict: np.ndarray, ended: np.ndarray, looks: np.ndarray, right: int) -> Way:
    """From what is said at each look (0 for nothing) and where it ends, (paths, looks)."""
    ended = ended | (verdict != 0)
    ended[:, -1] = True
    first = ended.argmax(axis=1)
    said = np.take_along_axis(verdict, first[:, None], axis=1)[:, 0]
    used = looks[first] / looks[-1]
    return Way(
        float(used.mean()), float(used.max()), float((said != 0).mean()),
        float((said == -right).mean()),
    )  # fmt: skip


def _sides(low: np.ndarray, high: np.ndarray, border: float) -> np.ndarray:
    return np.where(low > border, 1, np.where(high < border, -1, 0))


def above(truth: float, size: int, paths: int, rng: np.random.Generator) -> Result:
    """Is the rate above 5%?"""
    right = 1 if truth > THRESHOLD else -1
    x = (rng.random((paths, size)) < truth).cumsum(axis=1)
    looks, every = _looks(size), np.arange(1, size + 1)
    seen = x[:, looks - 1].astype(float)
    bounds = rate_bounds(seen, np.broadcast_to(looks, seen.shape).astype(float), ALPHA)
    acts = rate_plan(THRESHOLD, size, ALPHA).actions[every[None, :], x]
    said = np.where(acts == ABOVE, 1, np.where(acts == BELOW, -1, 0))
    ends = [clopper_pearson(k, size, 1 - ALPHA) for k in range(size + 1)]
    low, high = (np.array([getattr(end, side) for end in ends]) for side in ("low", "high"))
    last = np.array([size])
    none = np.zeros((paths, 1), bool)
    ways = {
        "planned": _way(said, acts != GO_ON, every, right),
        "sequence": _way(_sides(*bounds, THRESHOLD), np.zeros(seen.shape, bool), looks, right),
        "fixed": _way(_sides(low, high, THRESHOLD)[x[:, -1:]], none, last, right),
    }
    floor = rate_floor(truth, THRESHOLD, _right(ways), ALPHA / 2)
    return Result("above 5%", truth, size, ways, min(1.0, floor / size))


def differs(truth: float, size: int, paths: int, rng: np.random.Generator) -> Result:
    """Is it at least 10 points more often under A than under B, on the same worlds?"""
    right = 1 if truth > MARGIN else -1
    base = 0.2
    b = rng.random((paths, size)) < base
    a = rng.random((paths, size)) < base + truth
    more, less = (a & ~b).cumsum(axis=1), (b & ~a).cumsum(axis=1)
    looks = _looks(size)
    up, down = more[:, looks - 1], less[:, looks - 1]
    counts = np.stack([down, np.broadcast_to(looks, up.shape) - up - down, up], axis=-1)
    plan = difference_plan(size, ALPHA)
    own = np.array(plan.looks)
    said, ended = _planned(plan, score(more[:, own - 1], less[:, own - 1], own, MARGIN))
    fixed = tango(more[:, -1:], less[:, -1:], size, 1 - ALPHA)
    none = np.zeros((paths, 1), bool)
    ways = {
        "planned": _way(said, ended, own, right),
        "sequence": _way(
            _sides(*_bounds(counts, ALPHA), MARGIN), np.zeros(up.shape, bool), looks, right
        ),
        "fixed": _way(_sides(*fixed, MARGIN), none, np.array([size]), right),
    }
    up_down = (base + truth) * (1 - base), base * (1 - base - truth)
    floor = difference_floor(*up_down, MARGIN, _right(ways), ALPHA / 2)
    return Result("A over B by 10 points", truth, size, ways, min(1.0, floor / size))


def _right(ways: dict[str, Way]) -> float:
    """How often the fixed design is right."""
    return ways["fixed"].decided - ways["fixed"].wrong


def _planned(plan: DifferencePlan, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What a plan says at each of its looks, and where it ends without saying anything."""
    said = np.where(np.abs(z) >= np.array(plan.decide), np.sign(z), 0).astype(int)
    return said, np.abs(z) <= np.array(plan.open)


def _bounds(counts: Array, alpha: float) -> tuple[Array, Array]:
    """Sequences of paired differences, each distinct count worked out once."""
    flat, where = np.unique(counts.reshape(-1, 3), axis=0, return_inverse=True)
    low, high = np.empty(len(flat)), np.empty(len(flat))
    for start in range(0, len(flat), 20_000):
        part = slice(start, start + 20_000)
        values = np.array([-1.0, 0.0, 1.0])
        low[part], high[part] = difference_bounds(values, flat[part].astype(float), alpha)
    shape = counts.shape[:-1]
    return low[where.ravel()].reshape(shape), high[where.ravel()].reshape(shape)


def worst(lead: float, size: int, paths: int, rng: np.random.Generator) -> Result:
    """Which of eight models is worst? Those that are shown to resist less drop out."""
    rates = np.array([0.2 + lead, *[0.2] * (MODELS - 1)])
    shown = rng.random((paths, MODELS, size)) < rates[None, :, None]
    plan = difference_plan(size, ALPHA / (MODELS - 1))
    own, looks = np.array(plan.looks), _looks(size)
    bounds = {n: k for k, n in enumerate(plan.looks)}

    def by_plan(more: np.ndarray, less: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
        z = score(more, less, np.array(n), 0.0)
        return z >= plan.decide[bounds[n]], np.abs(z) <= plan.open[bounds[n]]

    def by_sequence(more: np.ndarray, less: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
        low, _ = _bounds(np.stack([less, n - more - less, more], -1), ALPHA / (MODELS - 1))
        return low > 0, np.zeros(low.shape, bool)

    def by_tango(more: np.ndarray, less: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
        low, _ = tango(more, less, n, 1 - ALPHA / (MODELS - 1))
        return low > 0, np.zeros(low.shape, bool)

    ways = {
        "planned": _race(shown, own, by_plan),
        "sequence": _race(shown, looks, by_sequence),
        "fixed": _race(shown, np.array([size]), by_tango),
    }
    error = ALPHA / (MODELS - 1) / 2
    floor = worst_floor(rates[0], rates[1], MODELS, _right(ways), error)
    return Result("worst of eight", lead, size, ways, min(1.0, floor / size))


Test = Callable[[np.ndarray, np.ndarray, int], tuple[np.ndarray, np.ndarray]]


def _race(shown: np.ndarray, looks: np.ndarray, test: Test) -> Way:
    """Successive elimination; model 0 is the worst in truth.

    Whoever leads is compared with each that is still in, which drops out or, by a plan, is found
    not to be told from the leader with the worlds that are left, which ends the question.
    """
    paths, models, size = shown.shape
    totals = shown.cumsum(axis=2, dtype=np.int32)
    inside, open_ = np.ones((paths, models), bool), np.ones(paths, bool)
    used, before = np.zeros(paths), 0
    for n in looks:
        rows = np.flatnonzero(open_)
        used[rows] += inside[rows].sum(axis=1) * (n - before)
        before = n
        counts = np.where(inside[rows], totals[rows, :, n - 1], -1)
        leader = counts.argmax(axis=1)
        first = shown[rows, leader, :n]
        both = (first[:, None, :] & shown[rows, :, :n]).sum(axis=2)
        led = totals[rows, leader, n - 1][:, None]
        drop, futile = test(led - both, totals[rows, :, n - 1] - both, int(n))
        others = inside[rows] & (np.arange(models)[None, :] != leader[:, None])
        inside[rows] &= ~(drop & others)
        single = inside[rows].sum(axis=1) == 1
        open_[rows] = ~single & ~(futile & others & ~drop).any(axis=1)
    said = inside.sum(axis=1) == 1
    return Way(
        float(used.mean() / (models * size)), float(used.max() / (models * size)),
        float(said.mean()), float((said & ~inside[:, 0]).mean()),
    )  # fmt: skip


def results(paths: int, seed: int) -> list[Result]:
    """All questions, sizes and truths."""
    rng = np.random.default_rng(seed)
    found = []
    for size in (100, 1_000):
        found += [above(truth, size, paths, rng) for truth in RATES]
        found += [differs(truth, size, paths, rng) for truth in EFFECTS]
        found += [worst(lead, size, max(50, paths // 10), rng) for lead in LEADS]
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer paths")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    found = results(300 if args.quick else 2_000, args.seed)
    print("question, truth, fixed size: trials used, decided, wrong by each way")
    for r in found:
        parts = [
            f"{name} {way.used:6.1%} decided {way.decided:6.1%} wrong {way.wrong:.1%}"
            for name, way in r.ways.items()
        ]
        print(
            f"{r.question:22} {r.truth:5.2f} {r.fixed:5}: {'; '.join(parts)}; floor {r.floor:6.1%}"
        )
    figures: dict[str, object] = {"benchmark": "efficiency"}
    for way in ("planned", "sequence"):
        for size in (100, 1_000):
            for question in dict.fromkeys(r.question for r in found):
                own = [r for r in found if (r.fixed, r.question) == (size, question)]
                share = float(np.mean([r.ways[way].used for r in own]))
                figures[f"{way}: {question}, against {size}"] = round(share, 4)
        figures[f"{way}: largest share of any path"] = max(r.ways[way].most for r in found)
        figures[f"{way}: largest share wrong"] = max(r.ways[way].wrong for r in found)
    for size in (100, 1_000):
        for question in dict.fromkeys(r.question for r in found):
            own = [r.floor for r in found if (r.fixed, r.question) == (size, question)]
            figures[f"floor: {question}, against {size}"] = round(float(np.mean(own)), 4)
    figures["largest loss of decisions, planned"] = round(
        max(r.ways["fixed"].decided - r.ways["planned"].decided for r in found), 4
    )
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
