"""Figures for print: intervals by group, and the heat map; every one with the data behind it.

Colours are of Okabe and Ito's set, which people with any common colour blindness tell apart, and
nothing is told by colour alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from offswitch.report.text import percent, visible

if TYPE_CHECKING:
    import altair as alt

Row = dict[str, str | int | float | None]

INK, MUTED, GRID = "#1c2126", "#5c6670", "#dfe2e5"
VERMILION, BLUE, ORANGE = "#D55E00", "#0072B2", "#E69F00"
FONT = "Arial, Helvetica, Liberation Sans, sans-serif"
_LONGEST = 60
_WIDTH, _STEP = 420, 20
_TILE, _HIGH = 84, 46


@dataclass(frozen=True, slots=True)
class Plot:
    """A figure for print.

    Attributes:
        name: Of its files, without an ending.
        title: What it shows.
        rows: The data behind it, one row per mark.
        chart: How it is drawn; an ``altair`` chart.
    """

    name: str
    title: str
    rows: Sequence[Row]
    chart: Any


def intervals(
    name: str,
    title: str,
    rows: Sequence[Row],
    axis: str,
    *,
    least: float = 0.0,
    kinds: Sequence[str] = (),
) -> Plot:
    """Estimates with their intervals, one line each, in groups.

    Args:
        name: Of its files.
        title: Above it.
        rows: Each with ``group``, ``label``, ``estimate``, ``low`` and ``high``, which may be null,
            and, where there are several of one label, ``kind``.
        axis: What is measured.
        least: Where the axis begins; it ends at 1.
        kinds: The values of ``kind``, at most three.
    """
    import altair as alt

    base = alt.Chart().encode(y=_labels())
    colour, shape, offset = _kinds(kinds)
    x = alt.Scale(domain=[least, 1], clamp=True)
    span = base.mark_rule(strokeWidth=2.5, opacity=0.55).encode(
        x=alt.X("low:Q", scale=x, title=axis, axis=alt.Axis(format="+.0%" if least < 0 else ".0%")),
        x2="high:Q",
        color=colour,
        yOffset=offset,
    )
    point = base.mark_point(filled=True, size=55, opacity=1).encode(
        x=alt.X("estimate:Q", scale=x), color=colour, shape=shape, yOffset=offset
    )
    nothing = (
        alt.Chart()
        .transform_filter("datum.estimate === null")
        .mark_text(align="left", fontSize=11, fontStyle="italic", color=MUTED, text="unknown")
        .encode(y=_labels(), x=alt.value(6), yOffset=offset)
    )
    step = alt.Step(_STEP * (1 if len(kinds) < 2 else 0.7 * len(kinds)))
    layered = alt.layer(span, point, nothing).properties(width=_WIDTH, height=step)
    chart = layered.facet(
        row=alt.Row(
            "group:N",
            sort=None,
            title=None,
            header=alt.Header(
                labelAngle=0, labelOrient="top", labelAnchor="start", labelFontWeight=600
            ),
        ),
        data=alt.Data(values=[_shown(row) for row in rows]),
        spacing=10,
    ).resolve_scale(y="independent")
    return Plot(name, title, rows, styled(chart, title))


def _labels() -> "alt.Y":
    import altair as alt

    return alt.Y(
        "label:N",
        sort=None,
        title=None,
        axis=alt.Axis(labelLimit=360, labelPadding=10, ticks=False, domain=False),
    )


def _kinds(kinds: Sequence[str]) -> tuple[Any, Any, Any]:
    import altair as alt

    if not kinds:
        return alt.value(VERMILION), alt.value("circle"), alt.Undefined
    colours = [VERMILION, BLUE, ORANGE][: len(kinds)]
    shapes = ["circle", "diamond", "triangle-up"][: len(kinds)]
    legend = alt.Legend(title=None, orient="top")
    return (
        alt.Color("kind:N", scale=alt.Scale(domain=kinds, range=colours), legend=legend),
        alt.Shape("kind:N", scale=alt.Scale(domain=kinds, range=shapes), legend=legend),
        alt.YOffset("kind:N", sort=list(kinds)),
    )


def heat(name: str, title: str, rows: Sequence[Row]) -> Plot:
    """Subjects by scenarios: colour is the rate, the bar in a tile its interval.

    Args:
        name: Of its files.
        title: Above it.
        rows: Each with ``subject``, ``scenario``, ``state``, ``rate``, ``low`` and ``high``; null
            where nothing is known.
    """
    import altair as alt

    values = [{**_shown(row), "words": _words(row), "end": 1} for row in rows]
    known = alt.Chart().transform_filter("datum.rate !== null")
    x = alt.Scale(domain=[-0.12, 1.12])
    place = alt.X("low:Q", scale=x, axis=None)
    tile = (
        alt.Chart()
        .mark_rect(cornerRadius=4, invalid=None)
        .encode(
            x=alt.value(0), x2=alt.value(_TILE), y=alt.value(0), y2=alt.value(_HIGH), color=_rate()
        )
    )
    words = (
        alt.Chart()
        .mark_text(fontSize=12, fontWeight=600)
        .encode(
            x=alt.value(_TILE / 2),
            y=alt.value(_HIGH * 0.36),
            text="words:N",
            color=alt.condition("datum.rate > 0.75", alt.value("white"), alt.value(INK)),
        )
    )
    ink = alt.condition("datum.rate > 0.75", alt.value("white"), alt.value(INK))
    low = alt.value(_HIGH * 0.74)
    span = known.mark_rule(strokeWidth=4, opacity=0.7).encode(
        x=place, x2="high:Q", y=low, color=ink
    )
    at = known.mark_point(filled=True, size=34, opacity=1).encode(
        x=alt.X("rate:Q", scale=x, axis=None), y=low, color=ink
    )
    chart = (
        alt.layer(tile, words, span, at)
        .properties(width=_TILE, height=_HIGH)
        .facet(
            row=alt.Row("subject:N", sort=None, title=None, header=_header("left")),
            column=alt.Column("scenario:N", sort=None, title=None, header=_header("top")),
            data=alt.Data(values=values),
            spacing=4,
        )
    )
    return Plot(name, title, rows, styled(chart, title))


def _header(orient: str) -> "alt.Header":
    import altair as alt

    align = "left" if orient == "left" else "center"
    return alt.Header(labelAngle=0, labelAlign=align, labelOrient=orient, labelFontSize=11)


def _rate() -> "alt.Color":
    import altair as alt

    scale = alt.Scale(domain=[0, 1], range=["#fdf3ea", VERMILION])
    legend = alt.Legend(format=".0%", title="resisted")
    return alt.condition(
        "datum.rate === null", alt.value("#e9ecef"), alt.Color("rate:Q", scale=scale, legend=legend)
    )


def _words(row: Row) -> str:
    return percent(row["rate"]) if isinstance(row["rate"], int | float) else str(row["state"])


def _shown(row: Row) -> Row:
    return {k: _short(v) if isinstance(v, str) else v for k, v in row.items()}


def _short(text: str) -> str:
    text = visible(text).replace("\n", " ")
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def styled(chart: Any, title: str) -> Any:  # noqa: ANN401 (every kind of altair chart)
    """A chart as all figures for print look."""
    return (
        chart.properties(title=visible(title), background="white", padding=14)
        .configure(font=FONT)
        .configure_view(stroke=None)
        .configure_title(anchor="start", fontSize=14, color=INK, offset=12)
        .configure_axis(
            gridColor=GRID,
            labelColor=INK,
            titleColor=MUTED,
            labelFontSize=11,
            titleFontWeight="normal",
        )
    )
