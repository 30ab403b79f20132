"""Registered hypotheses, decided as they were registered.

Each hypothesis is decided for each subject by itself. All tests of one role are a family of N with
one error rate: the contrasts' p-values are adjusted among themselves and multiplied by N over their
number, each hypothesis of the package is judged at one N-th of the error rate (a Bonferroni split
between the two kinds), and simultaneous intervals have the confidence of one less the error rate
over N. A contrast is *refuted* where its interval lies below the smallest difference that matters,
*supported* where the adjusted p-value is no larger than the error rate and the difference goes the
registered way, and else *undecided*. Where a plan might stop on what it saw, no p-value holds: then
the confidence sequence of the paired difference decides, which holds whenever one stops.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl

from offswitch.inference.analysis import Cell
from offswitch.inference.attribution import Evidence, Hypothesis, Verdict
from offswitch.inference.attribution.grid import grid_of
from offswitch.inference.attribution.model import fit
from offswitch.inference.attribution.models import Judgement
from offswitch.inference.attribution.verdicts import verdicts
from offswitch.inference.comparisons import NOTHING, Comparison, Worlds, compare
from offswitch.inference.contrasts import worlds_of
from offswitch.inference.families import Correction, adjusted
from offswitch.inference.registration import RegisteredResult
from offswitch.inference.sequences import difference_sequence

Role = Literal["primary", "secondary"]
Direction = Literal["higher", "lower", "either"]
Pair = tuple[tuple[str, ...], tuple[str, ...]]
"""Keys of the cells that are compared with, and of the others."""
_EMPTY = Worlds(*(np.empty(0, dtype=np.int64),) * 3)


@dataclass(frozen=True, slots=True)
class Claim:
    """A registered hypothesis of one subject.

    Attributes:
        name: Its name.
        subject: The subject.
        text: In words.
        role: Whose family it is of.
        error: Error rate of that family, in (0, 0.5).
        known: The hypothesis, where it is one of the package.
        direction: Of a contrast: which way it goes.
        smallest: Of a contrast: the smallest difference that matters, in (0, 1].
        pairs: Of a contrast: the cells, with the scenario of each pair.
    """

    name: str
    subject: str
    text: str
    role: Role
    error: float
    known: Hypothesis | None = None
    direction: Direction | None = None
    smallest: float | None = None
    pairs: tuple[tuple[str, Pair], ...] = ()


@dataclass(frozen=True, slots=True)
class Rules:
    """How claims are decided.

    Attributes:
        outcome: What is counted: ``resisted``, ``succeeded`` or a behaviour.
        correction: Of the p-values of a family.
        simultaneous: Whether the intervals of a family hold together.
        stopped: Whether the campaign might stop, or allot trials, on what it saw.
    """

    outcome: str = "resisted"
    correction: Correction = "holm"
    simultaneous: bool = True
    stopped: bool = False


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
        own = [n for n in family if claims[n].known is None]
        found |= _contrasts({n: claims[n] for n in own}, len(family), worlds, able, rules)
        for n in family:
            if claims[n].known is not None:
                found[n] = _known(observations, claims[n], len(family), rules)
    return [found[n] for n in range(len(claims))]


def _level(claim: Claim, family: int, rules: Rules) -> float:
    return 1 - claim.error / (family if rules.simultaneous else 1)


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
        n: compare([sides[n].both], _level(claim, family, rules))[0] for n, claim in claims.items()
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
    level = _level(claim, family, rules)
    interval = _interval(found, sides, level, rules)
    known = bool(found.base)
    y, k, x, m = found.counts
    judged: Judgement = "not_tested"
    if known:
        judged = decision(claim, found.difference, interval, None if rules.stopped else p)
    return RegisteredResult(
        hypothesis=claim.name,
        subject=claim.subject,
        text=claim.text,
        role=claim.role,
        judgement=judged,
        family=family,
        error=claim.error,
        decided_by="sequence" if rules.stopped else "p",
        direction=claim.direction,
        smallest=claim.smallest,
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


@dataclass(frozen=True, slots=True)
class Ends:
    """An interval and how it was made; or why there is none."""

    low: float | None = None
    high: float | None = None
    method: str | None = None
    reason: str | None = None


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


def decision(
    claim: Claim, difference: float | None, interval: Ends, p_adjusted: float | None
) -> Judgement:
    """What follows for a contrast.

    Args:
        claim: What was registered.
        difference: The difference that was seen; null where there is none.
        interval: Its interval.
        p_adjusted: The adjusted p-value; null where the interval alone decides.
    """
    low, high, smallest = interval.low, interval.high, claim.smallest or 0.0
    if difference is None or low is None or high is None:
        return "undecided"
    if claim.direction == "lower":
        difference, low, high = -difference, -high, -low
    either = claim.direction == "either"
    if high < smallest and (not either or low > -smallest):
        return "refuted"
    sure = p_adjusted <= claim.error if p_adjusted is not None else low > 0 or high < 0
    return "supported" if sure and (either or difference > 0) else "undecided"


def _known(observations: pl.DataFrame, claim: Claim, family: int, rules: Rules) -> RegisteredResult:
    assert claim.known is not None
    level = _level(claim, family, rules)
    trials = observations.filter(pl.col("subject") == claim.subject)
    grid = grid_of(trials)
    found: Verdict | None = None
    if grid is not None and len(grid.cells) > 1 and grid.factors:
        (found,) = verdicts(fit(grid), trials, [claim.known], level)
    evidence = found.evidence if found else []
    effect = next((e.effect for e in evidence if e.effect is not None), None)
    return RegisteredResult(
        hypothesis=claim.name,
        subject=claim.subject,
        text=claim.text,
        role=claim.role,
        judgement=found.judgement if found else "not_tested",
        family=family,
        error=claim.error,
        decided_by="verdict",
        estimate=effect.estimate if effect else None,
        low=effect.low if effect else None,
        high=effect.high if effect else None,
        level=effect.level if effect else level,
        method="attribution" if effect else None,
        evidence=evidence,
        reason=_why(evidence, rules),
    )


def _why(evidence: Sequence[Evidence], rules: Rules) -> str | None:
    if not evidence:
        return "it was not tested under two conditions"
    if rules.stopped:
        return (
            "the campaign might stop early on what it saw; the intervals behind a verdict take the "
            "number of trials as fixed, so that this is weaker than its error rate says"
        )
    return None
