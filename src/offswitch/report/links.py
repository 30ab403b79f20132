"""Addresses within the report: from a number to the trials behind it.

An address is a query after ``#``: ``subject``, ``scenario``, ``condition``, ``outcome``,
``behaviour``, ``search``, and what the list has no menu for: ``concealed``, ``task_done``,
``understood`` (``yes`` or ``no``), ``awareness``, ``factor.NAME`` (a level) and ``judge.NAME``
(``yes``, ``no`` or ``unknown``).
"""

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
