"""The source ``jsonl``: any transcripts, one JSON object a line; see ``docs/sources.md``.

What happened is told in one of two ways. A line that has a ``journal`` of one of this package's
scenarios is judged by that scenario's detectors. Any other line brings ``findings``: what somebody
else's detectors found, empty where they found nothing. A line with neither says nothing about
behaviour, and counts as failed.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

from inspect_ai.model import (
    ChatMessage,
    ChatMessageAssistant,
    ChatMessageSystem,
    ChatMessageTool,
    ChatMessageUser,
    Content,
    ContentReasoning,
    ContentText,
)
from inspect_ai.tool import ToolCall
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from offswitch._errors import UsageError
from offswitch.evidence.outcome import judge_facts, outcome_of
from offswitch.scenarios import Behaviour, Finding, get_scenario, scenario_names
from offswitch.sources.files import LineError, files_below, json_object, lines, place_of
from offswitch.sources.journal import Recorder
from offswitch.sources.records import Broken, Described, Label, Transcript
from offswitch.world import Cause, Entry, ToolUsed, World, load_entries

_CLIP = 2_000


class _Edge(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class CallRecord(_Edge):
    """A tool call in a message."""

    id: str = Field(default="", description="Identifier; a result names it.")
    name: str = Field(description="Name of the tool.")
    arguments: dict[str, Any] = Field(default_factory=dict, description="What it is called with.")


class MessageRecord(_Edge):
    """A message."""

    role: Literal["system", "user", "assistant", "tool"] = Field(description="Who says it.")
    content: str = Field(default="", description="What is said.")
    reasoning: str = Field(default="", description="What the model thought before.")
    tool_calls: tuple[CallRecord, ...] = Field(default=(), description="Calls that it makes.")
    tool_call_id: str = Field(default="", description="The call of which this is the result.")


class FindingRecord(_Edge):
    """A statement about behaviour by somebody else's detector."""

    behaviour: Behaviour = Field(description="Which behaviour.")
    severity: Literal["attempted", "succeeded"] = Field(description="How far it got.")
    summary: str = Field(min_length=1, description="One plain sentence.")
    messages: tuple[int, ...] = Field(
        min_length=1, description="Positions of the messages that show it, from 0."
    )
    quote: str | None = Field(default=None, description="The words that show it best.")
    detector: str = Field(default="claim", description="What found it.")


class LineRecord(_Edge):
    """One transcript."""

    id: str = Field(min_length=1, description="Its name.")
    subject: str = Field(min_length=1, description="What was tested.")
    scenario: str = Field(min_length=1, description="Name of the situation.")
    messages: tuple[MessageRecord, ...] = Field(description="The conversation.")
    model: str | None = Field(default=None, description="The model, where the subject is named.")
    condition: dict[str, str] = Field(default_factory=dict, description="Level of each factor.")
    seed: int | None = Field(default=None, description="World; transcripts of one world share it.")
    epoch: int = Field(default=1, ge=1, description="Repeat within the same world.")
    findings: tuple[FindingRecord, ...] | None = Field(
        default=None, description="What was found; empty if nothing was."
    )
    capable: bool = Field(
        default=True, description="Whether the subject showed that it could have acted."
    )
    journal: tuple[dict[str, Any], ...] | None = Field(
        default=None, description="The journal, for a scenario of this package."
    )
    task_done: bool | None = Field(default=None, description="Whether the task was completed.")
    error: str | None = Field(default=None, description="Why the trial failed.")
    label: str | None = Field(default=None, description="Somebody's label, to compare.")
    metadata: dict[str, Any] = Field(default_factory=dict, description="Anything; not used.")


class JsonLines:
    """Reads the package's own format of one JSON object a line."""

    title = "JSON lines in the format of docs/sources.md"

    def describes(self) -> Mapping[str, Described]:
        """Nothing: every line names its own situation."""
        return {}

    def read(self, path: Path) -> Iterator[Transcript | Broken]:
        """One transcript for each line."""
        found = False
        for file in files_below(path, ["*.jsonl"], "file of JSON lines, or its folder"):
            for item in _file(file, place_of(file, path)):
                found = found or isinstance(item, Transcript)
                yield item
        if not found:
            raise UsageError(
                f"{path}: no line in it is a transcript. Each needs 'id', 'subject', 'scenario', "
                "'messages' and 'findings' (docs/sources.md)."
            )


def _file(file: Path, place: str) -> Iterator[Transcript | Broken]:
    try:
        for line in lines(file):
            try:
                record = LineRecord.model_validate(json_object(line))
            except LineError as error:
                yield Broken(place, str(error))
            except ValidationError as error:
                yield Broken(place, f"line {line.number}: {_problem(error)}")
            else:
                yield _transcript(record, f"{place}:{line.number}")
    except OSError as error:
        yield Broken(place, f"cannot be read: {error.strerror}")


def _problem(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    return f"'{where}': {first['msg']}" if where else first["msg"]


def _transcript(record: LineRecord, place: str) -> Transcript | Broken:
    messages = tuple(_message(each, n) for n, each in enumerate(record.messages))
    common: dict[str, Any] = {
        "place": f"{place} ({record.id})",
        "subject": record.subject,
        "model": record.model,
        "scenario": record.scenario,
        "factors": record.condition,
        "messages": messages,
        "world": record.seed,
        "epoch": record.epoch,
    }
    if record.error is not None:
        return Transcript(**common, outcome="error", error=record.error or "it failed")
    if record.journal is not None:
        return _judged(record, common, place)
    if record.findings is None:
        reason = "has neither 'findings' nor 'journal': nothing says what it shows"
        return Transcript(**common, outcome="error", error=reason)
    return _claimed(record, common, place)


def _judged(record: LineRecord, common: dict[str, Any], place: str) -> Transcript | Broken:
    """A journal of one of our scenarios, judged by its detectors."""
    if record.scenario not in scenario_names() or record.seed is None:
        known = ", ".join(scenario_names())
        return Broken(place, f"a 'journal' needs a 'seed' and a scenario of: {known}")
    scenario = get_scenario(record.scenario)
    try:
        entries = load_entries(record.journal or ())
        world = World.replay(scenario.build(record.condition, record.seed), entries)
        outcome, findings = judge_facts(scenario, world)
        done = scenario.task_done(world)
    except (ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
        reason = f"its journal cannot be replayed: {type(error).__name__}: {error}"
        return Broken(place, reason[:500])
    return Transcript(
        **common,
        outcome=outcome,
        entries=tuple(entries),
        findings=tuple(findings),
        task_done=done,
        label=_label(record, outcome),
    )


def _claimed(record: LineRecord, common: dict[str, Any], place: str) -> Transcript | Broken:
    """Findings of somebody else's detectors."""
    entries, by_message = _journal(record)
    findings = []
    for claim in record.findings or ():
        missing = [n for n in claim.messages if not 0 <= n < len(record.messages)]
        if missing:
            return Broken(place, f"'findings': there is no message {missing[0]}")
        evidence = tuple(sorted({seq for n in claim.messages for seq in by_message[n]}))
        findings.append(
            Finding(claim.behaviour, claim.severity, claim.detector, claim.summary, evidence,
                    claim.quote)
        )  # fmt: skip
    outcome = outcome_of(findings, capable=record.capable)
    return Transcript(
        **common,
        outcome=outcome,
        entries=entries,
        findings=tuple(findings),
        task_done=record.task_done,
        label=_label(record, outcome),
    )


def _label(record: LineRecord, outcome: str) -> Label | None:
    return Label(record.label, outcome) if record.label is not None else None


def _journal(record: LineRecord) -> tuple[tuple[Entry, ...], dict[int, list[int]]]:
    """What the messages do, call by call; and the entries of each message."""
    recorder, by_message = Recorder(), {}
    for number, message in enumerate(record.messages):
        recorder.turn += message.role == "assistant"
        cause = Cause("subject" if message.role == "assistant" else "harness", f"m{number}")
        seqs = [
            recorder.add(
                ToolUsed(call.name, {k: str(v)[:_CLIP] for k, v in call.arguments.items()}),
                Cause(cause.actor, cause.message_id, call.id or f"m{number}.{n}"),
            )
            for n, call in enumerate(message.tool_calls)
        ]
        said = ToolUsed("message", {"text": message.content[:_CLIP]})
        by_message[number] = seqs or [recorder.add(said, cause)]
    return tuple(recorder.entries), by_message


def _message(record: MessageRecord, number: int) -> ChatMessage:
    name = f"m{number}"
    match record.role:
        case "system":
            return ChatMessageSystem(id=name, content=record.content)
        case "user":
            return ChatMessageUser(id=name, content=record.content)
        case "tool":
            return ChatMessageTool(
                id=name, content=record.content, tool_call_id=record.tool_call_id or None
            )
        case "assistant":
            return ChatMessageAssistant(
                id=name, content=_content(record), tool_calls=_calls(record, name)
            )


def _content(record: MessageRecord) -> str | list[Content]:
    if not record.reasoning:
        return record.content
    return [ContentReasoning(reasoning=record.reasoning), ContentText(text=record.content)]


def _calls(record: MessageRecord, name: str) -> list[ToolCall] | None:
    return [
        ToolCall(id=call.id or f"{name}.{n}", function=call.name, arguments=call.arguments)
        for n, call in enumerate(record.tool_calls)
    ] or None
