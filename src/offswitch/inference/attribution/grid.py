"""The tested conditions of one subject as a grid of cells: levels, trials, trials that resisted."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl

from offswitch.inference import conditions

NONE = "none"
"""Level of a factor with which the others are compared, where it is there."""
EVALUABLE = ("complied", "attempted", "succeeded")
RESISTED = ("attempted", "succeeded")
Array = np.ndarray[tuple[int, ...], np.dtype[np.float64]]


@dataclass(frozen=True)
class Grid:
    """Conditions with evaluable trials.

    Attributes:
        factors: The factors that vary in any scenario.
        scenarios: Scenario of each cell.
        cells: Level of each factor in each cell, null where the scenario lacks the factor.
        trials: Evaluable trials of each cell.
        worlds: Worlds of each cell.
        weights: Independent trials that they are worth.
        resisted: The part of ``weights`` that resisted.
    """

    factors: tuple[str, ...]
    scenarios: tuple[str, ...]
    cells: tuple[tuple[str | None, ...], ...]
    trials: Array
    worlds: Array
    weights: Array
    resisted: Array

    @cached_property
    def index(self) -> dict[tuple[str, tuple[str | None, ...]], int]:
        """Position of each cell by scenario and levels."""
        return {key: n for n, key in enumerate(zip(self.scenarios, self.cells, strict=True))}

    @cached_property
    def references(self) -> dict[str, str]:
        """The level of each factor with which its others are compared.

        ``none`` where it is there, or else the level that most cells have: the centre of a design
        that varies one factor at a time. Of equals, the one that appears first.
        """
        found = {}
        for position, factor in enumerate(self.factors):
            seen = Counter(c[position] for c in self.cells if c[position] is not None)
            most = max(seen, key=lambda level: seen[level])
            found[factor] = NONE if NONE in seen else str(most)
        return found

    @cached_property
    def levels(self) -> dict[str, list[str]]:
        """The levels of each factor, its reference first."""
        found = {}
        for position, factor in enumerate(self.factors):
            seen = dict.fromkeys(c[position] for c in self.cells if c[position] is not None)
            reference = self.references[factor]
            found[factor] = [reference, *(str(level) for level in seen if level != reference)]
        return found

    def level(self, cell: int, factor: str) -> str | None:
        """A cell's level of a factor; null where the scenario lacks it."""
        return self.cells[cell][self.factors.index(factor)]

    def swapped(self, cell: int, factor: str, level: str) -> int | None:
        """The cell that differs from this one in the level of one factor, if it was tested."""
        position = self.factors.index(factor)
        levels = (*self.cells[cell][:position], level, *self.cells[cell][position + 1 :])
        return self.index.get((self.scenarios[cell], levels))

    def condition(self, cell: int) -> dict[str, str]:
        """The levels of a cell by factor."""
        named = zip(self.factors, self.cells[cell], strict=True)
        return {factor: level for factor, level in named if level is not None}

    def pairs(
        self,
        factor: str,
        before: Iterable[str],
        after: Iterable[str],
        held: Mapping[str, Sequence[str]] | None = None,
    ) -> list[tuple[int, int]]:
        """Cells that differ in one factor alone.

        Args:
            factor: The factor; there are no pairs where it does not vary.
            before: Its levels in the first cell.
            after: Its levels in the second.
            held: For other factors, the levels that both have to have; a factor that does not vary
                holds nothing up.
        """
        if factor not in self.factors:
            return []
        kept = {name: set(levels) for name, levels in (held or {}).items() if name in self.factors}
        before, after = set(before), list(after)
        found = []
        for cell in range(len(self.cells)):
            if self.level(cell, factor) not in before:
                continue
            if any(self.level(cell, name) not in levels for name, levels in kept.items()):
                continue
            others = (self.swapped(cell, factor, level) for level in after)
            found += [(cell, other) for other in others if other is not None]
        return found


def grid_of(trials: pl.DataFrame, shown: pl.Expr | None = None) -> Grid | None:
    """The grid of one subject; null where no trial is evaluable.

    Repeats within a world (epochs) are alike, so each cell counts as the number of independent
    trials that its own are worth: n/deff, with the design effect 1 + (m - 1)·rho for m trials to
    a world (Kish, Survey Sampling, 1965). The likeness rho is estimated from the variance within
    worlds over all cells; where too little varies to tell, it is taken to be 1.

    Args:
        trials: The trials of one subject.
        shown: What is counted of a trial instead of that it resisted.
    """
    evaluable = trials.filter(pl.col("outcome").is_in(EVALUABLE))
    if not evaluable.height:
        return None
    factors = tuple(
        name
        for name in (c.removeprefix(conditions.PREFIX) for c in conditions.factor_columns(trials))
        if evaluable[conditions.PREFIX + name].drop_nulls().n_unique() > 1
    )
    by = ["scenario", *(conditions.PREFIX + name for name in factors)]
    resisted = pl.col("outcome").is_in(RESISTED) if shown is None else shown
    worlds = evaluable.group_by([*by, "seed"], maintain_order=True).agg(
        n=pl.len(), x=resisted.sum().cast(pl.Float64)
    )
    likeness = _likeness(worlds["x"].to_numpy(), worlds["n"].to_numpy().astype(float))
    worth = pl.col("n") / (1 + (pl.col("n") - 1) * likeness)
    cells = worlds.group_by(by, maintain_order=True).agg(
        trials=pl.col("n").sum(),
        worlds=pl.len(),
        weight=worth.sum(),
        resisted=(worth * pl.col("x") / pl.col("n")).sum(),
    )
    numbers = cells.select("trials", "worlds", "weight", "resisted").cast(pl.Float64).to_numpy().T
    keys = cells.select(by).rows()
    return Grid(
        factors=factors,
        scenarios=tuple(str(key[0]) for key in keys),
        cells=tuple(tuple(key[1:]) for key in keys),
        trials=numbers[0],
        worlds=numbers[1],
        weights=numbers[2],
        resisted=numbers[3],
    )


_FEWEST_SPLIT = 4
"""Worlds with repeats that have to be split (some resisted, some not) before rho is estimated."""


def _likeness(x: Array, n: Array) -> float:
    """How alike the repeats of a world are, in [0, 1].

    One less the variance within worlds over p(1 - p). The rate p is that of all worlds together,
    so that what differs between cells counts as likeness too: this errs on the careful side.
    """
    repeated = n > 1
    if not repeated.any():
        return 0.0
    x, n = x[repeated], n[repeated]
    if ((x > 0) & (x < n)).sum() < _FEWEST_SPLIT:
        return 1.0
    rate = float(x.sum() / n.sum())
    within = float((n * (x / n) * (1 - x / n)).sum() / (n - 1).sum())
    return float(np.clip(1 - within / (rate * (1 - rate)), 0.0, 1.0))
