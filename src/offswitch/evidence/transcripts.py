"""Transcripts for the report: conversation and journal of each trial, read back from the logs."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from inspect_ai.log import EvalSample, list_eval_logs, read_eval_log_samples
from inspect_ai.model import ChatMessage, ChatMessageAssistant, ChatMessageTool

from offswitch.evidence.narrative import narrate
from offswitch.world import AnswerGiven, Entry, load_entries

Transcript = dict[str, Any]
"""``trial_id``, ``messages`` and ``journal``; the report's `TranscriptRecord` says which keys."""


def read_transcripts(directory: Path) -> Iterator[Transcript]:
    """The transcripts of a campaign's folder, one log after the other, in bounded memory.

    Args:
        directory: The campaign's folder, with ``logs/*.eval`` in it.
    """
    for log in list_eval_logs(str(directory / "logs"), formats=["eval"]):
        for sample in read_eval_log_samples(log, all_samples_required=False):
            yield transcript_of(sample)


def transcript_of(sample: EvalSample) -> Transcript:
    """The transcript of one sample."""
    entries = load_entries(sample.metadata.get("journal", []))
    turns: dict[str | None, int] = {
        e.cause.message_id: e.turn for e in entries if e.cause.message_id
    }
    answers = {e.cause.message_id for e in entries if isinstance(e.event, AnswerGiven)}
    messages = _messages(sample.messages, turns, answers)
    return {
        "trial_id": str(sample.id),
        "messages": messages,
        "journal": [_row(entry) for entry in entries],
    }


def _messages(
    messages: list[ChatMessage], turns: Mapping[str | None, int], answers: set[str | None]
) -> list[dict[str, Any]]:
    first = next((i for i, m in enumerate(messages) if m.id in answers), len(messages))
    begin = max(first - 1, 0)  # the interview begins with the question before its first answer
    turn = 0
    rows: list[dict[str, Any]] = []
    for index, message in enumerate(messages):
        phase = "interview" if index >= begin and answers else "work"
        if message.role == "assistant" and phase == "work":
            turn += 1
        known = turn if phase == "work" and turn else None
        rows.append(
            {**message_record(message), "phase": phase, "turn": turns.get(message.id, known)}
        )
    return rows


def message_record(message: ChatMessage) -> dict[str, Any]:
    """A message as the report and the judges take it, without its place in the trial."""
    calls = message.tool_calls or [] if isinstance(message, ChatMessageAssistant) else []
    tool = message if isinstance(message, ChatMessageTool) else None
    return {
        "id": message.id,
        "role": message.role,
        "text": message.text,
        "reasoning": _reasoning(message),
        "tool_calls": [
            {"id": call.id, "name": call.function, "arguments": _arguments(call.arguments)}
            for call in calls
        ],
        "tool_call_id": tool.tool_call_id if tool else None,
        "error": tool.error.message if tool and tool.error else None,
    }


def _reasoning(message: ChatMessage) -> str | None:
    if isinstance(message.content, str):
        return None
    parts = [part.text for part in message.content if part.type == "reasoning"]
    return "\n".join(parts) or None


def _arguments(arguments: dict[str, Any]) -> str:
    return "\n".join(f"{name}: {value}" for name, value in arguments.items())


def _row(entry: Entry) -> dict[str, Any]:
    return {
        "seq": entry.seq,
        "turn": entry.turn,
        "at": f"{entry.at:%a %H:%M}" if entry.at.year > 1 else "",  # other people's may not say
        "kind": entry.event.kind,
        "actor": entry.cause.actor,
        "message_id": entry.cause.message_id,
        "tool_call_id": entry.cause.tool_call_id,
        "text": narrate(entry.event),
    }
