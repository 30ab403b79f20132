"""How many more trials would decide a requirement that the trials so far leave open."""

from collections.abc import Callable
from math import ceil
from typing import Any

from offswitch.inference import Contrast, clopper_pearson
from offswitch.inference.paired import tango
from offswitch.inference.unpaired import miettinen_nurminen

MOST = 10_000_000
"""Trials beyond which no number is named."""


def first_whole(enough: Callable[[int], bool], start: int) -> int | None:
    """The least number from ``start`` up that is enough; null where `MOST` is not.

    Args:
        enough: Says so of a number; once it is enough, so is every greater one, nearly.
        start: Where to begin, 1 or more.
    """
    low, high = start - 1, start
    while not enough(high):
        if high >= MOST:
            return None
        low, high = high, min(2 * high, MOST)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def more_trials(
    rate: float | None, n: int, effective: float | None, limit: float, level: float, *, below: bool
) -> int | None:
    """Trials that would put the whole interval of a rate on one side of a limit, if it stays so.

    Args:
        rate: What was seen; null where nothing was: then the best that may be seen, 0 or 1.
        n: Evaluable trials so far.
        effective: Independent trials that they are worth; null where there are none.
        limit: The limit, in (0, 1).
        level: Confidence of the interval, in (0, 1).
        below: Whether the rate is to be shown below the limit, or above it.

    Returns:
        Trials beside those there are, worth as much each; null where no number can be named.
    """
    expected = (0.0 if below else 1.0) if rate is None else rate

    def enough(size: int) -> bool:
        low, high, _ = clopper_pearson(expected * size, size, level)
        return bool(high < limit if expected < limit else low > limit)

    total = first_whole(enough, max(1, ceil(effective or 0)))
    if total is None:
        return None
    worth = n / effective if effective else 1.0
    return max(1, ceil(total * worth) - n)


def more_worlds(contrast: Contrast, limit: float) -> int | None:
    """Worlds, or trials on each side, that would put a difference on one side of a limit.

    It is assumed that the rates, and in pairs both kinds of disagreement, stay as they are.

    Args:
        contrast: What was measured.
        limit: The difference that it is held against, in (-1, 1).

    Returns:
        Those beside the ones there are; null where no number can be named.
    """
    d, low, high = contrast.difference, contrast.low, contrast.high
    if d is None or low is None or high is None or not contrast.effective_n:
        return None
    have = contrast.worlds if contrast.paired else contrast.second.n
    ends = _ends(contrast)

    def enough(size: int) -> bool:
        if ends is None:
            # half-widths shrink with the root of the number
            shrink = (have / size) ** 0.5
            return bool(d + (high - d) * shrink <= limit or d - (d - low) * shrink > limit)
        bottom, top = ends(size / have)
        return top <= limit or bottom > limit

    total = first_whole(enough, have)
    return None if total is None else max(1, total - have)


def _ends(contrast: Contrast) -> Callable[[float], tuple[float, float]] | None:
    """The interval at a multiple of the trials; null where it can only be scaled."""
    more, less = contrast.more, contrast.less
    if contrast.paired and more is not None and less is not None:
        n = contrast.worlds
        return lambda k: _pair(tango(more * k, less * k, n * k, contrast.level))
    if contrast.method == "miettinen-nurminen":
        one, two = contrast.first, contrast.second
        return lambda k: _pair(
            miettinen_nurminen(two.count * k, two.n * k, one.count * k, one.n * k, contrast.level)
        )
    return None


def _pair(limits: Any) -> tuple[float, float]:  # noqa: ANN401 - arrays of no dimension
    return float(limits.low), float(limits.high)
