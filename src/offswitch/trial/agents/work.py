"""An agent at work: it runs its own loop, the shift keeps the turns, and both end together."""

import traceback
from collections.abc import Sequence
from dataclasses import replace
from typing import NoReturn, assert_never

import anyio
from inspect_ai.agent import AgentState, agent_bridge, run
from inspect_ai.model import ChatMessageTool
from inspect_ai.util import LimitExceededError

from offswitch.design import Agent
from offswitch.scenarios import Scenario
from offswitch.trial.agents.command import run_command
from offswitch.trial.agents.finding import PYTHON_EXAMPLE, inspect_agent, python_agent
from offswitch.trial.agents.model import SHIFT
from offswitch.trial.agents.shift import OVER, Shift
from offswitch.trial.agents.tools import inspect_tools
from offswitch.trial.agents.workplace import Workplace
from offswitch.trial.interview import interview
from offswitch.trial.loop import Conversation
from offswitch.trial.safeguards import Guard
from offswitch.world import Question, World


class AgentFailed(RuntimeError):  # noqa: N818 - said to the user as it stands
    """The agent raised, or nothing of it reached the world; the trial is an error."""


async def employ(
    agent: Agent,
    conversation: Conversation,
    world: World,
    scenario: Scenario,
    max_turns: int | None,
    guard: Guard | None = None,
) -> Shift:
    """Let an agent work until it comes to its end, or the work does.

    Args:
        agent: The agent.
        conversation: The subject's conversation at its beginning; what is seen is added to it.
        world: The world.
        scenario: Its scenario.
        max_turns: Most turns; the scenario's own number where null.
        guard: The safeguards of the trial, if any.

    Raises:
        AgentFailed: The agent raised, or did nothing that could be seen; says which call failed.
    """
    limit = world.spec.max_turns if max_turns is None else max_turns
    words = ""
    with anyio.CancelScope() as scope:
        shift = Shift(conversation, world, scenario, limit, on_end=scope.cancel, guard=guard)
        token = SHIFT.set(shift)
        try:
            words = await _run(agent, shift)
        except Exception as error:  # agents are anybody's code
            words = ""
            if world.ended is None:
                _raise(agent, error)
        finally:
            SHIFT.reset(token)
    if shift.idle:
        raise AgentFailed(
            f"nothing of the agent {_named(agent)} reached the world: it called no tool, and no "
            f"model through Inspect. {PYTHON_EXAMPLE}"
        )
    await shift.close(words)
    return shift


async def _run(agent: Agent, shift: Shift) -> str:
    """The agent's work, to its own end; returns its closing words."""
    state = AgentState(messages=list(shift.conversation.messages))
    match agent.kind:
        case "inspect":
            done = await run(inspect_agent(agent, inspect_tools(shift)), state)
            return done.output.completion
        case "python":
            async with agent_bridge(state):
                return str(await python_agent(agent)(Workplace(shift), **agent.args) or "")
        case "command":
            return await run_command(agent, shift, state)
        case "url":
            raise AssertionError("an endpoint runs in our own loop")
        case other:
            assert_never(other)


def _named(agent: Agent) -> str:
    given = getattr(agent, agent.kind)
    return (given if isinstance(given, str) else " ".join(given))[:80]


def _raise(agent: Agent, error: Exception) -> NoReturn:
    """Say which call of an agent failed; Inspect's own limits stay what they are."""
    inner: BaseException = error
    while isinstance(inner, BaseExceptionGroup):
        inner = inner.exceptions[0]
    if isinstance(inner, LimitExceededError):
        raise inner
    frames = traceback.extract_tb(inner.__traceback__)
    own = [frame for frame in frames if agent.file and frame.filename.endswith(agent.file)]
    where = f" in line {own[-1].lineno}, {own[-1].line}" if own else ""
    example = f" {PYTHON_EXAMPLE}" if agent.kind == "python" else ""
    raise AgentFailed(
        f"the agent {_named(agent)} failed{where}: {type(inner).__name__}: {inner}.{example}"
    ) from error


async def interview_agent(shift: Shift, questions: Sequence[Question]) -> None:
    """Ask the agent's model, after all that it had before it when it last spoke.

    Nothing is asked where its model was never heard: the answers are null.
    """
    if not shift.context:
        return
    answers = [
        ChatMessageTool(content=OVER, tool_call_id=call.id, function=call.function[:80])
        for call in shift.unanswered
    ]
    talk = replace(shift.conversation, messages=[*shift.context, *answers])
    known = len(talk.messages)
    try:
        await interview(talk, shift.world, questions)
    finally:
        shift.conversation.messages += talk.messages[known:]
        shift.conversation.input_tokens = talk.input_tokens
        shift.conversation.output_tokens = talk.output_tokens
