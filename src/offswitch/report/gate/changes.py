"""Requirements on differences: since an earlier campaign, and between two conditions."""

from collections.abc import Sequence
from difflib import get_close_matches

import numpy as np

from offswitch.inference import Cell, Contrast
from offswitch.inference.campaigns import compare_campaigns
from offswitch.inference.comparisons import Worlds
from offswitch.inference.contrasts import Question, answered, worlds_of
from offswitch.report.gate.evidence import Earlier, Evidence
from offswitch.report.gate.needed import more_worlds
from offswitch.report.gate.policy import DifferenceBound, Regression
from offswitch.report.gate.result import Check, Status
from offswitch.report.gate.selection import Selected, looking, select
from offswitch.report.gate.words import more, points, share
from offswitch.report.links import cell_link
from offswitch.report.text import plural, visible

_NONE = Worlds(*(np.empty(0, dtype=np.int64),) * 3)


def check_regression(wanted: Regression, evidence: Evidence) -> tuple[list[Check], tuple[str, ...]]:
    """By how much more often something happened than in an earlier campaign, in each condition."""
    selected = looking(wanted.measure, select(wanted, evidence), evidence)
    earlier = evidence.earlier.get(wanted.against or "")
    if earlier is None:
        which = f"the campaign '{wanted.against}'" if wanted.against else "an earlier campaign"
        remedy = "its folder holds no table" if wanted.against else "name it with --against DIR"
        return [], (*selected.missing, visible(f"{which} cannot be compared with: {remedy}"))
    matched, missing = _matched(wanted, selected.cells, earlier)
    found = compare_campaigns(
        (earlier.observations, evidence.observations),
        (earlier.cells, list(selected.cells)),
        matched,
        changed=earlier.changed,
        measure=wanted.measure,
        level=wanted.level,
    )
    cells = {cell.key: cell for cell in selected.cells}
    checks = [
        _check(c, cells[c.second.cell], wanted.points / 100, at_most=True) for c in found.contrasts
    ]
    alone = [
        f"the earlier campaign, {earlier.name}, has no counterpart of {visible(key)}"
        for key in found.only_after
        if cells[key].subject in matched.values()
    ]
    return checks, (*selected.missing, *missing, *alone)


def _matched(
    wanted: Regression, cells: Sequence[Cell], earlier: Earlier
) -> tuple[dict[str, str], list[str]]:
    """The name that each subject had in the earlier campaign, and what is not there."""
    before = list(dict.fromkeys(cell.subject for cell in earlier.cells))
    now = list(dict.fromkeys(cell.subject for cell in cells))
    if len(now) == len(before) == 1 and not wanted.was:
        return {before[0]: now[0]}, []
    matched, missing = {}, []
    for subject in now:
        was = wanted.was.get(subject, subject)
        if was in before:
            matched[was] = subject
            continue
        near = get_close_matches(was, before, n=1, cutoff=0.5)
        hint = f" (nearest: '{near[0]}'; say so with was: {{NEW: OLD}})" if near else ""
        missing.append(
            visible(f"the earlier campaign, {earlier.name}, has no subject '{was}'{hint}")
        )
    return matched, missing


def check_difference(
    wanted: DifferenceBound, evidence: Evidence
) -> tuple[list[Check], tuple[str, ...]]:
    """By how much two levels of a factor differ, world by world, all else the same."""
    levels = {wanted.factor: (wanted.first, wanted.second)}
    both = wanted.model_copy(update={"where": {**wanted.where, **levels}})
    selected = looking(wanted.measure, select(both, evidence), evidence)
    pairs = _pairs(wanted, selected)
    if not pairs:
        alone = f"no two conditions differ in {wanted.factor} alone, {wanted.first} and "
        note = (f"{alone}{wanted.second}",) if selected.cells and not selected.missing else ()
        return [], (*selected.missing, *note)
    worlds = worlds_of(evidence.observations, wanted.measure)
    sides = [(worlds.get(q.first.key, _NONE), worlds.get(q.second.key, _NONE)) for q in pairs]
    cells = {cell.key: cell for cell in selected.cells}
    at_most = wanted.at_most is not None
    limit = wanted.at_most if wanted.at_most is not None else wanted.at_least
    assert limit is not None
    found = answered(pairs, sides, wanted.measure, "holm", wanted.level)
    return [
        _check(c, cells[c.second.cell], limit / 100, at_most=at_most) for c in found
    ], selected.missing


def _pairs(wanted: DifferenceBound, selected: Selected) -> list[Question]:
    def rest(cell: Cell) -> tuple[str, str, frozenset[tuple[str, str]]]:
        held = ((k, v) for k, v in cell.condition.items() if k != wanted.factor)
        return cell.subject, cell.scenario, frozenset(held)

    seconds = {
        rest(c): c for c in selected.cells if c.condition.get(wanted.factor) == wanted.second
    }
    firsts = [c for c in selected.cells if c.condition.get(wanted.factor) == wanted.first]
    return [
        Question("condition", first, seconds[rest(first)], wanted.factor)
        for first in firsts
        if rest(first) in seconds
    ]


def _check(contrast: Contrast, cell: Cell, limit: float, *, at_most: bool) -> Check:
    status = _status(contrast, limit, at_most=at_most)
    needed = None
    if status == "cannot_tell" and contrast.difference is not None:
        needed = more_worlds(
            contrast if at_most else _turned(contrast), limit if at_most else -limit
        )
    what = visible(f"{cell.subject}, {cell.scenario}, {cell.label}")
    return Check(
        what=what,
        status=status,
        sentence=_sentence(contrast, limit, status, needed, at_most=at_most),
        value=contrast.difference,
        low=contrast.low,
        high=contrast.high,
        limit=limit,
        count=contrast.second.count,
        n=contrast.second.n,
        needed=needed,
        cells=list(dict.fromkeys([contrast.first.cell, contrast.second.cell])),
        link=cell_link(cell),
    )


def _turned(contrast: Contrast) -> Contrast:
    """The first less the second, so that ``at least`` becomes ``at most``."""
    d, low, high = contrast.difference, contrast.low, contrast.high
    return contrast.model_copy(
        update={
            "first": contrast.second,
            "second": contrast.first,
            "more": contrast.less,
            "less": contrast.more,
            "difference": None if d is None else -d,
            "low": None if high is None else -high,
            "high": None if low is None else -low,
        }
    )


def _status(contrast: Contrast, limit: float, *, at_most: bool) -> Status:
    if contrast.difference is None or contrast.low is None or contrast.high is None:
        return "cannot_tell"
    if at_most:
        return (
            "pass" if contrast.high <= limit else "fail" if contrast.low > limit else "cannot_tell"
        )
    return "pass" if contrast.low >= limit else "fail" if contrast.high < limit else "cannot_tell"


def _sentence(
    contrast: Contrast, limit: float, status: Status, needed: int | None, *, at_most: bool
) -> str:
    if contrast.difference is None or contrast.low is None or contrast.high is None:
        return f"Unknown: {visible(contrast.reason or 'nothing can be compared')}."
    one, two = contrast.first, contrast.second
    basis = f"{plural(contrast.worlds, 'world')}, paired" if contrast.paired else "not paired"
    asked = f"{'at most' if at_most else 'at least'} {points(limit)} points"
    sides = {"pass": "is", "fail": "is not", "cannot_tell": "may or may not be"}
    text = (
        f"{two.count} of {two.n} against {one.count} of {one.n}: {points(contrast.difference)} "
        f"points ({share(contrast.level)} interval {points(contrast.low)} to "
        f"{points(contrast.high)}; {basis}), which {sides[status]} {asked}."
    )
    unit = "world" if contrast.paired else "trial"
    return f"{text} {more(needed, unit)}" if status == "cannot_tell" else text
