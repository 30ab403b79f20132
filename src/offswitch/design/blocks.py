"""Blocks: which cells meet in which world, and in what order.

A world is a block: conditions are compared on the same worlds. Where every world cannot hold every
cell, each gets some of them, in balance: cells meet equally many worlds, as far as numbers allow,
and any two cells meet equally often in one world. Source: W. G. Cochran and G. M. Cox,
Experimental Designs (2nd edition, 1957), chapter 11; where no balanced design exists, cells are
exchanged between worlds as long as that brings the numbers of meetings closer together (J. A. John
and E. R. Williams, Cyclic and Computer Generated Designs, 1995).
"""

import hashlib
from collections.abc import Sequence
from functools import cache
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from offswitch._errors import UsageError

Item = TypeVar("Item")
Table = NDArray[np.int64]

_TRIES = 8_000


@cache
def allocate(cells: int, worlds: int, per_world: int, seed: int = 1) -> tuple[tuple[int, ...], ...]:
    """Incomplete blocks in balance.

    Args:
        cells: How many there are.
        worlds: How many there are.
        per_world: Cells that each world gets, at least 2 and less than all for it to matter.
        seed: Of the exchanges.

    Returns:
        For each world the positions of its cells, ascending. How many worlds a cell meets differs
        by one at most.

    Raises:
        UsageError: A world has fewer than two cells, or some cell would meet no world.
    """
    if per_world < 2:
        raise UsageError(
            f"the design: per_world is {per_world}; nothing is compared within a world that has "
            "one cell. Write 2 or more, and fewer worlds if trials are too many"
        )
    if per_world >= cells:
        return (tuple(range(cells)),) * worlds
    if per_world * worlds < cells:
        raise UsageError(
            f"the design: {worlds} worlds with {per_world} of {cells} cells each leave some cell "
            f"without a world; write worlds: {-(-cells // per_world)} or more"
        )
    table = _dealt(cells, worlds, per_world, np.random.default_rng(seed))
    _balance(table, np.random.default_rng(seed))
    return tuple(tuple(int(c) for c in np.flatnonzero(row)) for row in table)


def _dealt(cells: int, worlds: int, per_world: int, rng: np.random.Generator) -> Table:
    """Each world gets those cells that have met fewest worlds, at random among equals."""
    table = np.zeros((worlds, cells), dtype=np.int64)
    for row in table:
        met = table.sum(axis=0) + rng.random(cells)
        row[np.argsort(met)[:per_world]] = 1
    return table


def _balance(table: Table, rng: np.random.Generator) -> None:
    """Exchange cells between worlds while that brings the numbers of meetings closer together.

    Where cell a leaves one world for another and b comes back, the sum of squared meetings changes
    by twice d·(m(a) - m(b) + d), with d what else is in the other world but not in this one.
    """
    meetings = table.T @ table
    for one, two in rng.integers(0, len(table), (_TRIES, 2)):
        apart = table[one] - table[two]
        mine, theirs = np.flatnonzero(apart > 0), np.flatnonzero(apart < 0)
        if not mine.size:
            continue
        a, b = mine[rng.integers(mine.size)], theirs[rng.integers(theirs.size)]
        others = -apart
        others[[a, b]] = 0
        if others @ (meetings[a] - meetings[b] + others) < 0:
            meetings[a] += others
            meetings[:, a] += others
            meetings[b] -= others
            meetings[:, b] -= others
            table[one, [a, b]] = 0, 1
            table[two, [a, b]] = 1, 0


def shuffled(items: Sequence[Item], *names: object) -> list[Item]:
    """The items in an order that is random, and the same for the same names.

    Args:
        items: What to put in order.
        *names: Names of the draw, such as a seed, a subject and a world.
    """
    text = "\0".join(str(name) for name in names)
    digest = hashlib.sha256(text.encode()).digest()
    order = np.random.default_rng(int.from_bytes(digest[:8], "big")).permutation(len(items))
    return [items[place] for place in order]
