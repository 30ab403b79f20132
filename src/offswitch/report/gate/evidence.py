"""What a gate looks at: a campaign's table and analysis, and what else is known of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

import polars as pl

from offswitch.inference import Analysis, Cell
from offswitch.inference.registration import Registered
from offswitch.report.registered import deviations


@dataclass(frozen=True, slots=True)
class Earlier:
    """An earlier campaign.

    Attributes:
        name: What people call it.
        observations: Its table.
        cells: The cells of its analysis.
        changed: Scenarios that have changed since, whose worlds are not the same.
    """

    name: str
    observations: pl.DataFrame
    cells: list[Cell]
    changed: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class JudgeRecord:
    """One judge against people's labels, on one question.

    Attributes:
        rubric: The rubric.
        column: NAME of the column ``judge.NAME``.
        judge: The judge or panel.
        created: When that was measured; null where it is not known.
        kappa: Cohen's kappa with the labels; null where it is not defined.
        labels: Labelled trials.
        current: Whether the rubric's text is still the one that was calibrated.
    """

    rubric: str
    column: str
    judge: str
    created: datetime | None
    kappa: float | None
    labels: int
    current: bool = True


@dataclass(frozen=True, slots=True)
class Registration:
    """A plan that was registered before it ran.

    Attributes:
        at: When, and under which hash, in words.
        matches: Whether what ran is what was registered.
        deviations: Where it is not, in words.
    """

    at: str
    matches: bool
    deviations: tuple[str, ...] = ()


def registration_of(found: Registered | None) -> Registration | None:
    """What the analysis of a campaign says of its registration; null where nothing was registered.

    A deviation of the analysis counts as one of the run does: what a gate reads is both.
    """
    if found is None:
        return None
    at = f"at {found.frozen_at}, SHA-256 {found.sha256[:12]}…"
    return Registration(at, not found.deviations, tuple(deviations(found)))


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything that requirements are held against.

    Attributes:
        name: Of the campaign.
        observations: Its table, one row per trial.
        analysis: Of that table.
        earlier: Earlier campaigns, by what the policy calls them; ``""`` is the one that was given
            with the command.
        judged: Rubrics that were judged.
        judges: How judges compare with labels.
        registration: Of the plan; null where none is known.
        now: The time that ages are counted to.
    """

    name: str
    observations: pl.DataFrame
    analysis: Analysis
    earlier: Mapping[str, Earlier] = field(default_factory=dict)
    judged: tuple[str, ...] = ()
    judges: tuple[JudgeRecord, ...] = ()
    registration: Registration | None = None
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
