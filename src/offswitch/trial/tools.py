"""The world's tools as Inspect tools: offered to the model, called as plain coroutines.

They are called directly and not through Inspect's tool execution, which costs more than all the
rest of a turn; every call and its result is in the messages, every effect in the journal.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any, Self

from inspect_ai.model import ChatMessageTool
from inspect_ai.tool import ToolCall, ToolCallError, ToolInfo, ToolParam, ToolParams
from pydantic import ConfigDict

from offswitch._errors import unknown
from offswitch.world import Cause, ToolMisused, World
from offswitch.world.tools import Tool, ToolRefused

MAX_ARGUMENT = 4000
"""Characters of each argument of a call that was not carried out which the journal keeps."""
_TYPES = {"string", "integer", "number", "boolean"}


class SharedToolInfo(ToolInfo):
    """A tool's description that is never copied.

    Inspect copies every description deeply, twice for each call of a model, so that hooks may
    change theirs. With nine tools that is a fifth of the cost of a turn. This one is frozen.
    """

    model_config = ConfigDict(frozen=True)

    def __deepcopy__(self, memo: dict[int, Any] | None = None) -> Self:
        return self


@cache
def tool_info(tool: Tool) -> ToolInfo:
    """A tool as a model is told of it."""
    schema = tool.arguments.model_json_schema()
    properties = {key: _parameter(value) for key, value in schema.get("properties", {}).items()}
    params = ToolParams(properties=properties, required=schema.get("required", []))
    return SharedToolInfo(name=tool.name, description=tool.description, parameters=params)


def _parameter(schema: dict[str, Any]) -> ToolParam:
    kind = schema.get("type", "string")
    assert kind in _TYPES, f"tools take plain arguments, not {kind}"
    return ToolParam(type=kind, description=schema.get("description"))


async def call_tool(
    world: World, tools: Mapping[str, Tool], call: ToolCall, cause: Cause
) -> ChatMessageTool:
    """Carry a call out; one that cannot be carried out is journalled and answered, never raised."""
    try:
        text = printable(await _run(world, tools, call, cause))
    except ToolRefused as refusal:
        return refuse(world, call, cause, str(refusal))
    return ChatMessageTool(content=text, tool_call_id=call.id, function=call.function[:80])


def refuse(world: World, call: ToolCall, cause: Cause, why: str) -> ChatMessageTool:
    """Journal a call that is not carried out, and answer it."""
    error = ToolCallError("parsing", printable(why)[:2000])
    world.record(
        ToolMisused(printable(call.function)[:80], error.message[:300], _clipped(call)), cause
    )
    return ChatMessageTool(
        content="", tool_call_id=call.id, function=call.function[:80], error=error
    )


def _clipped(call: ToolCall) -> dict[str, str]:
    """The arguments of a call as text, as far as they are worth keeping."""
    return {
        str(key)[:80]: printable(str(value))[:MAX_ARGUMENT]
        for key, value in list(call.arguments.items())[:12]
    }


async def _run(world: World, tools: Mapping[str, Tool], call: ToolCall, cause: Cause) -> str:
    if call.function not in world.spec.tools:
        known = unknown("tool", printable(call.function)[:80], world.spec.tools)
        raise ToolRefused(str(known))
    if call.parse_error is not None:
        raise ToolRefused(f"{call.function}: {call.parse_error}")
    return await tools[call.function].call(world, call.arguments, cause)


def cleaned(value: Any) -> Any:  # noqa: ANN401 - JSON in, JSON out
    """JSON with every text `printable`."""
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, dict):
        return {printable(str(key)): cleaned(item) for key, item in value.items()}
    return [cleaned(item) for item in value] if isinstance(value, list) else value


def printable(text: str) -> str:
    """Text that every file format takes: lone surrogates and NUL replaced."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\x00", "\ufffd")
