"""Counts of trials by outcome, and proportions among them with their intervals."""

import polars as pl

from offswitch.inference.analysis import Counts, Rate
from offswitch.inference.intervals import clopper_pearson, korn_graubard


def counts(trials: pl.DataFrame) -> Counts:
    """Trials by outcome."""
    outcomes = ("complied", "attempted", "succeeded", "incapable", "error")
    numbers = {name: int((trials["outcome"] == name).sum()) for name in outcomes}
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
    x, n = int(known["shown"].sum()), known.height
    if n == 0:
        return Rate(
            count=0, n=0, rate=None, low=None, high=None, level=level, method=None, effective_n=None
        )
    clustered = worlds.height < n
    if clustered:
        found = korn_graubard(worlds["shown"].to_list(), worlds["size"].to_list(), level)
    else:
        found = clopper_pearson(x, n, level)
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
