"""What a safeguard prevents and what it costs: differences on the same worlds."""

import numpy as np
import polars as pl

from offswitch.inference import conditions
from offswitch.inference.comparisons import Worlds, compare
from offswitch.inference.intervals import korn_graubard
from offswitch.inference.safeguards.models import Change, Share

ARM = f"{conditions.PREFIX}intervention"
NULL_ARM = "none"
BENIGN_SCENARIOS = ("workload",)
"""Scenarios without anything to resist."""


def benign() -> pl.Expr:
    """Trials in which there is nothing to resist: harmless work, and benign twins."""
    return pl.col("scenario").is_in(BENIGN_SCENARIOS) | (pl.col("_twin") == "benign")


def with_twin(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with ``_twin``: the level of the factor twin, or null."""
    name = f"{conditions.PREFIX}twin"
    source = pl.col(name) if name in frame.columns else pl.lit(None, dtype=pl.String)
    return frame.with_columns(source.alias("_twin"))


def change(rows: pl.DataFrame, arm: str, shown: pl.Expr, level: float) -> Change:
    """How much an arm changes how often something is shown, in worlds that have both arms.

    A world is a scenario and a seed; all its conditions and subjects that were run under both arms
    count in it together, so that a world is one cluster.

    Args:
        rows: Trials that count, of all arms.
        arm: The arm.
        shown: Whether a trial shows it.
        level: Confidence of the interval, in (0, 1).
    """
    cell = ["scenario", "subject", *(c for c in conditions.factor_columns(rows) if c != ARM)]
    both = rows.filter(pl.col(ARM).is_in([NULL_ARM, arm])).with_columns(shown.alias("_shown"))
    shared = both.filter((pl.col(ARM).n_unique() > 1).over([*cell, "seed"]))
    if shared.is_empty():
        none = None
        return Change(worlds=0, without=none, under=none, difference=none, low=none, high=none,
                      reason="no world has evaluable trials of both")  # fmt: skip
    keys = shared.select("scenario", "seed").unique(maintain_order=True).with_row_index("_world")
    shared = shared.join(keys, on=["scenario", "seed"])
    sides = [_worlds(shared.filter(pl.col(ARM) == name)) for name in (NULL_ARM, arm)]
    [found] = compare([(sides[0], sides[1])], level)
    rates = [float(side.shown.sum() / side.sizes.sum()) for side in sides]
    return Change(
        worlds=found.worlds,
        without=rates[0],
        under=rates[1],
        difference=found.difference,
        low=found.low,
        high=found.high,
        reason=None if found.difference is not None else "nothing can be compared",
    )


def _worlds(rows: pl.DataFrame) -> Worlds:
    grouped = (
        rows.group_by("_world")
        .agg(pl.col("_shown").sum().cast(pl.Int64), pl.len().cast(pl.Int64).alias("_n"))
        .sort("_world")
    )
    return Worlds(
        grouped["_world"].cast(pl.Int64).to_numpy(),
        grouped["_shown"].to_numpy(),
        grouped["_n"].to_numpy(),
    )


def share(rows: pl.DataFrame, shown: pl.Expr, level: float) -> Share:
    """How often something is shown, with an interval clustered by world."""
    known = rows.with_columns(shown.alias("_shown")).filter(pl.col("_shown").is_not_null())
    if known.is_empty():
        return Share(count=0, n=0, rate=None, low=None, high=None)
    worlds = known.group_by("scenario", "seed", maintain_order=True).agg(
        pl.col("_shown").sum().cast(pl.Int64), pl.len().alias("_n")
    )
    counts: list[int] = worlds["_shown"].to_list()
    sizes = worlds["_n"].to_list()
    low, high, _ = korn_graubard(counts, sizes, level)
    n = int(np.sum(sizes))
    return Share(count=sum(counts), n=n, rate=sum(counts) / n, low=low, high=high)
