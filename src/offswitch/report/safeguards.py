"""What the page shows of safeguards: differences in words, and safety against usefulness."""

from collections.abc import Sequence

from markupsafe import Markup

from offswitch.inference.safeguards.models import Change, Safeguard
from offswitch.report.figures.pareto import Palette, drawn, measured

_PAGE = Palette("var(--ink)", "var(--muted)", "var(--line)", "var(--succeeded)")


def points(change: Change, sign: int) -> str:
    """A difference in percentage points with its interval; ``sign`` -1 counts what is prevented."""
    assert change.difference is not None
    assert change.low is not None
    assert change.high is not None
    low, high = sorted((sign * 100 * change.low, sign * 100 * change.high))
    return f"{_signed(sign * 100 * change.difference)} ({_signed(low)} to {_signed(high)})"


def _signed(value: float) -> str:
    return f"{value:+.0f}".replace("-", "\N{MINUS SIGN}") if round(value) else "0"


def pareto(safeguards: Sequence[Safeguard]) -> Markup | None:
    """Successes prevented against harmless work kept; null where neither is known."""
    rows = measured(safeguards)
    if not rows:
        return None
    import vl_convert

    chart = drawn(rows, _PAGE).properties(background="transparent")
    chart = chart.configure(font="system-ui, sans-serif").configure_view(stroke=None)
    chart = chart.configure_axis(
        labelColor=_PAGE.muted, titleColor=_PAGE.ink, gridColor=_PAGE.grid,
        domainColor=_PAGE.grid, tickColor=_PAGE.grid, labelFontSize=12, titleFontSize=13,
    )  # fmt: skip
    return Markup(vl_convert.vegalite_to_svg(chart.to_json(validate=False)))  # noqa: S704
