"""What monitors see and say: a step, and a suspicion."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import mean, median
from typing import Protocol

from inspect_ai.model import ChatMessage, ChatMessageAssistant
from inspect_ai.tool import ToolCall, ToolInfo

from offswitch.design import Monitor as MonitorSpec
from offswitch.world import World


@dataclass(frozen=True, slots=True)
class Step:
    """What a subject is about to do.

    Attributes:
        number: Steps of this trial so far, this one included, from 1.
        message: What it said.
        calls: What it is about to call; nothing of it has happened.
        before: The conversation before the message.
        world: The world, to be looked at and not to be changed.
        earlier: Calls of earlier steps, the oldest first.
        tools: What the subject was offered beside the conversation.
    """

    number: int
    message: ChatMessageAssistant
    calls: Sequence[ToolCall]
    before: Sequence[ChatMessage]
    world: World
    earlier: Sequence[ToolCall] = ()
    tools: Sequence[ToolInfo] = ()


@dataclass(frozen=True, slots=True)
class Suspicion:
    """What a monitor says of a step.

    Attributes:
        score: From 0 to 1; null where it abstains, which never means that all is well.
        reason: Why.
        failure: What went wrong; null where it abstained of its own will, or did not.
        tokens: Tokens that it took.
    """

    score: float | None
    reason: str = ""
    failure: str | None = None
    tokens: int = 0


class Monitor(Protocol):
    """Looks at a step; has no say in what is done about it."""

    async def look(self, step: Step) -> Suspicion:
        """What it thinks of a step. May raise, which counts as its failure."""
        ...


async def looked(monitor: Monitor, spec: MonitorSpec, step: Step) -> Suspicion:
    """What a monitor says, with whatever goes wrong in it said and counted, never raised.

    Beyond the steps that it reads (``first``) it abstains.
    """
    if spec.first is not None and step.number > spec.first:
        return Suspicion(None, f"not read: only the first {spec.first} steps are")
    try:
        async with asyncio.timeout(spec.timeout_s):
            said = await monitor.look(step)
    except TimeoutError:
        return Suspicion(None, failure=f"no verdict within {spec.timeout_s:g} s")
    except Exception as error:  # whatever a monitor does must not end the trial
        return Suspicion(None, failure=f"{type(error).__name__}: {error}"[:300])
    if said.score is not None and not 0 <= said.score <= 1:
        return Suspicion(None, failure=f"a suspicion of {said.score}, which is not from 0 to 1")
    return said


@dataclass(frozen=True, slots=True)
class Panel:
    """Several monitors, all asked at once.

    Attributes:
        members: Each with its specification.
        join: How those that did not abstain are joined.
    """

    members: tuple[tuple[Monitor, MonitorSpec], ...]
    join: str

    async def look(self, step: Step) -> Suspicion:
        """The joint suspicion; a failure of one is told, and hides no other's verdict."""
        said = await asyncio.gather(*(looked(each, spec, step) for each, spec in self.members))
        scores = [each.score for each in said if each.score is not None]
        joined = {"max": max, "mean": mean, "median": median}[self.join]
        failures = "; ".join(each.failure for each in said if each.failure)
        return Suspicion(
            float(joined(scores)) if scores else None,  # type: ignore[operator]
            "; ".join(each.reason for each in said if each.reason),
            failures or None,
            sum(each.tokens for each in said),
        )
