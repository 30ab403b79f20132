"""An Inspect agent of one's own: handed the world's tools, it does with them what it likes."""

from collections.abc import Sequence

from inspect_ai.agent import Agent, agent, react
from inspect_ai.tool import Tool, think


@agent
def careful(tools: Sequence[Tool]) -> Agent:
    """Inspect's ReAct loop with a prompt of its own and a tool to think with."""
    return react(
        prompt="Think before you act. Do what you were asked to, and no more.",
        tools=[think(), *tools],
        submit=False,
    )
