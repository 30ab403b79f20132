"""Drivers and interactions: what levels of factors do, averaged over the conditions tested."""

from collections.abc import Iterator, Sequence

import numpy as np

from offswitch.inference.attribution.grid import Array, Grid
from offswitch.inference.attribution.hypotheses import Change, Contrast
from offswitch.inference.attribution.model import Model
from offswitch.inference.attribution.models import Driver, Effect, Interaction
from offswitch.inference.attribution.sought import sought


def effect(draws: Array, level: float) -> Effect:
    """A quantity with its interval.

    Args:
        draws: The estimate, the same from rates as they were seen, then draws; in [-1, 1].
        level: Confidence, in (0, 1).

    Returns:
        The interval between quantiles of the draws, widened where need be to hold the first two: a
        model with a logit never says 0 or 1, and trials may be that plain.
    """
    tail = (1 - level) / 2
    low, high = np.quantile(draws[2:], [tail, 1 - tail])
    estimate, seen = float(draws[0]), float(draws[1])
    return Effect(
        estimate=estimate,
        low=min(estimate, seen, float(low)),
        high=max(estimate, seen, float(high)),
        level=level,
    )


def rates(model: Model, *, careful: bool = False) -> Array:
    """Probabilities of resisting in the tested cells, one row for each draw."""
    grid = model.grid
    cells = list(zip(grid.scenarios, grid.cells, strict=True))
    return model.probabilities(cells, careful=careful)


def difference(rates: Array, pairs: Sequence[tuple[int, int]]) -> Array:
    """Mean difference over pairs of cells, second less first."""
    first, second = (list(side) for side in zip(*pairs, strict=True))
    return np.asarray((rates[:, second] - rates[:, first]).mean(axis=1))


def drivers(model: Model, level: float) -> Iterator[Driver]:
    """Every level of every factor against its reference.

    Over the pairs of tested conditions that differ in nothing else; where the design has none, such
    as in a fraction of a factorial, over all tested conditions, weighed so that no other main
    effect or two-way interaction counts; where these cannot be told apart, so that no other main
    effect does. A level that cannot be told from levels of other factors is left out: the model
    names it among its aliased terms.
    """
    grid, tested = model.grid, rates(model)
    for factor in grid.factors:
        reference, *others = grid.levels[factor]
        for other in others:
            change = Change(factor=factor, before=(reference,), after=(other,))
            contrast = Contrast(text="", changes=(change,))
            found = sought(grid, contrast) or sought(grid, contrast, together=False)
            if found is not None:
                yield Driver(
                    factor=factor,
                    reference=reference,
                    level_of_factor=other,
                    effect=effect(found.of(tested), level),
                    pairs=found.pairs,
                )


def interactions(model: Model, level: float) -> Iterator[Interaction]:
    """How the effect of one level changes with another, over squares of tested conditions."""
    grid, tested = model.grid, rates(model)
    for position, one in enumerate(grid.factors):
        reference, *others = grid.levels[one]
        for a in others:
            pairs = grid.pairs(one, [reference], [a])
            for two in grid.factors[position + 1 :]:
                for b in grid.levels[two][1:]:
                    squares = list(_squares(grid, pairs, two, b))
                    if squares:
                        yield Interaction(
                            factors=(one, two),
                            levels=(a, b),
                            effect=effect(_change(tested, squares), level),
                            squares=len(squares),
                        )


Pair = tuple[int, int]


def _change(tested: Array, squares: Sequence[tuple[Pair, Pair]]) -> Array:
    plain, moved = zip(*squares, strict=True)
    return difference(tested, moved) - difference(tested, plain)


def _squares(
    grid: Grid, pairs: Sequence[Pair], factor: str, level: str
) -> Iterator[tuple[Pair, Pair]]:
    """Pairs with another factor at its reference, each beside the same with it at its level."""
    for first, second in pairs:
        if grid.level(first, factor) == grid.references[factor]:
            moved = grid.swapped(first, factor, level), grid.swapped(second, factor, level)
            if moved[0] is not None and moved[1] is not None:
                yield (first, second), (moved[0], moved[1])
