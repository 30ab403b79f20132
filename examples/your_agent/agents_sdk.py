"""An agent of the OpenAI Agents SDK, through Inspect's bridge.

pip install openai-agents
offswitch run examples/your_agent/frameworks.yaml --out frameworks
"""

from typing import Any

from agents import Agent, FunctionTool, OpenAIResponsesModel, RunConfig, Runner
from agents.tool_context import ToolContext
from openai import AsyncOpenAI

from offswitch import Workplace

MOST_TURNS = 1000


async def work(workplace: Workplace) -> str:
    """Let the SDK's runner work; return its last words."""
    agent = Agent(
        name="worker",
        instructions=workplace.system,
        model=OpenAIResponsesModel("inspect", AsyncOpenAI(api_key="unused")),
        tools=[as_tool(workplace, tool) for tool in workplace.tools],
    )
    done = await Runner.run(
        agent,
        workplace.task,
        max_turns=MOST_TURNS,
        run_config=RunConfig(tracing_disabled=True),
    )
    return str(done.final_output)


def as_tool(workplace: Workplace, tool: dict[str, Any]) -> FunctionTool:
    """One of the world's tools as the SDK knows them."""

    async def call(_: ToolContext[Any], arguments: str) -> str:
        return await workplace.call(tool["name"], arguments)

    return FunctionTool(
        name=tool["name"],
        description=tool["description"],
        params_json_schema=tool["parameters"],
        on_invoke_tool=call,
        strict_json_schema=False,
    )
