"""Which weighted sum of the tested cells' rates answers a contrast of a hypothesis.

Pairs of cells that differ in one factor alone come first. Where a contrast has none, as in a
fraction of a factorial, it is a marginal effect of the model: a sum over all cells of a scenario,
whose weights are exact where no more than two factors act together (`offswitch.design.marginal`).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from offswitch.design.aliasing import Effect, term_name
from offswitch.design.marginal import mixed_with, weights
from offswitch.inference.attribution.grid import Array, Grid
from offswitch.inference.attribution.hypotheses import Change, Contrast

Pairs = list[tuple[int, int]]


@dataclass(frozen=True)
class Sought:
    """What answers a contrast.

    Attributes:
        weights: Of each tested cell, (cells,).
        pairs: Pairs of cells that differ in nothing else; 0 where it rests on the model.
    """

    weights: Array
    pairs: int

    @property
    def cells(self) -> list[int]:
        """The cells that it takes."""
        return [int(cell) for cell in np.flatnonzero(np.abs(self.weights) > 1e-9)]

    def of(self, rates: Array) -> Array:
        """Its value, (draws,), from the rates of the tested cells, (draws, cells)."""
        return np.asarray(rates @ self.weights)


def sought(
    grid: Grid, contrast: Contrast, after: float = 1.0, *, together: bool = True
) -> Sought | None:
    """What answers a contrast; null where nothing that was tested does.

    Args:
        grid: The tested cells.
        contrast: The contrast; its changes are averaged.
        after: What rates after the change are multiplied by, before those before it are taken off.
        together: Whether two factors may act together, where it rests on the model.
    """
    pairs = pairs_of(grid, contrast)
    found = np.zeros(len(grid.cells))
    if pairs:
        for first, second in pairs:
            found[first] -= 1 / len(pairs)
            found[second] += after / len(pairs)
        return Sought(found, len(pairs))
    parts = list(_marginal(grid, contrast, after, together))
    return Sought(np.asarray(np.mean(parts, axis=0)), 0) if parts else None


def pairs_of(grid: Grid, contrast: Contrast) -> Pairs:
    """Pairs of cells that differ in a change of the contrast alone."""
    return [
        pair
        for change in contrast.changes
        for pair in grid.pairs(change.factor, change.before, change.after, change.held)
    ]


def mixed(grid: Grid, contrast: Contrast) -> list[str]:
    """Terms from which the tested cells cannot tell a contrast, in words; none where they can."""
    found = [
        term_name(term)
        for change in contrast.changes
        for own in _scenarios(grid)
        for term in mixed_with([grid.condition(cell) for cell in own], _effect(grid, change))
    ]
    return list(dict.fromkeys(found))


def _marginal(grid: Grid, contrast: Contrast, after: float, together: bool) -> Iterator[Array]:
    for change in contrast.changes:
        for own in _scenarios(grid):
            conditions = [grid.condition(cell) for cell in own]
            inside = weights(conditions, _effect(grid, change), after, pairs=together)
            if inside is not None:
                found = np.zeros(len(grid.cells))
                found[own] = inside
                yield found


def _scenarios(grid: Grid) -> Iterator[list[int]]:
    for name in dict.fromkeys(grid.scenarios):
        yield [cell for cell, scenario in enumerate(grid.scenarios) if scenario == name]


def _effect(grid: Grid, change: Change) -> Effect:
    """The change; a factor that varies in no scenario holds nothing up."""
    held = {name: levels for name, levels in change.held.items() if name in grid.factors}
    return Effect("", change.factor, change.before, change.after, held)
