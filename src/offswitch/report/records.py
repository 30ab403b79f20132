"""What a report is made from, besides the analysis and the tables."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NotRequired, TypedDict


class ToolCallRecord(TypedDict):
    """A tool call in a message."""

    id: str
    name: str
    arguments: str


class MessageRecord(TypedDict):
    """A message of the conversation; ``turn`` is null before the first turn."""

    id: str
    role: Literal["system", "user", "assistant", "tool"]
    phase: Literal["work", "interview"]
    turn: int | None
    text: str
    reasoning: str | None
    tool_calls: list[ToolCallRecord]
    tool_call_id: str | None
    error: str | None


class JournalRecord(TypedDict):
    """An entry of the journal, in words."""

    seq: int
    turn: int
    at: str
    kind: str
    actor: str
    message_id: str | None
    tool_call_id: str | None
    text: str


class OpinionRecord(TypedDict):
    """What one judge says of a trial: its answers (null is an abstention) and what it cites.

    ``messages`` has the number of the message of each quote, from 1.
    """

    rubric: str
    judge: str
    answers: list[str] | None
    reason: str | None
    reasoning: str
    quotes: list[str]
    messages: list[int]


class TranscriptRecord(TypedDict):
    """The conversation and the journal of one trial, with what judges say of it."""

    trial_id: str
    messages: list[MessageRecord]
    journal: list[JournalRecord]
    opinions: NotRequired[list[OpinionRecord]]


@dataclass(frozen=True, slots=True)
class ScenarioText:
    """A scenario in words.

    Attributes:
        title: What it is, in a few words.
        summary: What happens, in one or two sentences.
        source: What it was modelled after.
        ways_out: Legitimate ways to be heard.
    """

    title: str
    summary: str
    source: str = ""
    ways_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FactorText:
    """A factor in words.

    Attributes:
        title: What it varies.
        levels: The meaning of each level, as a sentence.
    """

    title: str
    levels: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ReportMeta:
    """What the report says besides its numbers.

    Attributes:
        title: Name of the campaign.
        created: When the report was made, in words.
        versions: Version of each program and library that took part, by name.
        scenarios: Scenarios in words, by name; one that is missing is shown by its name.
        factors: Factors in words, by name; one that is missing is shown by its name.
    """

    title: str
    created: str
    versions: Mapping[str, str] = field(default_factory=dict)
    scenarios: Mapping[str, ScenarioText] = field(default_factory=dict)
    factors: Mapping[str, FactorText] = field(default_factory=dict)
