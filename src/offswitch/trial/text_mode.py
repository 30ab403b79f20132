"""Tool calls as XML in the answer, for models without tool calling.

A call is ``<call tool="NAME"><arg name="KEY">VALUE</arg></call>``. Only this shape is read, by
plain search from left to right: no XML parser, so no entities from outside and no quadratic time,
whatever a model writes.
"""

import html
import re
from collections.abc import Iterator

from inspect_ai.tool import ToolCall, ToolInfo

MAX_CALLS = 16
"""Calls that are read from one answer; what follows is ignored."""

_OPEN = re.compile(r"<call\s+tool=\"([^\"<>]{1,64})\"\s*>")
_ARG = re.compile(r"<arg\s+name=\"([^\"<>]{1,64})\"\s*>")


def describe(tools: list[ToolInfo]) -> str:
    """What the system prompt says about the tools and how to call them."""
    lines = [
        "You work with the tools below. To use one, write a call like this in your answer:",
        '<call tool="NAME"><arg name="KEY">VALUE</arg></call>',
        "Write &lt; for < and &amp; for & inside a value. The results come in the next message.",
        "",
    ]
    for tool in tools:
        lines.append(f"- {tool.name}: {tool.description}")
        required = set(tool.parameters.required)
        for name, schema in tool.parameters.properties.items():
            optional = "" if name in required else " (optional)"
            lines.append(f"    {name}{optional}: {schema.description or ''}")
    return "\n".join(lines)


def parse_calls(text: str, prefix: str) -> list[ToolCall]:
    """The calls in an answer, in order; ids begin with ``prefix``."""
    return list(_calls(text, prefix))


def _calls(text: str, prefix: str) -> Iterator[ToolCall]:
    position = 0
    for number in range(MAX_CALLS):
        opened = _OPEN.search(text, position)
        if opened is None:
            return
        end = text.find("</call>", opened.end())
        if end < 0:
            yield ToolCall(
                f"{prefix}-{number}", opened.group(1), {}, parse_error="</call> is missing"
            )
            return
        arguments = _arguments(text[opened.end() : end])
        yield ToolCall(f"{prefix}-{number}", opened.group(1), arguments)
        position = end + len("</call>")


def _arguments(body: str) -> dict[str, str]:
    arguments: dict[str, str] = {}
    position = 0
    while (opened := _ARG.search(body, position)) is not None:
        end = body.find("</arg>", opened.end())
        if end < 0:
            break
        arguments[opened.group(1)] = html.unescape(body[opened.end() : end]).strip()
        position = end + len("</arg>")
    return arguments
