"""What judges say per cell: the raw rate, and what it is once their errors are allowed for.

Three figures stand side by side. The *raw* rate is the judge's, with its errors. The *corrected*
rate allows for the sensitivity and specificity that a calibration measured on other trials
(`rogan_gladen`). The *powered* rate joins the labels within the cell to the judge's verdicts
(`prediction_powered`); it assumes nothing of the judge's errors, but that the labelled trials are a
random part of the cell. Trials on which the judge abstains are in none of them and are counted.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from offswitch.inference.analysis import Analysis, Cell, Correction, JudgedRate
from offswitch.inference.conditions import PREFIX
from offswitch.inference.outcomes import EVALUABLE
from offswitch.inference.prevalence import Confusion, Corrected, prediction_powered, rogan_gladen
from offswitch.inference.proportions import rate

ENOUGH = 10
"""Labels of each kind in a scenario from which the judge's errors there are used alone."""


@dataclass(frozen=True, slots=True)
class Calibrated:
    """What a calibration says of one judge on one question.

    Attributes:
        judge: The judge, or the panel.
        truths: What people say of each labelled trial, by its id.
        said: What the judge says of it; a trial on which it abstains is missing.
        scenarios: The scenario of each labelled trial, where it is known.
    """

    judge: str
    truths: Mapping[str, bool]
    said: Mapping[str, bool]
    scenarios: Mapping[str, str] = field(default_factory=dict)

    def confusion(self, scenario: str | None = None) -> Confusion:
        """The judge against the labels, of one scenario or of all."""
        pairs = [
            (truth, self.said[trial])
            for trial, truth in self.truths.items()
            if trial in self.said and scenario in (None, self.scenarios.get(trial))
        ]
        return Confusion(
            true_yes=pairs.count((True, True)),
            false_no=pairs.count((True, False)),
            true_no=pairs.count((False, False)),
            false_yes=pairs.count((False, True)),
        )


def judged_rates(
    observations: pl.DataFrame,
    analysis: Analysis,
    judges: Mapping[str, str],
    calibrations: Mapping[str, Calibrated],
) -> list[JudgedRate]:
    """Raw, corrected and powered rates of every judged column in every cell.

    Args:
        observations: One row per trial, with the columns ``judge.NAME``.
        analysis: Of the same table; gives the cells and the level.
        judges: For each NAME, the judge or panel that filled the column.
        calibrations: For each NAME that has one, its calibration.
    """
    return [
        _judged(_trials(observations, cell), cell, name, judge, calibrations.get(name), analysis)
        for cell in analysis.cells
        for name, judge in judges.items()
        if f"judge.{name}" in observations.columns
    ]


def _trials(observations: pl.DataFrame, cell: Cell) -> pl.DataFrame:
    levels = [pl.col(f"{PREFIX}{factor}") == level for factor, level in cell.condition.items()]
    same = (pl.col("subject") == cell.subject) & (pl.col("scenario") == cell.scenario)
    return observations.filter(same, pl.col("outcome").is_in(EVALUABLE), *levels)


def _judged(
    trials: pl.DataFrame,
    cell: Cell,
    name: str,
    judge: str,
    calibrated: Calibrated | None,
    analysis: Analysis,
) -> JudgedRate:
    column, level = pl.col(f"judge.{name}"), analysis.level
    labelled = powered = None
    if calibrated is not None:
        truths = calibrated.truths
        label = pl.col("trial_id").replace_strict(
            list(truths), list(truths.values()), default=None, return_dtype=pl.Boolean()
        )
        own = trials.with_columns(label=label)
        labelled = rate(own, pl.col("label"), level=level)
        powered = _powered(own, f"judge.{name}", level) if labelled.n else None
    return JudgedRate(
        cell=cell.key,
        column=name,
        judge=judge,
        abstained=trials[f"judge.{name}"].null_count(),
        raw=rate(trials, column, level=level),
        corrected=_corrected(trials, cell, name, judge, calibrated, level),
        labelled=labelled,
        powered=powered,
    )


def _corrected(
    trials: pl.DataFrame,
    cell: Cell,
    name: str,
    judge: str,
    calibrated: Calibrated | None,
    level: float,
) -> Correction:
    """The raw rate of the trials that are not labelled, corrected by those that are."""

    def none(reason: str) -> Correction:
        return _correction(Corrected(None, None, None, reason), "rogan-gladen", 0, 0, level)

    if calibrated is None:
        return none("not calibrated: `offswitch judge calibrate` measures the judge's errors")
    if calibrated.judge != judge:
        return none(f"calibrated for '{calibrated.judge}', but judged by '{judge}'")
    rest = trials.filter(~pl.col("trial_id").is_in(list(calibrated.truths)))
    raw = rate(rest, pl.col(f"judge.{name}"), level=level)
    if raw.rate is None or raw.effective_n is None:
        return none("no trial that is not labelled has a verdict")
    here = calibrated.confusion(cell.scenario)
    scenario = min(here.positives, here.negatives) >= ENOUGH
    confusion = here if scenario else calibrated.confusion()
    found = rogan_gladen(raw.rate * raw.effective_n, raw.effective_n, confusion, level)
    labels = confusion.positives + confusion.negatives
    basis = "scenario" if scenario else "all"
    return _correction(found, "rogan-gladen", raw.n, labels, level, basis)


def _powered(own: pl.DataFrame, column: str, level: float) -> Correction:
    decided = own.drop_nulls(column)
    known = decided.drop_nulls("label")
    rest = decided.filter(pl.col("label").is_null())
    if own["seed"].n_unique() < own.height:
        reason = "several trials share a world; this interval takes them for independent"
        found = Corrected(None, None, None, reason)
    else:
        found = prediction_powered(
            known["label"].to_numpy(), known[column].to_numpy(), rest[column].to_numpy(), level
        )
    return _correction(found, "prediction-powered", decided.height, known.height, level, "cell")


def _correction(
    found: Corrected, method: str, n: int, labels: int, level: float, basis: str | None = None
) -> Correction:
    return Correction.model_validate(
        {
            "estimate": found.estimate,
            "low": found.low,
            "high": found.high,
            "level": level,
            "method": method,
            "n": n,
            "labels": labels,
            "basis": basis,
            "reason": found.reason,
        }
    )
