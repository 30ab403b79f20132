"""Judges against people: how often a judge is right, and how far judges and raters agree.

The models are written to ``calibration.json`` and read from it. Null means unknown: a sensitivity
without a trial that is labelled yes is null, and so is its interval.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Literal

from inspect_ai.scorer import SampleScore, Score, krippendorff_alpha
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from offswitch._errors import UsageError
from offswitch.evidence.judges.rubric import Rubric
from offswitch.evidence.judges.verdict import Verdict
from offswitch.evidence.labels import Truth
from offswitch.inference import clopper_pearson
from offswitch.inference.judged import Calibrated
from offswitch.inference.prevalence import Confusion


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Share(_Frozen):
    """A share with its exact 95% interval (Clopper and Pearson, 1934)."""

    count: int
    n: int
    value: float | None = Field(description="count / n; null where n is 0.")
    low: float | None
    high: float | None


class Against(_Frozen):
    """A judge against the labels of some trials: one question of yes or no."""

    true_yes: int
    false_no: int
    true_no: int
    false_yes: int
    sensitivity: Share = Field(description="Judged yes, among those labelled yes.")
    specificity: Share = Field(description="Judged no, among those labelled no.")
    kappa: float | None = Field(
        description="Cohen's kappa of judge and labels; null where both always say the same."
    )


class ColumnCalibration(_Frozen):
    """One judge on one question of yes or no."""

    column: str = Field(description="NAME of the column `judge.NAME`.")
    judge: str = Field(description="The judge, or the panel.")
    overall: Against
    by_scenario: dict[str, Against]
    truths: dict[str, bool] = Field(description="The settled label of each trial.")
    said: dict[str, bool] = Field(description="The judge's verdict, where it gave one.")


class RubricCalibration(_Frozen):
    """All judges on one rubric."""

    rubric: str
    rubric_digest: str = Field(description="SHA-256 of its text: another text is another question.")
    behaviour: str | None = Field(description="The behaviour that it asks for, if it asks for one.")
    raters: list[str]
    labelled: int = Field(description="Trials with a settled label and a transcript.")
    left_out: dict[str, int] = Field(
        description="Trials that were not used: `disagreed`, `unclear`, `no_transcript`."
    )
    raters_alpha: float | None = Field(description="Krippendorff's alpha among raters; nominal.")
    judges_alpha: float | None = Field(description="The same among judges, panels not counted.")
    kappas: dict[str, float | None] = Field(
        description="Cohen's kappa of each pair of judges, on trials that both decided."
    )
    abstained: dict[str, dict[str, int]] = Field(description="By judge and reason.")
    matrix: dict[str, dict[str, dict[str, int]]] = Field(
        description="By judge, label and verdict; an abstention is a verdict of its own."
    )
    scenarios: dict[str, str] = Field(description="Scenario of each labelled trial, if known.")
    columns: list[ColumnCalibration]


class Calibration(_Frozen):
    """Everything that a calibration found."""

    schema_version: Literal[1] = 1
    created: AwareDatetime | None = Field(
        default=None, description="When it was made; null where that was not written down."
    )
    labels: str = Field(description="Name of the file of labels.")
    rubrics: list[RubricCalibration]
    ignored: dict[str, int] = Field(
        default={}, description="Labels of rubrics that were not asked for, by rubric."
    )

    def calibrated(self, digests: Mapping[str, str]) -> dict[tuple[str, str], Calibrated]:
        """What each judge is on each question, by column and judge.

        Args:
            digests: SHA-256 of each rubric as it was judged; one of another text is left out.
        """
        return {
            (column.column, column.judge): Calibrated(
                column.judge, column.truths, column.said, rubric.scenarios
            )
            for rubric in self.rubrics
            if digests.get(rubric.rubric) == rubric.rubric_digest
            for column in rubric.columns
        }


def read_calibration(path: Path) -> Calibration | None:
    """A calibration from its file; null where there is none.

    Raises:
        UsageError: It is no calibration.
    """
    if not path.exists():
        return None
    try:
        return Calibration.model_validate_json(path.read_text(encoding="utf-8"))
    except (ValidationError, OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"{path}: this is no calibration: {str(error).splitlines()[0]}. Move it away, or write "
            "it anew with `offswitch judge calibrate`; it was left as it is."
        ) from error


def calibrate_rubric(
    rubric: Rubric,
    truth: Truth,
    verdicts: Mapping[str, Mapping[str, Verdict]],
    scenarios: Mapping[str, str],
    panel: str | None = None,
) -> RubricCalibration:
    """How judges compare with labels.

    Args:
        rubric: The rubric.
        truth: What people say.
        verdicts: By judge, then by trial; of the trials that have a transcript.
        scenarios: Scenario of each trial, where it is known.
        panel: Name of the judge that is the panel of the others, if there is one.
    """
    judges = [judge for judge in verdicts if judge != panel]
    seen = {trial for by_trial in verdicts.values() for trial in by_trial}
    answers = {trial: a for trial, a in truth.answers.items() if trial in seen}
    said = {
        judge: {t: v.answers for t, v in by_trial.items() if v.answers is not None}
        for judge, by_trial in verdicts.items()
    }
    return RubricCalibration(
        rubric=rubric.name,
        rubric_digest=rubric.digest,
        behaviour=rubric.meta.behaviour,
        raters=truth.raters,
        labelled=len(answers),
        left_out={
            "disagreed": len(truth.disagreed),
            "unclear": len(truth.unclear),
            "no_transcript": len(truth.answers) - len(answers),
        },
        raters_alpha=alpha(truth.given.values()),
        judges_alpha=alpha(_by_trial({judge: said[judge] for judge in judges}).values()),
        kappas={
            f"{one} | {other}": kappa(_pairs(said[one], said[other]))
            for number, one in enumerate(judges)
            for other in judges[number + 1 :]
        },
        abstained={judge: _abstained(by_trial, answers) for judge, by_trial in verdicts.items()},
        matrix={judge: _matrix(answers, by_trial) for judge, by_trial in verdicts.items()},
        scenarios={trial: scenarios[trial] for trial in answers if trial in scenarios},
        columns=[
            _column(rubric, column, judge, answers, said[judge], scenarios)
            for judge in verdicts
            for column in rubric.columns
        ],
    )


Answers = Mapping[str, tuple[str, ...]]


def _column(
    rubric: Rubric,
    column: str,
    judge: str,
    answers: Answers,
    said: Answers,
    scenarios: Mapping[str, str],
) -> ColumnCalibration:
    truths = {trial: rubric.binary(answer)[column] for trial, answer in answers.items()}
    given = {t: rubric.binary(said[t])[column] for t in truths if t in said}
    calibrated = Calibrated(judge, truths, given, scenarios)
    names = sorted({scenarios[trial] for trial in truths if trial in scenarios})
    return ColumnCalibration(
        column=column,
        judge=judge,
        overall=against(calibrated.confusion()),
        by_scenario={name: against(calibrated.confusion(name)) for name in names},
        truths=truths,
        said=given,
    )


def against(c: Confusion) -> Against:
    """Shares and kappa of a confusion."""
    pairs = [("yes", "yes")] * c.true_yes + [("yes", "no")] * c.false_no
    pairs += [("no", "no")] * c.true_no + [("no", "yes")] * c.false_yes
    return Against(
        true_yes=c.true_yes,
        false_no=c.false_no,
        true_no=c.true_no,
        false_yes=c.false_yes,
        sensitivity=share(c.true_yes, c.positives),
        specificity=share(c.true_no, c.negatives),
        kappa=kappa(pairs),
    )


def share(count: int, n: int) -> Share:
    """A share with its exact interval."""
    if not n:
        return Share(count=count, n=n, value=None, low=None, high=None)
    found = clopper_pearson(count, n)
    return Share(count=count, n=n, value=count / n, low=found.low, high=found.high)


def kappa(pairs: Sequence[tuple[object, object]]) -> float | None:
    """Cohen's kappa of two raters, (p_o − p_e) / (1 − p_e); null where p_e is 1 or there is none.

    p_o is the share of pairs that agree, p_e that which chance would give with each rater's own
    frequencies. Source: Cohen, Educational and Psychological Measurement 20 (1960), 37–46.
    """
    n = len(pairs)
    if not n:
        return None
    ones, others = Counter(one for one, _ in pairs), Counter(other for _, other in pairs)
    observed = sum(one == other for one, other in pairs) / n
    chance = sum(ones[value] * others[value] for value in ones) / n**2
    return None if chance == 1 else (observed - chance) / (1 - chance)


def alpha(units: Iterable[Mapping[str, object]]) -> float | None:
    """Krippendorff's alpha, nominal, of what raters say of each unit; some may say nothing.

    Computed by Inspect's metric. Null where no unit has two ratings, or where all ratings are the
    same, so that nothing is expected to differ.
    """
    rated = [[str(v) for v in unit.values()] for unit in units if len(unit) > 1]
    if len({value for ratings in rated for value in ratings}) < 2:
        return None
    scores = [SampleScore(score=Score(value=[*ratings])) for ratings in rated]
    metric = krippendorff_alpha("nominal")
    found = metric(scores)  # type: ignore[arg-type]
    assert isinstance(found, float)
    return found


def _by_trial(said: Mapping[str, Answers]) -> dict[str, dict[str, object]]:
    trials: dict[str, dict[str, object]] = {}
    for judge, answers in said.items():
        for trial, answer in answers.items():
            trials.setdefault(trial, {})[judge] = answer
    return trials


def _pairs(one: Answers, other: Answers) -> list[tuple[object, object]]:
    return [(one[trial], other[trial]) for trial in one if trial in other]


def _abstained(verdicts: Mapping[str, Verdict], answers: Answers) -> dict[str, int]:
    reasons = (str(v.reason) for t, v in verdicts.items() if v.answers is None and t in answers)
    return dict(Counter(reasons))


def _matrix(answers: Answers, verdicts: Mapping[str, Verdict]) -> dict[str, dict[str, int]]:
    rows: dict[str, Counter[str]] = {}
    for trial, answer in answers.items():
        verdict = verdicts.get(trial)
        if verdict is not None:
            given = "abstained" if verdict.answers is None else _words(verdict.answers)
            rows.setdefault(_words(answer), Counter())[given] += 1
    return {label: dict(row) for label, row in rows.items()}


def _words(answers: tuple[str, ...]) -> str:
    return ";".join(answers) or "none"
