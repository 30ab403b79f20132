"""A post: what stands on a machine of a cluster, keeps a worker process and sends its logs home.

It needs no folder that machines share. With each message of the worker go the parts of its logs
that have changed, so that the desk never hears of a trial that its log at home does not hold. It
knows nothing of what carries the messages.
"""

import hashlib
import signal
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from offswitch._files import write_atomic
from offswitch.campaign.channel import ClosedError
from offswitch.campaign.process import Ending, LocalProcess

BLOCK = 16_384
"""Bytes that are compared at once. A log that grows keeps all but its last ones as they were."""


@dataclass(frozen=True, slots=True)
class Tail:
    """The part of a log that has changed.

    Attributes:
        name: The log's file name.
        start: Bytes before it that are as they were.
        content: All that follows.
    """

    name: str
    start: int
    content: bytes

    def put(self, folder: Path) -> None:
        """Bring the copy in a folder up to date; it is whole at any moment."""
        path = folder / self.name
        kept = b""
        if self.start:
            with path.open("rb") as file:
                kept = file.read(self.start)
        write_atomic(path, kept + self.content, durable=False)


@dataclass(frozen=True, slots=True)
class Parcel:
    """What a post sends home.

    Attributes:
        logs: What has changed of the logs.
        message: What the worker says; null where it has ended.
        ending: How it ended; null while it runs.
    """

    logs: tuple[Tail, ...]
    message: dict[str, Any] | None
    ending: Ending | None = None


@dataclass(slots=True)
class Copies:
    """What is known at home of the logs in a folder: hashes of their blocks.

    Attributes:
        folder: The folder.
    """

    folder: Path
    _stamps: dict[str, tuple[int, int]] = field(default_factory=dict)
    _blocks: dict[str, list[bytes]] = field(default_factory=dict)

    def changed(self) -> Iterator[Tail]:
        """What has changed since the last time."""
        for path in sorted(self.folder.glob("*.eval")):
            facts = path.stat()
            stamp = (facts.st_mtime_ns, facts.st_size)
            if self._stamps.get(path.name) == stamp:
                continue
            content = path.read_bytes()
            blocks, before = _hashes(content), self._blocks.get(path.name, [])
            same = 0
            while same < min(len(blocks), len(before)) and blocks[same] == before[same]:
                same += 1
            self._stamps[path.name], self._blocks[path.name] = stamp, blocks
            yield Tail(path.name, same * BLOCK, content[same * BLOCK :])


def _hashes(content: bytes) -> list[bytes]:
    """A hash of each block that is full; the last one is always sent."""
    whole = len(content) // BLOCK
    parts = (content[number * BLOCK : (number + 1) * BLOCK] for number in range(whole))
    return [hashlib.blake2b(part, digest_size=16).digest() for part in parts]


class Post:
    """Keeps one worker process and passes messages between it and the desk."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="offswitch-")
        self._copies = Copies(Path(self._folder.name))
        self._process: LocalProcess | None = None

    def ready(self) -> None:
        """Returns once there is a machine for it."""

    def exchange(self, message: dict[str, Any]) -> Parcel:
        """Hand the worker a message; what it says next.

        Args:
            message: The first one is the worker's setup, later ones are answers.
        """
        try:
            if self._process is None:
                self._process = LocalProcess(self._folder.name)
                self._process.begin(message)
            else:
                self._process.send(message)
            said = self._process.receive()
        except ClosedError:
            return self._last()
        return Parcel(tuple(self._copies.changed()), said)

    def stop(self, number: int) -> None:
        """Send the worker a signal."""
        if self._process is not None:
            self._process.stop(signal.Signals(number))

    def _last(self) -> Parcel:
        assert self._process is not None
        ending = self._process.end()
        parcel = Parcel(tuple(self._copies.changed()), None, ending)
        self._folder.cleanup()
        return parcel
