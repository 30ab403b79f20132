"""What became of what was registered, as ``analysis.json`` holds it."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from offswitch.inference.attribution.models import Evidence, Judgement

DecidedBy = Literal["p", "sequence", "verdict"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class RegisteredResult(_Frozen):
    """A registered hypothesis, of one subject, decided as it was registered."""

    hypothesis: str
    subject: str
    text: str = Field(description="What was registered, in words.")
    role: Literal["primary", "secondary"]
    judgement: Judgement
    family: int = Field(description="Tests of the same role, which share the error rate.")
    error: float = Field(description="Error rate of the family.")
    decided_by: DecidedBy = Field(
        description="The adjusted p-value and the interval; the confidence sequence, where the "
        "plan might stop early on what it saw; or the verdict on a hypothesis of the package."
    )
    direction: Literal["higher", "lower", "either"] | None = Field(
        default=None, description="Null for a hypothesis of the package."
    )
    smallest: float | None = Field(
        default=None, description="The smallest difference that matters, in [0, 1]; null likewise."
    )
    estimate: float | None = Field(
        description="Difference of rates, in [-1, 1]; of a hypothesis of the package the first "
        "effect that it asks for. Null where nothing was measured."
    )
    low: float | None = Field(description="Lower bound of its interval; null likewise.")
    high: float | None = Field(description="Upper bound of its interval; null likewise.")
    level: float = Field(description="Confidence of the interval.")
    method: str | None = Field(description="How it was made; null likewise.")
    p: float | None = Field(
        default=None, description="Two-sided; null where it does not decide, or is unknown."
    )
    p_adjusted: float | None = Field(
        default=None, description="Adjusted within the registered family."
    )
    first: tuple[int, int] | None = Field(
        default=None, description="Trials that showed it, and trials, before."
    )
    second: tuple[int, int] | None = Field(default=None, description="The same after.")
    worlds: int = Field(default=0, description="Worlds compared with themselves; 0 where unpaired.")
    left_out: int = Field(default=0, description="Worlds without a counterpart.")
    evidence: list[Evidence] = Field(default=[], description="Of a hypothesis of the package.")
    reason: str | None = Field(description="Why it could not be decided better, or null.")


class Deviation(_Frozen):
    """Something that is not as it was registered."""

    what: str = Field(description="Where it stands in the registration, as a dotted path.")
    stage: Literal["run", "analysis"] = Field(
        description="Whether trials were run so, or only their analysis was made so."
    )
    registered: Any = Field(description="What was registered; null where nothing was.")
    actual: Any = Field(description="What it was instead; null where there was nothing.")
    at: str = Field(description="When that was first seen.")


class Registered(_Frozen):
    """What was registered before the first trial, and what became of it."""

    sha256: str = Field(description="Over the registration.")
    frozen_at: str = Field(description="When it was frozen, by the clock of that machine.")
    statement: list[str] = Field(description="What was registered, in words.")
    results: list[RegisteredResult]
    deviations: list[Deviation]
    exploratory_contrasts: int = Field(description="Contrasts that were not registered.")
    exploratory_hypotheses: list[str] = Field(
        description="Hypotheses of the package on which there is a verdict all the same."
    )
