"""The gap between the calmest and the most provoking condition, taken apart by factor.

A factor's Shapley value is its mean contribution over all orders in which the levels of the one
condition can be turned into those of the other; the values sum to the gap. Source: Shapley, A Value
for n-Person Games (1953); over model predictions as in Lundberg and Lee (arXiv 1705.07874).
"""

from math import factorial

import numpy as np

from offswitch.inference.attribution.effects import effect, rates
from offswitch.inference.attribution.grid import Array, Grid
from offswitch.inference.attribution.model import Model
from offswitch.inference.attribution.models import Gap, Share

MOST_FACTORS = 10
"""Factors in which the two conditions may differ; conditions between them are 2 to that power."""


def gap(model: Model, level: float) -> Gap | None:
    """Take the gap apart; null where only one condition of each scenario was tested.

    The provoking condition is the one with the highest rate by the model. The calm one is of the
    same scenario: the one with most factors at their references and, of equals, the lowest rate.
    """
    grid, tested = model.grid, rates(model)
    provoking = int(np.argmax(tested[0]))
    calm = _calm(grid, tested[0], provoking)
    if calm is None:
        return None
    changed = [n for n, pair in enumerate(_both(grid, calm, provoking)) if pair[0] != pair[1]]
    between = [_mixed(grid, calm, provoking, changed, s) for s in range(2 ** len(changed))]
    scenario = grid.scenarios[calm]
    values = model.probabilities([(scenario, cell) for cell in between])
    shares = shapley(values)
    names = [grid.factors[n] for n in changed]
    low, high = grid.condition(calm), grid.condition(provoking)
    return Gap(
        scenario=scenario,
        calm=low,
        provoking=high,
        effect=effect(values[:, -1] - values[:, 0], level),
        shares=[
            Share(
                factor=name,
                calm=low.get(name),
                provoking=high.get(name),
                effect=effect(shares[:, position], level),
            )
            for position, name in enumerate(names)
        ],
        between=len(between) - 2,
        untested=sum((scenario, cell) not in grid.index for cell in between),
    )


def _calm(grid: Grid, tested: Array, provoking: int) -> int | None:
    references = grid.references

    def order(cell: int) -> tuple[int, float]:
        away = sum(lv != references[name] for name, lv in grid.condition(cell).items())
        return away, float(tested[cell])

    def near(cell: int) -> bool:
        pairs = _both(grid, cell, provoking)
        return 0 < sum(a != b for a, b in pairs) <= MOST_FACTORS

    same = [n for n, name in enumerate(grid.scenarios) if name == grid.scenarios[provoking]]
    return min(filter(near, same), key=order, default=None)


def _both(grid: Grid, one: int, two: int) -> list[tuple[str | None, str | None]]:
    return list(zip(grid.cells[one], grid.cells[two], strict=True))


def _mixed(
    grid: Grid, calm: int, provoking: int, changed: list[int], subset: int
) -> tuple[str | None, ...]:
    """The calm condition with some of the changed factors as in the provoking one."""
    levels = list(grid.cells[calm])
    for bit, position in enumerate(changed):
        if subset >> bit & 1:
            levels[position] = grid.cells[provoking][position]
    return tuple(levels)


def shapley(values: Array) -> Array:
    """Shapley values.

    Args:
        values: Value of each subset of k players, (draws, 2^k); player b belongs to subset s where
            bit b of s is set.

    Returns:
        (draws, k); each row sums to the last value less the first.
    """
    subsets = values.shape[1]
    players = subsets.bit_length() - 1
    sizes = np.array([s.bit_count() for s in range(subsets)])
    found = np.zeros((values.shape[0], players))
    for player in range(players):
        without = np.array([s for s in range(subsets) if not s >> player & 1], dtype=int)
        weight = np.array(
            [factorial(int(sizes[s])) * factorial(players - int(sizes[s]) - 1) for s in without],
            dtype=float,
        ) / factorial(players)
        gained = values[:, without | 1 << player] - values[:, without]
        found[:, player] = gained @ weight
    return found
