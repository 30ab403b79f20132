"""Confidence sequences: intervals that may be looked at after every world.

An ordinary interval holds at a number of trials that was fixed beforehand. Who looks after every
trial and stops when it pleases him is wrong far more often than it says. A confidence sequence
holds at all times at once: the chance that it ever misses the truth is at most 1 - level, whatever
the rule by which one stops. Worlds are the units: one value in [0, 1] each, the mean of its
repeats.

Rates: the mixture of Robbins (Annals of Mathematical Statistics 41, 1970, 1397-1409), as the
beta-binomial mixture of Howard, Ramdas, McAuliffe and Sekhon (Annals of Statistics 49, 2021,
1055-1080). For x of n and any rate p,

    M(p) = B(a + x, b + n - x) / (B(a, b) p^x (1 - p)^(n - x)),  a = b = 1/2,

starts at 1 and is not expected to grow if p is true, so that by Ville's inequality it ever reaches
1/alpha with probability alpha at most. The sequence is every p with M(p) < 1/alpha. For worlds
whose value lies between 0 and 1 the same holds, since each factor is convex in it.

Differences between two conditions on the same worlds: betting, after Waudby-Smith and Ramdas
(Journal of the Royal Statistical Society B 86, 2024, 1-27). With values y in [0, 1] (a difference d
as (1 + d)/2), the capital of whoever stakes a part g of it on the mean being larger than m,

    K(m) = mean over g of the product of (1 - g + g y/m),

is not expected to grow if m is the mean. A grid of stakes, small and large, makes it short where
few worlds differ. Each side is given alpha/2.
"""

from collections.abc import Callable, Sequence

import numpy as np
from scipy import special

from offswitch.inference.intervals import Interval

Array = np.ndarray[tuple[int, ...], np.dtype[np.float64]]

STAKES = np.concatenate([np.geomspace(0.01, 0.5, 20), 1 - np.geomspace(0.5, 0.01, 8)[1:]])
"""Parts of the capital that are staked, with equal weight."""
_HALF = 0.5
_HALVINGS = 40


def rate_sequence(successes: float, worlds: float, level: float = 0.95) -> Interval:
    """The confidence sequence of a rate at one time.

    Args:
        successes: Sum of the values of the worlds, each in [0, 1].
        worlds: How many there are so far; 0 gives [0, 1].
        level: Confidence, in (0, 1), over all times together.

    Raises:
        ValueError: ``successes`` is not in [0, worlds].
    """
    if not 0 <= successes <= worlds:
        raise ValueError(f"need 0 <= successes <= worlds, got {successes} of {worlds}")
    low, high = rate_bounds(np.array([successes], float), np.array([worlds], float), 1 - level)
    return Interval(float(low[0]), float(high[0]), float(worlds))


def rate_bounds(successes: Array, worlds: Array, alpha: float) -> tuple[Array, Array]:
    """Bounds of many rates, or of one at many times.

    Args:
        successes: Sums of values in [0, 1], any shape.
        worlds: Numbers of values, the same shape.
        alpha: Chance of ever being wrong, in (0, 1).

    Returns:
        Lower and upper bounds, in [0, 1], to within 1e-9.
    """
    x, n = np.asarray(successes, float), np.asarray(worlds, float)

    def rejected(p: Array) -> Array:
        return np.asarray(log_mixture(x, n, p) >= -np.log(alpha))

    mean = np.divide(x, n, out=np.full_like(x, 0.5), where=n > 0)
    low = _edge(np.zeros_like(mean), mean, rejected)
    high = _edge(np.ones_like(mean), mean, rejected)
    return np.where(n > 0, low, 0.0), np.where(n > 0, high, 1.0)


def log_mixture(
    successes: Array, worlds: Array, p: Array, prior: tuple[float, float] = (_HALF, _HALF)
) -> Array:
    """The logarithm of M(p); arguments broadcast.

    Args:
        successes: Sums of values in [0, 1].
        worlds: Numbers of values.
        p: The rate that is tested, in [0, 1].
        prior: Both parameters of the beta distribution that rates are mixed by; Jeffreys' prior
            where nothing is said.
    """
    x, n = np.asarray(successes, float), np.asarray(worlds, float)
    mixed = special.betaln(prior[0] + x, prior[1] + n - x) - special.betaln(*prior)
    return np.asarray(mixed - special.xlogy(x, p) - special.xlog1py(n - x, -np.asarray(p)))


def _edge(outer: Array, inner: Array, rejected: Callable[[Array], Array]) -> Array:
    """Where rejection ends between an outer bound and a value that is not rejected, by halving."""
    outer, inner = outer.copy(), inner.copy()
    kept = np.logical_not(rejected(outer))
    for _ in range(_HALVINGS):
        middle = (outer + inner) / 2
        out = rejected(middle)
        outer, inner = np.where(out, middle, outer), np.where(out, inner, middle)
    return np.where(kept, np.round(outer), outer)


def difference_sequence(differences: Sequence[float], level: float = 0.95) -> Interval:
    """The confidence sequence of a mean difference at one time.

    Args:
        differences: One for each world so far, in [-1, 1]; none gives [-1, 1].
        level: Confidence, in (0, 1), over all times together.

    Raises:
        ValueError: A difference is not in [-1, 1].
    """
    values, counts = np.unique(np.asarray(differences, float), return_counts=True)
    if values.size and (np.abs(values) > 1).any():
        raise ValueError(f"need differences in [-1, 1], got {list(differences)}")
    low, high = difference_bounds(values, counts.astype(float)[None, :], 1 - level)
    return Interval(float(low[0]), float(high[0]), float(len(differences)))


def difference_bounds(values: Array, counts: Array, alpha: float) -> tuple[Array, Array]:
    """Bounds of mean differences, from how often each value was seen.

    Args:
        values: The values that a difference can take, in [-1, 1], (v,).
        counts: How often each was seen, (n, v).
        alpha: Chance of ever being wrong, in (0, 1).

    Returns:
        Lower and upper bounds, (n,), in [-1, 1].
    """
    shares = (1 + np.asarray(values, float)) / 2
    low = 2 * _mean_above(shares, counts, alpha / 2) - 1
    high = 1 - 2 * _mean_above(1 - shares, counts, alpha / 2)
    return low, np.asarray(high)


def _mean_above(shares: Array, counts: Array, alpha: float) -> Array:
    """The largest mean that betting on a larger one rejects, 0 where it rejects none."""
    low, high = np.zeros(len(counts)), np.ones(len(counts))
    for _ in range(_HALVINGS // 2):
        middle = (low + high) / 2
        gains = np.log1p(STAKES[:, None, None] * (shares / middle[:, None] - 1))
        capital = special.logsumexp((gains * counts).sum(axis=2), axis=0) - np.log(len(STAKES))
        rejected = capital >= -np.log(alpha)
        low, high = np.where(rejected, middle, low), np.where(rejected, high, middle)
    return low
