"""What a campaign that may stop early asked, saw and decided: part of ``analysis.json``."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Step(_Frozen):
    """What was seen of a question at one look."""

    worlds: int = Field(ge=0, description="Worlds so far that could be evaluated.")
    estimate: float | None = Field(description="Mean of these worlds; null where there are none.")
    low: float = Field(description="Lower end of the confidence sequence.")
    high: float = Field(description="Upper end of the confidence sequence.")


class Decision(_Frozen):
    """A question and how it was decided."""

    name: str = Field(description="What was asked about: subject, scenario, condition.")
    kind: Literal["rate", "difference", "worst"]
    aim: str = Field(description="What had to be shown, in words.")
    borders: list[float] = Field(description="Values that a sequence has to leave, if any.")
    answer: str | None = Field(description="How it was decided; null where it is open.")
    worlds: int = Field(ge=0, description="Worlds that were looked at, up to the decision.")
    planned: int = Field(ge=0, description="Worlds of the plan.")
    needed: int | None = Field(
        description="About how many more worlds would decide it, if they go on like these; null "
        "where it is decided, or where no number within 16 times the plan's would."
    )
    path: list[Step] = Field(description="What was seen at each look that was kept.")


class Sequential(_Frozen):
    """All questions of a campaign, and the trials that they took."""

    level: float = Field(description="Confidence of each question over all looks.")
    questions: list[Decision]
    planned: int = Field(ge=0, description="Trials that the plan's worlds would take.")
    trials: int = Field(ge=0, description="Trials that finished.")
    overshoot: int = Field(
        ge=0,
        description="Trials among them beyond the world that decided the last question on their "
        "condition: they were in flight, or in the same block.",
    )
    saved: int = Field(ge=0, description="Planned trials that no question needed any more.")
    budget: str | None = Field(description="What of the budget is spent; null where none is.")
