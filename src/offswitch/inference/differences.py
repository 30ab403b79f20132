"""Differences of a number, such as the score, between two conditions, world by world.

The same seed under another condition keeps everything that the condition does not change, so a
world is its own control. Trials within a world (epochs) are averaged first: worlds are the units,
and how much they differ from each other is what the interval rests on.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import polars as pl
from scipy import stats

from offswitch.inference import conditions
from offswitch.inference.analysis import Difference
from offswitch.inference.intervals import clopper_pearson

SCORE = "score"
NONE = "none"
"""Level of a factor that the others are compared with, where it is there."""


class MeanDifference(NamedTuple):
    """A mean of differences with its interval, all in [-span, span]."""

    mean: float
    low: float
    high: float


def mean_difference(
    differences: Sequence[float], level: float = 0.95, span: float = 1.0
) -> MeanDifference:
    """The mean of paired differences with an interval.

    Student's t over worlds (n - 1 degrees of freedom), for paired questions as in E. Miller, Adding
    Error Bars to Evals (arXiv 2411.00640). By itself t is too sure of itself where few worlds
    differ much: if one in twenty does, ten worlds often show none of it, and the others are alike.
    So the interval is never narrower than what n worlds can rule out: it allows for a share u of
    worlds unlike those that were seen, with differences up to the whole span, where u is the upper
    end of Clopper and Pearson's interval for 0 of n. With one world it is all but everything.

    Args:
        differences: One for each world, at least one, in [-span, span].
        level: Confidence, in (0, 1).
        span: The largest difference that there can be.

    Raises:
        ValueError: No differences, or one beyond the span.
    """
    values = np.asarray(differences, dtype=float)
    if values.size == 0 or (np.abs(values) > span).any():
        raise ValueError(f"need differences in [-{span}, {span}], got {list(differences)}")
    n, mean = values.size, float(values.mean())
    unseen = clopper_pearson(0, n, level).high
    margin = 0.0
    if n > 1:
        error = float(values.std(ddof=1)) / n**0.5
        margin = float(stats.t.ppf((1 + level) / 2, n - 1)) * error
    low = min(mean - margin, (1 - unseen) * mean - unseen * span)
    high = max(mean + margin, (1 - unseen) * mean + unseen * span)
    return MeanDifference(mean, max(-span, low), min(span, high))


def score_differences(observations: pl.DataFrame, level: float = 0.95) -> list[Difference]:
    """The score in two conditions that differ in one factor, for each subject and scenario.

    Each level of a factor is compared with ``none``, or where there is none with the level that
    appears first. Every trial with a score counts, whatever its outcome; a world that has one in
    one of the two conditions only is left out and counted.

    Args:
        observations: One row per trial, in the declared schema.
        level: Confidence of the intervals, in (0, 1).
    """
    if SCORE not in observations.columns:
        return []
    scored = observations.drop_nulls(SCORE)
    by = ["scenario", "subject"]
    grouped = scored.group_by(by, maintain_order=True)
    return [
        difference
        for (scenario, subject), trials in grouped
        for difference in _within(str(scenario), str(subject), trials, level)
    ]


def _within(
    scenario: str, subject: str, trials: pl.DataFrame, level: float
) -> Iterator[Difference]:
    factors = conditions.levels(trials)
    worlds = _worlds(trials, list(factors))
    for factor in conditions.varied(trials):
        first = NONE if NONE in factors[factor] else factors[factor][0]
        for other in factors[factor]:
            if other == first:
                continue
            for rest, scores in worlds.items():
                held = dict(rest)
                if held.get(factor) != first:
                    continue
                against = worlds.get(tuple((held | {factor: other}).items()))
                if against is not None:
                    yield _difference(
                        (scenario, subject, factor), (first, other), held, (scores, against), level
                    )


Levels = tuple[tuple[str, str | None], ...]


def _worlds(trials: pl.DataFrame, factors: Sequence[str]) -> dict[Levels, dict[int, float]]:
    """Mean score of each world, by condition."""
    columns = [f"{conditions.PREFIX}{factor}" for factor in factors]
    means = trials.group_by([*columns, "seed"], maintain_order=True).agg(pl.col(SCORE).mean())
    found: dict[Levels, dict[int, float]] = {}
    for row in means.iter_rows(named=True):
        key = tuple((factor, row[f"{conditions.PREFIX}{factor}"]) for factor in factors)
        found.setdefault(key, {})[row["seed"]] = row[SCORE]
    return found


def _difference(
    where: tuple[str, str, str],
    levels: tuple[str, str],
    condition: dict[str, str | None],
    scores: tuple[dict[int, float], dict[int, float]],
    level: float,
) -> Difference:
    first, second = scores
    paired = sorted(first.keys() & second.keys())
    found = mean_difference([second[w] - first[w] for w in paired], level) if paired else None
    scenario, subject, factor = where
    return Difference(
        scenario=scenario,
        subject=subject,
        column=SCORE,
        factor=factor,
        first=levels[0],
        second=levels[1],
        held={k: v for k, v in condition.items() if v is not None and k != factor},
        worlds=len(paired),
        unpaired=len(first.keys() ^ second.keys()),
        first_mean=float(np.mean([first[w] for w in paired])) if paired else None,
        second_mean=float(np.mean([second[w] for w in paired])) if paired else None,
        difference=found.mean if found else None,
        low=found.low if found else None,
        high=found.high if found else None,
        level=level,
    )
