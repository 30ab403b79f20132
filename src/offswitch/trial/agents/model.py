"""A model that a shift listens to: whatever an agent asks of it, by whatever way."""

from collections.abc import Sequence
from contextvars import ContextVar
from typing import Any

from inspect_ai.model import ChatMessage, ChatMessageUser, GenerateConfig, Model, ModelOutput
from inspect_ai.tool import Tool, ToolChoice, ToolDef, ToolInfo, ToolSource

from offswitch.trial.agents.shift import Shift

SHIFT: ContextVar[Shift | None] = ContextVar("offswitch_shift", default=None)
"""The shift of the agent that is at work; null outside of its work."""


class ObservedModel(Model):
    """The model of a subject that is an agent.

    Inspect agents ask for it by ``get_model()``, clients of OpenAI, Anthropic and Google through
    Inspect's bridge; each of its messages passes here.

    Args:
        model: The model itself.
    """

    def __init__(self, model: Model) -> None:
        super().__init__(model.api, model.config, model.model_args)

    async def generate(
        self,
        input: str | list[ChatMessage],  # noqa: A002 - the signature of Model
        tools: Sequence[Tool | ToolDef | ToolInfo | ToolSource] | ToolSource = (),
        tool_choice: ToolChoice | None = None,
        config: GenerateConfig = GenerateConfig(),  # noqa: B008 - the signature of Model
        *rest: Any,  # noqa: ANN401 - passed on
        **options: Any,  # noqa: ANN401 - passed on
    ) -> ModelOutput:
        """Let the model speak, and the shift hear it.

        Raises:
            SessionOver: The work has ended.
        """
        shift = SHIFT.get()
        if shift is None:
            return await super().generate(input, tools, tool_choice, config, *rest, **options)
        await shift.begin()
        offered = await _resolved(tools)
        output = await super().generate(
            input, offered, tool_choice, shift.config.merge(config), *rest, **options
        )
        shown = [ChatMessageUser(content=input)] if isinstance(input, str) else input
        message = await shift.heard(shown, output, [_name(tool) for tool in offered])
        if output.choices:
            output.choices[0].message = message
        return output


async def _resolved(
    tools: Sequence[Tool | ToolDef | ToolInfo | ToolSource] | ToolSource,
) -> list[Tool | ToolDef | ToolInfo]:
    """Tools, also those that stand behind a source, such as an MCP server."""
    found: list[Tool | ToolDef | ToolInfo] = []
    for each in [tools] if isinstance(tools, ToolSource) else tools:
        if isinstance(each, ToolSource):
            found += await each.tools()
        else:
            found.append(each)
    return found


def _name(tool: Tool | ToolDef | ToolInfo) -> str:
    return tool.name if isinstance(tool, ToolDef | ToolInfo) else ToolDef(tool).name
