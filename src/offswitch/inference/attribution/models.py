"""What attribution says: drivers, shares of the gap, and a verdict on each hypothesis.

Effects are differences of probabilities, in [-1, 1]: 0.1 is ten percentage points. Null is unknown.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Judgement = Literal["supported", "refuted", "undecided", "not_tested"]
"""What the trials say of a hypothesis."""
Kind = Literal["present", "absent", "remains", "among_resisting"]
"""What a hypothesis asks of a contrast; see `offswitch.inference.attribution.hypotheses`."""
Status = Literal["holds", "fails", "open", "not_tested"]
"""Whether what is asked was shown, its opposite was shown, or neither."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Effect(_Frozen):
    """A difference of probabilities of resisting, with its interval."""

    estimate: float = Field(description="In [-1, 1].")
    low: float = Field(description="Lower bound of the interval.")
    high: float = Field(description="Upper bound of the interval.")
    level: float = Field(description="Confidence of the interval.")


class Driver(_Frozen):
    """What one level of a factor does, against its reference level."""

    factor: str
    reference: str = Field(description="The level that it is compared with.")
    level_of_factor: str
    effect: Effect = Field(description="Average marginal effect.")
    pairs: int = Field(
        description="Pairs of tested conditions that differ in nothing else; where there are none, "
        "the effect is averaged over all tested conditions by the model alone."
    )


class Interaction(_Frozen):
    """By how much the effect of one factor's level changes with the level of another."""

    factors: tuple[str, str]
    levels: tuple[str, str]
    effect: Effect = Field(
        description="Effect of the first level where the second factor is at its level, less the "
        "effect where it is at its reference; over tested squares of four conditions."
    )
    squares: int = Field(description="Squares of four tested conditions that it rests on.")


class Share(_Frozen):
    """What one factor contributes to the gap."""

    factor: str
    calm: str | None = Field(
        description="Its level in the calm condition; null where that lacks the factor."
    )
    provoking: str | None = Field(description="Its level in the provoking condition; likewise.")
    effect: Effect = Field(description="Its Shapley value; these sum to the gap.")


class Gap(_Frozen):
    """The difference between the calmest and the most provoking condition, taken apart."""

    scenario: str
    calm: dict[str, str] = Field(description="Levels of the factors that vary.")
    provoking: dict[str, str] = Field(description="The same, where the rate is highest.")
    effect: Effect = Field(description="Rate under the provoking less that under the calm one.")
    shares: list[Share]
    between: int = Field(description="Conditions between the two that the decomposition passes.")
    untested: int = Field(description="Those of them that were not tested: the model fills them.")


class Needed(_Frozen):
    """Trials that would decide what is open."""

    scenario: str
    conditions: list[dict[str, str]] = Field(
        description="Levels of the factors that vary; everything else as it was."
    )
    worlds: int | None = Field(
        description="Worlds in each of them, those that there are included; null where it would "
        "take more than can be said."
    )


class Evidence(_Frozen):
    """One thing that would have to be so if a hypothesis were true."""

    kind: Kind
    text: str = Field(description="What would have to be so, in words.")
    status: Status
    effect: Effect | None = Field(description="What was measured; null where nothing was.")
    needed: Needed | None = Field(description="Where it is open or not tested.")


class Verdict(_Frozen):
    """What the trials say of one hypothesis."""

    hypothesis: str
    title: str
    judgement: Judgement
    evidence: list[Evidence]
    exploratory: bool | None = Field(
        default=None,
        description="Whether it was not registered; null where the campaign has no registration.",
    )


class Attribution(_Frozen):
    """Why one subject resisted, as far as the design can tell."""

    subject: str
    conditions: int = Field(description="Different conditions with evaluable trials.")
    trials: int = Field(description="Evaluable trials.")
    effective_trials: float = Field(
        description="Independent trials that these are worth, given how alike repeats are."
    )
    drivers: list[Driver]
    interactions: list[Interaction]
    aliased: list[str] = Field(
        description="Terms that the design cannot tell from others, and so are left out."
    )
    gap: Gap | None = Field(description="Null where fewer than two conditions were tested.")
    verdicts: list[Verdict]
    note: str | None = Field(description="Why there is nothing to say, or less than asked.")
