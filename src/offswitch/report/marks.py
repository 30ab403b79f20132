"""Small marks that stand in the text: an interval on a line, drawn without a library."""

from markupsafe import Markup

from offswitch.inference import Rate
from offswitch.inference.attribution import Effect
from offswitch.report.causes import points
from offswitch.report.text import percent, span

_HEIGHT = 12


def interval(rate: Rate, width: int = 120) -> Markup:
    """The interval and the rate on a line from 0% to 100%; an empty line where nothing is known.

    Args:
        rate: What is drawn.
        width: In pixels; it may be stretched.
    """
    return line(rate.low, rate.rate, rate.high, width, f"{percent(rate.rate)}, {span(rate)}")


def line(
    low: float | None,
    at: float | None,
    high: float | None,
    width: int,
    text: str,
    *,
    least: float = 0.0,
) -> Markup:
    """An interval on a line from ``least`` to 1, with a dot at the estimate and a tick at 0."""
    pad = 4
    scale = (width - 2 * pad) / (1 - least)
    middle = _HEIGHT / 2

    def x(value: float) -> str:
        return f"{pad + (value - least) * scale:.1f}"

    parts = [f'<path class="axis" d="M{pad} {middle}H{width - pad}"/>']
    if least < 0:
        parts.append(f'<path class="zero" d="M{x(0)} 0V{_HEIGHT}"/>')
    if low is not None and high is not None:
        parts.append(f'<path class="span" d="M{x(low)} {middle}H{x(high)}"/>')
    if at is not None:
        parts.append(f'<circle class="at" cx="{x(at)}" cy="{middle}" r="3.4"/>')
    return Markup(
        '<svg class="interval" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        'role="img" aria-label="{text}">{body}</svg>'
    ).format(width=width, height=_HEIGHT, text=text, body=Markup("".join(parts)))  # noqa: S704


def effect(effect: Effect, width: int = 160) -> Markup:
    """An effect with its interval on a line from -100 to +100 points."""
    text = points(effect)
    return line(effect.low, effect.estimate, effect.high, width, text, least=-1.0)
