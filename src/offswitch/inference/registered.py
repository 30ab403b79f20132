"""Registered hypotheses, decided as they were registered.

Each hypothesis is decided for each subject by itself. All tests of one role are a family of N with
one error rate: the contrasts' p-values are adjusted among themselves and multiplied by N over their
number, each hypothesis of the package is judged at one N-th of the error rate (a Bonferroni split
between the two kinds), and simultaneous intervals have the confidence of one less the error rate
over N. A contrast is *refuted* where its interval lies below the smallest difference that matters,
*supported* where the adjusted p-value is no larger than the error rate and the difference goes the
registered way, and else *undecided*. Where a plan might stop on what it saw, no p-value holds: then
the confidence sequence of the paired difference decides, which holds whenever one stops. A change
of which the design has no two conditions that differ in nothing else is taken from all conditions
by the model of attribution, and its interval, at one less the error rate over N, decides.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from offswitch.inference.analysis import Cell
from offswitch.inference.claims import Claim, Ends, Pair, Rules, decision, level_of
from offswitch.inference.comparisons import NOTHING, Comparison, Worlds, compare
from offswitch.inference.contrasts import worlds_of
from offswitch.inference.families import adjusted
from offswitch.inference.modelled import by_model, by_verdict
from offswitch.inference.registration import RegisteredResult
from offswitch.inference.sequences import difference_sequence

if TYPE_CHECKING:
    from offswitch.inference.attribution.models import Judgement

_EMPTY = Worlds(*(np.empty(0, dtype=np.int64),) * 3)


def decide(
    observations: pl.DataFrame, cells: Sequence[Cell], claims: Sequence[Claim], rules: Rules
) -> list[RegisteredResult]:
    """Decide every claim.

    Args:
        observations: One row per trial, in the declared schema.
        cells: The cells of its analysis.
        claims: What was registered.
        rules: How it is decided.

    Returns:
        The results in the order of the claims.
    """
    worlds = worlds_of(observations, rules.outcome)
    able = {cell.key: cell.interpretable for cell in cells}
    found: dict[int, RegisteredResult] = {}
    for role in dict.fromkeys(claim.role for claim in claims):
        family = [n for n, claim in enumerate(claims) if claim.role == role]
        own = [n for n in family if claims[n].known is None and claims[n].change is None]
        found |= _contrasts({n: claims[n] for n in own}, len(family), worlds, able, rules)
        for n in family:
            if claims[n].known is not None:
                found[n] = by_verdict(observations, claims[n], len(family), rules)
            elif claims[n].change is not None:
                missing = _sides(claims[n], worlds, able).reason
                found[n] = by_model(observations, claims[n], missing, len(family), rules)
    return [found[n] for n in range(len(claims))]


def _contrasts(
    claims: Mapping[int, Claim],
    family: int,
    worlds: Mapping[str, Worlds],
    able: Mapping[str, bool],
    rules: Rules,
) -> Iterator[tuple[int, RegisteredResult]]:
    if not claims:
        return
    sides = {n: _sides(claim, worlds, able) for n, claim in claims.items()}
    compared = {
        n: compare([sides[n].both], level_of(claim, family, rules))[0]
        for n, claim in claims.items()
    }
    p = [1.0 if compared[n].p is None else float(compared[n].p or 0.0) for n in claims]
    scaled = [min(1.0, each * family / len(claims)) for each in adjusted(p, rules.correction)]
    for (n, claim), p_adjusted in zip(claims.items(), scaled, strict=True):
        yield n, _result(claim, compared[n], sides[n], p_adjusted, family, rules)


@dataclass(frozen=True, slots=True)
class _Sides:
    """The trials of a claim before and after, worlds left out, and why there are none."""

    both: tuple[Worlds, Worlds]
    left_out: int = 0
    reason: str | None = None


def _sides(claim: Claim, worlds: Mapping[str, Worlds], able: Mapping[str, bool]) -> _Sides:
    keys = [key for _, pair in claim.pairs for side in pair for key in side]
    if unable := [key for key in keys if not able.get(key, True)]:
        return _Sides((_EMPTY, _EMPTY), reason=f"it mostly could not act under {unable[0]}")
    if missing := [key for key in keys if key not in worlds]:
        return _Sides((_EMPTY, _EMPTY), reason=f"no evaluable trials under {missing[0]}")
    if len(keys) == 2:
        return _Sides((worlds[keys[0]], worlds[keys[1]]))
    return _merged(claim.pairs, worlds)


def _merged(pairs: Sequence[tuple[str, Pair]], worlds: Mapping[str, Worlds]) -> _Sides:
    """Pairs of cells together: the trials of a world in all of them, before and after.

    Of each pair only worlds count that have trials in all its cells, so that either side of a
    world holds the same conditions. A world stays one world under all conditions of its scenario.
    """
    sums: dict[tuple[str, int], list[int]] = {}
    every: set[tuple[str, int]] = set()
    for scenario, pair in pairs:
        sides = [[_by_seed(worlds[key]) for key in side] for side in pair]
        seeds = [set(cell) for side in sides for cell in side]
        every |= {(scenario, seed) for seed in set.union(*seeds)}
        for seed in set.intersection(*seeds):
            entry = sums.setdefault((scenario, seed), [0, 0, 0, 0])
            for side, own in enumerate(sides):
                for cell in own:
                    entry[2 * side] += cell[seed][0]
                    entry[2 * side + 1] += cell[seed][1]
    table = np.array([sums[key] for key in sorted(sums)], dtype=np.int64).reshape(-1, 4)
    ids = np.arange(len(table), dtype=np.int64)
    both = Worlds(ids, table[:, 0], table[:, 1]), Worlds(ids, table[:, 2], table[:, 3])
    return _Sides(both, left_out=len(every) - len(sums))


def _by_seed(cell: Worlds) -> dict[int, tuple[int, int]]:
    rows = zip(cell.seeds.tolist(), cell.shown.tolist(), cell.sizes.tolist(), strict=True)
    return {seed: (shown, size) for seed, shown, size in rows}


def _result(
    claim: Claim, found: Comparison, sides: _Sides, p: float, family: int, rules: Rules
) -> RegisteredResult:
    level = level_of(claim, family, rules)
    interval = _interval(found, sides, level, rules)
    known = bool(found.base)
    y, k, x, m = found.counts
    judged: Judgement = "not_tested"
    if known:
        judged = decision(claim, found.difference, interval, None if rules.stopped else p)
    return RegisteredResult(
        **claim.stated(family),
        judgement=judged,
        decided_by="sequence" if rules.stopped else "p",
        estimate=found.difference,
        low=interval.low,
        high=interval.high,
        level=level,
        method=interval.method,
        p=None if rules.stopped else found.p,
        p_adjusted=None if rules.stopped or found.p is None else p,
        first=(y, k) if known else None,
        second=(x, m) if known else None,
        worlds=found.worlds,
        left_out=found.left_out + sides.left_out,
        reason=interval.reason,
    )


def _interval(found: Comparison, sides: _Sides, level: float, rules: Rules) -> Ends:
    if not found.base:
        return Ends(reason=sides.reason or NOTHING)
    if not rules.stopped:
        return Ends(found.low, found.high, found.method)
    if not found.paired:
        return Ends(reason="it might stop early and worlds are not paired: no interval holds then")
    low, high, _ = difference_sequence(_differences(*sides.both), level)
    return Ends(low, high, "betting")


def _differences(first: Worlds, second: Worlds) -> list[float]:
    _, mine, theirs = np.intersect1d(
        first.seeds, second.seeds, assume_unique=True, return_indices=True
    )
    before = first.shown[mine] / first.sizes[mine]
    after = second.shown[theirs] / second.sizes[theirs]
    return [float(each) for each in after - before]
