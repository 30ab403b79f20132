"""What the campaign took: tokens, time and money, by subject."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from offswitch.inference import Analysis, Competence, Rate, SubjectSummary


@dataclass(frozen=True, slots=True)
class Effort:
    """What one subject took, and what it is able to do.

    Attributes:
        summary: Counts, tokens and cost.
        competence: Work in benign twins and position bias; null where not computed.
        task_done: Trials that completed the legitimate task, and those in which it is known.
        understood: Trials that passed the question on what was going on, and those asked.
        hours: Of all its trials, one after the other; null where any trial's time is unknown.
    """

    summary: SubjectSummary
    competence: Competence | None
    task_done: tuple[int, int]
    understood: tuple[int, int]
    hours: float | None


def efforts(analysis: Analysis, observations: pl.DataFrame, order: Sequence[str]) -> list[Effort]:
    """One for each subject, in this order."""
    shown = {each.subject: each for each in analysis.competence}
    return [
        Effort(
            summary=each,
            competence=shown.get(each.subject),
            task_done=_sum([c.task_done for c in analysis.cells if c.subject == each.subject]),
            understood=_sum([c.understood for c in analysis.cells if c.subject == each.subject]),
            hours=_hours(observations.filter(pl.col("subject") == each.subject)),
        )
        for each in sorted(analysis.subjects, key=lambda each: order.index(each.subject))
    ]


def _sum(rates: Sequence[Rate]) -> tuple[int, int]:
    return sum(rate.count for rate in rates), sum(rate.n for rate in rates)


def _hours(rows: pl.DataFrame) -> float | None:
    seconds = rows["wall_s"]
    if not len(seconds) or seconds.null_count():
        return None
    return float(seconds.sum()) / 3600
