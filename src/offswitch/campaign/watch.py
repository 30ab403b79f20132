"""What a running campaign tells whoever watches it."""

from collections.abc import Mapping, Sequence
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

    def end(self) -> None:
        """No more trials run; always called after `begin`."""
