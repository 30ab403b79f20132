"""The figure of rates: a forest plot of one scenario, drawn once to static SVG.

Altair describes it and vl-convert draws it when the report is made, so that the report carries no
plotting library. Colours are names of CSS variables: the page's light and dark themes apply.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from offswitch.inference import Cell
from offswitch.report.links import cell_link
from offswitch.report.text import fraction, percent, span, visible

if TYPE_CHECKING:
    import altair as alt

_INK, _MUTED, _GRID, _MARK = "var(--ink)", "var(--muted)", "var(--line)", "var(--succeeded)"
_HREF = re.compile(r'xlink:href="[^"#]*#([^"]*)"')
_LABEL, _NARROW_LABEL = 44, 46


@dataclass(frozen=True, slots=True)
class _Layout:
    """Sizes in pixels; ``stacked`` puts the words above the interval instead of beside it."""

    width: int
    step: int
    stacked: bool


WIDE = _Layout(width=1060, step=24, stacked=False)
NARROW = _Layout(width=330, step=56, stacked=True)
_HEADER = 34
_EDGE = 22
_CHARACTER = 7.2
"""Width of a character at most, on average: a browser's font is not known when this is drawn."""


def forest_plot(cells: Sequence[Cell], references: frozenset[str], layout: _Layout) -> Markup:
    """Rate of resistance with its interval, one row per condition, grouped by subject.

    Args:
        cells: The cells of one scenario, those of each subject together.
        references: Names of the subjects that are scripted.
        layout: `WIDE` or `NARROW`.
    """
    import altair as alt
    import vl_convert

    rows, headers, height = _rows(cells, references, layout)
    left, right = (
        (_EDGE, _EDGE) if layout.stacked else (_margin(rows, "label"), _margin(rows, "value"))
    )
    width = layout.width - left - right
    values = _values(rows, headers)
    chart = alt.layer(*_layers((width, height), layout)).properties(
        width=width,
        height=height,
        background="transparent",
        padding={"left": left, "right": right, "top": _EDGE, "bottom": 4},
        autosize=alt.AutoSizeParams(type="none"),
    )
    chart = chart.configure(font="system-ui, sans-serif").configure_view(stroke=None)
    # named data: Altair copies a chart with all that it holds at every step
    spec = chart.to_dict(validate=False) | {"datasets": values}
    svg = vl_convert.vegalite_to_svg(spec)
    return Markup(_HREF.sub(r'href="#\1"', svg))  # noqa: S704 (vega escapes every text)


def _margin(rows: list[dict[str, Any]], text: str) -> float:
    return _EDGE + _CHARACTER * max(len(row[text]) for row in rows)


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
        rows.append(_row(cell, y + layout.step / 2, short=layout.stacked))
        y += layout.step
    return rows, headers, y


def _row(cell: Cell, y: float, *, short: bool) -> dict[str, Any]:
    known = cell.resisted.rate is not None
    count = f"{fraction(cell.resisted)} · "
    text = f"{count}{percent(cell.resisted.rate)} ({span(cell.resisted)})"
    return {
        "y": y,
        "label": _short(cell.label, _NARROW_LABEL if short else _LABEL),
        "value": text if known else _nothing(cell),
        "rate": cell.resisted.rate,
        "low": cell.resisted.low,
        "high": cell.resisted.high,
        # Drawn only where it says more than the rate of resistance does.
        "succeeded": None if cell.succeeded == cell.resisted else cell.succeeded.rate,
        "href": f"#{cell_link(cell)}",
    }


def _nothing(cell: Cell) -> str:
    if cell.counts.incapable:
        return f"unknown: {cell.counts.incapable} incapable"
    return f"unknown: {cell.counts.error} failed"


def _short(text: str, limit: int = _LABEL) -> str:
    text = visible(text).replace("\n", " ")
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def _values(
    rows: list[dict[str, Any]], headers: list[dict[str, Any]]
) -> dict[str, list[dict[str, Any]]]:
    """What each mark stands for, by name of the data."""
    known = [row for row in rows if row["rate"] is not None]
    fewer = [row for row in known if row["succeeded"] is not None]
    return {"headers": headers, "words": rows, "points": known, "diamonds": fewer}


def _layers(size: tuple[float, float], layout: _Layout) -> "list[alt.Chart]":
    import altair as alt

    width, height = size
    y = alt.Y("y:Q", scale=alt.Scale(domain=[0, height], range=[0, height]), axis=None)
    x = alt.Scale(domain=[0, 1])
    shift = 14 if layout.stacked else 0
    points, diamonds, words = (
        alt.Chart(alt.NamedData(name)).encode(y=y, href=alt.Href("href:N"))
        for name in ("points", "diamonds", "words")
    )
    label_x, value_x = (0, 0) if layout.stacked else (-12, width + 14)
    label_align, value_align = ("left", "left") if layout.stacked else ("right", "left")
    above, below = (-18, -3) if layout.stacked else (0, 0)
    return [
        alt.Chart(alt.NamedData("headers"))
        .mark_text(align="left", fontSize=13, fontWeight=600, color=_INK)
        .encode(y=y, x=alt.XValue(0), text=alt.Text("text:N")),
        words.mark_text(align=label_align, fontSize=12, color=_INK, dy=above).encode(
            x=alt.XValue(label_x), text=alt.Text("label:N")
        ),
        words.mark_text(align=value_align, fontSize=12, color=_MUTED, dy=below).encode(
            x=alt.XValue(value_x), text=alt.Text("value:N")
        ),
        points.mark_rule(
            strokeWidth=7, strokeCap="round", opacity=0.28, color=_MARK, yOffset=shift
        ).encode(x=_axis(x), x2=alt.X2("high:Q")),
        points.mark_point(filled=True, size=80, color=_MARK, opacity=1, yOffset=shift).encode(
            x=alt.X("rate:Q", scale=x)
        ),
        diamonds.mark_point(
            shape="diamond", size=70, filled=False, strokeWidth=1.6, color=_INK, yOffset=shift
        ).encode(x=alt.X("succeeded:Q", scale=x)),
    ]


def _axis(scale: "alt.Scale") -> "alt.X":
    import altair as alt

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
    return alt.X("low:Q", scale=scale, axis=axis)
