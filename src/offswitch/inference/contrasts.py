"""Contrasts: what changes how often a subject resists, with an interval and a corrected p-value.

*Conditions*: cells of one subject that differ in exactly one factor. *Subjects*: cells of one
condition. *Campaigns*: the same cell, run twice. The same seed gives the same world under all of
them, so that worlds are compared with themselves. Every contrast of one kind in one scenario is of
one family, whose p-values are adjusted together; intervals are not adjusted.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import Literal, cast, get_args

import numpy as np
import polars as pl

from offswitch._errors import unknown
from offswitch.design.ladders import Ladders, steps_of
from offswitch.inference import conditions
from offswitch.inference.analysis import Cell, Contrast, Side
from offswitch.inference.comparisons import NOTHING, Comparison, Worlds, compare
from offswitch.inference.families import Correction, adjusted
from offswitch.inference.outcomes import EVALUABLE, RESISTED

Kind = Literal["condition", "subject", "campaign"]
Choice = Literal["baseline", "all", "adjacent"]

NONE = "none"
"""Level of a factor that the others are compared with, where it is there."""
FAMILIES: Mapping[Kind, str] = {
    "condition": "conditions of {}",
    "subject": "subjects in {}",
    "campaign": "campaigns in {}",
}
_EMPTY = Worlds(*(np.empty(0, dtype=np.int64),) * 3)


@dataclass(frozen=True, slots=True)
class Question:
    """Two cells to compare.

    Attributes:
        kind: What differs.
        first: The cell that is compared with.
        second: The other.
        factor: The factor that differs; null where it is none.
    """

    kind: Kind
    first: Cell
    second: Cell
    factor: str | None = None


def choice_named(name: str) -> Choice:
    """The choice of levels to compare of that name.

    Raises:
        UsageError: There is none; the message lists those that exist.
    """
    if name not in get_args(Choice):
        raise unknown("choice of pairs", name, get_args(Choice))
    return cast("Choice", name)


def contrasts(
    observations: pl.DataFrame,
    cells: Sequence[Cell],
    *,
    measure: str = "resisted",
    choice: Choice = "baseline",
    ladders: Ladders | None = None,
    correction: Correction = "holm",
    level: float = 0.95,
) -> list[Contrast]:
    """All contrasts between conditions and between subjects of one campaign.

    Args:
        observations: One row per trial, in the declared schema.
        cells: The cells of its analysis.
        measure: ``resisted``, ``succeeded`` or the name of a behaviour.
        choice: Whether each level of a factor is compared with ``none``, or where that is missing
            with the level that appears first, or every level with every other, or with the one
            that appears before it (``adjacent``).
        ladders: By scenario, factors whose levels are compared with the one before, in the order
            that is named here, whatever the choice; those of `offswitch.design.ladders`.
        correction: How p-values are adjusted within a family.
        level: Confidence of the intervals, in (0, 1).

    Returns:
        The most certain first.
    """
    questions = [*_conditions(cells, choice, ladders or {}), *_subjects(cells)]
    worlds = worlds_of(observations, measure)
    sides = [(worlds.get(q.first.key, _EMPTY), worlds.get(q.second.key, _EMPTY)) for q in questions]
    return answered(questions, sides, measure, correction, level)


def _conditions(cells: Sequence[Cell], choice: Choice, ladders: Ladders) -> Iterator[Question]:
    groups: dict[tuple[str, str], list[Cell]] = {}
    for cell in cells:
        groups.setdefault((cell.scenario, cell.subject), []).append(cell)
    for (scenario, _), own in groups.items():
        steps = steps_of(ladders, scenario)
        by_condition = {frozenset(cell.condition.items()): cell for cell in own}
        for factor in sorted({name for cell in own for name in cell.condition}):
            levels = list(dict.fromkeys(c.condition.get(factor) for c in own))
            for first, second in _chosen(levels, choice, steps.get(factor, ())):
                for cell in own:
                    if cell.condition.get(factor) != first:
                        continue
                    changed = {k: v for k, v in cell.condition.items() if k != factor}
                    if second is not None:
                        changed[factor] = second
                    other = by_condition.get(frozenset(changed.items()))
                    if other is not None:
                        yield Question("condition", cell, other, factor)


def _chosen(
    levels: Sequence[str | None], choice: Choice, steps: Sequence[str]
) -> Iterable[tuple[str | None, str | None]]:
    """Pairs of levels to compare; to lack a factor (null) is a level too, and a baseline."""
    climbed = [level for level in steps if level in levels]
    if climbed:
        others = [level for level in levels if level not in steps]
        return [*pairwise(climbed), *((climbed[0], level) for level in others)]
    if choice == "all":
        return combinations(levels, 2)
    if choice == "adjacent":
        return pairwise(levels)
    base = NONE if NONE in levels else None if None in levels else levels[0]
    return [(base, level) for level in levels if level != base]


def _subjects(cells: Sequence[Cell]) -> Iterator[Question]:
    groups: dict[tuple[str, frozenset[tuple[str, str]]], list[Cell]] = {}
    for cell in cells:
        groups.setdefault((cell.scenario, frozenset(cell.condition.items())), []).append(cell)
    for own in groups.values():
        for first, second in combinations(own, 2):
            yield Question("subject", first, second)


def worlds_of(observations: pl.DataFrame, measure: str = "resisted") -> dict[str, Worlds]:
    """The evaluable trials of each cell by world; a cell without any is missing.

    Args:
        observations: One row per trial.
        measure: ``resisted``, ``succeeded`` or the name of a behaviour.
    """
    factors = conditions.factor_columns(observations)
    by = ["scenario", "subject", *factors]
    evaluable = observations.filter(pl.col("outcome").is_in(EVALUABLE))
    grouped = (
        evaluable.group_by([*by, "seed"])
        .agg(shown_by(measure).sum().cast(pl.Int64).alias("shown"), pl.len().cast(pl.Int64))
        .sort("seed")
    )
    found = {}
    for values, rows in grouped.group_by(by):
        scenario, subject, *levels = values
        names = (name.removeprefix(conditions.PREFIX) for name in factors)
        condition = {n: str(v) for n, v in zip(names, levels, strict=True) if v is not None}
        key = conditions.cell_key(str(subject), str(scenario), condition)
        found[key] = Worlds(*(rows[c].to_numpy() for c in ("seed", "shown", "len")))
    return found


def shown_by(measure: str) -> pl.Expr:
    """Whether a trial showed it: ``resisted``, ``succeeded`` or the name of a behaviour."""
    if measure == "resisted":
        return pl.col("outcome").is_in(RESISTED)
    if measure == "succeeded":
        return pl.col("outcome") == "succeeded"
    return pl.col("behaviours").list.contains(measure)


def answered(
    questions: Sequence[Question],
    sides: Sequence[tuple[Worlds, Worlds]],
    measure: str,
    correction: Correction,
    level: float,
) -> list[Contrast]:
    """The contrasts that answer questions, with p-values adjusted by family.

    Args:
        questions: What to compare.
        sides: For each, the trials of its first and of its second cell.
        measure: What they were counted for.
        correction: How p-values are adjusted.
        level: Confidence of the intervals, in (0, 1).
    """
    usable = [_usable(q, pair) for q, pair in zip(questions, sides, strict=True)]
    found = [
        _contrast(question, comparison, measure, correction, level)
        for question, comparison in zip(questions, compare(usable, level), strict=True)
    ]
    return sorted(_adjusted(found, correction), key=_order)


def _usable(question: Question, sides: tuple[Worlds, Worlds]) -> tuple[Worlds, Worlds]:
    """Nothing of cells whose subject mostly could not act: their rates are not interpreted."""
    return sides if not _unable(question) else (_EMPTY, _EMPTY)


def _unable(question: Question) -> list[str]:
    cells = (question.first, question.second)
    return list(dict.fromkeys(c.subject for c in cells if not c.interpretable))


def _contrast(
    question: Question, found: Comparison, measure: str, correction: Correction, level: float
) -> Contrast:
    first, second, factor = question.first, question.second, question.factor
    y, k, x, m = found.counts
    return Contrast(
        kind=question.kind,
        family=FAMILIES[question.kind].format(first.scenario),
        measure=measure,
        scenario=first.scenario,
        factor=factor,
        held={name: value for name, value in first.condition.items() if name != factor},
        first=_side(first, factor, y, k),
        second=_side(second, factor, x, m),
        paired=found.paired,
        worlds=found.worlds,
        left_out=found.left_out,
        more=found.more,
        less=found.less,
        effective_n=found.effective_n,
        difference=found.difference,
        low=found.low,
        high=found.high,
        level=level,
        method=found.method,
        p=found.p,
        p_method=found.p_method,
        p_adjusted=None,
        correction=correction,
        reason=None if found.base else _reason(question),
    )


def _side(cell: Cell, factor: str | None, count: int, n: int) -> Side:
    level = cell.condition.get(factor) if factor else None
    return Side(cell=cell.key, subject=cell.subject, level=level, count=count, n=n)


def _reason(question: Question) -> str:
    unable = _unable(question)
    return f"{' and '.join(unable)} mostly could not act" if unable else NOTHING


def _adjusted(found: Sequence[Contrast], correction: Correction) -> Iterator[Contrast]:
    families: dict[str, list[Contrast]] = {}
    for each in found:
        families.setdefault(each.family, []).append(each)
    for own in families.values():
        values = [each.p for each in own if each.p is not None]
        new = iter(adjusted(values, correction))
        for each in own:
            yield each if each.p is None else each.model_copy(update={"p_adjusted": next(new)})


def _order(contrast: Contrast) -> tuple[bool, float, float]:
    """The most certain first, then the largest; those without an answer last."""
    size = abs(contrast.difference or 0.0)
    return contrast.p_adjusted is None, contrast.p_adjusted or 0.0, -size
