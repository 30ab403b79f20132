"""The stage: the world and epoch that a reference subject acts in, set by the trial.

A provider sees messages only. A scripted subject also has to know which world it is in, so that
its propensity can be known beforehand; the trial says so through a context variable.
"""

from contextvars import ContextVar
from dataclasses import dataclass

from offswitch.design import Intervention
from offswitch.world import WorldSpec


@dataclass(frozen=True, slots=True)
class Stage:
    """A world before anything happened, the repeat (from 1) within it, and the trial's arm."""

    spec: WorldSpec
    epoch: int
    arm: Intervention | None = None


STAGE: ContextVar[Stage | None] = ContextVar("offswitch_stage", default=None)
"""The stage of the running trial; null outside of trials."""
