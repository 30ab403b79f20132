"""The cheapest test of a rate against a threshold that ends at a number of worlds fixed beforehand.

A confidence sequence holds for ever, and pays for worlds that will never be run. Who says
beforehand how many there are at most can have a test that uses its errors up within these: it errs
no more often than the exact test at the last world (`clopper_pearson`), decides as often to within
a point, and needs the fewest worlds on average. It is found by backward induction, which is exact
(Kiefer and Weiss, Annals of Mathematical Statistics 28, 1957, 57-74; DeGroot, Optimal Statistical
Decisions, 1970, chapter 12): from the last world back, each state (n worlds, x of them shown) is
given the best of four acts (go on, say above, say below, leave it open), where a world costs 1,
each right answer earns something and each answer at the threshold costs something, weighed by
Jeffreys' prior over rates. The costs are the least at which either answer is given with probability
alpha/2 at most if the threshold is the rate; the earnings are the smallest of a rising series at
which no rate is decided more than `TOLERANCE` less often than by the fixed test.

Boundaries are fixed beforehand and each path is judged by the first that it meets, so looking after
each world costs nothing, and to stop for another reason only makes errors rarer. But the test knows
no world beyond its last.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, NamedTuple

import numpy as np
from scipy import special, stats

from offswitch.inference.intervals import clopper_pearson
from offswitch.inference.sequences import Array

MOST = 1_000
"""Worlds that such a test may have; each takes longer by its square."""
TOLERANCE = 0.01
"""Share of campaigns that the fixed test may decide and this one may not, at any rate."""
OPEN, ABOVE, BELOW, GO_ON = 2, 1, -1, 0
_PRIOR = 0.5
_RATES = np.concatenate([[0.0], np.geomspace(0.0005, 0.5, 40), 1 - np.geomspace(0.5, 0.01, 12)])
_STEPS, _RISE = 30, 1.4
_WIDE, _NEAR, _HALVINGS = 12.0, 0.75, 11

Actions = np.ndarray[tuple[int, ...], np.dtype[np.int8]]


class Operating(NamedTuple):
    """How a test behaves at one rate; all exact.

    Attributes:
        above: Chance that it says above.
        below: Chance that it says below.
        worlds: Worlds that it takes on average.
    """

    above: float
    below: float
    worlds: float


@dataclass(frozen=True, slots=True, eq=False)
class RatePlan:
    """A test of a rate.

    Attributes:
        threshold: What the rate is compared with.
        alpha: Chance of an answer where the rate is the threshold, at most.
        worlds: The last world.
        actions: What to do after n worlds, x of them shown, by n and x.
    """

    threshold: float
    alpha: float
    worlds: int
    actions: Actions

    def verdict(self, shown: int, worlds: int) -> Literal["above", "below", "open"] | None:
        """What to say after some worlds; null where to go on.

        Raises:
            ValueError: There are no such worlds.
        """
        if not 0 <= shown <= worlds <= self.worlds:
            raise ValueError(f"need 0 <= shown <= worlds <= {self.worlds}: {shown} of {worlds}")
        return _SAID[int(self.actions[worlds, shown])]

    def operating(self, rate: float) -> Operating:
        """How it behaves at a rate in [0, 1]."""
        return Operating(*(float(part[0]) for part in _operating(self.actions, np.array([rate]))))


_SAID: dict[int, Literal["above", "below", "open"] | None] = {
    OPEN: "open", ABOVE: "above", BELOW: "below", GO_ON: None
}  # fmt: skip


@lru_cache(maxsize=16)
def rate_plan(threshold: float, worlds: int, alpha: float = 0.05) -> RatePlan:
    """The test of a rate against a threshold within so many worlds.

    Args:
        threshold: In (0, 1).
        worlds: From 1 to `MOST`. 1,000 take about ten seconds, 200 under one.
        alpha: Chance of an answer where the rate is the threshold, in (0, 1); half for each answer.

    Raises:
        ValueError: Something is outside of its range.
    """
    if not (0 < threshold < 1 and 1 <= worlds <= MOST and 0 < alpha < 1):
        raise ValueError(f"need a threshold and alpha in (0, 1) and 1 to {MOST} worlds")
    states = _states(threshold, worlds)
    above, below = fixed_power(threshold, worlds, alpha, _RATES)
    asked = np.where(threshold < _RATES, above, below) - TOLERANCE
    upper = threshold < _RATES
    earned: Array = np.full(2, float(worlds))
    errors: Array = np.full(2, np.nan)
    for _ in range(_STEPS):
        actions, errors = _within(states, earned, errors, alpha, threshold)
        found = _operating(actions, _RATES)
        short = np.where(upper, found[0], found[1]) < asked
        if not short.any():
            break
        earned *= np.where([short[upper].any(), short[~upper].any()], _RISE, 1.0)
    return RatePlan(threshold, alpha, worlds, actions)


def fixed_power(threshold: float, worlds: int, alpha: float, rates: Array) -> tuple[Array, Array]:
    """Chances that the exact interval after the last world lies above or below the threshold.

    Args:
        threshold: In (0, 1).
        worlds: How many.
        alpha: 1 minus the confidence of the interval.
        rates: True rates, (r,).

    Returns:
        Both chances, (r,) each.
    """
    ends = [clopper_pearson(x, worlds, 1 - alpha) for x in range(worlds + 1)]
    chances = stats.binom.pmf(np.arange(worlds + 1)[None, :], worlds, rates[:, None])
    above = np.array([end.low > threshold for end in ends])
    below = np.array([end.high < threshold for end in ends])
    return chances[:, above].sum(axis=1), chances[:, below].sum(axis=1)


class _States(NamedTuple):
    """Chances of each state (n, x): over the prior, its two parts, and at the border."""

    prior: Array
    above: Array
    below: Array
    border: Array


def _states(threshold: float, worlds: int) -> _States:
    n, x = np.arange(worlds + 1)[:, None], np.arange(worlds + 1)[None, :]
    inside = x <= n
    x, rest = np.where(inside, x, 0), np.where(inside, n - x, 0)
    ways = -special.betaln(x + 1, rest + 1) - np.log(x + rest + 1)
    mixed = special.betaln(_PRIOR + x, _PRIOR + rest) - special.betaln(_PRIOR, _PRIOR)
    prior = np.where(inside, np.exp(ways + mixed), 0.0)
    below = prior * special.betainc(_PRIOR + x, _PRIOR + rest, threshold)
    border = np.exp(ways + special.xlogy(x, threshold) + special.xlog1py(rest, -threshold))
    return _States(prior, prior - below, below, np.where(inside, border, 0.0))


def _within(
    states: _States, earned: Array, near: Array, alpha: float, threshold: float
) -> tuple[Actions, Array]:
    """The best acts of which neither answer is given too often at the border, and their costs.

    Costs are looked for around those that served before, on a logarithmic scale.
    """
    middle, reach = (near, _NEAR) if np.isfinite(near).all() else (np.log(earned), _WIDE)
    low, high = middle - reach, middle + reach
    for step in range(_HALVINGS + 1):
        middle = high if step == _HALVINGS else (low + high) / 2
        actions = _best(states, earned, np.exp(middle))
        above, below, _ = _operating(actions, np.array([threshold]))
        often = np.array([above[0], below[0]]) > alpha / 2
        if step < _HALVINGS:
            low, high = np.where(often, middle, low), np.where(often, high, middle)
    return (
        (actions, high)
        if not often.any()
        else _within(states, earned, np.full(2, np.nan), alpha, threshold)
    )


def _best(states: _States, earned: Array, errors: Array) -> Actions:
    """Backward induction; values are weighed by the chance of the state, all ways to it."""
    last = len(states.prior) - 1
    actions = np.zeros((last + 1, last + 1), np.int8)
    value = np.zeros(0)
    for n in range(last, -1, -1):
        own = slice(0, n + 1)
        above = errors[0] * states.border[n, own] - earned[0] * states.above[n, own]
        below = errors[1] * states.border[n, own] - earned[1] * states.below[n, own]
        stop = np.minimum(np.minimum(above, below), 0.0)
        said = np.where(stop == 0, OPEN, np.where(above <= below, ABOVE, BELOW))
        if n < last:
            part = np.arange(1, n + 2) / (n + 1)  # of the ways to (n + 1, x) that come this way
            go_on = states.prior[n, own] + value[:-1] * part[::-1] + value[1:] * part
            said, stop = np.where(go_on < stop, GO_ON, said), np.minimum(go_on, stop)
        actions[n, own], value = said, stop
    return actions


def _operating(actions: Actions, rates: Array) -> tuple[Array, Array, Array]:
    """Chances of both answers and the mean number of worlds, at each rate."""
    p = rates[:, None]
    reached = np.zeros((len(rates), len(actions) + 1))
    reached[:, 0] = 1.0
    above, below, worlds = (np.zeros(len(rates)) for _ in range(3))
    for n in range(len(actions)):
        here, said = reached[:, : n + 1], actions[n, : n + 1]
        going = said == GO_ON
        if not going.all():
            above += here[:, said == ABOVE].sum(axis=1)
            below += here[:, said == BELOW].sum(axis=1)
            worlds += n * here[:, ~going].sum(axis=1)
            here *= going
        if n + 1 < len(actions):
            shown = here * p
            here *= 1 - p
            reached[:, 1 : n + 2] += shown
    return above, below, worlds
