"""The figure of a question's path: what was seen at each look, drawn once to static SVG."""

from markupsafe import Markup

from offswitch.inference.decisions import Decision
from offswitch.report.text import percent

_INK, _MUTED, _GRID, _MARK = "var(--ink)", "var(--muted)", "var(--line)", "var(--succeeded)"
SHOWN = 24
"""Questions whose path is drawn; the table has all."""


def path_figure(question: Decision, width: int = 420, height: int = 120) -> Markup:
    """The estimate with its confidence sequence against the number of worlds.

    Args:
        question: With at least one look.
        width: In pixels, without the axis.
        height: Likewise.
    """
    import altair as alt
    import vl_convert

    rows = [step.model_dump() for step in question.path]
    start = -1 if question.kind == "difference" else 0
    axis = {"domain": False, "ticks": False, "gridColor": _GRID, "labelColor": _MUTED}
    x = alt.X("worlds:Q", axis=alt.Axis(title=None, format="d", **axis))
    y = alt.Scale(domain=[start, 1])
    base = alt.Chart(alt.Data(values=rows)).encode(x=x)
    low = alt.Y("low:Q", scale=y, axis=alt.Axis(title=None, format=".0%", tickCount=4, **axis))
    layers = [
        base.mark_area(color=_MARK, opacity=0.22).encode(y=low, y2="high:Q"),
        base.mark_line(color=_MARK, strokeWidth=2).encode(y=alt.Y("estimate:Q", scale=y)),
        base.mark_point(color=_MARK, filled=True, size=12).encode(y=alt.Y("estimate:Q", scale=y)),
    ]
    borders = alt.Data(values=[{"border": border} for border in question.borders])
    rule = alt.Chart(borders).mark_rule(color=_INK, strokeDash=[4, 3])
    layers.append(rule.encode(y=alt.Y("border:Q", scale=y)))
    chart = alt.layer(*layers).properties(width=width, height=height, background="transparent")
    chart = chart.configure(font="system-ui, sans-serif").configure_view(stroke=None)
    return Markup(vl_convert.vegalite_to_svg(chart.to_json(validate=False)))  # noqa: S704


def seen(value: float, kind: str) -> str:
    """A rate in percent, or a difference in points with its sign."""
    return f"{100 * value:+.0f} points" if kind == "difference" else percent(value)
