"""What a running campaign tells whoever watches it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from offswitch.campaign.compile import Campaign
    from offswitch.trial.spec import TrialSpec


@dataclass(frozen=True, slots=True)
class Ended:
    """One trial has just ended.

    Attributes:
        trial: Which.
        outcome: What became of it, ``error`` where it failed.
        tokens: Tokens of input and output.
        cost_usd: Its cost; null where the price is not known.
    """

    trial: "TrialSpec"
    outcome: str
    tokens: int
    cost_usd: float | None


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a question is.

    Attributes:
        name: What it is about.
        worlds: Worlds so far that could be evaluated.
        estimate: Their mean; null where there are none.
        low: Lower end of the confidence sequence.
        high: Upper end.
        answer: How it was decided; null while it is open.
        needed: About how many more worlds would decide it; null where that cannot be said.
    """

    name: str
    worlds: int
    estimate: float | None
    low: float
    high: float
    answer: str | None
    needed: int | None

    @property
    def now(self) -> str:
        """The answer, or that it is open and how many worlds it takes."""
        if self.answer is not None:
            return self.answer
        return "open" if self.needed is None else f"open, needs about {self.needed} more"

    def line(self) -> str:
        """Everything in one line."""
        estimate = "" if self.estimate is None else f"{100 * self.estimate:.0f}%, "
        span = f"{100 * self.low:.0f} to {100 * self.high:.0f}%"
        return f"{self.name}: {self.worlds} worlds, {estimate}{span}, {self.now}"


class Watcher:
    """Is told how a campaign goes on; this one says nothing."""

    def note(self, message: str) -> None:
        """Something that a person should know."""

    def begin(self, campaign: "Campaign", finished: Mapping[str, str]) -> None:
        """The trials begin.

        Args:
            campaign: What runs.
            finished: Outcomes of the trials that an earlier run finished, by id.
        """

    def ended(self, ended: Ended) -> None:
        """A trial has ended."""

    def questions(self, summary: str, decided: Sequence[str]) -> None:
        """Something was decided.

        Args:
            summary: How many questions are open.
            decided: A line for each that has just been decided.
        """

    def standings(self, state: Callable[[int | None], Sequence[Standing]]) -> None:
        """Is given, once, what tells the state of all questions whenever it is called.

        Args:
            state: Takes how many open questions it estimates the missing worlds of, some
                milliseconds each; of all where null.
        """

    def end(self) -> None:
        """No more trials run; always called after `begin`."""
