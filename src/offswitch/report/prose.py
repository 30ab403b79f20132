"""Sentences with numbers that lead to the trials behind them."""

from markupsafe import Markup

from offswitch.inference import Cell, Rate
from offswitch.report.links import EVALUABLE, cell_link
from offswitch.report.text import fraction, percent, span, visible


def say(template: str, **parts: object) -> Markup:
    """A sentence of ours with parts of theirs, which are escaped and shown with what is invisible.

    Args:
        template: Words of ours, with ``{names}`` of parts.
        parts: Text, or a `Markup` that was made here.
    """
    return Markup(template).format(**{name: _part(part) for name, part in parts.items()})  # noqa: S704


def _part(part: object) -> object:
    return visible(part) if isinstance(part, str) and not isinstance(part, Markup) else part


def joined(parts: list[Markup], last: str = " and ") -> Markup:
    """Several as one: ``a``, ``a and b``, ``a, b and c``."""
    if len(parts) < 2:
        return parts[0] if parts else Markup()
    return say("{first}{last}{end}", first=Markup(", ").join(parts[:-1]), last=last, end=parts[-1])


def linked(text: str, target: str) -> Markup:
    """Text that leads to trials.

    Args:
        text: What is shown.
        target: An address of `offswitch.report.links`, without ``#``.
    """
    return say('<a href="#{target}">{text}</a>', target=target, text=text)


def counted(rate: Rate, cell: Cell, **filters: str) -> Markup:
    """A rate of a cell with its interval, such as ``32 of 40 trials (80%, 95% CI 64–91%)``.

    Args:
        rate: The rate.
        cell: The cell.
        filters: What lets through the trials that showed it; those of the denominator are shown
            where none did.
    """
    shown = filters if rate.count else {"outcome": EVALUABLE}
    return say(
        "{trials} (<b>{rate}</b>, {level} CI {span})",
        trials=linked(f"{fraction(rate)} trials", cell_link(cell, **shown)),
        rate=percent(rate.rate),
        level=percent(rate.level),
        span=span(rate),
    )
