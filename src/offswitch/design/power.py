"""Which differences a design can see: power by simulation, before any trial.

Worlds differ: the rate of a world is drawn from a beta distribution around the rate of the
condition. Its *likeness* rho is the correlation of two trials of one condition in one world, so
that 0 means that all worlds are alike, 1/3 that rates of worlds around 50% are spread evenly from 0
to 1, and 1 that a world always does the same. A world that is high under one condition is as high
under the other (the same quantile), which is what pairing lives on. Sources: J. G. Skellam, Journal
of the Royal Statistical Society B 10 (1948), 257-261 (the beta-binomial distribution); for planning
by the paired difference, E. Miller, Adding Error Bars to Evals (arXiv 2411.00640).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from scipy import special, stats

from offswitch.design.terms import Floats
from offswitch.design.testing import Ints, fisher, flips, score

LIKENESS = 0.2
"""Default of the likeness of trials in one world: between worlds that are all alike (0) and rates
spread evenly from 0 to 1 (1/3). An assumption; no measurement for behaviour of this kind is known
to us, so a dry run also says what 0 and 0.5 would make of it."""
RATES = (0.02, 0.20, 0.50)
"""Rates from which differences are looked for, upwards."""
POWER, ALPHA = 0.80, 0.05
STEP = 0.005
"""Differences are looked for in steps of half a point."""
CAMPAIGNS = 4_000
"""Simulated campaigns for each difference that is tried; one percent of standard error or less."""
MOST_WORLDS = 5_000
"""Worlds beyond which no number is named."""
_SEED = 20_260_917
_POINTS = 256
_DRAWS = 2_000_000


@dataclass(frozen=True, slots=True)
class Paired:
    """Two conditions on the same worlds.

    Attributes:
        worlds: Worlds with trials of both.
        repeats: Trials of each in each world.
    """

    worlds: int
    repeats: int = 1


@dataclass(frozen=True, slots=True)
class Unpaired:
    """Two conditions on different worlds.

    Attributes:
        first: Worlds of the first.
        second: Worlds of the second.
        repeats: Trials in each world.
    """

    first: int
    second: int
    repeats: int = 1


@dataclass(frozen=True, slots=True)
class Averaged:
    """A weighted sum of rates over cells, as main effects are estimated.

    Attributes:
        weights: Weights of groups of cells, those above 0 sum to 1 and those below to -1.
        sizes: Cells of each group.
        trials: Trials of each cell.
        worlds: Worlds that they are spread over.
        repeats: Trials of a cell in each of its worlds.
    """

    weights: tuple[float, ...]
    sizes: tuple[int, ...]
    trials: int
    worlds: int
    repeats: int = 1


Shape = Paired | Unpaired | Averaged


def averaged(weights: Sequence[float], trials: int, worlds: int, repeats: int) -> Averaged:
    """The shape of a main effect; cells of equal weight are one group."""
    used = np.round([w for w in weights if abs(w) > 1e-9], 9)
    values, sizes = np.unique(used, return_counts=True)
    return Averaged(tuple(values.tolist()), tuple(sizes.tolist()), trials, worlds, repeats)


@cache
def smallest(
    shape: Shape, rate: float, alpha: float = ALPHA, likeness: float = LIKENESS
) -> float | None:
    """The smallest rise that is seen with 80% power.

    Args:
        shape: What is compared.
        rate: The rate that it rises from, in [0, 1).
        alpha: Two-sided error rate.
        likeness: Of trials in one world, in [0, 1).

    Returns:
        A difference of rates, in (0, 1 - rate], to half a point; null where none is seen.
    """
    most = int(np.floor((1 - rate) / STEP + 1e-9))
    seen = _first(lambda n: power(shape, rate, n * STEP, alpha, likeness) >= POWER, most)
    return None if seen is None else round(seen * STEP, 6)


@cache
def worlds_for(
    shape: Shape,
    worlds: int,
    difference: float,
    rate: float,
    alpha: float = ALPHA,
    likeness: float = LIKENESS,
) -> int | None:
    """The fewest worlds in which a difference is seen with 80% power.

    Args:
        shape: What is compared now.
        worlds: Worlds of the plan now; what each condition has of them stays the same part.
        difference: Of rates, upwards.
        rate: The rate that it rises from.
        alpha: Two-sided error rate.
        likeness: Of trials in one world, in [0, 1).

    Returns:
        A number; null beyond `MOST_WORLDS`.
    """

    def enough(more: int) -> bool:
        return power(_scaled(shape, more / worlds), rate, difference, alpha, likeness) >= POWER

    top = 8
    while top < MOST_WORLDS and not enough(top):
        top *= 2
    return _first(enough, min(top, MOST_WORLDS))


def _scaled(shape: Shape, ratio: float) -> Shape:
    """The shape in a plan with so many times the worlds; one world at least."""

    def more(number: int) -> int:
        return max(1, round(number * ratio))

    match shape:
        case Paired():
            return replace(shape, worlds=more(shape.worlds))
        case Unpaired():
            return replace(shape, first=more(shape.first), second=more(shape.second))
        case Averaged():
            return replace(shape, trials=more(shape.trials), worlds=more(shape.worlds))


def _first(holds: Callable[[int], bool], most: int) -> int | None:
    """The first whole number from 1 to ``most`` from which something holds; null if none."""
    if most < 1 or not holds(most):
        return None
    low, high = 0, most
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high


def power(
    shape: Shape,
    rate: float,
    difference: float,
    alpha: float = ALPHA,
    likeness: float = LIKENESS,
) -> float:
    """The part of simulated campaigns in which a rise is found at the level ``alpha``.

    Args:
        shape: What is compared.
        rate: The rate of the first.
        difference: By how much that of the second is higher.
        alpha: Two-sided error rate.
        likeness: Of trials in one world, in [0, 1).
    """
    found = _p_values(shape, rate, round(min(rate + difference, 1.0), 9), likeness)
    return float((found <= alpha).mean())


@cache
def _p_values(shape: Shape, before: float, after: float, likeness: float) -> Floats:
    """Sorted p-values of simulated campaigns; the same draws for every difference."""
    rng = np.random.default_rng(_SEED)
    match shape:
        case Paired():
            counts = rng.multinomial(
                shape.worlds, differences(before, after, shape.repeats, likeness), CAMPAIGNS
            )
            return flips(counts)
        case Unpaired():
            return _unpaired(shape, before, after, likeness, rng)
        case Averaged():
            return _averaged(shape, before, after, likeness, rng)


def rates_of_worlds(mean: float, likeness: float) -> Floats:
    """Rates of worlds, evenly spaced quantiles of a beta distribution.

    Args:
        mean: Their mean, in [0, 1].
        likeness: rho, in [0, 1): the variance is rho · mean · (1 - mean).
    """
    if likeness <= 0 or not 0 < mean < 1:
        return np.full(1, mean) if likeness <= 0 else np.full(_POINTS, mean)
    size = 1 / likeness - 1
    middles = (np.arange(_POINTS) + 0.5) / _POINTS
    found = np.asarray(stats.beta.ppf(middles, mean * size, (1 - mean) * size))
    # Midpoints miss a little of the tails; the mean is what was asked for, so it is put right.
    return np.asarray(np.clip(found + (mean - found.mean()), 0.0, 1.0))


def differences(before: float, after: float, repeats: int, likeness: float) -> Floats:
    """Chances that a world's trials of the second condition show -m, …, m more than the first's.

    Returns:
        (2m + 1,), with m the repeats.
    """
    chances = np.zeros(2 * repeats + 1)
    ours, theirs = (_shown(mean, repeats, likeness) for mean in (before, after))
    for more in range(-repeats, repeats + 1):
        for k in range(max(0, -more), min(repeats, repeats - more) + 1):
            chances[more + repeats] += float((ours[:, k] * theirs[:, k + more]).mean())
    return np.asarray(chances / chances.sum())


def _shown(mean: float, repeats: int, likeness: float) -> Floats:
    """Chances of 0, …, m trials that show it, for each quantile of worlds."""
    p = rates_of_worlds(mean, likeness)[:, None]
    k = np.arange(repeats + 1)[None, :]
    return np.asarray(special.comb(repeats, k) * p**k * (1 - p) ** (repeats - k))


def _unpaired(
    shape: Unpaired, before: float, after: float, likeness: float, rng: np.random.Generator
) -> Floats:
    sums = []
    for worlds, mean in ((shape.first, before), (shape.second, after)):
        chances = _shown(mean, shape.repeats, likeness).mean(axis=0)
        counts = rng.multinomial(worlds, chances / chances.sum(), CAMPAIGNS)
        sums.append(counts @ np.arange(shape.repeats + 1))
    x, y = sums
    if shape.repeats == 1:
        return fisher(x, shape.first, y, shape.second)
    n, m = shape.first * shape.repeats, shape.second * shape.repeats
    effect = 1 + (shape.repeats - 1) * likeness
    return score(x / n, n / effect, y / m, m / effect)


def _averaged(
    shape: Averaged, before: float, after: float, likeness: float, rng: np.random.Generator
) -> Floats:
    """The estimate over its standard error, half a trial added to either side of each cell.

    Repeats count as n / (1 + (m - 1) rho) trials and worlds are not paired, as in attribution.
    """
    campaigns = max(200, min(CAMPAIGNS, _DRAWS // (shape.worlds * len(shape.weights))))
    tables = {mean: rates_of_worlds(mean, likeness) for mean in (before, after)}
    places = rng.integers(0, _POINTS, (campaigns, shape.worlds))
    worth = shape.trials / (1 + (shape.repeats - 1) * likeness)
    total, variance = np.zeros(campaigns), np.zeros(campaigns)
    for weight, size in zip(shape.weights, shape.sizes, strict=True):
        table = tables[after if weight > 0 else before]
        shown = _spread(size * shape.trials, shape.worlds, table[places % len(table)], rng)
        seen = shown / (size * shape.trials)
        smooth = (seen * worth + 0.5) / (worth + 1)
        total += weight * size * seen
        variance += weight**2 * size * smooth * (1 - smooth) / (worth + 1)
    return np.asarray(2 * special.ndtr(-np.abs(total) / np.sqrt(variance)))


def _spread(trials: int, worlds: int, rates: Floats, rng: np.random.Generator) -> Ints:
    """Trials that show it, of so many spread evenly over worlds with these rates."""
    each = np.full(worlds, trials // worlds)
    each[: trials % worlds] += 1
    return np.asarray(rng.binomial(each[None, :], rates).sum(axis=1))
