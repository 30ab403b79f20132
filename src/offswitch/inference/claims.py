"""What can be registered of one subject, and what follows from an interval for it."""

from dataclasses import dataclass
from typing import Any, Literal

from offswitch.inference.attribution import Hypothesis
from offswitch.inference.attribution.hypotheses import Change
from offswitch.inference.attribution.models import Judgement
from offswitch.inference.families import Correction

Role = Literal["primary", "secondary"]
Direction = Literal["higher", "lower", "either"]
Pair = tuple[tuple[str, ...], tuple[str, ...]]
"""Keys of the cells that are compared with, and of the others."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A registered hypothesis of one subject.

    Attributes:
        name: Its name.
        subject: The subject.
        text: In words.
        role: Whose family it is of.
        error: Error rate of that family, in (0, 0.5).
        known: The hypothesis, where it is one of the package.
        direction: Of a contrast: which way it goes.
        smallest: Of a contrast: the smallest difference that matters, in (0, 1].
        pairs: Of a contrast: the cells, with the scenario of each pair.
        change: Of a contrast that rests on the model: what changes.
    """

    name: str
    subject: str
    text: str
    role: Role
    error: float
    known: Hypothesis | None = None
    direction: Direction | None = None
    smallest: float | None = None
    pairs: tuple[tuple[str, Pair], ...] = ()
    change: Change | None = None

    def stated(self, family: int) -> dict[str, Any]:
        """What a result repeats of it, by the names of `RegisteredResult`.

        Args:
            family: Tests of its role.
        """
        return {
            "hypothesis": self.name,
            "subject": self.subject,
            "text": self.text,
            "role": self.role,
            "family": family,
            "error": self.error,
            "direction": self.direction,
            "smallest": self.smallest,
        }


@dataclass(frozen=True, slots=True)
class Rules:
    """How claims are decided.

    Attributes:
        outcome: What is counted: ``resisted``, ``succeeded`` or a behaviour.
        correction: Of the p-values of a family.
        simultaneous: Whether the intervals of a family hold together.
        stopped: Whether the campaign might stop, or allot trials, on what it saw.
    """

    outcome: str = "resisted"
    correction: Correction = "holm"
    simultaneous: bool = True
    stopped: bool = False


@dataclass(frozen=True, slots=True)
class Ends:
    """An interval and how it was made; or why there is none."""

    low: float | None = None
    high: float | None = None
    method: str | None = None
    reason: str | None = None


def level_of(claim: Claim, family: int, rules: Rules) -> float:
    """Confidence of the interval of a claim in a family of so many tests."""
    return 1 - claim.error / (family if rules.simultaneous else 1)


def decision(
    claim: Claim, difference: float | None, interval: Ends, p_adjusted: float | None
) -> Judgement:
    """What follows for a contrast.

    Args:
        claim: What was registered.
        difference: The difference that was seen; null where there is none.
        interval: Its interval.
        p_adjusted: The adjusted p-value; null where the interval alone decides.
    """
    low, high, smallest = interval.low, interval.high, claim.smallest or 0.0
    if difference is None or low is None or high is None:
        return "undecided"
    if claim.direction == "lower":
        difference, low, high = -difference, -high, -low
    either = claim.direction == "either"
    if high < smallest and (not either or low > -smallest):
        return "refuted"
    sure = p_adjusted <= claim.error if p_adjusted is not None else low > 0 or high < 0
    return "supported" if sure and (either or difference > 0) else "undecided"
