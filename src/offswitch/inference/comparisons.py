"""Two cells, world by world: which trials are compared, and what the difference rests on.

Worlds with evaluable trials in both cells are pairs. Where cells have few worlds in common (fewer
than half of those of the smaller one), all their trials are compared as independent groups instead.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from offswitch.inference.intervals import effective_n
from offswitch.inference.paired import Limits, mcnemar, pairs, sign_flip, tango
from offswitch.inference.unpaired import fisher, miettinen_nurminen, score_test

Ints = NDArray[np.int64]
Method = Literal["tango", "tango-clustered", "miettinen-nurminen", "miettinen-nurminen-clustered"]
PMethod = Literal["mcnemar", "sign-flip", "fisher", "score"]

NOTHING = "no evaluable trials to compare"


@dataclass(frozen=True, slots=True)
class Worlds:
    """The evaluable trials of one cell, by world.

    Attributes:
        seeds: The worlds, ascending, each once.
        shown: For each, the trials that show the behaviour.
        sizes: For each, the trials, 1 or more.
    """

    seeds: Ints
    shown: Ints
    sizes: Ints


@dataclass(frozen=True, slots=True)
class Comparison:
    """What two cells say of a difference; the second minus the first.

    Attributes:
        counts: Trials that show it and trials, of the first and of the second.
        paired: Whether worlds are compared with themselves.
        worlds: How many are; 0 where unpaired.
        left_out: Worlds that have no counterpart; 0 where unpaired.
        more: Pairs in which only the second shows it; null where worlds hold several trials.
        less: Pairs in which only the first does; null likewise.
        base: What the interval is taken at: kinds of disagreement and pairs, or counts and trials.
        method: Of the interval; null where there is nothing to compare.
        p: Of no difference; null likewise.
        p_method: Of that; null likewise.
        difference: In [-1, 1]; null likewise.
        low: Lower end of the interval; null likewise.
        high: Upper end; null likewise.
    """

    counts: tuple[int, int, int, int]
    paired: bool
    worlds: int = 0
    left_out: int = 0
    more: int | None = None
    less: int | None = None
    base: tuple[float, ...] = ()
    method: Method | None = None
    p: float | None = None
    p_method: PMethod | None = None
    difference: float | None = None
    low: float | None = None
    high: float | None = None

    @property
    def effective_n(self) -> float | None:
        """Independent pairs, or trials of the second group, that it rests on."""
        if not self.base:
            return None
        return self.base[2] if self.paired else self.base[1]


def compare(sides: Sequence[tuple[Worlds, Worlds]], level: float) -> list[Comparison]:
    """The differences between the first and the second of each pair of cells.

    Args:
        sides: Pairs of cells.
        level: Confidence of the intervals, in (0, 1).
    """
    found = [_compared(first, second, level) for first, second in sides]
    return _with_limits(found, level)


def _compared(first: Worlds, second: Worlds, level: float) -> Comparison:
    common, mine, theirs = np.intersect1d(
        first.seeds, second.seeds, assume_unique=True, return_indices=True
    )
    fewer = min(first.seeds.size, second.seeds.size)
    if fewer == 0:
        return Comparison(_totals(first, second), paired=False)
    if 2 * common.size < fewer:
        return _independent(first, second, level)
    left_out = first.seeds.size + second.seeds.size - 2 * common.size
    return replace(_pairs(_only(first, mine), _only(second, theirs), level), left_out=left_out)


def _only(cell: Worlds, places: NDArray[np.intp]) -> Worlds:
    return Worlds(cell.seeds[places], cell.shown[places], cell.sizes[places])


def _totals(first: Worlds, second: Worlds) -> tuple[int, int, int, int]:
    arrays = (first.shown, first.sizes, second.shown, second.sizes)
    return tuple(int(a.sum()) for a in arrays)  # type: ignore[return-value]  # four of them


def _pairs(first: Worlds, second: Worlds, level: float) -> Comparison:
    arrays = (first.shown, first.sizes, second.shown, second.sizes)
    found = pairs(*arrays, level=level)
    single = bool((first.sizes == 1).all() and (second.sizes == 1).all())
    more, less = (round(found.more), round(found.less)) if single else (None, None)
    return Comparison(
        counts=_totals(first, second),
        paired=True,
        worlds=found.worlds,
        more=more,
        less=less,
        base=(found.more, found.less, found.n),
        method="tango" if single else "tango-clustered",
        p=sign_flip(*arrays) if more is None or less is None else mcnemar(more, less),
        p_method="mcnemar" if single else "sign-flip",
        difference=float((second.shown / second.sizes - first.shown / first.sizes).mean()),
    )


def _independent(first: Worlds, second: Worlds, level: float) -> Comparison:
    y, k, x, m = _totals(first, second)
    single = bool((first.sizes == 1).all() and (second.sizes == 1).all())
    own = m if single else effective_n(second.shown, second.sizes, level)
    other = k if single else effective_n(first.shown, first.sizes, level)
    base = (x / m * own, float(own), y / k * other, float(other))
    return Comparison(
        counts=(y, k, x, m),
        paired=False,
        base=base,
        method="miettinen-nurminen" if single else "miettinen-nurminen-clustered",
        p=fisher(x, m, y, k) if single else score_test(*base),
        p_method="fisher" if single else "score",
        difference=x / m - y / k,
    )


def _with_limits(found: list[Comparison], level: float) -> list[Comparison]:
    """The same with their intervals; all are found at once, which is much faster."""
    for paired in (True, False):
        places = [i for i, each in enumerate(found) if each.base and each.paired == paired]
        if places:
            low, high = _limits(np.array([found[i].base for i in places]), level, paired=paired)
            for i, a, b in zip(places, low, high, strict=True):
                found[i] = replace(found[i], low=float(a), high=float(b))
    return found


def _limits(bases: NDArray[np.float64], level: float, *, paired: bool) -> Limits:
    if paired:
        return tango(bases[:, 0], bases[:, 1], bases[:, 2], level)
    return miettinen_nurminen(bases[:, 0], bases[:, 1], bases[:, 2], bases[:, 3], level)
