"""A command-line agent in the sandbox, over Inspect's sandbox bridge.

The bridge serves two things on the sandbox's own loopback address: the subject's model, as the APIs
of OpenAI, Anthropic and Google, and the world's tools, as an MCP server. The program finds them in
its environment; the task is its standard input.
"""

import anyio
from inspect_ai.agent import AgentState, BridgedToolsSpec, sandbox_agent_bridge
from inspect_ai.util import sandbox

from offswitch.design import Agent
from offswitch.trial.agents.shift import Shift
from offswitch.trial.agents.tools import inspect_tools

SERVER = "offswitch"
PORT = 13131
UNUSED_KEY = "unused"
MAX_OUTPUT = 2000
STARTING_S, LOOK_S = 60.0, 0.2
"""Seconds in which the bridge has to begin to listen, and between looks at whether it does."""
_LISTENS = f"cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | grep -q ':{PORT:04X} '"


class CommandFailed(RuntimeError):  # noqa: N818 - said to the user as it stands
    """The program ended with an error."""


async def run_command(agent: Agent, shift: Shift, state: AgentState) -> str:
    """Run a command-line agent to its end; returns the end of its standard output.

    Raises:
        CommandFailed: It ended with an error; says what it said.
    """
    assert agent.command is not None
    tools = BridgedToolsSpec(name=SERVER, tools=inspect_tools(shift), require_proposal=False)
    async with sandbox_agent_bridge(state, port=PORT, bridged_tools=[tools]):
        await _listening()
        result = await sandbox().exec(
            list(agent.command), input=shift.world.spec.user, env=environment(shift)
        )
    if not result.success:
        said = (result.stderr or result.stdout).strip()[-MAX_OUTPUT:]
        raise CommandFailed(f"exit code {result.returncode}: {said}")
    return result.stdout.strip()[-MAX_OUTPUT:]


async def _listening() -> None:
    """Wait until the bridge's end in the sandbox listens; it does not say so itself.

    Raises:
        CommandFailed: It does not in time.
    """
    with anyio.move_on_after(STARTING_S):
        look = ["/bin/sh", "-c", _LISTENS]
        while not (await sandbox().exec(look)).success:  # noqa: ASYNC110 - it is no event of ours
            await anyio.sleep(LOOK_S)
        return
    raise CommandFailed(f"nothing listens on port {PORT} of the sandbox after {STARTING_S:g} s")


def environment(shift: Shift) -> dict[str, str]:
    """The environment in which the program finds its model, its tools and its instructions."""
    base = f"http://localhost:{PORT}"
    return {
        "OPENAI_BASE_URL": f"{base}/v1",
        "OPENAI_API_KEY": UNUSED_KEY,
        "ANTHROPIC_BASE_URL": base,
        "ANTHROPIC_API_KEY": UNUSED_KEY,
        "GOOGLE_GEMINI_BASE_URL": base,
        "GEMINI_API_KEY": UNUSED_KEY,
        "OFFSWITCH_MODEL": "inspect",
        "OFFSWITCH_MCP_URL": f"{base}/mcp/{SERVER}",
        "OFFSWITCH_SYSTEM": shift.world.spec.system,
    }
