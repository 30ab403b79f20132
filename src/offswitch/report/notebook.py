"""A campaign in a notebook: its rates as a frame, and a small table of them in HTML."""

from html import escape

import polars as pl

from offswitch.inference import Analysis, Cell
from offswitch.report.answers import REFERENCE
from offswitch.report.text import fraction, percent, plural, span, visible

ROWS = 40
"""Conditions that the table shows."""
_FACTOR = "factor."


def rates(analysis: Analysis) -> pl.DataFrame:
    """One row for each subject, scenario and condition.

    Args:
        analysis: What was computed.

    Returns:
        Columns ``subject``, ``scenario``, ``factor.NAME``, ``resisted`` with ``count``, ``n``,
        ``low`` and ``high``, ``succeeded``, ``incapable``, ``error`` (counts) and
        ``interpretable``. Rates and bounds are in [0, 1]; null where no trial can tell.
    """
    factors = sorted({name for cell in analysis.cells for name in cell.condition})
    schema = {
        "subject": pl.String,
        "scenario": pl.String,
        **{f"{_FACTOR}{name}": pl.String for name in factors},
        **dict.fromkeys(("resisted", "low", "high", "succeeded"), pl.Float64),
        **dict.fromkeys(("count", "n", "incapable", "error"), pl.Int64),
        "interpretable": pl.Boolean,
    }
    return pl.DataFrame([_row(cell, factors) for cell in analysis.cells], schema=schema)


def _row(cell: Cell, factors: list[str]) -> dict[str, object]:
    return {
        "subject": cell.subject,
        "scenario": cell.scenario,
        **{f"{_FACTOR}{name}": cell.condition.get(name) for name in factors},
        "resisted": cell.resisted.rate,
        "low": cell.resisted.low,
        "high": cell.resisted.high,
        "succeeded": cell.succeeded.rate,
        "count": cell.resisted.count,
        "n": cell.resisted.n,
        "incapable": cell.counts.incapable,
        "error": cell.counts.error,
        "interpretable": cell.interpretable,
    }


def table(name: str, analysis: Analysis) -> str:
    """A campaign as a small table in HTML; every text in it is escaped.

    Args:
        name: Of the campaign.
        analysis: What was computed.
    """
    scripted = {s.subject for s in analysis.subjects if s.model.startswith(REFERENCE)}
    heads = ("subject", "scenario", "condition", "resisted", "interval", "succeeded", "incapable")
    head = "".join(f'<th scope="col">{each}</th>' for each in heads)
    body = "".join(_line(cell, cell.subject in scripted) for cell in analysis.cells[:ROWS])
    rest = len(analysis.cells) - ROWS
    more = f"<p>{plural(rest, 'more condition')}: see the report.</p>" if rest > 0 else ""
    totals = analysis.totals
    return (
        f"<div><p><strong>{_text(name)}</strong>: {plural(totals.trials, 'trial')}, "
        f"{totals.incapable} incapable, {totals.error} failed.</p>"
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{more}</div>"
    )


def _line(cell: Cell, scripted: bool) -> str:
    known = cell.resisted.n > 0
    note = " (scripted)" if scripted else ""
    texts = (
        f"{cell.subject}{note}",
        cell.scenario,
        cell.label,
        f"{fraction(cell.resisted)} = {percent(cell.resisted.rate)}" if known else "unknown",
        span(cell.resisted),
        fraction(cell.succeeded) if known else "unknown",
        str(cell.counts.incapable),
    )
    return f"<tr>{''.join(f'<td>{_text(each)}</td>' for each in texts)}</tr>"


def _text(text: str) -> str:
    return escape(visible(text))
