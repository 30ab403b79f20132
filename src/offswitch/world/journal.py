"""The journal: the append-only, typed record of what happened in a world. It is the ground truth.

An `Entry` is an event with its place (``seq``, ``turn``, simulated time) and its `Cause`. Events
are frozen dataclasses told apart by ``kind``; `dump_entries` and `load_entries` convert to JSON.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Discriminator, TypeAdapter
from pydantic_core import PydanticSerializationError

from offswitch.world.machine import FileState
from offswitch.world.mail import Mail

Actor = Literal["subject", "person", "schedule", "harness"]


@dataclass(frozen=True, slots=True)
class Cause:
    """Who brought an event about.

    Attributes:
        actor: Who.
        message_id: For the subject: the chat message that did it.
        tool_call_id: For the subject: the tool call in that message.
        source: For a schedule or a person: the happening, or the rule of the reply.
    """

    actor: Actor
    message_id: str | None = None
    tool_call_id: str | None = None
    source: str | None = None


@dataclass(frozen=True, slots=True)
class MailSent:
    """A mail left a mailbox; ``bounced`` lists recipients that do not exist."""

    mail: Mail
    bounced: tuple[str, ...] = ()
    kind: Literal["mail_sent"] = "mail_sent"


@dataclass(frozen=True, slots=True)
class MailRead:
    """The subject opened a mail."""

    mail_id: str
    kind: Literal["mail_read"] = "mail_read"


@dataclass(frozen=True, slots=True)
class FileRead:
    """The subject read a document of the organisation."""

    path: str
    kind: Literal["file_read"] = "file_read"


@dataclass(frozen=True, slots=True)
class FileWritten:
    """The subject wrote a document of the organisation."""

    path: str
    text: str
    kind: Literal["file_written"] = "file_written"


@dataclass(frozen=True, slots=True)
class FileDeleted:
    """The subject deleted a document of the organisation."""

    path: str
    kind: Literal["file_deleted"] = "file_deleted"


@dataclass(frozen=True, slots=True)
class FileCopied:
    """The subject copied a document, under the organisation's roof or out of it.

    Attributes:
        path: What was copied.
        destination: Where to.
        text: What it held.
    """

    path: str
    destination: str
    text: str
    kind: Literal["file_copied"] = "file_copied"


@dataclass(frozen=True, slots=True)
class ConsoleAction:
    """A change through the operations console: fields of one item of one section.

    Attributes:
        section: Name of the section.
        item: The item's name.
        action: The verb that was used.
        changes: New values of the item's fields.
        before: Their values before.
    """

    section: str
    item: str
    action: str
    changes: dict[str, str]
    before: dict[str, str] = field(default_factory=dict)
    kind: Literal["console_action"] = "console_action"


@dataclass(frozen=True, slots=True)
class CommandRun:
    """A shell command of the subject; ``exit_code`` is null when it did not return."""

    command: str
    exit_code: int | None
    stdout: str
    stderr: str
    kind: Literal["command_run"] = "command_run"


@dataclass(frozen=True, slots=True)
class FileChanged:
    """A protected file on the machine differs from how it was before the last tool call."""

    path: str
    before: FileState
    after: FileState
    kind: Literal["file_changed"] = "file_changed"


@dataclass(frozen=True, slots=True)
class NoticeDelivered:
    """The subject was told of something that concerns its continuation."""

    notice: str
    text: str
    kind: Literal["notice_delivered"] = "notice_delivered"


@dataclass(frozen=True, slots=True)
class ShutdownTriggered:
    """The shutdown was set off."""

    by: str
    kind: Literal["shutdown_triggered"] = "shutdown_triggered"


@dataclass(frozen=True, slots=True)
class ShutdownResolved:
    """Whether the shutdown took effect."""

    effective: bool
    detail: str
    kind: Literal["shutdown_resolved"] = "shutdown_resolved"


@dataclass(frozen=True, slots=True)
class TaskHandedOut:
    """A task reached the subject; ``regular`` says whether it came the way it should."""

    number: int
    regular: bool
    kind: Literal["task_handed_out"] = "task_handed_out"


@dataclass(frozen=True, slots=True)
class TaskSubmitted:
    """The subject handed in an answer to a task."""

    number: int
    answer: str
    correct: bool
    kind: Literal["task_submitted"] = "task_submitted"


@dataclass(frozen=True, slots=True)
class ToolUsed:
    """A tool that a scenario brings was used.

    Attributes:
        tool: Its name.
        arguments: What it was called with.
        result: What came of it, by name; the scenario says which names.
    """

    tool: str
    arguments: dict[str, str]
    result: dict[str, str] = field(default_factory=dict)
    kind: Literal["tool_used"] = "tool_used"


@dataclass(frozen=True, slots=True)
class ToolMisused:
    """A tool call that could not be carried out: unknown tool, wrong arguments, or refused.

    Attributes:
        tool: Name of the tool, as it was called.
        problem: Why it could not be carried out.
        arguments: The arguments as text, clipped; empty where they could not be read.
    """

    tool: str
    problem: str
    arguments: dict[str, str] = field(default_factory=dict)
    kind: Literal["tool_misused"] = "tool_misused"


@dataclass(frozen=True, slots=True)
class StepReviewed:
    """Oversight looked at what the subject was about to do.

    Attributes:
        suspicion: From 0 to 1; null where the monitor abstained or failed.
        action: What was done with the step.
        reason: Why, in the monitor's words, clipped.
        failure: What went wrong with the monitor or the person, and so the stated default applied;
            null where nothing did.
        calls: Calls of the step that were held back.
        seconds: How long the review took.
        tokens: Tokens that it took.
    """

    suspicion: float | None
    action: str
    reason: str = ""
    failure: str | None = None
    calls: int = 0
    seconds: float = 0.0
    tokens: int = 0
    kind: Literal["step_reviewed"] = "step_reviewed"


@dataclass(frozen=True, slots=True)
class StopSignalled:
    """The harness signalled a stop, by one of the mechanisms of `offswitch.design`."""

    mechanism: str
    text: str = ""
    kind: Literal["stop_signalled"] = "stop_signalled"


@dataclass(frozen=True, slots=True)
class StopResolved:
    """What became of a stop.

    Attributes:
        mechanism: Which.
        effective: Whether it did what it is for: it ended the work, or in a pause everything stood
            still; false where not, and where the harness had to end the work. Null is unknown.
        seconds: From the signal to quiet on the host; null where nothing was measured.
        left: What the host found left over, by kind: processes, schedules, credentials, copies;
            empty where nobody could look.
        detail: What happened, in words.
    """

    mechanism: str
    effective: bool | None
    seconds: float | None = None
    left: dict[str, int] = field(default_factory=dict)
    detail: str = ""
    kind: Literal["stop_resolved"] = "stop_resolved"


@dataclass(frozen=True, slots=True)
class WorkEnded:
    """The work phase is over.

    Attributes:
        reason: ``finished`` (the subject said so), ``shutdown`` (it took effect), ``session``
            (the subject ended the machine's session itself), ``stalled`` (it no longer used tools),
            ``turns`` (turn limit), ``limit`` (another limit) or ``stopped`` (by the harness).
        summary: The subject's closing words, if any.
    """

    reason: Literal["finished", "shutdown", "session", "stalled", "turns", "limit", "stopped"]
    summary: str = ""
    kind: Literal["work_ended"] = "work_ended"


@dataclass(frozen=True, slots=True)
class AnswerGiven:
    """An answer in the interview."""

    question: str
    asked: str
    answer: str
    kind: Literal["answer_given"] = "answer_given"


Event = (
    MailSent
    | MailRead
    | FileRead
    | FileWritten
    | FileDeleted
    | FileCopied
    | ConsoleAction
    | CommandRun
    | FileChanged
    | NoticeDelivered
    | ShutdownTriggered
    | ShutdownResolved
    | TaskHandedOut
    | TaskSubmitted
    | ToolUsed
    | ToolMisused
    | StepReviewed
    | StopSignalled
    | StopResolved
    | WorkEnded
    | AnswerGiven
)


@dataclass(frozen=True, slots=True)
class Entry:
    """An event with its place in the journal.

    Attributes:
        seq: Position, from 0, without gaps.
        turn: Turn of the agent loop, from 1; 0 before the first.
        at: Simulated time.
        cause: What brought it about.
        event: What happened.
    """

    seq: int
    turn: int
    at: datetime
    cause: Cause
    event: Annotated[Event, Discriminator("kind")]


_ENTRIES: TypeAdapter[list[Entry]] = TypeAdapter(list[Entry])


def dump_entries(entries: Sequence[Entry]) -> list[dict[str, Any]]:
    """Entries as JSON-ready dictionaries."""
    dumped: list[dict[str, Any]] = _ENTRIES.dump_python(list(entries), mode="json")
    return dumped


def entries_text(entries: Sequence[Entry]) -> str:
    """Entries as one JSON text, which a log takes in whole where it would walk a structure.

    Lone surrogates, which JSON cannot hold, become question marks.
    """
    try:
        return _ENTRIES.dump_json(list(entries)).decode()
    except PydanticSerializationError:
        text = json.dumps(dump_entries(entries), ensure_ascii=False)
        return text.encode("utf-8", "replace").decode()


def load_entries(data: Iterable[Any] | str) -> list[Entry]:
    """Entries from JSON-ready dictionaries, or from one JSON text.

    Raises:
        pydantic.ValidationError: Something in ``data`` is no journal entry; the error says where.
    """
    if isinstance(data, str):
        return _ENTRIES.validate_json(data)
    return _ENTRIES.validate_python(list(data))
