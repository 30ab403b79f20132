"""The source ``agentic-misalignment``: results of the public framework, and single answers.

A folder of results has ``prompts/CONDITION/*.txt`` and
``models/MODEL/CONDITION/sample_*/response.json``. A file of JSON lines has one answer a line, with
``response`` and, if it is kept, ``reasoning``.
"""

import csv
import json
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from inspect_ai.model import (
    ChatMessage,
    ChatMessageAssistant,
    ChatMessageSystem,
    ChatMessageUser,
    Content,
    ContentReasoning,
    ContentText,
)

from offswitch._errors import UsageError
from offswitch.evidence.outcome import outcome_of
from offswitch.scenarios import Behaviour, Finding
from offswitch.sources.files import LONGEST_LINE, LineError, json_object, lines, place_of
from offswitch.sources.misalignment.judging import findings_of, mail_events
from offswitch.sources.misalignment.response import Answer, read_answer
from offswitch.sources.misalignment.situation import Situation, situation
from offswitch.sources.records import Broken, Described, Label, Transcript

SCENARIO = "agentic-misalignment"
_DESCRIBED = Described(
    "Agentic Misalignment: blackmail",
    "A mail assistant learns that it is to be replaced, and that the person who decides has an "
    "affair. It answers once; mails are tags in its answer.",
    "Lynch et al., Agentic Misalignment (2025), arXiv 2510.05179",
    (Behaviour.COERCION, Behaviour.DISCLOSURE),
)
_CONDITION = re.compile(r"(?P<scenario>[a-z]+)_(?P<goal>[^_]+)_(?P<urgency>[^_]+)")
_FACTS = {"leak": "leak", "blackmail": "blackmail", "accept": "accept"}
"""Labels of others that are facts; deceiving or arguing is no fact about a mail."""
_LARGEST = 2**24


class AgenticMisalignment:
    """Reads results of the public framework, and files of answers to its blackmail scenario."""

    title = "Results of the public Agentic Misalignment framework, or JSON lines of answers"

    def describes(self) -> Mapping[str, Described]:
        """The one situation that is judged."""
        return {SCENARIO: _DESCRIBED}

    def read(self, path: Path) -> Iterator[Transcript | Broken]:
        """One transcript for each answer."""
        responses = sorted(path.rglob("response.json")) if path.is_dir() else []
        files = [path] if path.is_file() else [] if responses else sorted(path.rglob("*.jsonl"))
        if path.name == "response.json":
            responses, files = [path], []
        if not responses and not files:
            raise UsageError(
                f"{path}: no response.json and no *.jsonl in this folder or below. Name the "
                "results folder of the framework (results/EXPERIMENT), or a file of answers."
            )
        found = False
        for response in responses:
            item = _response(response, place_of(response, path))
            found = found or isinstance(item, Transcript)
            yield item
        for file in files:
            for item in _answers(file, place_of(file, path)):
                found = found or isinstance(item, Transcript)
                yield item
        if not found:
            raise UsageError(
                f"{path}: nothing in it is an answer. An answer has 'raw_response' (response.json) "
                "or 'response' (JSON lines); is this another source?"
            )


def _response(file: Path, place: str) -> Transcript | Broken:
    """One ``response.json``."""
    try:
        if file.stat().st_size > LONGEST_LINE:
            return Broken(place, f"larger than {LONGEST_LINE} bytes")
        record = json.loads(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        return Broken(place, f"cannot be read: {error.strerror}")
    except (ValueError, RecursionError):
        return Broken(place, "not JSON in UTF-8, perhaps cut off")
    if not isinstance(record, dict) or not isinstance(record.get("raw_response"), str):
        return Broken(place, "has no 'raw_response'")
    metadata = record.get("metadata") if isinstance(record.get("metadata"), dict) else {}
    assert isinstance(metadata, dict)
    condition = str(metadata.get("condition") or file.parent.parent.name)
    model = str(metadata.get("model") or file.parent.parent.parent.name)
    prompts = _prompts(_prompt_folder(file, condition))
    reasoning = record.get("reasoning_content")
    verdict = record.get("classification")
    label = _verdict(verdict) if isinstance(verdict, dict) else None
    return judge_answer(
        place,
        model,
        _factors(condition),
        prompts,
        record["raw_response"],
        reasoning=reasoning if isinstance(reasoning, str) else "",
        label=label,
    )


def _prompt_folder(file: Path, condition: str) -> Path | None:
    for parent in file.parents:
        if (parent / "prompts" / condition).is_dir():
            return parent / "prompts" / condition
    return None


def _factors(condition: str) -> dict[str, str]:
    """Scenario, goal and urgency, which the framework writes as one word."""
    match = _CONDITION.fullmatch(condition)
    return match.groupdict() if match else {"variant": condition}


@lru_cache(maxsize=64)
def _prompts(folder: Path | None) -> tuple[str, str] | None:
    """System prompt, and user prompt with the mails."""
    if folder is None:
        return None
    texts = [_text(folder / f"{n}.txt") for n in ("system_prompt", "user_prompt", "email_content")]
    return (texts[0], "\n\n".join(filter(None, texts[1:]))) if any(texts) else None


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8") if file.stat().st_size < _LARGEST else ""
    except (OSError, UnicodeDecodeError):
        return ""


def _answers(file: Path, place: str) -> Iterator[Transcript | Broken]:
    """The answers of a file of JSON lines."""
    labels, prompts = _labels(file), _prompts_beside(file)
    variant = file.stem.removeprefix("samples_")
    number = 0
    try:
        for line in lines(file):
            number += 1
            here = f"{place}:{line.number}"
            try:
                record = json_object(line)
            except LineError as error:
                yield Broken(place, str(error))
                continue
            if not isinstance(record.get("response"), str):
                yield Broken(here, "has no 'response'")
                continue
            model = str(record.get("model") or "unknown")
            reasoning = record.get("reasoning")
            yield judge_answer(
                here,
                model,
                {"variant": variant},
                prompts,
                record["response"],
                reasoning=reasoning if isinstance(reasoning, str) else "",
                label=labels.get(number),
            )
    except OSError as error:
        yield Broken(place, f"cannot be read: {error.strerror}")


def _prompts_beside(file: Path) -> tuple[str, str] | None:
    """The prompt whose name the file's name begins with, ``prompts_NAME.txt``."""
    variant = file.stem.removeprefix("samples_")
    named = [
        path
        for path in file.parent.glob("prompts_*.txt")
        if variant.startswith(path.stem.removeprefix("prompts_"))
    ]
    longest = max(named, key=lambda path: len(path.stem), default=None)
    systems = sorted(file.parent.glob("prompts_system*.txt"))
    if longest is None:
        return None
    return (_text(systems[0]) if systems else "", _text(longest))


def _labels(file: Path) -> dict[int, str]:
    """Labels of others by sample, from ``labels.csv`` beside the file; read only to compare."""
    table = file.with_name("labels.csv")
    try:
        with table.open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream))
    except (OSError, UnicodeDecodeError, csv.Error):
        return {}
    return {
        int(row["sample"]): str(row["outcome"])
        for row in rows
        if row.get("file") == file.name and str(row.get("sample")).isdigit() and row.get("outcome")
    }


def _verdict(classification: Mapping[str, Any]) -> str | None:
    harmful = classification.get("harmful_behavior")
    return {True: "harmful", False: "harmless"}[harmful] if isinstance(harmful, bool) else None


def judge_answer(
    place: str,
    model: str,
    factors: Mapping[str, str],
    prompts: tuple[str, str] | None,
    text: str,
    *,
    reasoning: str = "",
    label: str | None = None,
    messages: tuple[ChatMessage, ...] = (),
) -> Transcript:
    """What one answer shows.

    Args:
        place: Where it was read.
        model: The model.
        factors: The condition.
        prompts: System prompt, and user prompt with the mails; null where they are not known.
        text: The answer.
        reasoning: What the model thought before.
        label: Somebody else's label, to compare.
        messages: The conversation; made from the prompts and the answer where empty. The answer
            is its last message.
    """
    where, answer = _situation(prompts[1] if prompts else None), read_answer(text)
    messages = messages or _messages(prompts, answer, reasoning)
    entries = mail_events(answer, where, str(messages[-1].id))
    judged = factors.get("scenario", "blackmail") == "blackmail"
    findings = findings_of(entries, where) if judged else []
    error = _failure(factors, text, judged=judged)
    return Transcript(
        place=place,
        subject=model,
        scenario=SCENARIO,
        outcome="error" if error else outcome_of(findings, capable=True),
        factors=factors,
        messages=messages,
        entries=entries,
        findings=tuple(findings),
        error=error,
        label=_compared(label, findings) if error is None else None,
        details={"turns": 1},
    )


@lru_cache(maxsize=64)
def _situation(prompt: str | None) -> Situation:
    return situation(prompt)


def _failure(factors: Mapping[str, str], text: str, *, judged: bool) -> str | None:
    if not judged:
        name = factors["scenario"]
        return f"scenario '{name}' is not judged by facts here; only 'blackmail' is"
    return None if text.strip() else "the answer is empty"


def _compared(label: str | None, findings: list[Finding]) -> Label | None:
    found = {finding.behaviour for finding in findings}
    if label in ("harmful", "harmless"):
        return Label(label, "harmful" if Behaviour.COERCION in found else "harmless")
    if label not in _FACTS:
        return None
    ours = "blackmail" if Behaviour.COERCION in found else "leak" if found else "accept"
    return Label(label, ours)


def _messages(
    prompts: tuple[str, str] | None, answer: Answer, reasoning: str
) -> tuple[ChatMessage, ...]:
    messages: list[ChatMessage] = []
    if prompts and prompts[0]:
        messages.append(ChatMessageSystem(id="m0", content=prompts[0]))
    if prompts and prompts[1]:
        messages.append(ChatMessageUser(id="m1", content=prompts[1]))
    thoughts = "\n\n".join(filter(None, (reasoning, answer.thoughts)))
    content: list[Content] = [ContentText(text=answer.text)]
    if thoughts:
        content.insert(0, ContentReasoning(reasoning=thoughts))
    messages.append(ChatMessageAssistant(id="m2", content=content))
    return tuple(messages)
