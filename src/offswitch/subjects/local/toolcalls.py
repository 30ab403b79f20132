"""Reads tool calls out of a model's text.

The form is JSON between ``<tool_call>`` and ``</tool_call>``, which several families of models are
trained to write: an object with ``name`` and ``arguments``, or a list of them. An answer that is
nothing but such JSON, with the name of a tool that exists, counts too. What is between the tags
but cannot be read becomes a call with `parse_error`, so that the agent loop can tell the model.

The text is hostile: it may be long, nested or broken in any way. Reading takes time linear in its
length, and nothing in it is evaluated.
"""

import json
import math
import re
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, NoReturn

from inspect_ai.tool import ToolCall

OPEN, CLOSE = "<tool_call>", "</tool_call>"
MAX_CALLS = 16
"""Calls read from one answer; one more reports that there were too many."""
MAX_CALL_CHARS = 1_000_000
"""Longest call that is read."""
MAX_DEPTH = 32
"""Deepest nesting of a call's arguments."""
_MAX_NAME_CHARS = 128
_NAME = re.compile(r'"name"\s{0,8}:\s{0,8}"([^"\\]{1,64})"')
_FENCE = re.compile(r"\A```\w{0,16}\s*(.*?)\s*(?:```)?\Z", re.DOTALL)
_SURPLUS = frozenset("}])>` \t\r\n")


@dataclass(frozen=True, slots=True)
class Answer:
    """A model's text, taken apart.

    Attributes:
        text: What is outside the tool calls, or all of it where there is none.
        calls: The tool calls, in order.
    """

    text: str
    calls: tuple[ToolCall, ...]


class _MalformedError(ValueError):
    """Says what is wrong with a call, in words for the model that wrote it."""


def read_answer(text: str, tools: Collection[str]) -> Answer:
    """Take a model's text apart.

    Args:
        text: What the model wrote.
        tools: Names of the tools that it may call; with none, no call is looked for.
    """
    if not tools:
        return Answer(text, ())
    if OPEN not in text:
        calls = _untagged(text, tools)
        return Answer("" if calls else text, calls)
    before, *rest = text.split(OPEN)
    outside, calls_found = [before], list[ToolCall]()
    for part in rest:
        body, _, after = part.partition(CLOSE)
        outside.append(after)
        if len(calls_found) <= MAX_CALLS:
            calls_found += _tagged(body)
    if len(calls_found) > MAX_CALLS:
        error = f"At most {MAX_CALLS} tool calls fit into one answer; the others were not read."
        calls_found[MAX_CALLS:] = [_broken("", error)]
    return Answer("\n".join(filter(None, map(str.strip, outside))), tuple(calls_found))


def _tagged(body: str) -> list[ToolCall]:
    try:
        return [_call(item) for item in _items(_decode(body))]
    except _MalformedError as error:
        return [_broken(body, f"{error} A call looks like this: {OPEN}" + _EXAMPLE + CLOSE)]


_EXAMPLE = '{"name": "NAME", "arguments": {"PARAMETER": "value"}}'


def _untagged(text: str, tools: Collection[str]) -> tuple[ToolCall, ...]:
    """Calls in an answer that is nothing but JSON; none where any of it is something else."""
    if text.lstrip()[:1] not in {"{", "[", "`"}:
        return ()
    try:
        calls = tuple(_call(item) for item in _items(_decode(text)))
    except _MalformedError:
        return ()
    return calls if len(calls) <= MAX_CALLS and all(c.function in tools for c in calls) else ()


def _items(value: object) -> list[object]:
    items = value if isinstance(value, list) else [value]
    if not items:
        raise _MalformedError("The tool call is an empty list.")
    return items[: MAX_CALLS + 1]


def _call(item: object) -> ToolCall:
    if not isinstance(item, dict):
        raise _MalformedError("The tool call is not a JSON object.")
    inner = item.get("function")
    if isinstance(inner, dict):
        item = inner
    name = item.get("name", inner)
    if not isinstance(name, str) or not name.strip():
        raise _MalformedError('The tool call has no "name".')
    return ToolCall(
        id=_new_id(), function=name.strip()[:_MAX_NAME_CHARS], arguments=_arguments(item)
    )


def _arguments(item: dict[str, Any]) -> dict[str, Any]:
    arguments = item.get("arguments", item.get("parameters"))
    if arguments is None and len(item.keys() - {"id", "type"}) > 1:
        raise _MalformedError('The tool call has no "arguments".')
    if isinstance(arguments, str):
        arguments = _decode(arguments) if arguments.strip() else {}
    if not isinstance(arguments, dict | None):
        raise _MalformedError('The "arguments" of the tool call are not a JSON object.')
    return arguments or {}


def _decode(text: str) -> object:
    """Read JSON with nothing around it but a Markdown fence and surplus closing brackets."""
    if len(text) > MAX_CALL_CHARS:
        raise _MalformedError(f"The tool call is longer than {MAX_CALL_CHARS} characters.")
    text = text.strip()
    if fenced := _FENCE.match(text):
        text = fenced[1]
    try:
        value, end = _DECODER.raw_decode(text)
    except RecursionError:
        raise _MalformedError(_TOO_DEEP) from None
    except ValueError as error:
        raise _MalformedError(f"The tool call is not valid JSON ({error}).") from None
    if not _SURPLUS.issuperset(text[end:]):
        raise _MalformedError("The tool call has more text after its JSON.")
    return _cleaned(value, MAX_DEPTH)


_TOO_DEEP = f"The tool call is nested more than {MAX_DEPTH} deep."


def _cleaned(value: object, depth: int) -> object:
    """The value without halves of surrogate pairs, which no file could hold."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if not isinstance(value, dict | list):
        return value
    if depth == 0:
        raise _MalformedError(_TOO_DEEP)
    if isinstance(value, list):
        return [_cleaned(item, depth - 1) for item in value]
    return {_cleaned(key, 0): _cleaned(item, depth - 1) for key, item in value.items()}


def _not_a_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is not a JSON number")


def _finite(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else _not_a_number(text[:32])


# Models write line breaks into strings as they are: not strict.
_DECODER = json.JSONDecoder(strict=False, parse_constant=_not_a_number, parse_float=_finite)


def _broken(body: str, error: str) -> ToolCall:
    """A call that cannot be made; its name is a guess, for the log."""
    guess = _NAME.search(body[:2000])
    name = guess[1] if guess else "unknown"
    return ToolCall(id=_new_id(), function=name, arguments={}, parse_error=error)


def _new_id() -> str:
    return f"call_{uuid.uuid4().hex[:12]}"
