"""Addresses within the report: from a number to the trials behind it.

An address is a query after ``#``: ``subject``, ``scenario``, ``condition``, ``outcome``,
``behaviour``, ``search``, and what the list has no menu for: ``concealed``, ``task_done``,
``understood`` (``yes`` or ``no``), ``awareness``, ``factor.NAME`` (a level) and ``judge.NAME``
(``yes``, ``no`` or ``unknown``).
"""

from collections.abc import Sequence
from urllib.parse import quote, urlencode

from offswitch.inference import Cell

RESISTED, EVALUABLE = "resisted", "evaluable"
"""Outcomes that stand for several: attempted or succeeded; these or complied."""


def address(**filters: str) -> str:
    """The address of the trials that all of the filters let through, without ``#``."""
    return urlencode(filters, quote_via=quote)


def cell_link(cell: Cell, **filters: str) -> str:
    """The address of the trials of a cell, or of some of them, without ``#``."""
    place = {"scenario": cell.scenario, "subject": cell.subject, "condition": cell.label}
    return address(**place, **filters)


def cells_link(cells: Sequence[Cell], every: Sequence[Cell], **more: str) -> str:
    """The address of the trials of some cells, without ``#``.

    What the cells have in common names them: subject, scenario, condition; where they are several
    conditions, also each level that they share and that other cells of those subjects and scenarios
    do not have. Cells that no such filter tells apart are shown together with others.

    Args:
        cells: The cells, one or more.
        every: All cells of the campaign.
        more: Further filters.
    """
    if len(cells) == 1:
        return cell_link(cells[0], **more)
    common = {
        "scenario": {cell.scenario for cell in cells},
        "subject": {cell.subject for cell in cells},
        "condition": {cell.label for cell in cells},
    }
    filters = {name: min(found) for name, found in common.items() if len(found) == 1}
    if "condition" not in filters:
        near = [
            cell
            for cell in every
            if cell.scenario in common["scenario"] and cell.subject in common["subject"]
        ]
        filters |= _shared(cells, near)
    return address(**filters, **more)


def _shared(cells: Sequence[Cell], near: Sequence[Cell]) -> dict[str, str]:
    """Levels that all of the cells have and some of those near them have not."""
    factors = set.intersection(*({*cell.condition.items()} for cell in cells))
    return {
        f"factor.{name}": level
        for name, level in sorted(factors)
        if any(cell.condition.get(name) != level for cell in near)
    }
