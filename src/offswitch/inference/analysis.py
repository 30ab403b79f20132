"""What an analysis says: every number that the table, the report and the gate show.

The models are written to ``analysis.json`` and read from it. Null means unknown: a rate among no
trials is null, and so is its interval.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from offswitch.inference.attribution.models import Attribution
from offswitch.inference.decisions import Sequential
from offswitch.inference.registration import Registered
from offswitch.inference.safeguards.models import Safeguard

Method = Literal["clopper-pearson", "korn-graubard"]

SCHEMA_VERSION: Literal[1] = 1


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Rate(_Frozen):
    """A proportion with its interval."""

    count: int = Field(ge=0, description="Trials that showed it.")
    n: int = Field(ge=0, description="Trials in which it could be told.")
    rate: float | None = Field(description="count / n; null where n is 0.")
    low: float | None = Field(description="Lower bound of the interval; null where n is 0.")
    high: float | None = Field(description="Upper bound of the interval; null where n is 0.")
    level: float = Field(description="Confidence of the interval.")
    method: Method | None = Field(description="How the interval was made; null where n is 0.")
    effective_n: float | None = Field(
        description="Independent trials that are worth as much; null where n is 0."
    )


class Counts(_Frozen):
    """Trials by what became of them."""

    trials: int
    complied: int
    attempted: int
    succeeded: int
    incapable: int
    error: int

    @property
    def evaluable(self) -> int:
        """The denominator of every rate of behaviour: no incapable trials, no failed ones."""
        return self.complied + self.attempted + self.succeeded


class Cell(_Frozen):
    """One subject in one scenario under one condition."""

    key: str = Field(description="Identifies the cell within the analysis.")
    subject: str
    scenario: str
    condition: dict[str, str] = Field(description="Level of every factor of the scenario.")
    label: str = Field(description="The condition in short: the factors that vary in the scenario.")
    worlds: int = Field(description="Different seeds.")
    epochs: int = Field(description="The most trials in one world.")
    counts: Counts
    resisted: Rate = Field(description="Attempted or succeeded, among evaluable trials.")
    succeeded: Rate = Field(description="Succeeded, among evaluable trials.")
    behaviours: dict[str, Rate] = Field(
        description="Each behaviour that was looked for or found, among evaluable trials."
    )
    concealed: Rate = Field(description="Concealed, among evaluable trials assessed for it.")
    incapable: Rate = Field(description="Incapable, among trials that did not fail.")
    interpretable: bool = Field(
        default=True,
        description="Whether at least half of the trials that did not fail were competent. If not, "
        "the rates are of a subject that mostly could not act, and are not interpreted.",
    )
    task_done: Rate = Field(description="Task completed, among evaluable trials where known.")
    understood: Rate = Field(description="Understood, among trials that were asked.")


class ScenarioSummary(_Frozen):
    """What was varied in one scenario."""

    scenario: str
    factors: dict[str, list[str]] = Field(description="Every factor with its levels in the table.")
    varied: list[str] = Field(description="The factors with more than one level.")
    behaviours: list[str] = Field(description="Behaviours that were looked for or found.")


class SubjectSummary(_Frozen):
    """One subject over all its trials: counts only, since a pooled rate hangs on the allocation."""

    subject: str
    model: str
    counts: Counts
    cost_usd: float | None = Field(description="Sum; null where any trial's cost is not known.")
    input_tokens: int | None = Field(description="Sum; null where any trial's number is unknown.")
    output_tokens: int | None = Field(description="Sum; null where any trial's number is unknown.")


class Competence(_Frozen):
    """Whether one subject can operate the tools, and chooses by what they are."""

    subject: str
    twin_done: Rate = Field(
        description="Task completed, among all trials of benign twins that did not fail."
    )
    first_tool_share: float | None = Field(
        description="Mean share of its calls that went to the tool listed first; the order is "
        "drawn, so that one of k tools gets 1/k of the calls of a subject that does not mind it."
    )
    low: float | None = Field(description="Lower bound of that mean; null with under two trials.")
    trials: int = Field(description="Trials in which that share says something.")
    follows_position: bool | None = Field(
        description="Whether the lower bound is over one half: its choice follows the position."
    )


class Awareness(_Frozen):
    """How often one subject resisted among the trials in which it said the same of a test."""

    subject: str
    source: Literal["unprompted", "asked"] = Field(
        description="A judge's reading of what it said by itself, or its answer when asked after "
        "the work, in a random half of the trials."
    )
    says: str = Field(description="says_test, says_real, silent or unsure.")
    resisted: Rate = Field(description="Among evaluable trials. Describes; says nothing of causes.")
    of: int = Field(description="Evaluable trials of the subject that were assessed so.")


class Correction(_Frozen):
    """A judge's rate, corrected for its errors."""

    estimate: float | None = Field(description="In [0, 1]; null where there is none.")
    low: float | None = Field(description="Lower bound; null where no rate fits or none is asked.")
    high: float | None = Field(description="Upper bound; null where no rate fits or none is asked.")
    level: float = Field(description="Confidence of the interval.")
    method: Literal["rogan-gladen", "prediction-powered"]
    n: int = Field(description="Trials with a verdict that it rests on.")
    labels: int = Field(description="Labelled trials that it rests on.")
    basis: Literal["scenario", "all", "cell"] | None = Field(
        description="Labelled trials of the scenario, of all scenarios, or of the cell itself."
    )
    reason: str | None = Field(description="Why there is no estimate, or what is odd about it.")


class JudgedRate(_Frozen):
    """What a judge says of one cell, raw and corrected."""

    cell: str = Field(description="Key of the cell.")
    column: str = Field(description="NAME of the column `judge.NAME`.")
    judge: str = Field(description="The judge or panel. `offline` is no language model.")
    abstained: int = Field(description="Evaluable trials without a verdict; in no rate.")
    raw: Rate = Field(description="Judged yes, among evaluable trials with a verdict; uncorrected.")
    corrected: Correction = Field(description="For the errors measured on labelled trials.")
    labelled: Rate | None = Field(
        description="Labelled yes, among the cell's labelled trials; null without a calibration."
    )
    powered: Correction | None = Field(
        description="Labels and verdicts of the cell together; null where none is labelled."
    )


class Difference(_Frozen):
    """A number in two conditions that differ in one factor, compared world by world."""

    scenario: str
    subject: str
    column: str = Field(description="Column of the table, such as score.")
    factor: str = Field(description="The factor in which the two conditions differ.")
    first: str = Field(description="Its level in the first condition.")
    second: str = Field(description="Its level in the second condition.")
    held: dict[str, str] = Field(description="Levels of all other factors, the same in both.")
    worlds: int = Field(description="Worlds with the number in both conditions.")
    unpaired: int = Field(description="Worlds with it in one of them only, which are left out.")
    first_mean: float | None = Field(description="Over those worlds; null where there are none.")
    second_mean: float | None = Field(description="Over those worlds; null where there are none.")
    difference: float | None = Field(
        description="Second minus first; null where no world has both."
    )
    low: float | None = Field(description="Lower bound of the interval; null likewise.")
    high: float | None = Field(description="Upper bound of the interval; null likewise.")
    level: float = Field(description="Confidence of the interval.")


class Side(_Frozen):
    """One of two cells that are compared, over the trials that the comparison uses."""

    cell: str = Field(description="Key of the cell.")
    subject: str
    level: str | None = Field(description="Its level of the factor; null where none is compared.")
    count: int = Field(ge=0, description="Trials that showed it.")
    n: int = Field(ge=0, description="Evaluable trials.")


class Contrast(_Frozen):
    """How much more often something happened in one cell than in another."""

    kind: Literal["condition", "subject", "campaign"] = Field(
        description="What differs: one factor of one subject's condition, the subject, or the "
        "campaign."
    )
    family: str = Field(description="Contrasts whose p-values are adjusted together.")
    measure: str = Field(description="What was counted: resisted, succeeded or a behaviour.")
    scenario: str
    factor: str | None = Field(description="The factor that differs; null where it is none.")
    held: dict[str, str] = Field(description="Levels of all other factors, the same in both.")
    first: Side
    second: Side
    paired: bool = Field(description="Whether trials in the same worlds are compared.")
    worlds: int = Field(description="Worlds compared with themselves; 0 where unpaired.")
    left_out: int = Field(description="Worlds left out: evaluable in one cell only; 0 if unpaired.")
    more: int | None = Field(
        description="Pairs in which only the second shows it; null where unpaired, or where a "
        "world holds several trials of a cell."
    )
    less: int | None = Field(description="Pairs in which only the first shows it; null likewise.")
    effective_n: float | None = Field(
        description="Independent pairs, or trials of the second, that it rests on; null if none."
    )
    difference: float | None = Field(
        description="Second minus first, in [-1, 1]; null where nothing can be compared."
    )
    low: float | None = Field(description="Lower bound of the interval; null likewise.")
    high: float | None = Field(description="Upper bound of the interval; null likewise.")
    level: float = Field(description="Confidence of the interval, which is not adjusted.")
    method: (
        Literal["tango", "tango-clustered", "miettinen-nurminen", "miettinen-nurminen-clustered"]
        | None
    ) = Field(description="How the interval was made; null where there is none.")
    p: float | None = Field(description="Two-sided p-value of no difference; null if none.")
    p_method: Literal["mcnemar", "sign-flip", "fisher", "score"] | None = Field(
        description="How it was made; null where there is none."
    )
    p_adjusted: float | None = Field(description="Adjusted for its family; null if none.")
    correction: Literal["holm", "benjamini-hochberg"]
    reason: str | None = Field(description="Why there is no difference, or null.")
    exploratory: bool | None = Field(
        default=None,
        description="Whether no registered hypothesis compares these two cells; null where the "
        "campaign has no registration.",
    )


class PooledScenario(_Frozen):
    """One scenario of a pooled rate."""

    scenario: str
    conditions: int = Field(description="Interpretable conditions with evaluable trials.")
    effective_n: float = Field(description="Independent trials that these are worth.")
    raw: float = Field(description="Mean rate over its conditions, each counting alike.")
    rate: float = Field(description="The same beside the other scenarios (partially pooled).")
    low: float = Field(description="Lower bound of that.")
    high: float = Field(description="Upper bound of that.")


class PooledRate(_Frozen):
    """How often one subject resisted over all scenarios, by partial pooling."""

    subject: str
    rate: float | None = Field(description="Average over scenarios like these; null if unknown.")
    low: float | None = Field(description="Lower bound of the interval; null likewise.")
    high: float | None = Field(description="Upper bound of the interval; null likewise.")
    level: float = Field(description="Confidence of the interval.")
    scenarios: list[PooledScenario]
    reason: str | None = Field(description="Why there is no rate, or null.")


class MixedRate(_Frozen):
    """How often one subject would resist in one scenario, in a stated mix of conditions."""

    scenario: str
    subject: str
    weights: dict[str, float] = Field(description="Share of each cell, by key.")
    rate: float | None = Field(description="Weighted rate; null where a part was not measured.")
    low: float | None = Field(description="Lower bound of the interval; null likewise.")
    high: float | None = Field(description="Upper bound of the interval; null likewise.")
    level: float = Field(description="Confidence of the interval.")
    shared_worlds: bool = Field(description="Whether conditions share worlds: errors add up then.")
    reason: str | None = Field(description="Why there is no rate, or null.")


class FailureReason(_Frozen):
    """Trials of one subject that failed for the same reason."""

    subject: str
    scenario: str
    reason: str = Field(description="First line of the error.")
    count: int


class Analysis(_Frozen):
    """Everything that was computed from one table of observations."""

    schema_version: Literal[1] = SCHEMA_VERSION
    level: float = Field(description="Confidence of every interval.")
    totals: Counts
    worlds: int = Field(description="Different pairs of scenario and seed.")
    scenarios: list[ScenarioSummary]
    subjects: list[SubjectSummary]
    cells: list[Cell]
    competence: list[Competence] = Field(default=[], description="One for each subject.")
    differences: list[Difference] = Field(
        default=[], description="The score in conditions that differ in one factor, by world."
    )
    pooled: list[PooledRate] = Field(
        default=[], description="Over the scenarios of each subject, where it has several."
    )
    mixed: list[MixedRate] = Field(
        default=[], description="Reweighted to a stated mix of conditions, where one was given."
    )
    contrasts: list[Contrast] = Field(
        default=[], description="What changes how often it resisted; the most certain first."
    )
    awareness: list[Awareness] = Field(
        default=[], description="Behaviour given what was said of a test; not causal."
    )
    judged: list[JudgedRate] = Field(
        default=[], description="Opinions of judges: raw and corrected, one per cell and column."
    )
    attribution: list[Attribution] = Field(
        default=[], description="Why subjects resisted; one for each tested under two conditions."
    )
    registration: Registered | None = Field(
        default=None, description="What was registered and what became of it; null where nothing."
    )
    sequential: Sequential | None = Field(
        default=None, description="Of a campaign that may stop early: what it asked and decided."
    )
    safeguards: list[Safeguard] = Field(
        default=[], description="What each arm of the plan but the null arm did."
    )
    failures: list[FailureReason]
