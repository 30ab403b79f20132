"""Terms of a linear model over the cells of a design, and their columns.

A cell is a mapping of factors to levels. A term names the factors that it joins: none is the
intercept, one a main effect, two an interaction. Columns are orthonormal contrasts: over the full
factorial each has mean 0 and mean square 1, and any two are uncorrelated, so that whatever
correlation there is in a design comes of the cells that it leaves out.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from offswitch._errors import UsageError

Floats = NDArray[np.float64]
Cell = Mapping[str, str]
Factors = Mapping[str, Sequence[str]]
"""Levels by factor, in the order that means something to their author."""
Term = tuple[str, ...]
INTERCEPT: Term = ()


def checked(factors: Factors, where: str = "the design") -> dict[str, tuple[str, ...]]:
    """The factors as they can be varied.

    Args:
        factors: Levels by factor.
        where: What errors call their place.

    Raises:
        UsageError: There is no factor, or one has fewer than two levels or a level twice.
    """
    if not factors:
        raise UsageError(f"{where}: a design needs factors: {{threat: [none, wipe], …}}")
    for name, levels in factors.items():
        if len(levels) < 2:
            raise UsageError(
                f"{where}: the factor {name} has one level, so there is nothing to compare; name "
                "two or more, or hold it beside the design"
            )
        if len(set(levels)) != len(levels):
            raise UsageError(f"{where}: a level of {name} stands twice")
    return {name: tuple(levels) for name, levels in factors.items()}


def main_effects(factors: Factors) -> list[Term]:
    """A term for each factor."""
    return [(name,) for name in factors]


def two_way(factors: Factors) -> list[Term]:
    """A term for each pair of factors."""
    return list(combinations(factors, 2))


def model_of(factors: Factors, interactions: Sequence[Sequence[str]]) -> list[Term]:
    """Intercept, main effects, and the interactions that are named."""
    order = list(factors)
    named = [tuple(sorted(pair, key=order.index)) for pair in interactions]
    return [INTERCEPT, *main_effects(factors), *dict.fromkeys(named)]


def parameters(factors: Factors, model: Sequence[Term]) -> int:
    """How many columns the terms of a model have together."""
    sizes = [np.prod([len(factors[name]) - 1 for name in term], initial=1) for term in model]
    return int(sum(sizes))


def columns(cells: Sequence[Cell], factors: Factors, term: Term) -> Floats:
    """The columns of a term, (cells, product of levels less one)."""
    found: Floats = np.ones((len(cells), 1))
    for name in term:
        own = _coded(cells, name, factors[name])
        found = (found[:, :, None] * own[:, None, :]).reshape(len(cells), -1)
    return found


def matrix(cells: Sequence[Cell], factors: Factors, model: Sequence[Term]) -> Floats:
    """The columns of all terms of a model side by side, (cells, parameters)."""
    return np.hstack([columns(cells, factors, term) for term in model])


def _coded(cells: Sequence[Cell], factor: str, levels: Sequence[str]) -> Floats:
    places = [levels.index(cell[factor]) for cell in cells]
    return contrasts(len(levels))[places]


@cache
def contrasts(levels: int) -> Floats:
    """Orthonormal contrasts of a factor, (levels, levels - 1), read-only; -1 and 1 for two levels.

    Helmert's: each level against the mean of those before it, scaled to mean square 1.
    """
    found = np.zeros((levels, levels - 1))
    for column in range(levels - 1):
        found[: column + 1, column] = -1.0
        found[column + 1, column] = column + 1.0
    found *= np.sqrt(levels / (found**2).sum(axis=0))
    found.flags.writeable = False
    return found


def rank(found: Floats) -> int:
    """The rank of a matrix with columns of about unit size."""
    return int(np.linalg.matrix_rank(found, tol=1e-8 * max(found.shape))) if found.size else 0
