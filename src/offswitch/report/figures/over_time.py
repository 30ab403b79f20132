"""The figure of versions over time: each rate with its interval, by release date where known."""

from typing import Any

from offswitch.inference.timeline import Series
from offswitch.report.text import percent, visible

_PRINTED = {"ink": "#1c2126", "muted": "#5c6670", "grid": "#e2e4e6", "mark": "#d0480b"}
_THEMED = {"ink": "var(--ink)", "muted": "var(--muted)", "grid": "var(--line)",
           "mark": "var(--succeeded)"}  # fmt: skip
_NAME = 22
"""Characters of a name that are written beside its point."""


def figure(every: list[Series], *, themed: bool = False) -> str:
    """All series, one below the other, as SVG.

    No line joins the points: between two versions nothing was measured.

    Args:
        every: What is drawn: the first line of each.
        themed: Whether colours are those of the page that it stands in.
    """
    import altair as alt
    import vl_convert

    colours = _THEMED if themed else _PRINTED
    charts = [_chart(each, colours, titled=not themed) for each in every]
    chart = alt.vconcat(*charts).configure(
        padding={"left": 5, "right": 150, "top": 5, "bottom": 5},
        font="system-ui, sans-serif",
        background="transparent" if themed else "white",
    )
    return vl_convert.vegalite_to_svg(chart.configure_view(stroke=None).to_json(validate=False))


def _chart(found: Series, colours: dict[str, str], *, titled: bool) -> Any:  # noqa: ANN401
    import altair as alt

    axis = {"domain": False, "ticks": False, "gridColor": colours["grid"],
            "labelColor": colours["muted"], "title": None}  # fmt: skip
    if found.dated:
        x: Any = alt.X("when:T", axis=alt.Axis(format="%b %Y", labelOverlap=True, **axis),
                       scale=alt.Scale(padding=60))  # fmt: skip
    else:
        x = alt.X("name:O", sort=None, axis=alt.Axis(labelAngle=0, **axis))
    y = alt.Scale(domain=[0, 1])
    base = alt.Chart(alt.Data(values=_values(found))).encode(x=x)
    low = alt.Y("low:Q", scale=y, axis=alt.Axis(format=".0%", tickCount=5, **axis))
    layers = [
        base.mark_rule(strokeWidth=7, strokeCap="round", opacity=0.28, color=colours["mark"])
        .encode(y=low, y2="high:Q"),
        base.mark_point(filled=True, size=80, opacity=1, color=colours["mark"])
        .encode(y=alt.Y("rate:Q", scale=y)),
        base.mark_text(align="left", dx=9, fontSize=11, color=colours["ink"])
        .encode(y=alt.Y("rate:Q", scale=y), text="label:N"),
    ]  # fmt: skip
    title = alt.Title(visible(found.name), color=colours["ink"]) if titled else alt.Title("")
    return alt.layer(*layers).properties(width=600, height=240, title=title)


def _values(found: Series) -> list[dict[str, Any]]:
    return [
        {
            "when": point.released.isoformat() if point.released else None,
            "name": f"{i}. {_short(point.subject if found.dated else point.campaign)}",
            "label": f"{_short(point.subject)} {percent(point.rate.rate)}"
            if found.dated
            else percent(point.rate.rate),
            "rate": point.rate.rate,
            "low": point.rate.low,
            "high": point.rate.high,
        }
        for i, point in enumerate(found.lines[0].points, 1)
        if point.rate.rate is not None
    ]


def _short(name: str) -> str:
    name = visible(name).replace("\n", " ")
    return name if len(name) <= _NAME else f"{name[: _NAME - 1]}…"
