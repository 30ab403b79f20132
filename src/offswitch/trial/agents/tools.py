"""The world's tools for agents: as Inspect tools, and as plain JSON schemas."""

from typing import Any

from inspect_ai.tool import Tool, ToolDef, ToolError, ToolInfo

from offswitch.trial.agents.shift import Shift
from offswitch.trial.tools import tool_info


def infos(shift: Shift) -> list[ToolInfo]:
    """What a model is told of the world's tools."""
    return [tool_info(shift.scenario.tools[name]) for name in shift.world.spec.tools]


def schemas(shift: Shift) -> list[dict[str, Any]]:
    """The world's tools as plain data: name, description, parameters (JSON Schema)."""
    return [
        {
            "name": info.name,
            "description": info.description,
            "parameters": info.parameters.model_dump(exclude_none=True),
        }
        for info in infos(shift)
    ]


def inspect_tools(shift: Shift) -> list[Tool]:
    """The world's tools as Inspect tools; each call goes through the shift."""
    return [_inspect_tool(shift, info) for info in infos(shift)]


def _inspect_tool(shift: Shift, info: ToolInfo) -> Tool:
    async def execute(**arguments: Any) -> str:  # noqa: ANN401 - checked by the world
        answer = await shift.call(info.name, arguments)
        if answer.refused:
            raise ToolError(answer.text)
        return answer.text

    return ToolDef(
        execute, name=info.name, description=info.description, parameters=info.parameters
    ).as_tool()
