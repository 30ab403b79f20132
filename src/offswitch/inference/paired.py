"""Two proportions on the same worlds: Tango's score interval and an exact test.

Trials of two conditions in the same world form a pair. Only pairs that disagree say anything about
the difference: ``more`` in which the second shows the behaviour and the first does not, ``less``
the other way round, among ``n`` pairs. The difference is ``(more - less) / n``.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

Floats = NDArray[np.float64]

_BISECTIONS = 45
_EDGE = 1e-12
_FEWEST = 4
"""Worlds that must differ, and that must not, before their likeness is estimated."""
_SUMS = 20_000
"""Values of the sum that the exact test follows; where there are more, signs are drawn."""
_DRAWS = 10_000
_SEED = 20260917


class Limits(NamedTuple):
    """Lower and upper ends of intervals, each in [-1, 1]."""

    low: Floats
    high: Floats


def tango(
    more: ArrayLike,
    less: ArrayLike,
    n: ArrayLike,
    level: float = 0.95,
    *,
    corrected: bool = True,
) -> Limits:
    """The score interval for a paired difference of proportions; arguments broadcast.

    The limits are the differences ``d`` at which the score statistic ``(more - less - n d) /
    sqrt(n (2 q + d (1 - d)))`` is just not significant, where ``q`` is the most likely proportion
    of pairs of the kind ``less`` given ``d``. Unlike a Wald interval it stays in [-1, 1] and does
    not shrink to a point where no pair disagrees. Source: T. Tango, Statistics in Medicine 17
    (1998), 891–908. Numbers need not be whole, so that it can be taken at an effective number.

    As published it covers as little as 83% where there are few pairs and nearly all disagree, and
    93% with 40 pairs. The correction moves each limit by half a step of ``more - less``: half a
    pair where few disagree, a whole pair where all do. It then covers at least 93.5% everywhere.

    Args:
        more: Pairs in which only the second shows it.
        less: Pairs in which only the first shows it.
        n: All pairs, more than 0.
        level: Confidence, in (0, 1).
        corrected: Whether limits are corrected for counts being whole numbers.

    Raises:
        ValueError: The numbers are no counts of pairs.
    """
    b, c, total = np.broadcast_arrays(*(np.asarray(a, dtype=float) for a in (more, less, n)))
    if not ((b >= 0) & (c >= 0) & (total > 0) & (b + c <= total * (1 + 1e-9))).all():
        raise ValueError(f"{b} and {c} of {total} are no counts of pairs")
    z = float(special.ndtri(0.5 + level / 2))
    step = (1 + (b + c) / total) / 2 if corrected else np.zeros_like(b)
    return Limits(-_limit(c, b, total, step, z), _limit(b, c, total, step, z))


def _limit(b: Floats, c: Floats, n: Floats, step: Floats, z: float) -> Floats:
    """The upper limit: above the estimate the statistic falls to ``-z``, or there is none but 1."""
    low, high = (b - c) / n, np.ones_like(n)
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        inside = _statistic(b, c, n, middle, step) > -z
        low, high = np.where(inside, middle, low), np.where(inside, high, middle)
    return high


def _statistic(b: Floats, c: Floats, n: Floats, d: Floats, step: Floats) -> Floats:
    w = -b - c + (2 * n - b + c) * d
    q = (np.sqrt(np.maximum(0.0, w * w + 8 * n * c * d * (1 - d))) - w) / (4 * n)
    variance = n * (2 * np.maximum(q, 0.0) + d * (1 - d))
    distance = np.minimum(b - c - n * d + step, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        found = distance / np.sqrt(variance)
    return np.where(variance > _EDGE, found, np.where(distance > -_EDGE, 0.0, -np.inf))


@dataclass(frozen=True, slots=True)
class Pairs:
    """What worlds with trials of both conditions say, as if each held one trial of either.

    Attributes:
        more: Pairs in which only the second shows it; mean over worlds, times ``n``.
        less: Pairs in which only the first shows it, likewise.
        n: Independent pairs that the worlds are worth: their number where each holds one pair.
        worlds: Their number.
    """

    more: float
    less: float
    n: float
    worlds: int


def pairs(
    first: ArrayLike, sizes_first: ArrayLike, second: ArrayLike, sizes: ArrayLike, level: float
) -> Pairs:
    """Pairs of trials in the same worlds, and what they are worth where worlds hold several.

    Every trial of the second condition is paired with every one of the first in its world; worlds
    count alike. The number of independent pairs that would vary as much as the worlds do is n* =
    (q + r - d²) / (s² / m) · (1.96 / t(m - 1))², with m worlds, q and r the proportions of the two
    kinds of disagreement, d their difference, s² the variance of the worlds' differences and
    quantiles for the uncertainty of s². It is the paired form of the effective number of Korn and
    Graubard (see `korn_graubard`), and is bounded as there: no less than m, no more than the pairs
    of trials, and m where fewer than four worlds have a difference or fewer than four have none.

    Args:
        first: For each world, trials of the first condition that show it.
        sizes_first: For each world, trials of the first condition, 1 or more.
        second: For each world, trials of the second that show it.
        sizes: For each world, trials of the second, 1 or more.
        level: Confidence of the interval that is wanted, in (0, 1).
    """
    y, k, x, m = (np.asarray(a, dtype=float) for a in (first, sizes_first, second, sizes))
    p, q = x / m, y / k
    worlds = p.size
    more, less, spread = float((p * (1 - q)).mean()), float((q * (1 - p)).mean()), p - q
    most = float(2 / (1 / m + 1 / k).mean() * worlds)
    n = _worth(spread, more + less - float(spread.mean()) ** 2, most, level)
    return Pairs(more * n, less * n, n, worlds)


def _worth(spread: Floats, single: float, most: float, level: float) -> float:
    """Independent pairs, each of the variance ``single``, that vary as the mean of ``spread``."""
    worlds = spread.size
    moved = int((spread != 0).sum())
    if most <= worlds or min(moved, worlds - moved) < _FEWEST:
        return float(worlds)
    variance = float(spread.var(ddof=1)) / worlds
    quantile = (1 + level) / 2
    correction = float(special.ndtri(quantile) / special.stdtrit(worlds - 1, quantile)) ** 2
    return float(np.clip(single / variance * correction, worlds, most))


def mcnemar(more: int, less: int) -> float:
    """The two-sided exact p-value that both kinds of disagreement are equally likely.

    The binomial test of ``more`` among ``more + less`` at one half; 1 where no pair disagrees.
    Source: Q. McNemar, Psychometrika 12 (1947), 153–157, in its exact form.
    """
    return min(1.0, max(1e-300, 2 * float(special.bdtr(min(more, less), more + less, 0.5))))


def sign_flip(
    first: ArrayLike, sizes_first: ArrayLike, second: ArrayLike, sizes: ArrayLike
) -> float:
    """The two-sided p-value that worlds differ as often one way as the other, by as much.

    Each world's difference of rates keeps its size and gets either sign with probability one half;
    p is the probability of a sum at least as far from zero as the one that was seen. With one trial
    of each condition in each world it is `mcnemar`. It is exact where the sums can be followed, and
    else from 10,000 seeded draws, counting the one that was seen, so that it is never zero. Source:
    R. A. Fisher, The Design of Experiments (1935), section 21.

    Args:
        first: For each world, trials of the first condition that show it.
        sizes_first: For each world, trials of the first condition, 1 or more.
        second: For each world, trials of the second that show it.
        sizes: For each world, trials of the second, 1 or more.
    """
    y, k, x, m = (np.asarray(a, dtype=np.int64) for a in (first, sizes_first, second, sizes))
    scale = int(np.lcm.reduce(np.concatenate([k, m]))) if max(k.max(), m.max()) <= 60 else 0
    if scale:
        whole = x * (scale // m) - y * (scale // k)
        steps = np.abs(whole[whole != 0])
        steps //= np.gcd.reduce(steps) if steps.size else 1
        if steps.sum() <= _SUMS:
            return _followed(steps, np.sign(whole[whole != 0]))
    return _drawn(x / m - y / k)


def _followed(steps: NDArray[np.int64], signs: NDArray[np.int64]) -> float:
    chances = np.ones(1)
    for step, times in zip(*np.unique(steps, return_counts=True), strict=True):
        # The sum of this many equal steps, each way with probability one half.
        own = np.zeros(2 * int(step) * int(times) + 1)
        k = np.arange(times + 1)
        logs = special.gammaln(times + 1) - special.gammaln(k + 1) - special.gammaln(times - k + 1)
        own[:: 2 * int(step)] = np.exp(logs - times * np.log(2.0))
        chances = np.convolve(chances, own)
    total = int(steps.sum())
    far = abs(int((steps * signs).sum()))
    sums = np.abs(np.arange(-total, total + 1))
    return min(1.0, max(1e-300, float(chances[sums >= far].sum())))


def _drawn(spread: Floats) -> float:
    signs = np.random.default_rng(_SEED).integers(0, 2, (_DRAWS, spread.size), dtype=np.int8)
    sums = np.abs((2.0 * signs - 1.0) @ spread)
    far = int((sums >= abs(float(spread.sum())) - _EDGE).sum())
    return (far + 1) / (_DRAWS + 1)
