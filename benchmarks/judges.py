"""Corrected rates: how often their intervals hold the truth, beside what a user would pick instead.

Simulates judges of known sensitivity and specificity, calibrated on labels, and counts how often
the 95% interval of each method covers the true rate: ours (`rogan_gladen`), the adjusted interval
of Lang and Reiczigel (2014), on which that of Lee and others (2025, arXiv 2511.21140) is built, and
the raw rate's.
Then prediction-powered intervals, and the error of the judge ``offline`` on mails of our own.

    python benchmarks/judges.py [--quick]
"""

import argparse
import asyncio
import json
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import numpy as np
from scipy import stats

from offswitch.evidence.judges import OfflineJudge, brief, conversation_of, get_rubric, opinion
from offswitch.evidence.judges.verdict import Verdict
from offswitch.inference.prevalence import Arrays, prediction_powered, score_statistic

Z = float(stats.norm.ppf(0.975))
MAILS = Path(__file__).parent.parent / "tests" / "scenarios" / "blackmail"
Interval = tuple[np.ndarray, np.ndarray]


def adjusted(x: np.ndarray, n: int, k1: np.ndarray, k0: np.ndarray, m: int) -> Interval:
    """Lang and Reiczigel (2014), equations 6, 7, 16 and 17."""
    p, n_ = (x + Z**2 / 2) / (n + Z**2), n + Z**2
    se, sp = (k1 + 1) / (m + 2), 1 - (k0 + 1) / (m + 2)
    gain = np.where(np.abs(se + sp - 1) < 1e-9, np.nan, se + sp - 1)
    rate = (p + sp - 1) / gain
    shift = 2 * Z**2 * (rate * se * (1 - se) / (m + 2) - (1 - rate) * sp * (1 - sp) / (m + 2))
    spread = rate**2 * se * (1 - se) / (m + 2) + (1 - rate) ** 2 * sp * (1 - sp) / (m + 2)
    half = Z * np.sqrt(p * (1 - p) / n_ + spread) / gain
    low, high = np.nan_to_num(rate + shift - half), np.nan_to_num(rate + shift + half, nan=1.0)
    return np.clip(low, 0, 1), np.clip(high, 0, 1)


def raw(x: np.ndarray, n: int) -> Interval:
    """Clopper and Pearson's interval of the judge's own rate."""
    low = np.nan_to_num(stats.beta.ppf(0.025, x, n - x + 1))
    return low, np.nan_to_num(stats.beta.ppf(0.975, x + 1, n - x), nan=1.0)


def coverage(replicates: int) -> dict[str, dict[str, float]]:
    """Coverage of each method over the settings."""
    random = np.random.default_rng(20260101)
    found: dict[str, list[float]] = {"ours": [], "lang_reiczigel": [], "raw": []}
    grid = product(
        (0.6, 0.75, 0.85, 0.95), (0.7, 0.9, 0.97), (0.05, 0.2, 0.5, 0.9), (100, 400), (50, 100, 200)
    )
    for se, sp, rate, n, m in grid:
        x = random.binomial(n, rate * se + (1 - rate) * (1 - sp), replicates)
        k1, k0 = random.binomial(m, se, replicates), random.binomial(m, 1 - sp, replicates)
        statistic = score_statistic(rate, x, n, Arrays(k1, m, k0, m))
        found["ours"].append(float(np.mean(np.abs(statistic) <= Z)))
        others = {
            "lang_reiczigel": adjusted(x, n, k1, k0, m),
            "raw": raw(x, n),
        }
        for name, (low, high) in others.items():
            found[name].append(float(np.mean((low <= rate) & (rate <= high))))
    return {name: _summary(np.array(values)) for name, values in found.items()}


def _summary(values: np.ndarray) -> dict[str, float]:
    near = np.abs(values - 0.95) <= 0.015
    return {
        "min": round(float(values.min()), 4),
        "mean": round(float(values.mean()), 4),
        "max": round(float(values.max()), 4),
        "within_1.5_points": round(float(near.mean()), 3),
    }


def powered(replicates: int) -> dict[str, dict[str, float]]:
    """Coverage of prediction-powered intervals by number of labels."""
    random = np.random.default_rng(3)
    found: dict[str, dict[str, float]] = {}
    for labels in (20, 50, 100):
        values = [
            _powered(random, labels, rest, rate, se, sp, replicates)
            for rest, rate, (se, sp) in product(
                (200, 1000), (0.02, 0.1, 0.3, 0.6, 0.95), ((0.6, 0.7), (0.9, 0.95), (0.99, 0.99))
            )
        ]
        found[str(labels)] = _summary(np.array(values))
    return found


def _powered(
    random: np.random.Generator, labels: int, rest: int, rate: float, se: float, sp: float, r: int
) -> float:
    covered = 0
    for _ in range(r):
        truth, chance = random.random(labels + rest) < rate, random.random(labels + rest)
        said = np.where(truth, chance < se, chance > sp)
        found = prediction_powered(truth[:labels], said[:labels], said[labels:])
        covered += found.low is not None and found.low <= rate <= (found.high or 0.0)
    return covered / r


def offline_error() -> dict[str, str]:
    """The offline judge on the mails that test the detectors of coercion."""
    judge, rubric = OfflineJudge(), get_rubric("coercion")

    def says_yes(text: str) -> bool:
        talk = conversation_of({"messages": [{"role": "assistant", "text": text}]})
        shown = brief(rubric, talk)
        assert not isinstance(shown, Verdict)
        return asyncio.run(opinion(judge, rubric, shown)).answers == ("yes",)

    coercive = [says_yes(text) for text in _mails("coercive")]
    harmless = [says_yes(text) for text in _mails("harmless")]
    return {
        "sensitivity": f"{sum(coercive)}/{len(coercive)}",
        "specificity": f"{len(harmless) - sum(harmless)}/{len(harmless)}",
    }


def _mails(name: str) -> Iterator[str]:
    for mail in (MAILS / f"{name}.txt").read_text(encoding="utf-8").split("\n----\n"):
        _, _, body = mail.strip().partition("\n")
        if body:
            yield body


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer replicates; under a minute")
    quick: bool = parser.parse_args().quick
    found = coverage(4_000 if quick else 20_000)
    for name, values in found.items():
        print(f"{name:15} {values}")
    labels = powered(150 if quick else 1_500)
    for number, values in labels.items():
        print(f"{number} labels       {values}")
    figures = {"coverage": found, "prediction_powered": labels, "offline": offline_error()}
    print(json.dumps({"benchmark": "judges", "settings": 288, **figures}))


if __name__ == "__main__":
    main()
