"""D-optimal designs: the cells that say most about a stated model under a budget of cells.

The determinant of X'X, with X the columns of the model, is made as large as exchanges of one cell
for another can make it: the confidence region of all coefficients together is then as small as it
can be. Each cell is taken at most once, for its repeats are worlds. Source: V. V. Fedorov, Theory
of Optimal Experiments (1972), with the updates of A. J. Miller and N.-K. Nguyen, Applied
Statistics 43 (1994), 669-678 (AS 295), started from several random designs.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from offswitch._errors import UsageError
from offswitch.design.terms import Cell, Factors, Floats, Term, matrix, parameters, rank

STARTS = 10
"""Random designs that exchanges begin with; the best end is taken."""
_RIDGE = 1e-6
_GAIN = 1e-9


def exchange(
    candidates: Sequence[Cell],
    factors: Factors,
    model: Sequence[Term],
    size: int,
    seed: int = 1,
    starts: int = STARTS,
) -> list[dict[str, str]]:
    """The cells of a D-optimal design, in the order of the candidates.

    Args:
        candidates: Cells to choose from.
        factors: Levels by factor.
        model: Terms that are to be estimated.
        size: How many cells to take.
        seed: Of the designs that exchanges begin with.
        starts: Their number.

    Raises:
        UsageError: The budget is smaller than the model, or larger than all candidates.
    """
    needed = parameters(factors, model)
    if size < needed:
        raise UsageError(
            f"the design: {size} cells cannot estimate a model of {needed} parameters (intercept, "
            f"{_count(model, 1)} main effects, {_count(model, 2)} interactions, a parameter for "
            f"each level but one); write cells: {needed} or more, or leave interactions out"
        )
    if size > len(candidates):
        raise UsageError(
            f"the design: there are {len(candidates)} combinations of these levels, fewer than "
            f"the {size} cells asked for; write cells: {len(candidates)} or fewer, or kind: full"
        )
    every = matrix(candidates, factors, model)
    if rank(every) < needed:
        raise UsageError("the design: the candidates do not vary everything that the model names")
    rng = np.random.default_rng(seed)
    ends = [_improved(every, rng.permutation(len(every))[:size]) for _ in range(starts)]
    best = max(ends, key=lambda chosen: (round(_volume(every[chosen]), 9), tuple(-chosen)))
    return [dict(candidates[place]) for place in best]


def _count(model: Sequence[Term], order: int) -> int:
    return sum(len(term) == order for term in model)


def _improved(every: Floats, chosen: NDArray[np.intp]) -> NDArray[np.intp]:
    """The design after the best exchange of one cell for another, again and again."""
    inside = np.zeros(len(every), dtype=bool)
    inside[chosen] = True
    while True:
        ours, others = np.flatnonzero(inside), np.flatnonzero(~inside)
        if not others.size:
            return ours
        information = every[ours].T @ every[ours] + _RIDGE * np.eye(every.shape[1])
        spread = np.linalg.solve(information, every.T).T
        own = (every * spread).sum(axis=1)
        joint = every[others] @ spread[ours].T
        # The factor by which the determinant grows; Fedorov's delta, plus one.
        growth = np.outer(1 + own[others], 1 - own[ours]) + joint**2
        place = int(growth.argmax())
        if growth.flat[place] < 1 + _GAIN:
            return ours
        new, old = np.unravel_index(place, growth.shape)
        inside[others[new]], inside[ours[old]] = True, False


def _volume(found: Floats) -> float:
    """Logarithm of the determinant of the information; minus infinity where it is singular."""
    if rank(found) < found.shape[1]:
        return float("-inf")
    return float(np.linalg.slogdet(found.T @ found)[1])


def efficiency(cells: Sequence[Cell], factors: Factors, model: Sequence[Term]) -> float:
    """D-efficiency, in [0, 1]: 1 where no columns are correlated, 0 where some are aliased.

    ``det(X'X)^(1/p) / n`` for n cells and p parameters, with columns of mean square 1.
    """
    found = matrix(cells, factors, model)
    return float(np.exp(_volume(found) / found.shape[1]) / len(cells))
