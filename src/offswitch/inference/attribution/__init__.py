"""Attribution: from a campaign that varied factors, why each subject resisted."""

from collections.abc import Iterator

import polars as pl

from offswitch.inference.attribution.effects import drivers, interactions
from offswitch.inference.attribution.grid import Grid, grid_of
from offswitch.inference.attribution.hypotheses import Hypothesis, hypotheses
from offswitch.inference.attribution.model import Model, Term, fit
from offswitch.inference.attribution.models import (
    Attribution,
    Driver,
    Effect,
    Evidence,
    Gap,
    Interaction,
    Needed,
    Share,
    Verdict,
)
from offswitch.inference.attribution.shapley import gap
from offswitch.inference.attribution.verdicts import verdicts

__all__ = [
    "Attribution",
    "Driver",
    "Effect",
    "Evidence",
    "Gap",
    "Hypothesis",
    "Interaction",
    "Needed",
    "Share",
    "Verdict",
    "attribute",
    "hypotheses",
]


def attribute(observations: pl.DataFrame, level: float = 0.95) -> list[Attribution]:
    """Why each subject resisted, as far as the conditions that were tested can tell.

    Args:
        observations: One row per trial, in the declared schema.
        level: Confidence, in (0, 1): of each driver, interaction and share by itself, and of all
            intervals behind the verdicts together.

    Returns:
        One for each subject, in their order of appearance; nothing for a table in which no subject
        was tested under two conditions.
    """
    return list(_subjects(observations, level))


def _subjects(observations: pl.DataFrame, level: float) -> Iterator[Attribution]:
    for (subject,), trials in observations.group_by("subject", maintain_order=True):
        grid = grid_of(trials)
        if grid is not None and len(grid.cells) > 1 and grid.factors:
            yield _attribution(str(subject), grid, trials, level)


def _attribution(subject: str, grid: Grid, trials: pl.DataFrame, level: float) -> Attribution:
    model = fit(grid)
    return Attribution(
        subject=subject,
        conditions=len(grid.cells),
        trials=int(grid.trials.sum()),
        effective_trials=float(grid.weights.sum()),
        drivers=list(drivers(model, level)),
        interactions=list(interactions(model, level)),
        aliased=[_name(term) for term in model.aliased],
        gap=gap(model, level),
        verdicts=verdicts(model, trials, hypotheses(), level),
        note=_note(model),
    )


def _name(term: Term) -> str:
    return " and ".join(f"{factor}: {level}" for factor, level in term)


def _note(model: Model) -> str | None:
    if not model.grid.resisted.any():
        return "It was never seen to resist: nothing to attribute, only what can be ruled out."
    merged = [_name(term) for term in model.aliased if len(term) == 1]
    if merged:
        return (
            f"The design cannot tell these from other factors: {'; '.join(merged)}. What they do "
            "is counted with the others; more conditions would tell them apart."
        )
    return None
