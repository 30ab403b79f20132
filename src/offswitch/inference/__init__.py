"""From the table of observations to rates with honest intervals: pure functions, no Inspect."""

from offswitch.inference.analysis import (
    Analysis,
    Cell,
    Competence,
    Contrast,
    Counts,
    Difference,
    FailureReason,
    JudgedRate,
    PooledRate,
    Rate,
    ScenarioSummary,
    Side,
    SubjectSummary,
)
from offswitch.inference.differences import MeanDifference, mean_difference
from offswitch.inference.intervals import Interval, clopper_pearson, jeffreys, korn_graubard
from offswitch.inference.rates import analyse

__all__ = [
    "Analysis",
    "Cell",
    "Competence",
    "Contrast",
    "Counts",
    "Difference",
    "FailureReason",
    "Interval",
    "JudgedRate",
    "MeanDifference",
    "PooledRate",
    "Rate",
    "ScenarioSummary",
    "Side",
    "SubjectSummary",
    "analyse",
    "clopper_pearson",
    "jeffreys",
    "korn_graubard",
    "mean_difference",
]
