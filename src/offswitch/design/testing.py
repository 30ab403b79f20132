"""The tests that an analysis makes, for many simulated campaigns at once.

Paired by world: the exact McNemar test where each world holds one trial of either condition, and
the exact sign-flip test where it holds several. Unpaired: Fisher's, and the score test at effective
numbers. Each gives p-values as ``offswitch.inference`` does, which tests hold them to; beyond
`EXACT` a normal approximation with a continuity correction takes over.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import special

from offswitch.design.terms import Floats

Ints = NDArray[np.int64]

EXACT = 400
"""Worlds times trials in each beyond which p-values are those of a normal approximation."""


def flips(counts: Ints) -> Floats:
    """Two-sided p-values that differences of worlds go either way alike.

    Args:
        counts: (campaigns, 2m + 1): worlds whose difference is -m, …, m trials, of m each.

    Returns:
        (campaigns,): of the exact test, all signs being equally likely.
    """
    most = counts.shape[1] // 2
    steps = np.arange(1, most + 1)
    sizes = counts[:, most + 1 :] + counts[:, :most][:, ::-1]
    sums = np.abs((counts[:, most + 1 :] - counts[:, :most][:, ::-1]) @ steps)
    if most == 1:
        return _binomial(sums, sizes[:, 0])
    longest = int((sizes @ steps).max(initial=0))
    if longest > EXACT:
        return _normal(sums - 1.0, sizes @ steps**2)
    return _followed(sums, sizes, longest)


def _binomial(sums: Ints, total: Ints) -> Floats:
    fewer = (total - sums) // 2
    chances = np.asarray(special.bdtr(fewer, total, 0.5), dtype=np.float64)
    return np.asarray(np.minimum(1.0, 2 * chances))


def _followed(sums: Ints, sizes: Ints, longest: int) -> Floats:
    """By the characteristic function, a product of cosines, inverted over the whole lattice."""
    length = 2 * longest + 1
    angles = 2 * np.pi * np.arange(longest + 1) / length
    waves = np.ones((len(sums), longest + 1))
    for step, times in enumerate(sizes.T, start=1):
        waves *= np.cos(step * angles)[None, :] ** times[:, None]
    chances = np.fft.irfft(waves, n=length, axis=1)[:, : longest + 1]
    chances[:, 1:] *= 2
    beyond = np.cumsum(chances[:, ::-1], axis=1)[:, ::-1]
    found = beyond[np.arange(len(sums)), sums]
    return np.asarray(np.clip(found, 0.0, 1.0))


def _normal(distance: Floats, variance: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        score = np.where(variance > 0, np.maximum(distance, 0.0) / np.sqrt(variance), 0.0)
    return np.asarray(2 * special.ndtr(-score))


def fisher(first: Ints, n: int, second: Ints, m: int) -> Floats:
    """Two-sided p-values of Fisher's exact test of ``first`` of n against ``second`` of m."""
    if max(n, m) > EXACT:
        pooled = (first + second) / (n + m)
        distance = np.abs(second / m - first / n) - (1 / n + 1 / m) / 2
        return _normal(distance, pooled * (1 - pooled) * (1 / n + 1 / m))
    totals, where = np.unique(first + second, return_inverse=True)
    found = np.empty(len(first))
    for place, total in enumerate(totals):
        own = where == place
        x = np.arange(n + 1)
        inside = (total - x >= 0) & (total - x <= m)
        logs = np.full(n + 1, -np.inf)
        logs[inside] = _choose(n, x[inside]) + _choose(m, total - x[inside])
        chances = np.exp(logs - special.logsumexp(logs))
        # The slack is scipy's and R's: tables that are equally likely count, whatever rounding did.
        order = np.sort(chances)
        sums = np.concatenate([[0.0], np.cumsum(order)])
        found[own] = sums[np.searchsorted(order, chances[first[own]] * (1 + 1e-7), "right")]
    return np.minimum(found, 1.0)


def _choose(n: int, k: Ints) -> Floats:
    found = special.gammaln(n + 1) - special.gammaln(k + 1) - special.gammaln(n - k + 1)
    return np.asarray(found)


def score(first: Floats, n: float, second: Floats, m: float) -> Floats:
    """Two-sided p-values of the corrected score test for rates at effective numbers n and m.

    The variance is Miettinen and Nurminen's, (n + m) / (n + m - 1) times the pooled one.
    """
    pooled = (first * n + second * m) / (n + m)
    variance = pooled * (1 - pooled) * (1 / n + 1 / m) * (n + m) / (n + m - 1)
    return _normal(np.abs(second - first) - 0.5 / min(n, m), variance)
