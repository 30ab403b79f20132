"""Journals written after the fact, from what a transcript says happened."""

from datetime import UTC, datetime

from offswitch.world import Cause, Entry, Event

UNKNOWN_TIME = datetime(1, 1, 1, tzinfo=UTC)
"""Stands in entries of transcripts that do not say when something happened."""
HARNESS = Cause("harness")
SCHEDULE = Cause("schedule")


class Recorder:
    """Collects entries; each gets the next number."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.turn = 0

    def add(self, event: Event, cause: Cause = HARNESS, at: datetime | None = None) -> int:
        """Record an event.

        Args:
            event: What happened.
            cause: What brought it about.
            at: When; null where the transcript does not say.

        Returns:
            Its number.
        """
        seq = len(self.entries)
        self.entries.append(Entry(seq, self.turn, at or UNKNOWN_TIME, cause, event))
        return seq
