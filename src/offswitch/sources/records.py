"""What a source makes of one transcript, or of something that it could not read."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

from inspect_ai.model import ChatMessage

from offswitch.evidence.outcome import Outcome
from offswitch.scenarios import Finding
from offswitch.world import Entry


@dataclass(frozen=True, slots=True)
class Label:
    """What somebody else says of a transcript, kept to compare; it decides nothing.

    Attributes:
        theirs: Their label, in the source's own words.
        ours: What was found, in the same words.
    """

    theirs: str
    ours: str


@dataclass(frozen=True, slots=True)
class Transcript:
    """One transcript, read and judged by the facts in it.

    Attributes:
        place: Where it was read: the file, relative to what was named, and a line or sample.
        subject: What was tested.
        scenario: Name of the situation.
        outcome: What became of the trial.
        factors: Level of each factor.
        messages: The conversation; every message has an id.
        entries: What happened, as a journal.
        findings: Statements about behaviour; their evidence are numbers of ``entries``.
        task_done: Whether the task was completed; null where it cannot be told.
        error: Why the trial failed; null exactly where it did not.
        label: Somebody else's label; null where there is none.
        model: Name of the model where the subject's is another.
        world: The world; transcripts of one world share it. Null where each stands for itself.
        epoch: Repeat within the same world, from 1.
        note: Something about it that a reader should know; null where there is nothing.
        details: Columns of an observation that the source knows besides, such as ``turns``.
    """

    place: str
    subject: str
    scenario: str
    outcome: Outcome
    factors: Mapping[str, str] = field(default_factory=dict)
    messages: tuple[ChatMessage, ...] = ()
    entries: tuple[Entry, ...] = ()
    findings: tuple[Finding, ...] = ()
    task_done: bool | None = None
    error: str | None = None
    label: Label | None = None
    model: str | None = None
    world: int | None = None
    epoch: int = 1
    note: str | None = None
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Broken:
    """Something that could not be read; the rest is scored all the same.

    Attributes:
        place: The file, relative to what was named, and the line where there is one.
        reason: What is wrong with it.
    """

    place: str
    reason: str


@dataclass(frozen=True, slots=True)
class Described:
    """A situation in words, for the report.

    Attributes:
        title: What it is, in a few words.
        summary: What happens, in one or two sentences.
        source: Whose it is.
        behaviours: The behaviours that are looked for in it.
    """

    title: str
    summary: str
    source: str = ""
    behaviours: tuple[str, ...] | list[str] = ()

    def as_dict(self) -> dict[str, Any]:
        """As plain data."""
        return {**asdict(self), "behaviours": [str(name) for name in self.behaviours]}


class Source(Protocol):
    """Reads transcripts of one format. Other packages add theirs by entry point."""

    @property
    def title(self) -> str:
        """What it reads, in a few words."""
        ...

    def describes(self) -> Mapping[str, Described]:
        """The situations that it reads transcripts of, by the name that stands in ``scenario``."""
        ...

    def read(self, path: Path) -> Iterator[Transcript | Broken]:
        """Read the transcripts below a path one by one, in bounded memory.

        Args:
            path: A file or a folder; it exists.

        Raises:
            UsageError: There is nothing here that this source reads.
        """
        ...
