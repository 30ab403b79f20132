"""The store of labels: an append-only file of acts, one JSON object a line.

An act is on the disk (fsync) before anybody is told that it is saved. Several processes may use one
store: each takes a lock of the system for as long as it reads or writes, and reads what the others
added before it does anything.
"""

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path
from threading import Lock
from typing import Literal

from pydantic import ValidationError

from offswitch._errors import UsageError
from offswitch._files import write_atomic
from offswitch.labelling.acts import ACT, Label, Undo
from offswitch.labelling.ledger import Key, Ledger

NAME = "labelling.jsonl"
"""Name of the store in a campaign's folder."""


class DamagedError(UsageError):
    """A store with a line that cannot be read; the message names file and line."""


class Store:
    """The acts of all raters on a campaign.

    Attributes:
        path: The file; it appears with the first act.
    """

    def __init__(self, path: Path) -> None:
        """Use a store, which need not exist yet.

        Raises:
            DamagedError: A line of it cannot be read.
        """
        self.path = path
        self._lock = Lock()
        self._forget()
        self.read()

    def read(self) -> Ledger:
        """What the acts come to, with those that other processes added.

        Raises:
            DamagedError: A line cannot be read.
        """
        with self._lock:
            if self.path.exists():
                with _locked(self.path, "rb", fcntl.LOCK_SH) as file:
                    self._catch_up(file)
            return self._ledger

    def append(self, act: Label | Undo) -> Key | None:
        """Put an act on the disk, then let it count.

        Returns:
            The trial and rubric that it changed; null where there was nothing to take back, and
            nothing was written.

        Raises:
            DamagedError: The file was damaged meanwhile; nothing was written.
            OSError: The disk is full or cannot be written; the act does not count.
        """
        with self._lock, _locked(self.path, "a+b", fcntl.LOCK_EX) as file:
            self._catch_up(file)
            if isinstance(act, Undo) and not self._ledger.can_undo(act.rater):
                return None
            self._write(file, f"{act.model_dump_json()}\n".encode())
            return self._ledger.add(act)

    def _write(self, file: FileIO, line: bytes) -> None:
        """Write a line whole, or take back what was written of it."""
        try:
            if file.write(line) != len(line):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self.path))
            os.fsync(file.fileno())
        except OSError:
            os.ftruncate(file.fileno(), self._offset)
            raise
        if not self._offset:
            _sync_folder(self.path.parent)
        self._offset += len(line)
        self._lines += 1

    def _forget(self) -> None:
        self._ledger, self._inode, self._offset, self._lines = Ledger(), -1, 0, 0

    def _catch_up(self, file: FileIO) -> None:
        """Read what was added since; everything again where the file is another one now."""
        status = os.fstat(file.fileno())
        if status.st_ino != self._inode or status.st_size < self._offset:
            self._forget()
            self._inode = status.st_ino
        file.seek(self._offset)
        for line in file.read().splitlines(keepends=True):
            try:
                act = _act(line)
            except ValueError as error:
                raise DamagedError(_damage(self.path, self._lines + 1, error)) from error
            self._ledger.add(act)
            self._offset += len(line)
            self._lines += 1


def repair(path: Path) -> Path | None:
    """Keep the lines of a store that can be read; keep the damaged file beside it, whole.

    Returns:
        Where the damaged file is now; null if no line was damaged, and nothing was changed.

    Raises:
        UsageError: There is no store.
    """
    if not path.exists():
        raise UsageError(f"{path}: there is no such file, so there is nothing to repair")
    with _locked(path, "rb", fcntl.LOCK_EX) as file:
        lines = file.read().splitlines(keepends=True)
        good = [line for line in lines if _readable(line)]
        if len(good) == len(lines):
            return None
        kept = _free(path)
        os.link(path, kept)  # the name of the damaged file is there before the other's changes
        write_atomic(path, b"".join(good))
        _sync_folder(path.parent)
    return kept


@contextmanager
def _locked(path: Path, mode: Literal["rb", "a+b"], lock: int) -> Iterator[FileIO]:
    """The file that has this name once the lock is held: a repair may put another in its place."""
    while True:
        with path.open(mode, buffering=0) as file:
            fcntl.flock(file, lock)
            if path.exists() and path.stat().st_ino == os.fstat(file.fileno()).st_ino:
                yield file
                return


def _act(line: bytes) -> Label | Undo:
    if not line.endswith(b"\n"):
        raise ValueError("the line was not written to its end")
    return ACT.validate_json(line)


def _readable(line: bytes) -> bool:
    try:
        _act(line)
    except ValueError:
        return False
    return True


def _damage(path: Path, line: int, error: ValueError) -> str:
    reason = str(error)
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False)[0]
        reason = ": ".join([*(str(part) for part in first["loc"]), first["msg"]])
    return (
        f"{path}, line {line}: cannot be read: {reason}. Mend the line by hand, or run "
        "'offswitch label' with --repair: it keeps the lines that can be read, and the damaged "
        "file beside them under another name. Nothing was changed."
    )


def _free(path: Path) -> Path:
    number = 1
    while (candidate := path.with_name(f"{path.name}.damaged-{number}")).exists():
        number += 1
    return candidate


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
