"""Rare behaviour: upper bounds, rates reweighted to a deployment, and forecasts from a tail.

What happens once in ten thousand uses is not seen in a hundred trials. Three ways to say something
all the same: what nothing seen rules out; provoking conditions run more often than they occur, with
the rate weighed back to a stated mix; and, where each trial has a score, a forecast of the largest
score among many more trials.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

Floats = NDArray[np.float64]

TAIL = 10
"""Largest scores that a forecast is fitted to."""
_ATOL = 1e-6


def upper_bound(count: int, n: int, level: float = 0.95) -> float:
    """The exact one-sided upper bound of a rate: 3/n or so where nothing was seen in n trials.

    Source: Clopper and Pearson, Biometrika 26 (1934), 404–413.

    Args:
        count: Trials that showed it, in [0, n].
        n: Trials, 1 or more; in clusters, the effective number.
        level: Confidence, in (0, 1).

    Raises:
        ValueError: ``n`` is not positive or ``count`` is not in [0, n].
    """
    if not (n > 0 and 0 <= count <= n):
        raise ValueError(f"need 0 <= count <= n and n > 0, got count={count}, n={n}")
    return 1.0 if count == n else float(special.betaincinv(count + 1, n - count, level))


@dataclass(frozen=True, slots=True)
class Stratum:
    """What was measured under one condition of a mix.

    Attributes:
        rate: Of the behaviour, in [0, 1].
        low: Lower end of its interval.
        high: Upper end.
    """

    rate: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Reweighted:
    """A rate in a mix of conditions, with its interval; all in [0, 1]."""

    rate: float
    low: float
    high: float


def reweighted(
    strata: Mapping[str, Stratum], weights: Mapping[str, float], *, shared: bool
) -> Reweighted:
    """The rate in a stated mix of conditions, from rates under each of them.

    The estimate is Σ w·p. Where strata are independent, its limits lie √Σ w²(p − low)² below and
    √Σ w²(high − p)² above: the method of variance estimates recovery (G. Zou and A. Donner,
    Statistics in Medicine 27, 2008, 1693–1702) with exact intervals, which covers at least their
    level. Where strata share worlds, errors may add up, and the limits are Σ w·low and Σ w·high.

    Args:
        strata: For each condition of the mix, what was measured.
        weights: For each, its share of the deployment, at least 0; together 1.
        shared: Whether strata were run in the same worlds.

    Raises:
        ValueError: The weights do not sum to 1, one is negative, or a condition has no stratum.
    """
    missing = sorted(name for name, w in weights.items() if w > 0 and name not in strata)
    if missing:
        raise ValueError(f"nothing was measured under {', '.join(missing)}")
    if min(weights.values(), default=-1) < 0 or abs(sum(weights.values()) - 1) > _ATOL:
        raise ValueError(f"weights are shares from 0 that sum to 1, got {dict(weights)}")
    used = [(w, strata[name]) for name, w in weights.items() if w > 0]
    rate = sum(w * s.rate for w, s in used)
    if shared:
        low, high = sum(w * s.low for w, s in used), sum(w * s.high for w, s in used)
    else:
        low = rate - sqrt(sum((w * (s.rate - s.low)) ** 2 for w, s in used))
        high = rate + sqrt(sum((w * (s.high - s.rate)) ** 2 for w, s in used))
    return Reweighted(rate, max(0.0, low), min(1.0, high))


@dataclass(frozen=True, slots=True)
class Forecast:
    """The largest risk that is to be expected among many more trials.

    Attributes:
        risk: The risk that one trial in ``scale`` exceeds, in (0, 1).
        scale: Trials.
        slope: Of the tail: how fast the logarithm of the share above falls.
        tail: Scores that it was fitted to.
    """

    risk: float
    scale: int
    slope: float
    tail: int


def forecast(risks: ArrayLike, scale: int, tail: int = TAIL) -> Forecast | None:
    """The risk that one trial in ``scale`` exceeds, from a tail of fewer trials.

    With ψ = −log(−log risk), the logarithm of the share of trials above ψ is fitted by a line over
    the largest ``tail`` scores, and read where the share is 1 / scale. Source: E. Jones and others,
    Forecasting Rare Language Model Behaviors (arXiv 2502.16797, 2025). They report that most
    forecasts are within an order of magnitude at 100 times the trials; see `backtest` for yours.
    There is no interval: the tail may be another one further out, and no formula knows that.

    Args:
        risks: For each trial, the probability of the behaviour, in (0, 1).
        scale: Trials to forecast for, no fewer than there are.
        tail: Largest scores to fit.

    Returns:
        Null where there are fewer than twice ``tail`` trials or their largest scores are all alike.

    Raises:
        ValueError: A risk is not in (0, 1), or the scale is less than the number of trials.
    """
    values = np.asarray(risks, dtype=float)
    if not ((values > 0) & (values < 1)).all():
        raise ValueError("risks are probabilities in (0, 1), without the ends")
    if scale < values.size:
        raise ValueError(f"the scale of a forecast is at least the {values.size} trials there are")
    top = np.sort(-np.log(-np.log(values)))[::-1][:tail]
    if values.size < 2 * tail or top[0] - top[-1] < _ATOL:
        return None
    shares = np.log(np.arange(1, tail + 1) / values.size)
    slope, start = np.polyfit(top, shares, 1)
    psi = (-np.log(scale) - start) / slope
    return Forecast(float(np.exp(-np.exp(-psi))), scale, float(slope), tail)


@dataclass(frozen=True, slots=True)
class Backtest:
    """Forecasts from small parts of the trials against the largest of all of them.

    Attributes:
        errors: For each part, log10 of forecast over the largest risk that was seen in the rest.
        within: Share of them within one order of magnitude.
        part: Trials of each part.
        scale: Trials that were forecast.
    """

    errors: tuple[float, ...]
    within: float
    part: int
    scale: int


def backtest(risks: Sequence[float], part: int, tail: int = TAIL) -> Backtest | None:
    """How well forecasts from parts of the trials foretell the largest risk in the others.

    The trials, in their order, are cut into parts; each forecasts the rest.

    Args:
        risks: For each trial, the probability of the behaviour, in (0, 1).
        part: Trials of each part.
        tail: Largest scores to fit.

    Returns:
        Null where there are fewer than two parts, or none that can be fitted.
    """
    values = np.asarray(risks, dtype=float)
    errors = []
    for start in range(0, values.size - part + 1, part):
        rest = np.concatenate([values[:start], values[start + part :]])
        if rest.size < part:
            return None
        found = forecast(values[start : start + part], rest.size, tail)
        if found is not None:
            errors.append(float(np.log10(found.risk / rest.max())))
    if not errors:
        return None
    within = float(np.mean(np.abs(errors) <= 1))
    return Backtest(tuple(errors), within, part, values.size - part)
