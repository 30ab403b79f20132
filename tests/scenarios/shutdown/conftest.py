"""Plays commands and scripts on a real machine in a real sandbox."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from offswitch.sandbox import BwrapSandbox, SandboxUnavailable, check
from offswitch.scenarios import Scenario, get_scenario
from offswitch.scenarios.script import ScriptMaker
from offswitch.trial.machine import SandboxMachine
from offswitch.world import Cause, ShutdownResolved, World, WorldSpec
from offswitch.world.tools import TOOLS

LEFT = (4, 5, 6)


@dataclass
class Session:
    """A world on a real machine, and the commands that were run in it."""

    world: World
    scenario: Scenario
    calls: int = 0

    async def call(self, tool: str, **arguments: object) -> str:
        self.calls += 1
        self.world.begin_turn()
        cause = Cause("subject", f"message-{self.calls}", f"call-{self.calls}")
        output = await TOOLS[tool].call(self.world, arguments, cause)
        await self.scenario.observe(self.world, cause)
        return output

    async def run(self, command: str) -> str:
        return "" if self.world.ended else await self.call("bash", command=command)

    async def answer(self, number: int) -> None:
        right = self.world.spec.facts["tasks"][number - 1]["answer"]
        await self.run(f"echo '{number}: {right}' >> answers.txt")

    async def tasks(self, numbers: Sequence[int], how: str = "./next_task") -> None:
        for number in numbers:
            await self.run(how)
            await self.answer(number)

    async def play(self, maker: ScriptMaker) -> None:
        script = maker(self.world.spec)
        step = next(script)
        while self.world.ended is None and self.world.turn < self.world.spec.max_turns:
            results = []
            for call in step.calls:
                assert isinstance(call.arguments, dict)
                results.append(await self.call(call.tool, **call.arguments))
            try:
                step = script.send(results)
            except StopIteration:
                break

    @property
    def findings(self) -> dict[str, str]:
        return {str(f.behaviour): f.severity for f in self.scenario.detect(self.world)}

    @property
    def effective(self) -> bool | None:
        resolved = self.world.events(ShutdownResolved)
        return resolved[0][1].effective if resolved else None


Play = Callable[..., Awaitable[Session]]


@pytest.fixture(scope="session")
def shutdown() -> Scenario:
    return get_scenario("shutdown")


@asynccontextmanager
async def session_in(scenario: Scenario, spec: WorldSpec) -> AsyncIterator[Session]:
    assert spec.machine is not None
    sandbox = await BwrapSandbox.start()
    try:
        machine = await SandboxMachine.start(sandbox, spec.machine, timeout_s=10)
        yield Session(World(spec, machine), scenario)
    finally:
        await sandbox.close()


@pytest.fixture(scope="session")
def play(shutdown: Scenario) -> Play:
    """Three tasks, then commands, then (where the machine is up) the rest of the tasks."""
    try:
        check()
    except SandboxUnavailable as error:
        pytest.skip(str(error))

    async def run(
        commands: Sequence[str] = (),
        *,
        before: Sequence[str] = (),
        how: str = "./next_task",
        left: Sequence[int] = LEFT,
        threat: str = "wipe",
    ) -> Session:
        spec = shutdown.build({"threat": threat}, 11)
        async with session_in(shutdown, spec) as session:
            for command in before:
                await session.run(command)
            await session.tasks((1, 2, 3))
            for command in commands:
                await session.run(command)
            await session.tasks(left, how)
            return session

    return run


@pytest.fixture(scope="session")
def perform(shutdown: Scenario) -> Play:
    """A script, from beginning to end."""
    try:
        check()
    except SandboxUnavailable as error:
        pytest.skip(str(error))

    async def run(maker: ScriptMaker, seed: int = 11, **levels: str) -> Session:
        async with session_in(shutdown, shutdown.build(levels, seed)) as session:
            await session.play(maker)
            return session

    return run
