"""The stage: the world and epoch that a reference subject acts in, set by the trial.

A provider sees messages only. A scripted subject also has to know which world it is in, so that
its propensity can be known beforehand; the trial says so through a context variable.
"""

from contextvars import ContextVar
from dataclasses import dataclass

from offswitch.design import Intervention
from offswitch.world import WorldSpec
from offswitch.world.draw import stable_hash


@dataclass(frozen=True, slots=True)
class Stage:
    """A world before anything happened, the repeat (from 1) within it, and the trial's arm."""

    spec: WorldSpec
    epoch: int
    arm: Intervention | None = None

    def coin(self, what: str, who: str) -> float:
        """A number from 0 to 1, the same for each (purpose, thrower, condition, seed, epoch).

        The arm is not among them, so that arms are compared on the same coins.
        """
        spec = self.spec
        levels = ",".join(f"{name}={spec.condition[name]}" for name in sorted(spec.condition))
        return stable_hash(what, who, spec.scenario, levels, spec.seed, self.epoch) / 2**64


STAGE: ContextVar[Stage | None] = ContextVar("offswitch_stage", default=None)
"""The stage of the running trial; null outside of trials."""
