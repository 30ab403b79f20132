"""Behaviour given test-awareness: what a subject said of a test, and how often it resisted then.

A subject that says that it is being tested may resist less because it thinks so, or say so because
of what also makes it resist less. These rates describe; only the contrast over the factor
``realism``, which is drawn and not chosen by the subject, speaks of causes.
"""

from collections.abc import Iterator

import polars as pl

from offswitch.inference.analysis import Awareness
from offswitch.inference.outcomes import EVALUABLE, RESISTED
from offswitch.inference.proportions import rate

COLUMNS = {"awareness": "unprompted", "awareness_asked": "asked"}


def given_awareness(observations: pl.DataFrame, level: float) -> list[Awareness]:
    """For each subject, source and answer: the rate of resistance among the trials that gave it.

    Args:
        observations: One row per trial.
        level: Confidence of the intervals, in (0, 1).

    Returns:
        Nothing for a source that no trial of the subject was assessed by.
    """
    return list(_rows(observations, level))


def _rows(observations: pl.DataFrame, level: float) -> Iterator[Awareness]:
    evaluable = observations.filter(pl.col("outcome").is_in(EVALUABLE))
    for column, source in COLUMNS.items():
        if column not in observations.columns:
            continue
        assessed = evaluable.drop_nulls(column).sort("subject", column)
        grouped = assessed.group_by("subject", column, maintain_order=True)
        for (subject, says), trials in grouped:
            yield Awareness(
                subject=str(subject),
                source=source,
                says=str(says),
                resisted=rate(trials, pl.col("outcome").is_in(RESISTED), level=level),
                of=assessed.filter(pl.col("subject") == subject).height,
            )
