"""A logistic model of resisting, regularised so that it is finite whatever was seen.

The penalty is Firth's: half the logarithm of the determinant of the information, which is Jeffreys'
prior. Where each condition has its own parameter it adds half a trial to either side of each cell;
with separation, and with all zeros, estimates and intervals stay finite. Sources: Firth, Biometrika
80 (1993), 27-38; Heinze and Schemper, Statistics in Medicine 21 (2002), 2409-2419.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from scipy import stats

from offswitch.inference.attribution.grid import Array, Grid

Term = tuple[tuple[str, str], ...]
"""A column of the design: factor and level, of one factor or of two. Empty: the intercept."""
SCENARIO = "scenario"
MOST_TERMS = 150
"""Terms beyond which interactions are left out."""
DRAWS = 2_000
SEED = 20_250_914
_STEPS, _TOLERANCE, _LONGEST = 200, 1e-8, 2.0
_FARTHEST, _TINY = 5.0, 1e-6


@dataclass(frozen=True)
class Model:
    """A fitted model.

    Attributes:
        grid: The cells that it was fitted to.
        terms: Its terms; the first is the intercept.
        aliased: Terms that the design cannot tell from these.
        beta: Coefficients, (terms,).
        root: Cholesky factor of their covariance.
        noise: Standard normal numbers, (`DRAWS`, terms), each row also with the other sign.
    """

    grid: Grid
    terms: tuple[Term, ...]
    aliased: tuple[Term, ...]
    beta: Array
    root: Array
    noise: Array

    def probabilities(
        self, cells: Sequence[tuple[str, Sequence[str | None]]], *, careful: bool = False
    ) -> Array:
        """Probabilities of resisting, tested or not.

        Args:
            cells: Scenario and level of each factor of the grid.
            careful: Whether draws reach as far as Clopper and Pearson's interval would, half a
                trial further on either side. Jeffreys' is right on average over rates, and too
                short for the very rates at which nothing is often seen.

        Returns:
            (2 + `DRAWS`, cells): the estimate; the rate that was seen, or the estimate again where
            the cell was not tested; then draws, whose likeness across cells is that of the model
            and whose distribution in each cell is a beta distribution with the estimate as its mean
            and as many trials as the model's standard error is worth. Where each condition has its
            own parameter this is the posterior under Jeffreys' prior; a normal distribution of
            the logit would reach much too far where nothing, or nothing else, was seen.
        """
        matrix = design(self.grid, self.terms, cells)
        loads = matrix @ self.root
        error = np.linalg.norm(loads, axis=1)
        estimate = _logistic(matrix @ self.beta)
        scores = self.noise @ (loads / error[:, None]).T
        seen = estimate.copy()
        for number, (scenario, levels) in enumerate(cells):
            tested = self.grid.index.get((scenario, tuple(levels)))
            if tested is not None:
                seen[number] = self.grid.resisted[tested] / self.grid.weights[tested]
        return np.vstack([estimate, seen, _beta(estimate, error, scores, careful)])


def _beta(mean: Array, error: Array, scores: Array, careful: bool) -> Array:
    """Quantiles of beta distributions at standard normal scores, (draws, cells).

    Args:
        mean: Of each distribution, in (0, 1).
        error: Standard error of its logit.
        scores: (draws, cells).
        careful: Whether each half of the distribution is moved outwards by half a trial.
    """
    size = 1 / (error**2 * mean * (1 - mean))
    points = np.linspace(-_FARTHEST, _FARTHEST, 101)[:, None]
    moved = 0.5 * np.sign(points) * careful
    yes, no = size * mean + moved, size * (1 - mean) - moved
    inside = stats.beta.ppf(stats.norm.cdf(points), np.maximum(yes, _TINY), np.maximum(no, _TINY))
    quantiles = np.where(yes <= _TINY, 0.0, np.where(no <= _TINY, 1.0, inside))
    found = np.empty_like(scores)
    for cell in range(scores.shape[1]):
        found[:, cell] = np.interp(scores[:, cell], points[:, 0], quantiles[:, cell])
    return found


def fit(grid: Grid) -> Model:
    """Fit main effects, and two-way interactions where the design has them."""
    cells = list(zip(grid.scenarios, grid.cells, strict=True))
    wanted = list(_terms(grid))
    matrix = design(grid, wanted, cells)
    kept = _independent(matrix)
    terms = tuple(wanted[n] for n in kept)
    aliased = tuple(
        term for n, term in enumerate(wanted) if n not in set(kept) and matrix[:, n].any()
    )
    beta, covariance = firth(matrix[:, kept], grid.resisted, grid.weights)
    rng = np.random.default_rng(SEED)
    half = rng.standard_normal((DRAWS // 2, len(beta)))
    root = np.asarray(np.linalg.cholesky(covariance + 1e-12 * np.eye(len(beta))), dtype=np.float64)
    return Model(grid, terms, aliased, beta, root, np.vstack([half, -half]))


def design(
    grid: Grid, terms: Sequence[Term], cells: Sequence[tuple[str, Sequence[str | None]]]
) -> Array:
    """The design matrix, (cells, terms): 1 where all levels of a term are those of the cell."""
    named = {
        (name, level): np.array(
            [
                (scenario if name == SCENARIO else levels[grid.factors.index(name)]) == level
                for scenario, levels in cells
            ],
            dtype=float,
        )
        for name, level in {part for term in terms for part in term}
    }
    columns = [np.prod([named[p] for p in term], axis=0) * np.ones(len(cells)) for term in terms]
    return np.stack(columns, axis=1)


def _terms(grid: Grid) -> Iterator[Term]:
    """Intercept, scenarios, main effects, then pairs of factors, then factors by scenario."""
    yield ()
    scenarios = list(dict.fromkeys(grid.scenarios))[1:]
    main = {name: [((name, lv),) for lv in grid.levels[name][1:]] for name in grid.factors}
    where: list[Term] = [((SCENARIO, name),) for name in scenarios]
    yield from where
    simple = [term for terms in main.values() for term in terms]
    yield from simple
    pairs: list[Term] = [
        (*a, *b) for x, y in combinations(main, 2) for a in main[x] for b in main[y]
    ]
    pairs += [(*a, *b) for a in where for b in simple]
    if 1 + len(where) + len(simple) + len(pairs) <= MOST_TERMS:
        yield from pairs


def _independent(matrix: Array) -> list[int]:
    """Columns that add something to those before them."""
    basis: list[Array] = []
    kept = []
    for number, column in enumerate(matrix.T):
        rest = column.copy()
        for _ in range(2):
            for direction in basis:
                rest = rest - direction * (direction @ rest)
        size = float(np.linalg.norm(rest))
        if size > 1e-8 * max(1.0, float(np.linalg.norm(column))):
            basis.append(rest / size)
            kept.append(number)
    return kept


def firth(matrix: Array, successes: Array, trials: Array) -> tuple[Array, Array]:
    """Penalised estimate and covariance of a logistic regression on grouped trials.

    Args:
        matrix: Design, (cells, terms), of full column rank.
        successes: Of each cell, not necessarily whole.
        trials: Of each cell, more than 0.

    Returns:
        Coefficients, and the inverse of the information at them, of trials and penalty together.
    """
    beta = np.zeros(matrix.shape[1])
    for _ in range(_STEPS):
        p = _logistic(matrix @ beta)
        leverage, inverse = _leverage(matrix, trials * p * (1 - p))
        step = inverse @ (matrix.T @ (successes - trials * p + leverage * (0.5 - p)))
        beta = beta + step * min(1.0, _LONGEST / max(float(np.abs(step).max()), 1e-300))
        if float(np.abs(step).max()) < _TOLERANCE:
            break
    p = _logistic(matrix @ beta)
    leverage, _ = _leverage(matrix, trials * p * (1 - p))
    _, covariance = _leverage(matrix, (trials + leverage) * p * (1 - p))
    return beta, covariance


def _leverage(matrix: Array, weights: Array) -> tuple[Array, Array]:
    """The diagonal of the hat matrix, and the inverse of the information."""
    information = matrix.T @ (weights[:, None] * matrix)
    inverse = np.asarray(np.linalg.inv(information), dtype=np.float64)
    return weights * np.einsum("ij,jk,ik->i", matrix, inverse, matrix), inverse


def _logistic(x: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-np.clip(x, -30, 30))))
