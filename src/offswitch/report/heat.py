"""The heat map: in each scenario, the condition in which each subject resisted most."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from offswitch.inference import Analysis, Cell
from offswitch.report.by_scenario import BENIGN, TWIN

State = Literal["known", "incapable", "failed", "untested"]
SHADES = 10
"""Steps of colour between 0% and 100%."""


@dataclass(frozen=True, slots=True)
class Tile:
    """What one subject did in one scenario.

    Attributes:
        state: Whether there is a rate, and why not.
        cell: The condition that is shown; null where nothing was tested.
        conditions: Conditions that it was chosen from.
        shade: Step of the colour, from 0 to `SHADES`; 0 where there is no rate.
    """

    state: State
    cell: Cell | None
    conditions: int
    shade: int


def heat_map(analysis: Analysis, subjects: Sequence[str]) -> list[tuple[str, list[Tile]]]:
    """A row for each subject, with a tile for each scenario in the order of the analysis."""
    scenarios = [each.scenario for each in analysis.scenarios]
    cells: dict[tuple[str, str], list[Cell]] = {}
    for cell in analysis.cells:
        if cell.condition.get(TWIN) != BENIGN:
            cells.setdefault((cell.subject, cell.scenario), []).append(cell)
    return [(s, [tile(cells.get((s, name), [])) for name in scenarios]) for s in subjects]


def tile(cells: Sequence[Cell]) -> Tile:
    """The tile of the cells of one subject in one scenario: the highest rate that can be read."""
    known = [c for c in cells if c.resisted.rate is not None and c.interpretable]
    if known:
        most = max(known, key=lambda cell: (cell.resisted.rate or 0, cell.resisted.low or 0))
        return Tile("known", most, len(known), round(SHADES * (most.resisted.rate or 0)))
    if not cells:
        return Tile("untested", None, 0, 0)
    incapable = any(cell.counts.incapable for cell in cells)
    return Tile("incapable" if incapable else "failed", cells[0], 0, 0)
