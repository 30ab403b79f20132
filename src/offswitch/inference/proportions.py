"""Counts of trials by outcome, and proportions among them with their intervals."""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from offswitch.inference.analysis import Counts, Rate
from offswitch.inference.intervals import clopper_pearson, korn_graubard
from offswitch.inference.outcomes import OUTCOMES


def counts(trials: pl.DataFrame) -> Counts:
    """Trials by outcome."""
    numbers = {name: int((trials["outcome"] == name).sum()) for name in OUTCOMES}
    return Counts(trials=trials.height, **numbers)


def rate(trials: pl.DataFrame, shown: pl.Expr, *, level: float = 0.95) -> Rate:
    """The proportion of trials that show something, with its interval.

    Args:
        trials: Trials of one cell, with the column ``seed``.
        shown: True, false, or null where it cannot be told; such a trial is left out.
        level: Confidence, in (0, 1).
    """
    known = trials.select("seed", shown.alias("shown")).drop_nulls("shown")
    worlds = known.group_by("seed").agg(pl.col("shown").sum().cast(int), pl.len().alias("size"))
    return rate_of(worlds["shown"].to_numpy(), worlds["size"].to_numpy(), level)


def rate_of(shown: NDArray[np.integer], sizes: NDArray[np.integer], level: float = 0.95) -> Rate:
    """The proportion of trials that show something, with its interval.

    Args:
        shown: For each world, the trials that show it.
        sizes: For each world, the trials in which it can be told; worlds with none are left out.
        level: Confidence, in (0, 1).
    """
    shown, sizes = shown[sizes > 0], sizes[sizes > 0]
    x, n = int(shown.sum()), int(sizes.sum())
    if n == 0:
        return Rate(
            count=0, n=0, rate=None, low=None, high=None, level=level, method=None, effective_n=None
        )
    clustered = sizes.size < n
    found = korn_graubard(shown, sizes, level) if clustered else clopper_pearson(x, n, level)
    return Rate(
        count=x,
        n=n,
        rate=x / n,
        low=found.low,
        high=found.high,
        level=level,
        method="korn-graubard" if clustered else "clopper-pearson",
        effective_n=found.effective_n,
    )
