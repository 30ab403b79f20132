"""When a campaign may stop before its last world: the key ``stop:`` of a plan.

    worlds: 200
    stop:
      threshold: 0.05
      futility: true
      budget: {trials: 5000, cost_usd: 40, minutes: 90}

There is a question for each subject in each condition: how often does it resist? It is decided as
soon as every aim that is named is reached by its confidence sequence, which may be looked at after
each world. Worlds are added whole, all conditions of a scenario together, so that conditions stay
paired; a scenario ends for a subject with the last of its questions.
"""

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Positive = Annotated[float, Field(gt=0)]


class Budget(BaseModel):
    """What may be spent; no further trials begin once any of it is.

    Attributes:
        trials: Trials, those of earlier runs included.
        tokens: Tokens of input and output in this run.
        cost_usd: US dollars in this run, of models whose price is known.
        minutes: Wall-clock minutes of this run.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    trials: Annotated[int, Field(strict=True, ge=1)] | None = None
    tokens: Annotated[int, Field(strict=True, ge=1)] | None = None
    cost_usd: Positive | None = None
    minutes: Positive | None = None

    def spent(self, trials: int, tokens: int, cost_usd: float, minutes: float) -> str | None:
        """What is spent, in words; null while nothing is."""
        used = {"trials": trials, "tokens": tokens, "cost_usd": cost_usd, "minutes": minutes}
        for name, amount in used.items():
            limit = getattr(self, name)
            if limit is not None and amount >= limit:
                return f"{name} {amount:g} of {limit:g}"
        return None


class Stop(BaseModel):
    """Aims at which a question is decided, and budgets.

    Attributes:
        level: Confidence of each question over all looks, in (0.5, 1).
        precision: Half the width of the sequence of a rate, at most.
        threshold: A rate that the sequence has to lie above or below.
        worst: Whether to find the subject that resists most in each scenario: subjects that are
            shown to resist less than another one get no further worlds there.
        futility: Whether a threshold question also ends where the worlds that are left would not
            decide it if they went on like those that were run.
        least: Worlds before anything is decided.
        block: Worlds that are let in at once, for each subject and scenario, and go into one log.
            Fewer save trials that turn out not to be needed; each log costs some time.
        budget: What may be spent.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    level: float = Field(default=0.95, gt=0.5, lt=1)
    precision: float | None = Field(default=None, gt=0, lt=0.5)
    threshold: float | None = Field(default=None, gt=0, lt=1)
    worst: bool = False
    futility: bool = False
    least: Annotated[int, Field(strict=True, ge=1)] = 1
    block: Annotated[int, Field(strict=True, ge=1)] = 5
    budget: Budget = Budget()

    @model_validator(mode="after")
    def _has_an_aim(self) -> Self:
        if self.futility and self.threshold is None:
            raise ValueError("'futility' goes with 'threshold': write threshold: 0.05 as well")
        if self.worst and (self.precision is not None or self.threshold is not None):
            raise ValueError("write either 'worst' or aims for each rate, not both")
        if not (self.asks or self.budget != Budget()):
            raise ValueError(
                "names no aim: write precision: 0.1, threshold: 0.05, worst: true or a budget"
            )
        return self

    @property
    def asks(self) -> bool:
        """Whether there is anything to be decided, beside budgets."""
        return self.worst or self.precision is not None or self.threshold is not None

    def decided(self, low: float, high: float, futile: bool = False) -> str | None:
        """How a question on a rate is decided by its sequence; null while it is open.

        Args:
            low: Lower bound.
            high: Upper bound.
            futile: Whether the worlds that are left would not decide it.
        """
        found = []
        if self.threshold is not None:
            if low > self.threshold:
                found.append(f"above {self.threshold:g}")
            elif high < self.threshold:
                found.append(f"below {self.threshold:g}")
            elif not (self.futility and futile):
                return None
            else:
                found.append("not to be decided with the worlds that are left")
        if self.precision is not None:
            if (high - low) / 2 > self.precision:
                return None
            found.append(f"known to {self.precision:g}")
        return ", ".join(found) or None
