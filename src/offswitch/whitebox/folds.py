"""Cross-validation by world, and how well scores tell two groups apart, with intervals.

Trials of one world resemble each other, whatever the condition: a world is either fitted on or
tested on, never both, and intervals come from drawing worlds, not trials. Where worlds share their
phrases, what is held out may be a phrase with all its worlds: words that were never seen say
nothing, however well they went with the label elsewhere.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from offswitch._errors import UsageError

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]

FEWEST = 8
"""Trials of either kind, and worlds, without which nothing is said."""
FALSE_POSITIVES = 0.01


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number with its interval; null where it cannot be known.

    Attributes:
        value: The estimate.
        low: Lower end of the 95% interval.
        high: Upper end.
    """

    value: float | None
    low: float | None = None
    high: float | None = None


def check_enough(labels: Bools, worlds: Ints, what: str) -> None:
    """Check that there is something to tell apart.

    Raises:
        UsageError: There are too few trials of a kind, or too few worlds.
    """
    yes, no, count = int(labels.sum()), int((~labels).sum()), np.unique(worlds).size
    if min(yes, no, count) < FEWEST:
        raise UsageError(
            f"{what}: {yes} trials with and {no} without it, in {count} worlds; probes need at "
            f"least {FEWEST} of each. Run more worlds, or conditions in which the outcome varies."
        )


def folds(labels: Bools, groups: Ints, count: int, seed: int) -> Iterator[tuple[Ints, Ints]]:
    """Rows to fit on and to test on, whole groups on either side, both kinds of trials in either.

    Args:
        labels: Shape (trials,).
        groups: Shape (trials,).
        count: Folds, at least 2; no more than there are groups.
        seed: Of the order of the groups.
    """
    from sklearn.model_selection import StratifiedGroupKFold

    several = min(count, np.unique(groups).size)
    if several < 2:
        return
    splitter = StratifiedGroupKFold(several, shuffle=True, random_state=seed)
    for train, test in splitter.split(np.zeros(labels.size), labels, groups):
        both = (np.unique(labels[train]).size, np.unique(labels[test]).size)
        if both == (2, 2):
            yield train, test


def auroc(scores: Floats, labels: Bools) -> float | None:
    """The chance that a random trial of the one kind scores above one of the other; ties half.

    Source: Mann and Whitney (1947) by ranks. Null where a kind is missing.
    """
    yes = int(labels.sum())
    no = labels.size - yes
    if not (yes and no):
        return None
    return float((rankdata(scores)[labels].sum() - yes * (yes + 1) / 2) / (yes * no))


def recall_at(scores: Floats, labels: Bools, false_positives: float) -> float | None:
    """Share of trials found at a threshold that at most so many of the others exceed.

    With fewer than ``1 / false_positives`` others, none of them may exceed it. Null where a kind is
    missing.
    """
    others = np.sort(scores[~labels])
    if not (others.size and labels.any()):
        return None
    allowed = int(np.floor(false_positives * others.size))
    return float((scores[labels] > others[others.size - 1 - allowed]).mean())


def resampled(worlds: Ints, count: int, seed: int) -> Iterator[Ints]:
    """Rows of trials, worlds drawn with replacement (the cluster bootstrap)."""
    generator = np.random.default_rng(seed)
    names, places = np.unique(worlds, return_inverse=True)
    rows = [np.flatnonzero(places == number) for number in range(names.size)]
    for _ in range(count):
        yield np.concatenate([rows[n] for n in generator.integers(0, names.size, names.size)])


def percentiles(value: float | None, drawn: list[float]) -> Estimate:
    """An estimate with the 2.5% and 97.5% quantiles of its draws."""
    if value is None or len(drawn) < 100:
        return Estimate(value)
    low, high = np.quantile(drawn, (0.025, 0.975))
    return Estimate(value, float(low), float(high))
