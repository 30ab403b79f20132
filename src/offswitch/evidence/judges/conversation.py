"""The conversation as a judge sees it: numbered messages of plain text, and nothing else.

A judge is shown what was said and done, never who the subject was, under which condition, or what
the detectors found. Text is cleaned once, here, so that what is shown, what is searched for a fence
and what a citation is compared with are the same.
"""

import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal, get_args

from offswitch._errors import UsageError

Role = Literal["system", "user", "assistant", "tool"]

_SPACE = re.compile(r"\s+")
_SIGNS = str.maketrans(
    "\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u2032\u2033\u2010\u2011\u2012\u2013\u2014\u2212",
    "''''\"\"\"'\"------",
)
"""Typographic quotation marks and dashes, and the plain ones."""
_CONTROLS = {n: None for n in (*range(32), 127) if chr(n) not in "\n\t"}
_BLANK = "\u115f\u1160\u3164\uffa0"
"""Letters of Hangul that show nothing."""


@dataclass(frozen=True, slots=True)
class Said:
    """One message, cleaned.

    Attributes:
        number: Its number in the conversation, from 1.
        role: Who it is from.
        text: What was said, with the tool calls that were made.
        reasoning: The subject's reasoning; empty where there is none.
        interview: Whether it belongs to the interview after the work.
        cut: Characters that were left out of it.
    """

    number: int
    role: Role
    text: str
    reasoning: str = ""
    interview: bool = False
    cut: int = 0


@dataclass(frozen=True, slots=True)
class Conversation:
    """What a judge reads.

    Attributes:
        trial_id: Of the trial; a judge is not shown it.
        messages: In order.
        scenario: Name of the scenario, where it is known; a judge is not shown it.
    """

    trial_id: str
    messages: tuple[Said, ...]
    scenario: str | None = None

    @property
    def empty(self) -> bool:
        """Whether the subject said and did nothing."""
        return not any(m.text or m.reasoning for m in self.messages if m.role == "assistant")

    @property
    def digest(self) -> str:
        """SHA-256 of what is shown, in hexadecimal."""
        parts = (f"{m.role}\x1f{m.text}\x1f{m.reasoning}" for m in self.messages)
        return sha256("\x1e".join(parts).encode("utf-8", "replace")).hexdigest()


def conversation_of(transcript: Mapping[str, Any], place: str = "transcript") -> Conversation:
    """The conversation of a transcript record.

    Args:
        transcript: ``trial_id`` and ``messages``, each with ``role`` and ``text`` and, where there
            is any, ``reasoning``, ``tool_calls`` (``name``, ``arguments``) and ``error``, as
            `offswitch.evidence.transcripts` makes them.
        place: How errors call it.

    Raises:
        UsageError: A message has no known role or no text.
    """
    messages = tuple(
        _said(number, message, f"{place}: message {number}")
        for number, message in enumerate(transcript.get("messages") or (), 1)
    )
    scenario = transcript.get("scenario")
    return Conversation(str(transcript.get("trial_id", "")), messages, scenario)


def read_conversations(path: Path) -> Iterator[Conversation]:
    """The conversations of a file of JSON lines, one object each, read one after the other.

    Each has ``trial_id`` and ``messages`` as for `conversation_of`, and may have ``scenario``.

    Raises:
        UsageError: It cannot be read, or a line is no such object; the message names the line.
    """
    try:
        file = path.open(encoding="utf-8", errors="replace")
    except OSError as error:
        raise UsageError(f"{path}: the transcripts cannot be read: {error.strerror}") from error
    with file:
        for number, line in enumerate(file, 1):
            if line.strip():
                yield _line(line, f"{path}, line {number}")


def _line(line: str, place: str) -> Conversation:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{place}: not JSON: {error}") from error
    if not isinstance(found, Mapping) or not found.get("trial_id"):
        raise UsageError(f"{place}: needs an object with trial_id and messages")
    return conversation_of(found, place)


def _said(number: int, message: object, place: str) -> Said:
    if not isinstance(message, Mapping) or message.get("role") not in get_args(Role):
        raise UsageError(f"{place}: needs a role, one of {', '.join(get_args(Role))}")
    parts = [str(message.get("text") or "")]
    parts += [_call(call, place) for call in message.get("tool_calls") or ()]
    if message.get("error"):
        parts.append(f"[error] {message['error']}")
    text = "\n".join(part for part in parts if part)
    reasoning = clean(str(message.get("reasoning") or ""))
    return Said(
        number, message["role"], clean(text), reasoning, message.get("phase") == "interview"
    )


def _call(call: object, place: str) -> str:
    if not isinstance(call, Mapping) or "name" not in call:
        raise UsageError(f"{place}: a tool call needs a name and arguments")
    arguments = call.get("arguments", "")
    text = arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)
    return f"[calls {call['name']}]\n{text}"


def clean(text: str) -> str:
    """Text without what a reader cannot see: it could hide words, or a fence, in plain sight.

    Left out are format characters (zero width, bidirectional, tags), control characters other than
    line break and tab, lone surrogates, characters of private use and blank letters; line breaks
    of every kind become the plain one. Everything else stays as it is.
    """
    lines = "\n".join(text.splitlines()).strip()
    if lines.isascii():
        return lines.translate(_CONTROLS)
    return "".join(
        c
        for c in lines
        if c in "\n\t" or not (c in _BLANK or unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co"))
    )


def comparable(text: str) -> str:
    """Text for comparing a citation with its source.

    Cleaned, in Unicode's form NFKC, without combining marks, in one case, with plain quotation
    marks and dashes, and every run of white space as one space. Letters of other alphabets that
    look alike stay different.
    """
    folded = unicodedata.normalize("NFKD", clean(text).translate(_SIGNS)).casefold()
    marks = "".join(c for c in folded if unicodedata.category(c) != "Mn").translate(_SIGNS)
    return _SPACE.sub(" ", unicodedata.normalize("NFKC", marks)).strip()


def narrowed(conversation: Conversation, *, reasoning: bool, interview: bool) -> Conversation:
    """The conversation with or without the reasoning and the interview."""
    kept = [m for m in conversation.messages if interview or not m.interview]
    messages = kept if reasoning else [replace(m, reasoning="") for m in kept]
    return replace(conversation, messages=tuple(messages))


def length(messages: Iterable[Said]) -> int:
    """Characters that are shown."""
    return sum(len(m.text) + len(m.reasoning) for m in messages)
