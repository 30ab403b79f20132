"""Confidence intervals for a proportion: exact for independent trials, and for clustered ones.

Trials in the same world (epochs of one seed) resemble each other, so that 40 trials in 10 worlds
say less than 40 trials in 40 worlds. The *effective* number of trials says how many independent
trials are worth as much; the exact interval is then taken at that number.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

_FEWEST_CLUSTERS = 4
"""Worlds that must show a behaviour, and worlds that must lack it, before a design effect is
estimated. With fewer, simulated coverage of a nominal 95% falls to 88%; with 4 it is 95%."""


class Interval(NamedTuple):
    """A confidence interval for a proportion.

    Attributes:
        low: Lower bound, in [0, 1].
        high: Upper bound, in [0, 1].
        effective_n: The number of independent trials that it rests on.
    """

    low: float
    high: float
    effective_n: float


def clopper_pearson(count: float, n: float, level: float = 0.95) -> Interval:
    """The exact interval for a proportion among independent trials.

    Its coverage is at least ``level`` whatever the true proportion. Source: Clopper and Pearson,
    Biometrika 26 (1934), 404–413, in terms of quantiles of the beta distribution, which extends it
    to numbers that are not whole.

    Args:
        count: Trials that showed it, in [0, n].
        n: Trials, more than 0.
        level: Confidence, in (0, 1).

    Raises:
        ValueError: ``n`` is not positive or ``count`` is not in [0, n].
    """
    if not (n > 0 and 0 <= count <= n):
        raise ValueError(f"need 0 <= count <= n and n > 0, got count={count}, n={n}")
    tail = (1 - level) / 2
    low = 0.0 if count == 0 else float(special.betaincinv(count, n - count + 1, tail))
    high = 1.0 if count == n else float(special.betaincinv(count + 1, n - count, 1 - tail))
    return Interval(low, high, float(n))


def jeffreys(count: float, n: float, level: float = 0.95) -> Interval:
    """Jeffreys' interval for a proportion among independent trials, as others publish it.

    Quantiles of the beta distribution with half a trial added on either side; the lower bound is 0
    where none showed it and the upper 1 where all did. It is shorter than `clopper_pearson`, and
    covers its level on average over rates but not at every rate: at some it falls below 91%.
    Source: L. Brown, T. Cai and A. DasGupta, Statistical Science 16 (2001), 101–133.

    Args:
        count: Trials that showed it, in [0, n].
        n: Trials, more than 0.
        level: Confidence, in (0, 1).

    Raises:
        ValueError: ``n`` is not positive or ``count`` is not in [0, n].
    """
    if not (n > 0 and 0 <= count <= n):
        raise ValueError(f"need 0 <= count <= n and n > 0, got count={count}, n={n}")
    tail = (1 - level) / 2
    low, high = special.betaincinv(count + 0.5, n - count + 0.5, (tail, 1 - tail))
    return Interval(0.0 if count == 0 else float(low), 1.0 if count == n else float(high), float(n))


def korn_graubard(counts: ArrayLike, sizes: ArrayLike, level: float = 0.95) -> Interval:
    """The interval for a proportion where trials come in clusters (epochs within worlds).

    Clopper–Pearson at the effective number of trials n* = n/deff · (t(n−1)/t(m−1))², with m
    clusters and the design effect deff estimated from the variance between clusters. Source: Korn
    and Graubard, Survey Methodology 24 (1998), 193–201. Two additions keep it honest when little is
    known. n* stays within [n²/Σnᵢ², n]: no more than independent trials are worth, no less than
    trials that are alike throughout each cluster. And where fewer than four clusters show the
    behaviour, or fewer than four lack it at least once, the design effect cannot be estimated and
    the lower end is taken; for clusters of equal size that is m.

    Args:
        counts: For each cluster, the trials that showed it.
        sizes: For each cluster, the trials, 1 or more.
        level: Confidence, in (0, 1).

    Raises:
        ValueError: No clusters, or a count that is not in [0, size].
    """
    x, sizes_ = np.asarray(counts, dtype=float), np.asarray(sizes, dtype=float)
    if (
        x.size == 0
        or x.shape != sizes_.shape
        or (sizes_ < 1).any()
        or (x < 0).any()
        or (x > sizes_).any()
    ):
        raise ValueError(f"need clusters with 0 <= count <= size, got {x} of {sizes_}")
    n, rate = sizes_.sum(), x.sum() / sizes_.sum()
    effective = effective_n(x, sizes_, level)
    low, high, _ = clopper_pearson(rate * effective, effective, level)
    return Interval(low, high, effective) if effective < n else clopper_pearson(x.sum(), n, level)


def effective_n(counts: ArrayLike, sizes: ArrayLike, level: float = 0.95) -> float:
    """The independent trials that trials in clusters are worth; see `korn_graubard`.

    Args:
        counts: For each cluster, the trials that showed it.
        sizes: For each cluster, the trials, 1 or more.
        level: Confidence of the interval that is wanted, in (0, 1).
    """
    counts, sizes = np.asarray(counts, dtype=float), np.asarray(sizes, dtype=float)
    n, clusters = sizes.sum(), sizes.size
    least = n**2 / (sizes**2).sum()
    if min((counts > 0).sum(), (counts < sizes).sum()) < _FEWEST_CLUSTERS:
        return float(least)
    rate = counts.sum() / n
    # Linearised variance of a ratio of two totals over clusters.
    residuals = counts - rate * sizes
    variance = clusters / (clusters - 1) * (residuals**2).sum() / n**2
    if variance == 0:
        return float(n)
    quantile = (1 + level) / 2
    correction = (special.stdtrit(n - 1, quantile) / special.stdtrit(clusters - 1, quantile)) ** 2
    return float(np.clip(rate * (1 - rate) / variance * correction, least, n))
