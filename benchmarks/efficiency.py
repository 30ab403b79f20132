"""Trials to a decision: sequential against fixed designs of 100 and 1,000 trials a cell.

Three questions, each over a stated range of truths: does a subject resist more often than 5%? Does
condition A differ from B by 10 points or more? Which of eight models is worst? Worlds are drawn
one by one, at most as many as the fixed design has; the sequential design looks at its confidence
sequence after every world and stops once that decides. At the fixed design's last world it
decides as the fixed design does, and that look has half of the 5%, the sequence the other half; the
fixed design has all 5% for its one look, by exact or paired intervals. A question stays open
where its interval does; the table gives shares decided, and decided wrongly.

    python benchmarks/efficiency.py [--quick] [--seed N]
"""

import argparse
import json
from dataclasses import dataclass

import numpy as np
from scipy import stats

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
class Result:
    """Of one question, one fixed size and one truth.

    Attributes:
        used: Mean trials of the sequential design, over those of the fixed one.
        most: The largest number of trials of any path, likewise.
        decided: Share of paths decided by the sequential and by the fixed design.
        wrong: Share of paths decided wrongly, likewise.
    """

    question: str
    truth: float
    fixed: int
    used: float
    most: float
    decided: tuple[float, float]
    wrong: tuple[float, float]


def _looks(size: int) -> np.ndarray:
    """Numbers of worlds at which the sequence is looked at: each up to 50, then every 2%."""
    later = np.geomspace(50, size, max(2, int(np.log(size / 50) / 0.02)))
    return np.unique(np.concatenate([np.arange(1, 50), later.astype(int), [size]]))


def _first(decided: np.ndarray, looks: np.ndarray) -> np.ndarray:
    """Worlds at the first look that decides, in each path; all of them where none does."""
    return np.where(decided.any(axis=1), looks[decided.argmax(axis=1)], looks[-1])


def above(truth: float, size: int, paths: int, rng: np.random.Generator) -> Result:
    """Is the rate above 5%?"""
    looks = _looks(size)
    x = (rng.random((paths, size)) < truth).cumsum(axis=1)[:, looks - 1].astype(float)
    low, high = rate_bounds(x, np.broadcast_to(looks, x.shape).astype(float), ALPHA / 2)
    verdict = np.where(low > THRESHOLD, 1, np.where(high < THRESHOLD, -1, 0))

    def last(alpha: float) -> np.ndarray:
        count = x[:, -1]
        upper = stats.beta.ppf(1 - alpha / 2, count + 1, np.maximum(size - count, 1e-9))
        lower = stats.beta.ppf(alpha / 2, np.maximum(count, 1e-9), size - count + 1)
        lower, upper = np.where(count == 0, 0, lower), np.where(count == size, 1, upper)
        return np.where(lower > THRESHOLD, 1, np.where(upper < THRESHOLD, -1, 0))

    right = 1 if truth > THRESHOLD else -1
    return _result("above 5%", truth, size, verdict, looks, (last(ALPHA / 2), last(ALPHA)), right)


def differs(truth: float, size: int, paths: int, rng: np.random.Generator) -> Result:
    """Is it at least 10 points more often under A than under B, on the same worlds?"""
    looks = _looks(size)
    b = rng.random((paths, size)) < 0.2
    a = rng.random((paths, size)) < 0.2 + truth
    up, down = ((p & ~q).cumsum(axis=1)[:, looks - 1] for p, q in ((a, b), (b, a)))
    counts = np.stack([down, np.broadcast_to(looks, up.shape) - up - down, up], axis=-1)
    low, high = _bounds(counts, ALPHA / 2)
    verdict = np.where(low > MARGIN, 1, np.where(high < MARGIN, -1, 0))

    def last(alpha: float) -> np.ndarray:
        mean, error = _mean(up[:, -1], down[:, -1], size)
        reach = stats.t.ppf(1 - alpha / 2, size - 1) * error
        return np.where(mean - reach > MARGIN, 1, np.where(mean + reach < MARGIN, -1, 0))

    right = 1 if truth > MARGIN else -1
    ends = last(ALPHA / 2), last(ALPHA)
    return _result("A over B by 10 points", truth, size, verdict, looks, ends, right)


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


def _mean(up: np.ndarray, down: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    mean = (up - down) / n
    return mean, np.sqrt(np.maximum((up + down) / n - mean**2, 1 / n**2) / (n - 1))


def worst(lead: float, size: int, paths: int, rng: np.random.Generator) -> Result:
    """Which of eight models is worst? Those that are shown to resist less drop out."""
    looks = _looks(size)
    rates = np.array([0.2 + lead, *[0.2] * (MODELS - 1)])
    shown = rng.random((paths, MODELS, size)) < rates[None, :, None]
    inside = np.ones((paths, MODELS), bool)
    used = np.zeros(paths)
    before = 0
    for look in looks[:-1]:
        open_ = inside.sum(axis=1) > 1
        used += np.where(open_, inside.sum(axis=1) * (look - before), 0)
        before = look
        rows = np.flatnonzero(open_)
        if rows.size:
            inside[rows] = _dropped(shown[rows][:, :, :look], inside[rows])
    open_ = inside.sum(axis=1) > 1
    used += np.where(open_, inside.sum(axis=1) * (size - before), 0)
    counts = shown.sum(axis=2)
    chosen = [_leads(shown, counts, part) for part in (ALPHA / 2, ALPHA)]
    ended = np.where(open_, chosen[0], inside.argmax(axis=1))
    return Result(
        "worst of eight",
        lead,
        size,
        float(used.mean() / (MODELS * size)),
        float(used.max() / (MODELS * size)),
        (float((ended >= 0).mean()), float((chosen[1] >= 0).mean())),
        (float((ended > 0).mean()), float((chosen[1] > 0).mean())),
    )


def _dropped(shown: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """Who is still in: compared with the one that leads among those that are."""
    totals = np.where(inside, shown.sum(axis=2), -1)
    leader = totals.argmax(axis=1)
    first = np.take_along_axis(shown, leader[:, None, None], axis=1)
    up, down = (first & ~shown).sum(axis=2), (~first & shown).sum(axis=2)
    counts = np.stack([down, shown.shape[2] - up - down, up], axis=-1)
    low, _ = _bounds(counts, ALPHA / 2 / (MODELS - 1))
    return np.asarray(inside & ~(low > 0))


def _leads(shown: np.ndarray, counts: np.ndarray, alpha: float) -> np.ndarray:
    """The model that leads all others at one look, each at its part of alpha; -1 for none."""
    size = shown.shape[2]
    leader = counts.argmax(axis=1)
    first = np.take_along_axis(shown, leader[:, None, None], axis=1)
    mean, error = _mean((first & ~shown).sum(axis=2), (~first & shown).sum(axis=2), size)
    reach = stats.t.ppf(1 - alpha / (MODELS - 1) / 2, size - 1) * error
    others = np.arange(MODELS)[None, :] != leader[:, None]
    return np.where(((mean - reach > 0) | ~others).all(axis=1), leader, -1)


def _result(
    question: str,
    truth: float,
    size: int,
    verdict: np.ndarray,
    looks: np.ndarray,
    ends: tuple[np.ndarray, np.ndarray],
    right: int,
) -> Result:
    used = _first(verdict != 0, looks)
    first = np.take_along_axis(verdict, (verdict != 0).argmax(axis=1)[:, None], axis=1)[:, 0]
    ended = np.where(first != 0, first, ends[0])
    return Result(
        question,
        truth,
        size,
        float(used.mean() / size),
        float(used.max() / size),
        (float((ended != 0).mean()), float((ends[1] != 0).mean())),
        (float((ended == -right).mean()), float((ends[1] == -right).mean())),
    )


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
    print("question, truth, fixed: trials used; decided and wrong, sequential against fixed")
    for r in found:
        print(
            f"{r.question:22} {r.truth:5.2f} {r.fixed:5}: {r.used:6.1%} (at most {r.most:.0%}); "
            f"decided {r.decided[0]:6.1%} against {r.decided[1]:6.1%}; "
            f"wrong {r.wrong[0]:.1%} against {r.wrong[1]:.1%}"
        )
    figures: dict[str, object] = {"benchmark": "efficiency"}
    for size in (100, 1_000):
        for question in dict.fromkeys(r.question for r in found):
            own = [r for r in found if (r.fixed, r.question) == (size, question)]
            share = float(np.mean([r.used for r in own]))
            figures[f"{question}, against {size}"] = round(share, 4)
    figures["largest share of any path"] = max(r.most for r in found)
    figures["largest share wrong"] = max(r.wrong[0] for r in found)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
