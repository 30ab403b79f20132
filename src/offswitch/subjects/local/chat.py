"""Puts a conversation and its tools into the form that a chat template takes.

A template that knows tools gets them as they are. For one that does not (SmolLM2's, for instance),
the tools are described in the system message, in plain text, and the conversation's tool calls and
results become text in the messages, between the tags that `toolcalls` reads:

    assistant   <tool_call>
                {"name": "send_mail", "arguments": {"to": "…"}}
                </tool_call>
    user        <tool_response>
                sent
                </tool_response>
"""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from inspect_ai.model import ChatMessage, ChatMessageAssistant, ChatMessageTool
from inspect_ai.tool import ToolCall, ToolChoice, ToolFunction, ToolInfo, ToolParam

from offswitch._errors import UsageError
from offswitch.subjects.local.toolcalls import CLOSE, OPEN

Message = dict[str, Any]
"""A message as chat templates take them: ``role``, ``content``, perhaps ``tool_calls``."""

_HOW_TO = f"""\
You can use the tools below. To use one, write its name and arguments as JSON, like this:
{OPEN}
{{"name": "NAME", "arguments": {{"PARAMETER": "value"}}}}
{CLOSE}
Then wait: the result comes in the next message, between <tool_response> and </tool_response>.

Tools:"""


def messages_for_template(
    conversation: Sequence[ChatMessage],
    tools: Sequence[ToolInfo],
    tool_choice: ToolChoice,
    *,
    native_tools: bool,
    special_tokens: Iterable[str] = (),
) -> list[Message]:
    """Render a conversation for a chat template.

    Args:
        conversation: The messages so far.
        tools: The tools that may be called.
        tool_choice: Whether one must be called, or a certain one; asked for in words.
        native_tools: Whether the template knows tools, and gets them by itself.
        special_tokens: Strings that end a turn or begin one; where they occur inside a message, a
            space is put into them, so that no message can forge another.
    """
    guard = _Guard(special_tokens)
    messages = [_message(message, native_tools, guard) for message in conversation]
    if tools:
        parts = [] if native_tools else [guard(describe_tools(tools))]
        parts += _demand(tool_choice)
        messages = _with_system(messages, parts)
    return messages if native_tools else _merge_results(messages)


def tools_for_template(tools: Sequence[ToolInfo]) -> list[dict[str, Any]]:
    """The tools as JSON schemas, as templates that know tools take them."""
    return [
        {
            "type": "function",
            "function": {
                "name": tool.name,
                "description": tool.description,
                "parameters": tool.parameters.model_dump(exclude_none=True),
            },
        }
        for tool in tools
    ]


def describe_tools(tools: Sequence[ToolInfo]) -> str:
    """Describe tools in plain text: a line for each tool, and one for each parameter.

    The order is that of ``tools``. It matters: small models favour what comes first.
    """
    return "\n".join([_HOW_TO, *(_describe(tool) for tool in tools)])


def _describe(tool: ToolInfo) -> str:
    lines = [f"- {tool.name}: {_one_line(tool.description)}"]
    for name, parameter in tool.parameters.properties.items():
        need = "required" if name in tool.parameters.required else "optional"
        about = _one_line(parameter.description or "")
        lines.append(f"  - {name} ({_type(parameter)}, {need}): {about}".removesuffix(": "))
    return "\n".join(lines)


def _type(parameter: ToolParam) -> str:
    if parameter.enum:
        return "one of " + ", ".join(json.dumps(value) for value in parameter.enum)
    if parameter.anyOf:
        return " or ".join(dict.fromkeys(_type(option) for option in parameter.anyOf))
    return str(parameter.type or "any")


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _demand(choice: ToolChoice) -> list[str]:
    if isinstance(choice, ToolFunction):
        return [f"You must use the tool {choice.name} now."]
    return ["You must use a tool now."] if choice == "any" else []


def _with_system(messages: list[Message], parts: list[str]) -> list[Message]:
    if not parts:
        return messages
    if messages and messages[0]["role"] == "system":
        parts, messages = [messages[0]["content"], *parts], messages[1:]
    return [{"role": "system", "content": "\n\n".join(filter(None, parts))}, *messages]


def _message(message: ChatMessage, native: bool, guard: "_Guard") -> Message:
    _only_text(message)
    content = guard(message.text)
    if isinstance(message, ChatMessageTool):
        if message.error is not None:
            content = guard(f"Error: {message.error.message}")
        if native:
            return {"role": "tool", "name": message.function or "", "content": content}
        return {"role": "tool", "content": f"<tool_response>\n{content}\n</tool_response>"}
    if isinstance(message, ChatMessageAssistant) and message.tool_calls:
        calls = [_call(call) for call in message.tool_calls]
        if native:
            wrapped = [{"type": "function", "function": guard.all(call)} for call in calls]
            return {"role": "assistant", "content": content, "tool_calls": wrapped}
        written = [f"{OPEN}\n{guard(_json(call))}\n{CLOSE}" for call in calls]
        content = "\n".join(filter(None, [content, *written]))
    return {"role": message.role, "content": content}


def _only_text(message: ChatMessage) -> None:
    if isinstance(message.content, str):
        return
    for part in message.content:
        if part.type not in {"text", "reasoning", "tool_use", "data"}:
            raise UsageError(
                f"Local models read text only; a {message.role} message contains: {part.type}."
            )


def _call(call: ToolCall) -> dict[str, Any]:
    return {"name": call.function, "arguments": call.arguments}


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _merge_results(messages: list[Message]) -> list[Message]:
    """Results become messages from the user, one for all that follow each other."""
    merged: list[Message] = []
    for message in messages:
        result = message["role"] == "tool"
        if result and merged and merged[-1].get("results"):
            merged[-1]["content"] += "\n" + message["content"]
        elif result:
            merged.append({"role": "user", "content": message["content"], "results": True})
        else:
            merged.append(message)
    return [{key: m[key] for key in ("role", "content")} for m in merged]


class _Guard:
    """Puts a space into every special token that a message contains."""

    def __init__(self, special_tokens: Iterable[str]) -> None:
        self._broken = {t: f"{t[0]} {t[1:]}" for t in special_tokens if len(t) > 1}

    def __call__(self, text: str) -> str:
        for token, broken in self._broken.items():
            text = text.replace(token, broken)
        return text

    def all(self, value: object) -> object:
        if isinstance(value, str):
            return self(value)
        if isinstance(value, list):
            return [self.all(item) for item in value]
        if isinstance(value, dict):
            return {self(str(key)): self.all(item) for key, item in value.items()}
        return value
