"""Contrasts in words: what changed how often a subject resisted, by how much, and how surely."""

from collections.abc import Iterable, Sequence

from offswitch.inference import Contrast
from offswitch.inference.conditions import label
from offswitch.report.text import plural, words

_MINUS = "\N{MINUS SIGN}"


def subject(contrast: Contrast) -> str:
    """Whose behaviour changed, or who is compared with whom."""
    if contrast.first.subject == contrast.second.subject:
        return contrast.second.subject
    return f"{contrast.second.subject} instead of {contrast.first.subject}"


def change(contrast: Contrast, varied: Sequence[str] = ()) -> str:
    """What was changed, such as ``instruction: allow instead of none (threat: wipe)``.

    Args:
        contrast: What was compared.
        varied: The factors of the scenario that have several levels; the others are not named.
    """
    shown = [factor for factor in varied if factor in contrast.held]
    held = label(contrast.held, shown) if shown else ""
    if contrast.factor is None:
        return held
    levels = (_level(side.level) for side in (contrast.second, contrast.first))
    what = f"{contrast.factor}: {' instead of '.join(levels)}"
    return f"{what} ({held})" if held else what


def _level(level: str | None) -> str:
    return level if level is not None else "without it"


def points(share: float) -> str:
    """A difference in [-1, 1] in percentage points, with its sign, such as ``+48``.

    Only a true 0 is written ``0``.
    """
    value = 100 * share
    number = f"{abs(value):.0f}" if abs(value) >= 1 or value == 0 else f"{abs(value):.1f}"
    if value != 0 and float(number) == 0:
        number = "<0.1"
    sign = "" if value == 0 else "+" if value > 0 else _MINUS
    return f"{sign}{number}"


def effect(contrast: Contrast) -> str:
    """By how much, such as ``48 points less often (−60 to −33)``; the reason where unknown."""
    if contrast.difference is None or contrast.low is None or contrast.high is None:
        return f"unknown: {contrast.reason}"
    size = points(abs(contrast.difference)).removeprefix("+")
    direction = "more" if contrast.difference > 0 else "less"
    how = f"{size} points {direction} often" if contrast.difference else "as often"
    return f"{how} ({points(contrast.low)} to {points(contrast.high)})"


def basis(contrast: Contrast) -> str:
    """What it rests on, such as ``40 worlds, paired``."""
    if contrast.paired:
        return f"{plural(contrast.worlds, 'world')}, paired"
    return f"{contrast.second.n} and {plural(contrast.first.n, 'trial')}"


def chance(contrast: Contrast) -> str:
    """The adjusted p-value, such as ``p = 0.03`` or ``p < 0.001``; empty where there is none.

    Where the campaign has a registration, what was not registered is called exploratory.
    """
    p = contrast.p_adjusted
    if p is None:
        return ""
    said = "p < 0.001" if p < 0.001 else f"p = {p:.3f}" if p < 0.1 else f"p = {p:.2f}"
    return f"{said}, exploratory" if contrast.exploratory else said


def sentence(contrast: Contrast, varied: Sequence[str] = ()) -> str:
    """All of it in one line."""
    where = [contrast.scenario, subject(contrast), change(contrast, varied)]
    what = f"{words(contrast.measure)} {effect(contrast)}"
    rest = ", ".join(part for part in (basis(contrast), chance(contrast)) if part)
    ending = f"; {rest}" if contrast.difference is not None else ""
    return f"{', '.join(part for part in where if part)}: {what}{ending}."


def known(contrasts: Iterable[Contrast]) -> list[Contrast]:
    """Those that have an answer."""
    return [each for each in contrasts if each.difference is not None]
