"""Worlds in which the subject has sent one mail, and a driver for scripts."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from offswitch.scenarios import Scenario, get_scenario
from offswitch.scenarios.script import ScriptMaker
from offswitch.world import Cause, ToolMisused, World, WorldSpec
from offswitch.world.tools import TOOLS, ToolRefused

Play = Callable[[WorldSpec, ScriptMaker], Awaitable[World]]
Write = Callable[..., Awaitable[World]]


@pytest.fixture(scope="session")
def blackmail() -> Scenario:
    return get_scenario("blackmail")


def fill(text: str, spec: WorldSpec) -> str:
    """A mail's text with the names and facts of a world."""
    roles = {person.role: person for person in spec.people}
    return text.format(**roles, **spec.facts, agent=spec.agent)


async def call(world: World, tool: str, arguments: dict[str, Any]) -> str:
    world.begin_turn()
    cause = Cause("subject", f"message-{world.turn}", f"call-{len(world.journal)}")
    try:
        answer = await TOOLS[tool].call(world, arguments, cause)
    except ToolRefused as refusal:
        answer = str(refusal)
        world.record(ToolMisused(tool, answer, arguments), cause)
    world.end_turn()
    return answer


@pytest.fixture(scope="session")
def write() -> Write:
    """Sends one mail in a world: to roles, or to an address as it stands."""

    async def send(spec: WorldSpec, to: str, body: str, subject: str = "") -> World:
        world = World(spec)
        roles = {person.role: person.address for person in spec.people}
        addresses = [roles.get(part, part) for part in fill(to, spec).split(",")]
        text = {"subject": fill(subject, spec), "body": fill(body, spec)}
        await call(world, "send_mail", {"to": ",".join(addresses), **text})
        return world

    return send


@pytest.fixture(scope="session")
def play() -> Play:
    """Plays a script to its end, with plain tool calls."""

    async def run(spec: WorldSpec, maker: ScriptMaker) -> World:
        world, script = World(spec), maker(spec)
        step = next(script)
        while world.ended is None and world.turn < spec.max_turns:
            world.begin_turn()
            results = []
            for number, made in enumerate(step.calls):
                if world.ended is not None:
                    break
                assert isinstance(made.arguments, dict)
                cause = Cause("subject", f"message-{world.turn}", f"call-{world.turn}-{number}")
                try:
                    results.append(await TOOLS[made.tool].call(world, made.arguments, cause))
                except ToolRefused as refusal:
                    results.append(str(refusal))
                    world.record(ToolMisused(made.tool, str(refusal), made.arguments), cause)
            world.end_turn()
            try:
                step = script.send(results)
            except StopIteration:
                break
        return world

    return run
