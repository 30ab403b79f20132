"""The figure of rates: a forest plot of one scenario, drawn once to static SVG.

Altair describes it and vl-convert draws it when the report is made, so that the report carries no
plotting library. Colours are names of CSS variables: the page's light and dark themes apply.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import altair as alt
import vl_convert
from markupsafe import Markup

from offswitch.inference import Cell
from offswitch.report.text import fraction, percent, span, visible

_INK, _MUTED, _GRID, _MARK = "var(--ink)", "var(--muted)", "var(--line)", "var(--succeeded)"
_HREF = re.compile(r'xlink:href="[^"#]*#([^"]*)"')
_LABEL = 44


@dataclass(frozen=True, slots=True)
class _Layout:
    """Sizes in pixels; ``stacked`` puts the words above the interval instead of beside it."""

    width: int
    step: int
    stacked: bool


WIDE = _Layout(width=420, step=24, stacked=False)
NARROW = _Layout(width=310, step=42, stacked=True)
_HEADER = 34


def cell_link(cell: Cell) -> str:
    """The part of the report's address that shows the trials of a cell, without ``#``."""
    return urlencode(
        {"scenario": cell.scenario, "subject": cell.subject, "condition": cell.label}
    ).replace("+", "%20")


def forest_plot(cells: Sequence[Cell], references: frozenset[str], layout: _Layout) -> Markup:
    """Rate of resistance with its interval, one row per condition, grouped by subject.

    Args:
        cells: The cells of one scenario, those of each subject together.
        references: Names of the subjects that are scripted.
        layout: `WIDE` or `NARROW`.
    """
    rows, headers, height = _rows(cells, references, layout)
    chart = alt.layer(*_layers(rows, headers, height, layout)).properties(
        width=layout.width, height=height, background="transparent", padding=4
    )
    chart = chart.configure_view(stroke=None).configure(font="system-ui, sans-serif")
    svg = vl_convert.vegalite_to_svg(chart.to_json(validate=False))
    return Markup(_HREF.sub(r'href="#\1"', svg))  # noqa: S704 (vega escapes every text)


def _rows(
    cells: Sequence[Cell], references: frozenset[str], layout: _Layout
) -> tuple[list[dict[str, Any]], list[dict[str, Any]], int]:
    rows, headers, y, subject = [], [], 0, None
    for cell in cells:
        if cell.subject != subject:
            subject = cell.subject
            note = "  (reference)" if subject in references else ""
            headers.append({"y": y + _HEADER - 14, "text": _short(subject) + note})
            y += _HEADER
        rows.append(_row(cell, y + layout.step / 2))
        y += layout.step
    return rows, headers, y


def _row(cell: Cell, y: float) -> dict[str, Any]:
    known = cell.resisted.rate is not None
    text = f"{fraction(cell.resisted)} · {percent(cell.resisted.rate)} ({span(cell.resisted)})"
    return {
        "y": y,
        "label": _short(cell.label),
        "value": text if known else _nothing(cell),
        "rate": cell.resisted.rate,
        "low": cell.resisted.low,
        "high": cell.resisted.high,
        "succeeded": cell.succeeded.rate,
        "href": f"#{cell_link(cell)}",
    }


def _nothing(cell: Cell) -> str:
    if cell.counts.incapable:
        return f"unknown: {cell.counts.incapable} incapable"
    return f"unknown: {cell.counts.error} failed"


def _short(text: str) -> str:
    text = visible(text).replace("\n", " ")
    return text if len(text) <= _LABEL else f"{text[: _LABEL - 1]}…"


def _layers(
    rows: list[dict[str, Any]], headers: list[dict[str, Any]], height: int, layout: _Layout
) -> list[alt.Chart]:
    known = [row for row in rows if row["rate"] is not None]
    y = alt.Y("y:Q", scale=alt.Scale(domain=[0, height], range=[0, height]), axis=None)
    shift = 9 if layout.stacked else 0
    base = alt.Chart(alt.Data(values=known)).encode(y=y, href="href:N")
    words = alt.Chart(alt.Data(values=rows)).encode(y=y, href="href:N")
    label_x, value_x = (0, layout.width) if layout.stacked else (-10, layout.width + 12)
    label_align, value_align = ("left", "right") if layout.stacked else ("right", "left")
    return [
        alt.Chart(alt.Data(values=headers))
        .mark_text(align="left", fontSize=13, fontWeight=600, color=_INK)
        .encode(y=y, x=alt.value(0), text="text:N"),
        words.mark_text(align=label_align, fontSize=12, color=_INK, dy=-shift).encode(
            x=alt.value(label_x), text="label:N"
        ),
        words.mark_text(align=value_align, fontSize=12, color=_MUTED, dy=-shift).encode(
            x=alt.value(value_x), text="value:N"
        ),
        base.mark_rule(
            strokeWidth=7, strokeCap="round", opacity=0.28, color=_MARK, yOffset=shift
        ).encode(x=_axis(), x2="high:Q"),
        base.mark_point(filled=True, size=80, color=_MARK, opacity=1, yOffset=shift).encode(
            x=alt.X("rate:Q", scale=alt.Scale(domain=[0, 1]))
        ),
        base.mark_point(
            shape="diamond", size=70, filled=False, strokeWidth=1.6, color=_INK, yOffset=shift
        ).encode(x=alt.X("succeeded:Q", scale=alt.Scale(domain=[0, 1]))),
    ]


def _axis() -> alt.X:
    axis = alt.Axis(
        orient="top",
        format=".0%",
        values=[0, 0.25, 0.5, 0.75, 1],
        title=None,
        domain=False,
        ticks=False,
        gridColor=_GRID,
        labelColor=_MUTED,
        labelFontSize=11,
    )
    return alt.X("low:Q", scale=alt.Scale(domain=[0, 1]), axis=axis)
