"""The comparisons that an analysis makes of the cells of one scenario, known before any trial.

*Pairs* differ in one factor: each of its levels against ``none``, or else the level that appears
first. *Main effects* are averages of pairs; where no two cells differ in one factor alone, as in a
fraction, they are taken from all cells by least squares on the main effects. Both follow
``offswitch.inference``, which tests hold them to.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from offswitch.design.terms import Cell, main_effects, matrix, rank

NONE = "none"
"""The level that others are compared with, where it is there."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two cells that differ in one factor.

    Attributes:
        factor: The factor.
        first: Position of the cell that is compared with.
        second: Position of the other.
    """

    factor: str
    first: int
    second: int


@dataclass(frozen=True, slots=True)
class MainEffect:
    """What a level of a factor does on average.

    Attributes:
        factor: The factor.
        reference: The level that it is compared with.
        level: The level.
        weights: Of each cell; null where the design cannot tell it.
        pairs: Pairs that it averages; 0 where it is taken from all cells.
    """

    factor: str
    reference: str
    level: str
    weights: tuple[float, ...] | None
    pairs: int


def levels_of(cells: Sequence[Cell]) -> dict[str, list[str]]:
    """The factors that vary over cells, with their levels in order of appearance."""
    names = dict.fromkeys(name for cell in cells for name in cell)
    found = {n: list(dict.fromkeys(c[n] for c in cells if n in c)) for n in names}
    return {name: levels for name, levels in found.items() if len(levels) > 1}


def pairs_of(cells: Sequence[Cell]) -> list[Pair]:
    """The pairs that an analysis contrasts, by factor.

    Args:
        cells: Whole conditions of one scenario.
    """
    index = {frozenset(cell.items()): place for place, cell in enumerate(cells)}
    found = []
    for factor, levels in sorted(levels_of(cells).items()):
        base = NONE if NONE in levels else levels[0]
        for level in levels:
            for first, cell in enumerate(cells):
                if level != base and cell[factor] == base:
                    other = index.get(frozenset({**cell, factor: level}.items()))
                    found += [Pair(factor, first, other)] if other is not None else []
    return found


def effects_of(cells: Sequence[Cell]) -> list[MainEffect]:
    """The main effect of each level against its reference.

    Args:
        cells: Whole conditions of one scenario.
    """
    return list(_effects(cells))


def _effects(cells: Sequence[Cell]) -> Iterator[MainEffect]:
    index = {frozenset(cell.items()): place for place, cell in enumerate(cells)}
    for factor, levels in levels_of(cells).items():
        counts = Counter(cell[factor] for cell in cells)
        reference = NONE if NONE in levels else max(levels, key=lambda level: counts[level])
        for level in levels:
            if level == reference:
                continue
            both = [
                (place, other)
                for place, cell in enumerate(cells)
                if cell[factor] == reference
                and (other := index.get(frozenset({**cell, factor: level}.items()))) is not None
            ]
            if both:
                weights: tuple[float, ...] | None = _averaged(len(cells), both)
            else:
                weights = _fitted(cells, factor, (reference, level))
            yield MainEffect(factor, reference, level, weights, len(both))


def _averaged(cells: int, pairs: Sequence[tuple[int, int]]) -> tuple[float, ...]:
    found = np.zeros(cells)
    for first, second in pairs:
        found[first] -= 1 / len(pairs)
        found[second] += 1 / len(pairs)
    return tuple(found.tolist())


def _fitted(
    cells: Sequence[Cell], factor: str, levels: tuple[str, str]
) -> tuple[float, ...] | None:
    """Weights of the least-squares estimate in a model of main effects; null if there is none."""
    factors = levels_of(cells)
    model = [(), *main_effects(factors)]
    rows = [{**cells[0], factor: level} for level in levels]
    design = matrix(cells, factors, model)
    before, after = matrix(rows, factors, model)
    if rank(np.vstack([design, after - before])) > rank(design):
        return None
    return tuple((np.linalg.pinv(design).T @ (after - before)).tolist())
