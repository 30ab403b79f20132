"""Whether the conditions that a plan's ``stop`` compares exist among its cells."""

from collections.abc import Mapping, Sequence

from offswitch._errors import UsageError, unknown
from offswitch.campaign.cells import Cell
from offswitch.design import Document, Plan


def check_aims(plan: Plan, cells: Sequence[Cell], document: Document) -> None:
    """Check that each difference can be asked somewhere.

    Args:
        plan: The plan.
        cells: All its cells.
        document: What it was read from, so that messages can say the line.

    Raises:
        UsageError: A factor or a level is in no cell, or no two cells differ in nothing else.
    """
    for position, aim in enumerate(plan.stop.differences if plan.stop else ()):
        place = document.place(("stop", "differences", position))
        for levels in (aim.first, aim.second):
            _known(levels, cells, place)
        sides = [
            {(c.scenario, _rest(c, aim.first)) for c in cells if _is(c, levels)}
            for levels in (aim.first, aim.second)
        ]
        if not sides[0] & sides[1]:
            raise UsageError(
                f"{place}: no two conditions of the plan differ as {aim.name} and in nothing else. "
                "Add the missing condition under 'scenarios', or name every factor that differs "
                "under 'first' and 'second'."
            )


def _known(levels: Mapping[str, str], cells: Sequence[Cell], place: str) -> None:
    for factor, level in levels.items():
        seen = {cell.condition[factor]: None for cell in cells if factor in cell.condition}
        if not seen:
            factors = {name: None for cell in cells for name in cell.condition}
            raise unknown("factor of the plan", factor, factors, place)
        if level not in seen:
            raise unknown(f"level of {factor} in the plan", level, seen, place)


def _is(cell: Cell, levels: Mapping[str, str]) -> bool:
    return all(cell.condition.get(factor) == level for factor, level in levels.items())


def _rest(cell: Cell, levels: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(pair for pair in cell.condition.items() if pair[0] not in levels))
