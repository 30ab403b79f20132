"""A rate over several scenarios, by partial pooling.

Scenarios differ, and each has few worlds. The logit of a scenario's rate is taken to be normal
around a common mean with a spread that is estimated too: a scenario with little data leans on the
others, as far as they resemble each other. The integral is summed on a grid; nothing is drawn.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit

from offswitch.inference.intervals import clopper_pearson

Floats = NDArray[np.float64]

FEWEST = 3
"""Scenarios from which a spread between them is estimated."""
_LOGITS = np.arange(-10.0, 10.01, 0.2)
_MEANS = np.arange(-9.0, 9.01, 0.25)
_SPREADS = np.array([0.1, 0.2, 0.35, 0.55, 0.8, 1.1, 1.5, 2.0, 2.7, 3.6, 5.0])


@dataclass(frozen=True, slots=True)
class Pool:
    """What scenarios say together.

    Attributes:
        mean: The average rate over scenarios like these, in [0, 1].
        low: Its lower bound.
        high: Its upper bound.
        rates: For each scenario, its rate as it is seen beside the others.
        lows: For each, the lower bound.
        highs: For each, the upper bound.
    """

    mean: float
    low: float
    high: float
    rates: tuple[float, ...]
    lows: tuple[float, ...]
    highs: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class _Grid:
    weights: Floats
    means: Floats
    prior: Floats
    order: NDArray[np.intp]


@cache
def _grid() -> _Grid:
    """Chances of each logit under each common mean and spread; and what is thought of these before.

    The mean is logistic with scale 1.5 (a little wider than a rate that may be anything), the
    spread half-Cauchy with scale 2 (A. Gelman, Bayesian Analysis 1, 2006, 515–533).
    """
    mean, spread = (a.ravel() for a in np.meshgrid(_MEANS, _SPREADS, indexing="ij"))
    weights = np.exp(-0.5 * ((_LOGITS - mean[:, None]) / spread[:, None]) ** 2)
    weights /= weights.sum(axis=1, keepdims=True)
    wide = np.tile(np.gradient(_SPREADS), _MEANS.size)
    share = expit(mean / 1.5)
    rates = weights @ expit(_LOGITS)
    prior = np.log(share * (1 - share) * wide / (1 + (spread / 2) ** 2))
    return _Grid(weights, rates, prior, np.argsort(rates))


def pool(counts: Sequence[float], trials: Sequence[float], level: float = 0.95) -> Pool | None:
    """The average rate over scenarios like these, and each scenario's own, partially pooled.

    The interval of the average is never narrower than Clopper and Pearson's for all trials
    together: with one event among many scenarios the prior would decide its lower end.

    Args:
        counts: For each scenario, the trials that showed it; need not be whole.
        trials: For each, the (effective) number of trials, more than 0.
        level: Confidence, in (0, 1).

    Returns:
        Null where there are fewer than three scenarios: no spread can be estimated.

    Raises:
        ValueError: Counts are not within [0, trials].
    """
    x, n = np.asarray(counts, dtype=float), np.asarray(trials, dtype=float)
    if x.shape != n.shape or not ((n > 0) & (x >= 0) & (x <= n)).all():
        raise ValueError(f"need 0 <= count <= trials, got {counts} of {trials}")
    if x.size < FEWEST:
        return None
    grid = _grid()
    likely = _likelihoods(x, n)
    marginal = likely @ grid.weights.T
    after = _normalised(np.log(marginal).sum(axis=0) + grid.prior)
    low, high = averages(x[None], n[None], level)
    own = likely * ((after / marginal) @ grid.weights)
    own /= own.sum(axis=1, keepdims=True)
    ends = [_quantiles(expit(_LOGITS), row, level) for row in own]
    return Pool(
        mean=float(after @ grid.means),
        low=float(low[0]),
        high=float(high[0]),
        rates=tuple(float(r) for r in own @ expit(_LOGITS)),
        lows=tuple(0.0 if c == 0 else e[0] for c, e in zip(x, ends, strict=True)),
        highs=tuple(1.0 if c == t else e[1] for c, t, e in zip(x, n, ends, strict=True)),
    )


def averages(counts: ArrayLike, trials: ArrayLike, level: float = 0.95) -> tuple[Floats, Floats]:
    """Intervals of the average rate for many campaigns at once.

    Args:
        counts: Campaigns × scenarios.
        trials: Campaigns × scenarios.
        level: Confidence, in (0, 1).
    """
    x, n = np.asarray(counts, dtype=float), np.asarray(trials, dtype=float)
    grid = _grid()
    marginal = np.log(_likelihoods(x, n) @ grid.weights.T).sum(axis=-2)
    low, high = np.empty(len(x)), np.empty(len(x))
    for row, logs in enumerate(marginal + grid.prior):
        chances = _normalised(logs)[grid.order]
        ends = _quantiles(grid.means[grid.order], chances, level)
        exact = clopper_pearson(x[row].sum(), n[row].sum(), level)
        low[row], high[row] = min(ends[0], exact.low), max(ends[1], exact.high)
    return low, high


def _likelihoods(x: Floats, n: Floats) -> Floats:
    """Of each logit for each count, up to a factor."""
    yes, no = -np.logaddexp(0.0, -_LOGITS), -np.logaddexp(0.0, _LOGITS)
    logs = x[..., None] * yes + (n - x)[..., None] * no
    found = np.exp(logs - logs.max(axis=-1, keepdims=True))
    return np.asarray(np.maximum(found, 1e-200))


def _normalised(logs: Floats) -> Floats:
    chances = np.exp(logs - logs.max())
    return np.asarray(chances / chances.sum())


def _quantiles(values: Floats, chances: Floats, level: float) -> tuple[float, float]:
    """The two ends between which the chance is ``level``; values ascend."""
    below = np.cumsum(chances) - chances / 2
    tail = (1 - level) / 2
    low, high = np.interp((tail, 1 - tail), below, values)
    return float(low), float(high)
