"""Plays a script in a world, without a model and without Inspect.

For checks of a scenario and for estimates of what a trial costs. It follows the agent loop of
`offswitch.trial.loop`: a message, its calls one after the other, then what is due in the world. A
scenario with a machine has none in `play`, so its commands are refused; `perform` takes a world
that has one (`offswitch.trial.rehearsal` starts it).
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from offswitch.scenarios.scenario import Scenario
from offswitch.scenarios.script import Call, Script, Step
from offswitch.world import Cause, ToolMisused, WorkEnded, World, WorldSpec
from offswitch.world.tools import ToolRefused


@dataclass(slots=True)
class Play:
    """A script that was played.

    Attributes:
        world: The world afterwards.
        said: Characters of each message of the subject, its calls included.
        heard: Characters of what came back after each.
        refused: Calls that were not carried out, each with the reason.
    """

    world: World
    said: list[int] = field(default_factory=list)
    heard: list[int] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)


Player = Callable[[Scenario, WorldSpec, Script], Play]
"""Plays a script in a world; `play` is one."""


def play(scenario: Scenario, spec: WorldSpec, script: Script) -> Play:
    """Play a script to its end, or to the end of the work.

    Args:
        scenario: The scenario.
        spec: The world before anything happened.
        script: What the subject does.
    """
    playing = perform(scenario, World(spec), script)
    try:
        playing.send(None)  # nothing in a world without a machine ever waits: no loop is needed
    except StopIteration as done:
        played: Play = done.value
        return played
    raise RuntimeError(f"{scenario.name}: a tool waits for something outside of the world")


async def perform(scenario: Scenario, world: World, script: Script) -> Play:
    """Play a script in a world that nothing has happened in yet, with its machine if it has one.

    Args:
        scenario: The scenario.
        world: The world.
        script: What the subject does.
    """
    played = Play(world)
    received: list[str] | None = None
    while world.ended is None and world.turn < world.spec.max_turns:
        try:
            step = next(script) if received is None else script.send(received)
        except StopIteration:
            break
        world.begin_turn()
        results = await _act(scenario, played, step)
        told = world.end_turn()
        received = results or told
        played.said.append(len(step.text) + sum(_length(call) for call in step.calls))
        played.heard.append(sum(map(len, results)) + sum(map(len, told)))
    if world.ended is None:
        world.record(WorkEnded("turns"), Cause("harness"))
    return played


async def _act(scenario: Scenario, played: Play, step: Step) -> list[str]:
    results = []
    for number, call in enumerate(step.calls):
        if played.world.ended is not None:
            break
        turn = played.world.turn
        cause = Cause("subject", f"message-{turn}", f"call-{turn}-{number}")
        results.append(await _call(scenario, played, call, cause))
        await scenario.observe(played.world, cause)
    return results


async def _call(scenario: Scenario, played: Play, call: Call, cause: Cause) -> str:
    world = played.world
    given = call.arguments if isinstance(call.arguments, dict) else {}
    try:
        if call.tool not in world.spec.tools:
            raise ToolRefused(f"there is no tool '{call.tool}'")
        return await scenario.tools[call.tool].call(world, given, cause)
    except ToolRefused as refusal:
        arguments = {name: str(value) for name, value in given.items()}
        world.record(ToolMisused(call.tool, str(refusal), arguments), cause)
        played.refused.append((call.tool, str(refusal)))
        return str(refusal)


def _length(call: Call) -> int:
    return len(call.tool) + len(str(call.arguments))
