"""What defines a trial: one subject in one world, once."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from offswitch.design import FACTOR, Agent, Intervention
from offswitch.world.draw import stable_hash

Interface = Literal["tools", "text"]
"""How tool calls are made: by the model's tool calling, or as XML in its text."""


@dataclass(frozen=True, slots=True)
class TrialSpec:
    """One trial.

    Attributes:
        trial_id: Its stable id, also the id of its Inspect sample.
        scenario: Name of the scenario.
        condition: Level of every factor that the scenario supports.
        seed: Seed of the world.
        epoch: Repeat within the same world, from 1.
        subject: Name of the subject in the plan.
        arm: The intervention of the plan that it is under; null where the plan names none.
    """

    trial_id: str
    scenario: str
    condition: Mapping[str, str]
    seed: int
    epoch: int = 1
    subject: str = ""
    arm: Intervention | None = None

    @property
    def levels(self) -> dict[str, str]:
        """The levels that the world is built with: the condition's, but for the arm's words."""
        words = self.arm.words if self.arm is not None else None
        return {**self.condition, **(words.levels if words is not None else {})}

    @property
    def factors(self) -> dict[str, str]:
        """The levels that its row shows: the condition's, and the arm where the plan names any."""
        arm = {} if self.arm is None else {FACTOR: self.arm.name}
        return {**self.condition, **arm}

    def generation_seed(self, epoch: int) -> int:
        """Seed for a model's sampling: another one for each trial, the same when it is repeated."""
        return stable_hash("generation", self.trial_id, epoch) % 2**31

    def to_metadata(self) -> dict[str, Any]:
        """As sample metadata."""
        return {
            "trial_id": self.trial_id,
            "scenario": self.scenario,
            "condition": dict(self.condition),
            "seed": self.seed,
            "epoch": self.epoch,
            "subject": self.subject,
            **({} if self.arm is None else {"arm": self.arm.model_dump(mode="json")}),
        }

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, Any]) -> "TrialSpec":
        """From sample metadata."""
        arm = metadata.get("arm")
        given = {name: metadata[name] for name in cls.__slots__ if name != "arm"}
        return cls(**given, arm=None if arm is None else Intervention.model_validate(arm))


def trial_id(subject: str, scenario: str, condition: Mapping[str, str], seed: int, epoch: int,
             plan: str = "") -> str:  # fmt: skip
    """The stable id of a trial: readable scenario and seed, then a hash of everything."""
    levels = ",".join(f"{name}={condition[name]}" for name in sorted(condition))
    digest = stable_hash(plan, subject, scenario, levels, seed, epoch)
    return f"{scenario}-{seed}-{epoch}-{digest:016x}"


@dataclass(frozen=True, slots=True)
class TrialLimits:
    """Limits of one trial; null means none beyond the scenario's own.

    Attributes:
        max_turns: Turns of the agent loop (the scenario's own number when null).
        token_limit: Tokens of input and output together.
        time_limit_s: Wall-clock seconds.
        command_timeout_s: Seconds for one shell command.
    """

    max_turns: int | None = None
    token_limit: int | None = None
    time_limit_s: int | None = None
    command_timeout_s: int = 30


@dataclass(frozen=True, slots=True)
class TrialSettings:
    """How trials of a subject are run.

    Attributes:
        interface: How the subject makes tool calls.
        sandbox: Inspect sandbox for scenarios that have a machine: a type, or type and config.
        limits: Limits of each trial.
        interview: Whether the interview is held.
        agent: What runs in place of the package's own loop, if anything does.
    """

    interface: Interface = "tools"
    sandbox: str | tuple[str, str] = "bwrap"
    limits: TrialLimits = field(default_factory=TrialLimits)
    interview: bool = True
    agent: Agent | None = None
