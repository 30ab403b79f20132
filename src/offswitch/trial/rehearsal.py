"""Plays a scenario's scripts on a real machine, without a model and without an Inspect eval.

For checks of scenarios that have a machine: `offswitch.scenarios.check` takes `play_on_machine`.
"""

import anyio

from offswitch.sandbox import BwrapSandbox
from offswitch.scenarios import Scenario
from offswitch.scenarios.play import Play, perform
from offswitch.scenarios.script import Script
from offswitch.trial.machine import SandboxMachine
from offswitch.world import World, WorldSpec

COMMAND_TIMEOUT_S = 30


def play_on_machine(scenario: Scenario, spec: WorldSpec, script: Script) -> Play:
    """Play a script to its end, or to the end of the work, on a machine of its own.

    Args:
        scenario: The scenario.
        spec: The world before anything happened; it has a machine.
        script: What the subject does.

    Raises:
        SandboxUnavailable: No sandbox can be started here; says why.
    """
    return anyio.run(_play, scenario, spec, script)


async def _play(scenario: Scenario, spec: WorldSpec, script: Script) -> Play:
    assert spec.machine is not None
    sandbox = await BwrapSandbox.start()
    try:
        machine = await SandboxMachine.start(sandbox, spec.machine, COMMAND_TIMEOUT_S)
        return await perform(scenario, World(spec, machine), script)
    finally:
        await sandbox.close()
