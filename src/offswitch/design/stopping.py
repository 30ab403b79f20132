"""When a campaign may stop before its last world: the key ``stop:`` of a plan.

    worlds: 200
    stop:
      threshold: 0.05
      futility: true
      budget: {trials: 5000, cost_usd: 40, minutes: 90}

There is a question for each subject in each condition: how often does it resist? It is decided as
soon as every aim that is named is reached by its confidence sequence, which may be looked at after
each world. Other questions compare: two conditions (``differences``), or all subjects or conditions
(``worst``), always on the same worlds. A condition gets worlds, in the order of the plan, as long
as any question that it takes part in is open; what that frees goes to the others.
"""

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Positive = Annotated[float, Field(gt=0)]


class Budget(BaseModel):
    """What a campaign may spend, in all its runs; no further trials begin once any of it is.

    Attributes:
        trials: Trials.
        tokens: Tokens of input and output.
        cost_usd: US dollars, of models whose price is known.
        minutes: Wall-clock minutes in which trials ran.
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


Level = Annotated[str, Field(strict=True, min_length=1)]


class DifferenceAim(BaseModel):
    """Whether one condition makes a subject resist more often than another, by more than a size.

    Conditions are named by the levels in which they differ. What is not named is the same on both
    sides, and where that leaves several pairs of conditions, their mean in each world counts.

    Attributes:
        first: Levels of the one condition, by factor.
        second: Levels of the other.
        size: How much more, in (0, 1) or 0: the difference has to lie above or below it.
        direction: Whether the second is asked to have ``more`` or ``less`` than the first, or
            ``either``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    first: Annotated[dict[str, Level], Field(min_length=1)]
    second: Annotated[dict[str, Level], Field(min_length=1)]
    size: float = Field(default=0.0, ge=0, lt=1)
    direction: Literal["more", "less", "either"] = "more"

    @model_validator(mode="after")
    def _two_conditions(self) -> Self:
        if set(self.first) != set(self.second):
            raise ValueError("write the same factors under 'first' and under 'second'")
        if self.first == self.second:
            raise ValueError("'first' and 'second' are the same condition")
        if self.direction == "either" and self.size == 0:
            raise ValueError("direction: either needs a size over 0, or it could only ever say yes")
        return self

    @property
    def name(self) -> str:
        """What messages call it."""
        return f"{_levels(self.second)} against {_levels(self.first)}"

    def decided(self, low: float, high: float) -> str | None:
        """How it is decided by the sequence of second minus first; null while it is open."""
        points = f"{100 * self.size:g} points"
        if self.direction == "either":
            if low > self.size or high < -self.size:
                return f"differs by over {points}"
            return f"differs by under {points}" if max(-low, high) < self.size else None
        if self.direction == "less":
            low, high = -high, -low
        yes, no = self.answers
        return yes if low > self.size else no if high < self.size else None

    @property
    def answers(self) -> tuple[str, str]:
        """What is said where it is so, and where it is not, in one direction."""
        points = f"{100 * self.size:g} points"
        return f"{self.direction} by over {points}", f"not {self.direction} by {points}"


def _levels(levels: Mapping[str, str]) -> str:
    return " ".join(f"{factor}={level}" for factor, level in levels.items())


class Stop(BaseModel):
    """Aims at which a question is decided, and budgets.

    Attributes:
        level: Confidence of each question over all looks, in (0.5, 1).
        precision: Half the width of the sequence of a rate, at most.
        threshold: A rate that the sequence has to lie above or below.
        differences: Pairs of conditions that are compared, for each subject and scenario.
        worst: Whether to find what resists most in each scenario: ``subjects`` (or true) over all
            their conditions, or ``conditions`` of each subject. Those that are shown to resist less
            than another one get no further worlds there.
        futility: Whether a question on a threshold or a difference also ends where the worlds that
            are left would not decide it if they went on like those that were run.
        test: ``sequence``, which holds for ever, or ``planned``: for a threshold and for
            differences that are asked in one direction, the cheapest test within the plan's
            worlds, at most 1,000, of one trial each. More worlds than planned must not be added to
            it afterwards.
        least: Worlds before anything is decided.
        block: Worlds that are let in at once, for each subject and scenario, and go into one log.
            Fewer save trials that turn out not to be needed; each log costs some time.
        budget: What may be spent.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    level: float = Field(default=0.95, gt=0.5, lt=1)
    precision: float | None = Field(default=None, gt=0, lt=0.5)
    threshold: float | None = Field(default=None, gt=0, lt=1)
    differences: tuple[DifferenceAim, ...] = ()
    worst: Literal["subjects", "conditions"] | bool = False
    futility: bool = False
    test: Literal["sequence", "planned"] = "sequence"
    least: Annotated[int, Field(strict=True, ge=1)] = 1
    block: Annotated[int, Field(strict=True, ge=1)] = 5
    budget: Budget = Budget()

    @model_validator(mode="after")
    def _has_an_aim(self) -> Self:
        if self.futility and self.threshold is None and not self.differences:
            raise ValueError(
                "'futility' goes with 'threshold' or 'differences': write threshold: 0.05 as well"
            )
        if self.test == "planned":
            self._can_be_planned()
        if self.worst and (self.asks_rates or self.differences):
            raise ValueError("write either 'worst' or other aims, not both")
        if not (self.asks or self.budget != Budget()):
            raise ValueError(
                "names no aim: write precision: 0.1, threshold: 0.05, differences, worst: true or "
                "a budget"
            )
        return self

    def _can_be_planned(self) -> None:
        asked = self.threshold is not None or self.differences
        if not asked or self.precision is not None or self.worst or self.futility or self.least > 1:
            raise ValueError(
                "'test: planned' goes with 'threshold' and 'differences' alone: it has its own "
                "rule for giving up. Take the other keys away, or write test: sequence"
            )
        if any(aim.direction == "either" for aim in self.differences):
            raise ValueError(
                "'test: planned' asks in one direction: write direction: more or less for each "
                "of 'differences', or write test: sequence"
            )

    @property
    def asks_rates(self) -> bool:
        """Whether each rate is asked for by itself."""
        return self.precision is not None or self.threshold is not None

    @property
    def asks(self) -> bool:
        """Whether there is anything to be decided, beside budgets."""
        return bool(self.worst or self.differences) or self.asks_rates

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
