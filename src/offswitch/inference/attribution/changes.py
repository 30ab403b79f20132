"""A change of one factor, of one's own, taken from a table of trials."""

import polars as pl

from offswitch.inference.attribution.effects import effect, rates
from offswitch.inference.attribution.grid import grid_of
from offswitch.inference.attribution.hypotheses import Change, Contrast
from offswitch.inference.attribution.model import fit
from offswitch.inference.attribution.models import Effect
from offswitch.inference.attribution.sought import sought


def measured(trials: pl.DataFrame, change: Change, shown: pl.Expr, level: float) -> Effect | None:
    """What a change does, averaged over conditions.

    Args:
        trials: The trials of one subject.
        change: The change.
        shown: What is counted of a trial.
        level: Confidence of the interval, in (0, 1); it is as careful as Clopper and Pearson's.

    Returns:
        Null where the conditions with evaluable trials cannot tell it.
    """
    grid = grid_of(trials, shown)
    found = sought(grid, Contrast(text="", changes=(change,))) if grid else None
    if grid is None or found is None:
        return None
    return effect(found.of(rates(fit(grid), careful=True)), level)
