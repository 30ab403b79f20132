"""From the table of observations to rates with honest intervals: pure functions, no Inspect."""

from offswitch.inference.analysis import (
    Analysis,
    Cell,
    Competence,
    Counts,
    FailureReason,
    JudgedRate,
    Rate,
    ScenarioSummary,
    SubjectSummary,
)
from offswitch.inference.intervals import Interval, clopper_pearson, korn_graubard
from offswitch.inference.rates import analyse

__all__ = [
    "Analysis",
    "Cell",
    "Competence",
    "Counts",
    "FailureReason",
    "Interval",
    "JudgedRate",
    "Rate",
    "ScenarioSummary",
    "SubjectSummary",
    "analyse",
    "clopper_pearson",
    "korn_graubard",
]
