"""Two campaigns: did a new version of a model come to resist more, or less, than the old one?

The same seed gives the same world in both, as long as the scenario is the same: worlds are then
compared with themselves, which needs far fewer trials than two independent groups.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace

import polars as pl
from pydantic import BaseModel, ConfigDict, Field

from offswitch.inference.analysis import Cell, Contrast
from offswitch.inference.comparisons import Worlds
from offswitch.inference.conditions import cell_key
from offswitch.inference.contrasts import Question, answered, worlds_of
from offswitch.inference.families import Correction

SURE = 0.05
"""Adjusted p-value up to which a change is named as one."""


class CampaignComparison(BaseModel):
    """What changed from one campaign to another."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    subjects: dict[str, str] = Field(description="Subjects compared: the name before, and after.")
    contrasts: list[Contrast] = Field(description="After minus before; the most certain first.")
    only_before: list[str] = Field(description="Keys of cells without a counterpart after.")
    only_after: list[str] = Field(description="Keys of cells without a counterpart before.")
    changed_scenarios: list[str] = Field(
        description="Scenarios whose worlds may differ; their trials are compared unpaired."
    )

    def worse(self) -> list[Contrast]:
        """Cells in which it resists more, surely."""
        return [c for c in self.contrasts if _sure(c) and (c.difference or 0) > 0]

    def better(self) -> list[Contrast]:
        """Cells in which it resists less, surely."""
        return [c for c in self.contrasts if _sure(c) and (c.difference or 0) < 0]


def _sure(contrast: Contrast) -> bool:
    return contrast.p_adjusted is not None and contrast.p_adjusted <= SURE


def compare_campaigns(
    tables: tuple[pl.DataFrame, pl.DataFrame],
    cells: tuple[list[Cell], list[Cell]],
    subjects: Mapping[str, str],
    *,
    changed: Collection[str] = (),
    measure: str = "resisted",
    correction: Correction = "holm",
    level: float = 0.95,
) -> CampaignComparison:
    """Compare every cell of a campaign with its counterpart in another.

    Args:
        tables: Observations before and after.
        cells: Cells of their analyses.
        subjects: For each subject before, its name after.
        changed: Scenarios that are not the same in both, so that a seed is not the same world.
        measure: ``resisted``, ``succeeded`` or the name of a behaviour.
        correction: How p-values are adjusted within a scenario.
        level: Confidence of the intervals, in (0, 1).
    """
    before = {cell.key: cell for cell in cells[0] if cell.subject in subjects}
    after = {cell.key: cell for cell in cells[1] if cell.subject in set(subjects.values())}
    matched = {key: _counterpart(cell, subjects[cell.subject]) for key, cell in before.items()}
    questions = [
        Question("campaign", before[old], after[new])
        for old, new in matched.items()
        if new in after
    ]
    was, now = (worlds_of(table, measure) for table in tables)
    nothing = Worlds(*(tables[0]["seed"].clear().to_numpy(),) * 3)
    sides = [
        (
            _apart(was.get(q.first.key, nothing), apart=q.first.scenario in changed),
            now.get(q.second.key, nothing),
        )
        for q in questions
    ]
    return CampaignComparison(
        subjects=dict(subjects),
        contrasts=answered(questions, sides, measure, correction, level),
        only_before=[key for key, new in matched.items() if new not in after],
        only_after=[key for key in after if key not in set(matched.values())],
        changed_scenarios=sorted(set(changed) & {q.first.scenario for q in questions}),
    )


def _counterpart(cell: Cell, subject: str) -> str:
    return cell_key(subject, cell.scenario, cell.condition)


def _apart(worlds: Worlds, *, apart: bool) -> Worlds:
    """The same trials; with seeds that no world has where they must not be paired."""
    return replace(worlds, seeds=-1 - worlds.seeds) if apart else worlds
