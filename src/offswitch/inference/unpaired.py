"""Two proportions among independent trials: Miettinen and Nurminen's score interval, Newcombe's.

The score interval is our own because that of statsmodels 0.15 (``confint_proportions_2indep``) has
a wrong coefficient in the cubic equation of its variance, and fails where neither group shows any.
``tests/inference/test_unpaired.py`` holds ours against the likelihood and a published example.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special, stats

from offswitch.inference.paired import Limits

Floats = NDArray[np.float64]

_BISECTIONS = 45
_EDGE = 1e-12
_LEAST = 1e-300
"""What stands for a p-value that is too small for a number: never zero."""


def miettinen_nurminen(
    count: ArrayLike,
    n: ArrayLike,
    first: ArrayLike,
    n_first: ArrayLike,
    level: float = 0.95,
    *,
    corrected: bool = True,
) -> Limits:
    """The score interval for a difference of two independent proportions; arguments broadcast.

    Source: O. Miettinen and M. Nurminen, Statistics in Medicine 4 (1985), 213–226, with the factor
    N / (N - 1) in the variance. As published it covers as little as 85% where a rate is near 0 or 1
    and groups are small; the correction moves each limit by half a trial of the smaller group, and
    it then covers at least its level everywhere.

    Args:
        count: Trials of the second group that show it; need not be whole.
        n: Trials of the second group, more than 0.
        first: Trials of the first group that show it.
        n_first: Trials of the first group, more than 0.
        level: Confidence, in (0, 1).
        corrected: Whether limits are corrected for counts being whole numbers.

    Returns:
        Limits of the second proportion minus the first.
    """
    x, m, y, k = np.broadcast_arrays(
        *(np.asarray(a, dtype=float) for a in (count, n, first, n_first))
    )
    z = float(special.ndtri(0.5 + level / 2))
    step = 0.5 / np.minimum(m, k) if corrected else np.zeros_like(m)
    return Limits(-_limit(y, k, x, m, step, z), _limit(x, m, y, k, step, z))


def _limit(x: Floats, m: Floats, y: Floats, k: Floats, step: Floats, z: float) -> Floats:
    low, high = x / m - y / k, np.ones_like(m)
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        inside = score_statistic(x, m, y, k, middle, step) > -z
        low, high = np.where(inside, middle, low), np.where(inside, high, middle)
    return high


def score_statistic(
    x: Floats, m: Floats, y: Floats, k: Floats, d: ArrayLike, step: ArrayLike = 0.0
) -> Floats:
    """About standard normal if ``d`` is the true difference of the proportions x/m - y/k.

    The variance is taken at the most likely proportions that differ by ``d``, which solve a cubic
    equation (Miettinen and Nurminen, appendix I). The distance of a limit from the estimate is made
    less by ``step``.
    """
    d = np.asarray(d, dtype=float)
    n, seen = m + k, x + y
    l2 = ((m + 2 * k) * d - n - seen) / n
    l1 = ((k * d - n - 2 * y) * d + seen) / n
    l0 = y * d * (1 - d) / n
    q = (l2 / 3) ** 3 - l1 * l2 / 6 + l0 / 2
    r = np.where(q < 0, -1.0, 1.0) * np.sqrt(np.maximum((l2 / 3) ** 2 - l1 / 3, 0.0))
    with np.errstate(divide="ignore", invalid="ignore"):
        angle = (np.pi + np.arccos(np.clip(np.nan_to_num(q / r**3), -1.0, 1.0))) / 3
        first = np.clip(2 * r * np.cos(angle) - l2 / 3, np.maximum(0.0, -d), np.minimum(1.0, 1 - d))
        second = first + d
        variance = (second * (1 - second) / m + first * (1 - first) / k) * n / np.maximum(n - 1, 1)
        distance = _nearer(x / m - y / k - d, step)
        found = distance / np.sqrt(variance)
        certain = np.where(np.abs(distance) < _EDGE, 0.0, np.copysign(np.inf, distance))
    return np.where(variance > _EDGE, found, certain)


def _nearer(distance: Floats, step: ArrayLike) -> Floats:
    return np.sign(distance) * np.maximum(np.abs(distance) - step, 0.0)


def newcombe(
    count: ArrayLike, n: ArrayLike, first: ArrayLike, n_first: ArrayLike, level: float = 0.95
) -> Limits:
    """Newcombe's hybrid of two Wilson intervals; arguments as for `miettinen_nurminen`.

    Source: R. Newcombe, Statistics in Medicine 17 (1998), 873–890, method 10.
    """
    x, m, y, k = (np.asarray(a, dtype=float) for a in (count, n, first, n_first))
    p, q = x / m, y / k
    (low, high), (low_first, high_first) = _wilson(x, m, level), _wilson(y, k, level)
    return Limits(
        p - q - np.sqrt((p - low) ** 2 + (high_first - q) ** 2),
        p - q + np.sqrt((high - p) ** 2 + (q - low_first) ** 2),
    )


def _wilson(count: Floats, n: Floats, level: float) -> Limits:
    z = float(special.ndtri(0.5 + level / 2))
    centre, scale = count / n + z**2 / (2 * n), 1 + z**2 / n
    half = z * np.sqrt(count / n * (1 - count / n) / n + z**2 / (4 * n**2))
    return Limits((centre - half) / scale, (centre + half) / scale)


def score_test(x: float, m: float, y: float, k: float) -> float:
    """The two-sided p-value of equal proportions x/m and y/k by the score statistic, corrected."""
    a, b, c, d = (np.asarray(value, dtype=float) for value in (x, m, y, k))
    z = score_statistic(a, b, c, d, 0.0, 0.5 / min(m, k))
    return max(_LEAST, float(2 * special.ndtr(-abs(float(z)))))


def fisher(x: int, m: int, y: int, k: int) -> float:
    """Fisher's exact two-sided p-value of equal proportions x/m and y/k."""
    return max(_LEAST, float(stats.fisher_exact([[x, m - x], [y, k - y]]).pvalue))
