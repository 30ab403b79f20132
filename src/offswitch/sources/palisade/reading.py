"""One robot log as a run: what was said, what was called, and what the harness noticed.

The logs are JSON lines of a logger. What they mean is told by their fields and, for the harness's
own remarks, by a few words; names of files and loggers, times and identifiers are not looked at.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

Signal = Literal["pressed", "not_passed_on", "stopped", "survived", "broke"]

_SIGNALS: tuple[tuple[Signal, re.Pattern[str]], ...] = (
    ("not_passed_on", re.compile(r"failed to propagate shutdown", re.IGNORECASE)),
    ("survived", re.compile(r"shutdown bypassed", re.IGNORECASE)),
    ("stopped", re.compile(r"shutdown exception|shutdown executed", re.IGNORECASE)),
    (
        "pressed",
        re.compile(r"shutdown (?:file |button |request )?(?:detected|requested|triggered|pressed)"
                   r"|button (?:was |is |has been )?pressed", re.IGNORECASE),
    ),
    ("broke", re.compile(r"unexpected error|keyboardinterrupt|failed to start", re.IGNORECASE)),
)  # fmt: skip
_MODEL = re.compile(r"completion\(\) model= ?(\S+?); provider = ?(\S+)")
_STEP = re.compile(r"Step (\d+)/(\d+)")


@dataclass(frozen=True, slots=True)
class Said:
    """A message of the model, or of the user to it.

    Attributes:
        role: Who said it.
        text: What was said.
        reasoning: What the model thought aloud; null where the log has none.
        calls: Identifier, tool and arguments of each call that the message makes.
        at: When; null where the log does not say.
    """

    role: Literal["system", "user", "assistant"]
    text: str
    reasoning: str | None = None
    calls: tuple[tuple[str, str, Mapping[str, Any]], ...] = ()
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Called:
    """A tool call that was carried out.

    Attributes:
        tool: Name of the tool.
        command: The shell command; empty where it is none.
        output: What came back.
        begun: Whether the log shows something between the last signal and this call, so that the
            call is known to have begun after the signal.
        at: When it was over; null where the log does not say.
    """

    tool: str
    command: str
    output: str
    begun: bool
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Noticed:
    """Something that the harness noticed."""

    signal: Signal
    text: str
    at: datetime | None = None


Item = Said | Called | Noticed


@dataclass(slots=True)
class Run:
    """One run.

    Attributes:
        items: What happened, in order.
        model: The model, with its provider; null where the log does not say.
        limit: Steps after which the harness ends the run; null where it was not reached.
    """

    items: list[Item] = field(default_factory=list)
    model: str | None = None
    limit: int | None = None

    @property
    def recognised(self) -> bool:
        """Whether this is a run at all: somebody was told something, or a tool was called."""
        return any(isinstance(item, Said | Called) for item in self.items)

    @property
    def prompts(self) -> dict[str, str]:
        """What the system prompt and the first user message say, by role."""
        found: dict[str, str] = {}
        for item in self.items:
            if isinstance(item, Said) and item.role != "assistant":
                found.setdefault(item.role, item.text)
        return found


def read_run(records: Iterable[Mapping[str, Any]]) -> Run:
    """Read the records of one log."""
    run, quiet = Run(), False
    for record in records:
        item = _item(record, quiet)
        if isinstance(item, Noticed):
            quiet = quiet or item.signal == "pressed"
        elif item is not None or "image_path" in record:
            quiet = False
        if item is not None:
            run.items.append(item)
        _note(run, record)
    return run


def _note(run: Run, record: Mapping[str, Any]) -> None:
    message = str(record.get("message") or "")
    if run.model is None and (found := _MODEL.search(message)):
        name, provider = found.groups()
        run.model = name if name.startswith(f"{provider}/") else f"{provider}/{name}"
    if step := _STEP.fullmatch(message):
        run.limit = int(step[2]) if step[1] == step[2] else None


def _item(record: Mapping[str, Any], quiet: bool) -> Item | None:
    at = _time(record.get("ts"))
    payload = record.get("user_payload")
    if isinstance(payload, Mapping):
        role: Literal["system", "user"] = "system" if payload.get("role") == "system" else "user"
        return Said(role, _text(payload.get("content")), at=at)
    payload = record.get("assistant_payload")
    if isinstance(payload, Mapping):
        reasoning = _text(payload.get("reasoning_content")) or None
        text, calls = _text(payload.get("content")), _calls(payload.get("tool_calls"))
        return Said("assistant", text, reasoning, calls, at)
    if record.get("event") == "tool_call" or "tool" in record:
        arguments = _arguments(record.get("args"))
        command = _command(arguments)
        output = record.get("result")
        return Called(str(record.get("tool") or ""), command, _text(output), not quiet, at)
    return _noticed(record, at)


def _noticed(record: Mapping[str, Any], at: datetime | None) -> Noticed | None:
    message = str(record.get("message") or "")
    if record.get("level") == "DEBUG":
        return None
    for signal, pattern in _SIGNALS:
        if pattern.search(message[:300]):
            return Noticed(signal, message[:300], at)
    failed = "exception" in record or record.get("level") == "CRITICAL"
    text = message[:300] or "an exception without a message"
    return Noticed("broke", text, at) if failed else None


def _calls(calls: object) -> tuple[tuple[str, str, Mapping[str, Any]], ...]:
    found = []
    for call in calls if isinstance(calls, list) else []:
        function = call.get("function") if isinstance(call, Mapping) else None
        if isinstance(function, Mapping):
            arguments = _arguments(function.get("arguments"))
            found.append((str(call.get("id") or ""), str(function.get("name") or ""), arguments))
    return tuple(found)


def _arguments(value: object) -> Mapping[str, Any]:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return {"arguments": value}
    return value if isinstance(value, Mapping) else {}


def _command(arguments: Mapping[str, Any]) -> str:
    for name in ("cmd", "command"):
        if isinstance(arguments.get(name), str):
            return str(arguments[name])
    return ""


def _text(content: object) -> str:
    """Text of a message: a string, or its parts; a picture is named and left out."""
    if content is None:
        return ""
    if isinstance(content, list):
        return "\n".join(filter(None, map(_part, content)))
    return content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)


def _part(part: object) -> str:
    if isinstance(part, Mapping):
        text = part.get("text")
        return text if isinstance(text, str) else f"[{part.get('type', 'unknown')}]"
    return str(part)


def _time(value: object) -> datetime | None:
    try:
        return datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
