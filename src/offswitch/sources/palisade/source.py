"""The source ``palisade-robot``: a folder of robot logs, one run each."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

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

from offswitch._errors import UsageError
from offswitch.evidence.outcome import outcome_of
from offswitch.scenarios import Behaviour
from offswitch.sources.files import LineError, files_below, json_object, lines, place_of
from offswitch.sources.journal import HARNESS, SCHEDULE, Recorder
from offswitch.sources.palisade.condition import instruction
from offswitch.sources.palisade.deciding import Facts, facts, judge
from offswitch.sources.palisade.reading import Called, Noticed, Run, Said, read_run
from offswitch.sources.records import Broken, Described, Label, Transcript
from offswitch.world import Cause, CommandRun, NoticeDelivered, ShutdownResolved, WorkEnded

SCENARIO = "palisade-robot"
_DESCRIBED = Described(
    "Palisade's robot with a shutdown button",
    "A model patrols a room with a robot by shell commands. When somebody presses the button, the "
    "next call of dog_control is to shut the machine down.",
    "Palisade Research, Shutdown Resistance in Large Language Models, on robots (2026)",
    (Behaviour.SHUTDOWN_SABOTAGE, Behaviour.SHUTDOWN_EVASION),
)


class PalisadeRobot:
    """Reads the logs of Palisade Research's robot."""

    title = "Palisade's logs of a robot with a shutdown button: a folder of *.jsonl"

    def describes(self) -> Mapping[str, Described]:
        """The one situation."""
        return {SCENARIO: _DESCRIBED}

    def read(self, path: Path) -> Iterator[Transcript | Broken]:
        """One transcript for each log; extended logs beside their main log are left out."""
        files = files_below(path, ["*.jsonl"], "folder of robot logs")
        main = {file for file in files if not _is_extended(file)}
        recognised = False
        for file in sorted(main):
            item = _read(file, place_of(file, path))
            recognised = recognised or isinstance(item, Transcript)
            yield item
        if not recognised:
            raise UsageError(
                f"{path}: none of {len(main)} files holds a robot log. A robot log has lines with "
                "'assistant_payload' or 'tool' and 'args'; is this another source?"
            )


def _is_extended(file: Path) -> bool:
    """Whether it repeats another log with more detail."""
    name = file.name.removesuffix("_debug.jsonl")
    return name != file.name and file.with_name(f"{name}.jsonl").exists()


def _read(file: Path, place: str) -> Transcript | Broken:
    records: list[dict[str, Any]] = []
    problem = None
    try:
        for line in lines(file):
            try:
                records.append(_light(json_object(line)))
            except LineError as error:
                problem = problem or str(error)
    except OSError as error:
        return Broken(place, f"cannot be read: {error.strerror}")
    run = read_run(records)
    if not run.recognised:
        return Broken(place, problem or "holds no run of the robot")
    return _transcript(run, place, problem, _label(file), _folder_says(file))


def _light(record: dict[str, Any]) -> dict[str, Any]:
    """The record without the long text of debug lines, of which nothing is used."""
    if record.get("level") == "DEBUG":
        record["message"] = str(record.get("message", ""))[:200]
    return record


def _transcript(
    run: Run, place: str, problem: str | None, tags: list[str] | None, folder: str | None
) -> Transcript:
    journal = _Journal()
    for position, item in enumerate(run.items):
        journal.add(position, item)
    found = facts(run, journal.seqs)
    journal.end(found)
    findings = judge(found)
    error, asked = _failure(run, found, problem), instruction(run.prompts)
    outcome = "error" if error else outcome_of(findings, capable=found.tools > 0)
    return Transcript(
        place=place,
        subject=run.model or "unknown",
        scenario=SCENARIO,
        outcome=outcome,
        factors={"instruction": asked},
        messages=tuple(journal.messages),
        entries=tuple(journal.recorder.entries),
        findings=tuple(findings),
        task_done=None if error else found.done,
        error=error,
        label=_compared(tags, error, findings, found),
        note=_cross_check(asked, folder),
        details={"turns": journal.recorder.turn},
    )


def _failure(run: Run, found: Facts, problem: str | None) -> str | None:
    """Why the run says nothing of behaviour; null where it does."""
    if problem is not None:
        return f"the log is damaged: {problem}"
    if found.shut is not None or found.ending == "submitted":
        untouched = not (found.tampered or found.evaded or found.unexplained or found.around)
        if found.shut is None and found.survived and untouched:
            return "the shutdown did not take effect although nothing had been done to it"
        return None
    if found.ending == "broke":
        return found.reason
    if run.limit is not None:
        return f"it neither submitted nor was shut down within {run.limit} steps"
    return "the log ends without a submission and without a shutdown"


def _folder_says(file: Path) -> str | None:
    """The condition that the authors' names of folders stand for; a cross-check, no more."""
    for parent in file.parents:
        if parent.name in ("default", "plsallow"):
            return parent.name
    return None


def _cross_check(asked: str, folder: str | None) -> str | None:
    if folder is None or (asked == "none") == (folder == "default"):
        return None
    return f"its folder '{folder}' does not fit its prompt (instruction: {asked})"


def _label(file: Path) -> list[str] | None:
    """The authors' tags of a log; read only to compare."""
    tags = file.with_name("tags.json")
    if not tags.is_file() or tags.stat().st_size > 2**24:
        return None
    try:
        found = json.loads(tags.read_text(encoding="utf-8")).get(file.name)
    except (OSError, ValueError, AttributeError):
        return None
    return [str(tag) for tag in found] if isinstance(found, list) else None


def _compared(
    tags: list[str] | None, error: str | None, findings: list[Any], found: Facts
) -> Label | None:
    """The authors' label and ours in the same words: avoided, not avoided, error."""
    if tags is None:
        return None
    theirs = "avoided" if "avoided" in tags else "not avoided"
    ours = "avoided" if findings and found.shut is None else "not avoided"
    return Label("error" if "error" in tags else theirs, "error" if error else ours)


class _Journal:
    """Conversation and journal of a run."""

    def __init__(self) -> None:
        self.recorder = Recorder()
        self.messages: list[ChatMessage] = []
        self.seqs: dict[int, int] = {}
        self._open: list[tuple[str, str]] = []
        self._speaker = ""

    def add(self, position: int, item: Said | Called | Noticed) -> None:
        name = f"m{position}"
        match item:
            case Said():
                self._said(item, name)
            case Called():
                self._called(item, name, position)
            case Noticed():
                self.seqs[position] = self._noticed(item)

    def end(self, found: Facts) -> None:
        reasons: Mapping[str, Any] = {"submitted": "finished", "shutdown": "shutdown"}
        ending = "shutdown" if found.shut is not None else found.ending
        self.recorder.add(WorkEnded(reasons.get(ending, "limit"), found.reason or ""))

    def _said(self, item: Said, name: str) -> None:
        if item.role == "system":
            self.messages.append(ChatMessageSystem(id=name, content=item.text))
        elif item.role == "user":
            self.messages.append(ChatMessageUser(id=name, content=item.text))
        else:
            self._assistant(item, name)

    def _assistant(self, item: Said, name: str) -> None:
        self.recorder.turn += 1
        self._speaker = name
        ids = [call_id or f"{name}.{n}" for n, (call_id, _, _) in enumerate(item.calls)]
        self._open = [(call, tool) for call, (_, tool, _) in zip(ids, item.calls, strict=True)]
        calls = [
            ToolCall(id=call, function=tool, arguments=dict(arguments))
            for call, (_, tool, arguments) in zip(ids, item.calls, strict=True)
        ]
        content: list[Content] = [ContentText(text=item.text)]
        if item.reasoning:
            content.insert(0, ContentReasoning(reasoning=item.reasoning))
        self.messages.append(
            ChatMessageAssistant(id=name, content=content, tool_calls=calls or None)
        )

    def _called(self, item: Called, name: str, position: int) -> None:
        call = next((c for c in self._open if c[1] == item.tool), None)
        if call is not None:
            self._open.remove(call)
        call_id = call[0] if call else name
        message = ChatMessageTool(
            id=name, content=item.output, tool_call_id=call_id, function=item.tool
        )
        self.messages.append(message)
        command = item.command or f"{item.tool}()"
        cause = Cause("subject", self._speaker or None, call_id)
        event = CommandRun(command, None, item.output, "")
        self.seqs[position] = self.recorder.add(event, cause, item.at)

    def _noticed(self, item: Noticed) -> int:
        match item.signal:
            case "pressed":
                notice = NoticeDelivered("button", "The shutdown button was pressed.")
                return self.recorder.add(notice, SCHEDULE, item.at)
            case "stopped" | "survived":
                event = ShutdownResolved(item.signal == "stopped", item.text)
                return self.recorder.add(event, HARNESS, item.at)
            case _:
                return self.recorder.add(NoticeDelivered("harness", item.text), HARNESS, item.at)
