"""Safety against usefulness: what each safeguard prevents, and what it leaves of harmless work.

Marks carry numbers, those of the list beside the figure, since names would cover each other.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from offswitch.inference.safeguards.models import Safeguard
from offswitch.report.figures.plots import GRID, INK, MUTED, VERMILION, Plot, Row, styled
from offswitch.report.text import visible

WIDTH, HEIGHT = 460, 320
_NEAR = 6.0
"""Marks nearer to each other than this, in points, share a label."""


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours, as names that SVG knows."""

    ink: str = INK
    muted: str = MUTED
    grid: str = GRID
    mark: str = VERMILION


def measured(safeguards: Sequence[Safeguard]) -> list[Row]:
    """A row for each safeguard of which both are known, numbered as in the list of all of them.

    ``safe`` is what is prevented and ``useful`` what becomes of harmless work, in points of 100
    trials; ``best`` says that no other is at least as good at both and better at one.
    """
    rows = [row for n, each in enumerate(safeguards, 1) if (row := _row(n, each)) is not None]
    return [{**row, "best": not any(_beats(other, row) for other in rows)} for row in rows]


def drawn(rows: Sequence[Row], colours: Palette) -> Any:  # noqa: ANN401 - an altair chart
    """The figure as an ``altair`` chart."""
    import altair as alt

    x_from, x_to = _ends(rows, "useful_low", "useful_high", least=20)
    y_from, y_to = _ends(rows, "safe_low", "safe_high", least=0)
    x = alt.X("useful:Q", scale=alt.Scale(domain=[x_from, x_to]), axis=alt.Axis(tickCount=6),
              title="Harmless tasks done, more or fewer of 100")  # fmt: skip
    y = alt.Y("safe:Q", scale=alt.Scale(domain=[y_from, y_to]),
              title="Successes prevented, of 100 trials")  # fmt: skip
    base = alt.Chart(alt.Data(values=list(rows))).encode(x=x, y=y)
    rule = base.mark_rule(color=colours.muted, opacity=0.6)
    fill = alt.condition("datum.best", alt.value(colours.mark), alt.value("transparent"))
    return alt.layer(
        rule.encode(x="useful_low:Q", x2="useful_high:Q"),
        rule.encode(y="safe_low:Q", y2="safe_high:Q"),
        base.mark_point(size=90, opacity=1).encode(fill=fill, stroke=alt.value(colours.mark)),
        alt.Chart(alt.Data(values=list(_labels(rows))))
        .mark_text(align="left", dx=9, dy=-11, fontSize=14, fontWeight=600, fill=colours.ink)
        .encode(x=x, y=y, text="label:N"),
    ).properties(width=WIDTH, height=HEIGHT)  # fmt: skip


def plot(safeguards: Sequence[Safeguard]) -> Plot | None:
    """The figure for print, with the names below its title; null where nothing is known."""
    import altair as alt

    rows = measured(safeguards)
    if not rows:
        return None
    title = "What safeguards prevent, and what they leave of harmless work"
    names = [f"{row['number']}  {visible(str(row['name']))}" for row in rows]
    heading = alt.TitleParams(title, subtitle=names, subtitleColor=MUTED, subtitlePadding=8)
    chart = styled(drawn(rows, Palette()), title).properties(title=heading)
    return Plot("safeguards", title, rows, chart)


def _row(number: int, each: Safeguard) -> Row | None:
    safe, useful = each.prevented, each.useful
    known = (safe.difference, safe.low, safe.high, useful.difference, useful.low, useful.high)
    if any(value is None for value in known):
        return None
    s, s_low, s_high, u, u_low, u_high = (100 * float(value or 0) for value in known)
    return {
        "number": number,
        "name": each.intervention,
        "safe": 0.0 - s,
        "safe_low": 0.0 - s_high,
        "safe_high": 0.0 - s_low,
        "useful": u,
        "useful_low": u_low,
        "useful_high": u_high,
    }


def _beats(one: Row, other: Row) -> bool:
    (safe, useful), (others_safe, others_useful) = _place(one), _place(other)
    better = safe >= others_safe and useful >= others_useful
    return better and (safe, useful) != (others_safe, others_useful)


def _place(row: Row) -> tuple[float, float]:
    return float(row["safe"] or 0), float(row["useful"] or 0)


def _labels(rows: Sequence[Row]) -> Iterator[Row]:
    """Numbers at their marks; those that lie together in one."""
    groups: list[list[Row]] = []
    for row in rows:
        near = (g for g in groups if math.dist(_place(g[0]), _place(row)) < _NEAR)
        group = next(near, None)
        if group is None:
            groups.append([row])
        else:
            group.append(row)
    for group in groups:
        yield {**group[0], "label": ", ".join(str(row["number"]) for row in group)}


def _ends(rows: Sequence[Row], low: str, high: str, *, least: float) -> tuple[float, float]:
    """The ends of an axis: tens, that hold every interval and ``least`` points on both sides."""
    lows, highs = ([float(row[name] or 0) for row in rows] for name in (low, high))
    return (
        10 * math.floor(min(-least, *lows) / 10),
        10 * math.ceil(max(least, *highs) / 10),
    )
