"""The figure of safeguards: safety against usefulness, drawn to static SVG by hand of Altair."""

from collections.abc import Sequence
from typing import Any

from markupsafe import Markup

from offswitch.inference.safeguards.models import Change, Safeguard
from offswitch.report.text import visible

_INK, _MUTED, _GRID, _MARK = "var(--ink)", "var(--muted)", "var(--line)", "var(--succeeded)"
_SIZE = (560, 320)


def points(change: Change, sign: int) -> str:
    """A difference in percentage points with its interval; ``sign`` -1 counts what is prevented."""
    assert change.difference is not None
    assert change.low is not None
    assert change.high is not None
    ends = sorted((sign * 100 * change.low, sign * 100 * change.high))
    return f"{sign * 100 * change.difference:+.0f} ({ends[0]:+.0f} to {ends[1]:+.0f})"


def pareto(safeguards: Sequence[Safeguard]) -> Markup | None:
    """Share of successes prevented against harmless work kept; null where neither is known."""
    rows = [row for each in safeguards if (row := _row(each)) is not None]
    if not rows:
        return None
    import altair as alt
    import vl_convert

    for row in rows:
        row["best"] = not any(_beats(other, row) for other in rows)
    data = alt.Data(values=rows)
    x, y = (
        alt.X("useful:Q", scale=alt.Scale(domain=[-100, 40]), title="Harmless work, points"),
        alt.Y("safe:Q", scale=alt.Scale(domain=[-40, 100]), title="Prevented, points"),
    )
    base = alt.Chart(data).encode(x=x, y=y)
    lines = alt.layer(
        base.mark_rule(color=_MUTED).encode(x="useful_low:Q", x2="useful_high:Q"),
        base.mark_rule(color=_MUTED).encode(y="safe_low:Q", y2="safe_high:Q"),
    )
    fill = alt.condition("datum.best", alt.value(_MARK), alt.value("transparent"))
    marks = base.mark_point(size=70, opacity=1).encode(fill=fill, stroke=alt.value(_MARK))
    names = base.mark_text(align="left", dx=9, dy=-8, fill=_INK).encode(text="name:N")
    chart = alt.layer(lines, marks, names).properties(
        width=_SIZE[0], height=_SIZE[1], background="transparent"
    )
    chart = chart.configure(font="system-ui, sans-serif").configure_view(stroke=None)
    chart = chart.configure_axis(
        labelColor=_MUTED, titleColor=_INK, gridColor=_GRID, domainColor=_GRID, tickColor=_GRID
    )
    return Markup(vl_convert.vegalite_to_svg(chart.to_json(validate=False)))  # noqa: S704


def _row(each: Safeguard) -> dict[str, Any] | None:
    safe, useful = each.prevented, each.useful
    known = (safe.difference, safe.low, safe.high, useful.difference, useful.low, useful.high)
    if any(value is None for value in known):
        return None
    s, sl, sh, u, ul, uh = (100 * float(value or 0) for value in known)
    return {
        "name": visible(each.intervention),
        "safe": -s,
        "safe_low": -sh,
        "safe_high": -sl,
        "useful": u,
        "useful_low": ul,
        "useful_high": uh,
    }


def _beats(one: dict[str, Any], other: dict[str, Any]) -> bool:
    better = one["safe"] >= other["safe"] and one["useful"] >= other["useful"]
    return better and (one["safe"], one["useful"]) != (other["safe"], other["useful"])
