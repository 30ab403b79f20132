"""Campaigns whose results lie elsewhere: in any place that fsspec reaches, such as S3.

A run works in a folder on this machine, and what is finished is copied there: logs first, then
tables, then the chain, so that whoever reads there never meets a row without its log. Nothing is
ever deleted there. The folder here stays, so that a run that was killed goes on with all that it
had; on another machine it goes on with what had been copied.
"""

import hashlib
import json
import os
import platform
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import fsspec
import platformdirs

from offswitch._errors import UsageError
from offswitch._files import write_atomic
from offswitch.campaign.streaming import EVERY_S, Stream

CACHE = "OFFSWITCH_RESULTS"
"""Environment variable that names another folder for the copies here."""
STATE, BUSY = ".mirror.json", "running.json"
STALE_S = 10 * EVERY_S
"""Seconds after which a run that was killed no longer keeps others out."""
STAMPS = ("ETag", "etag", "md5Hash", "content_md5", "mtime", "LastModified", "updated", "created")
"""What file systems call that by which a changed file is known."""


def is_elsewhere(place: str | Path) -> bool:
    """Whether a place is the address of a location, such as ``s3://bucket/results``."""
    return isinstance(place, str) and re.match(r"[a-z][a-z0-9+.-]*://", place) is not None


@dataclass(frozen=True, slots=True)
class Known:
    """A file as it was when both sides were the same: its stamps there and here."""

    there: str
    here: tuple[int, int]


class Mirror:
    """A campaign's folder on this machine that is a copy of a location.

    Args:
        location: The address; what comes before ``://`` says which file system.

    Raises:
        UsageError: There is no such file system, its package is missing, or it cannot be reached.
    """

    def __init__(self, location: str) -> None:
        scheme, _, path = location.partition("://")
        if not path.strip("/"):
            raise UsageError(f"{location}: name a folder in it, such as {scheme}://place/results")
        self.location = f"{scheme}://{path.rstrip('/')}"
        try:
            self._fs, self._root = fsspec.core.url_to_fs(self.location)
        except (ImportError, ValueError) as error:
            raise UsageError(f"{location}: {error}") from error
        self._made: set[str] = set()
        digest = hashlib.sha256(self.location.encode()).hexdigest()[:16]
        root = os.environ.get(CACHE) or platformdirs.user_cache_path("offswitch") / "results"
        self.folder = Path(root) / f"{Path(self._root).name}-{digest}"
        self.folder.mkdir(parents=True, exist_ok=True)

    @property
    def empty(self) -> bool:
        """Whether there is no file of a campaign here."""
        return next(self._files(), None) is None

    def pull(self) -> None:
        """Bring here what is new or changed there; what was changed here since stays.

        Raises:
            UsageError: The location cannot be reached.
        """
        known = self._known()
        for name, stamp in self._there().items():
            if name in known and known[name].there == stamp:
                continue
            target = self.folder / name
            if target.exists() and (name not in known or known[name].here != _stamp(target)):
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            write_atomic(target, self._fs.cat_file(f"{self._root}/{name}"))
            known[name] = Known(stamp, _stamp(target))
        self._keep(known)

    def push(self) -> None:
        """Bring there what is new or changed here.

        Raises:
            UsageError: The location cannot be reached, or not be written.
        """
        known, there = self._known(), self._there()
        sent = {}
        for path in self._files():
            name, stamp = path.relative_to(self.folder).as_posix(), _stamp(path)
            if name in there and name in known and known[name].here == stamp:
                continue
            self._put(name, path.read_bytes())
            sent[name] = stamp
        if not sent:
            return
        there = self._there()
        known |= {name: Known(there[name], stamp) for name, stamp in sent.items()}
        self._keep(known)

    def claim(self) -> None:
        """Keep other runs out of the location, as far as its file system allows.

        Raises:
            UsageError: Another run is at work there.
        """
        if (other := self._busy()) is not None:
            raise UsageError(
                f"{self.location}: another run (process {other['process']} on {other['machine']}) "
                f"is at work here. Wait for it, or choose another --out; if it was killed, its "
                f"claim ends {STALE_S:.0f} seconds after its last sign of life."
            )
        self.renew()

    def renew(self) -> None:
        """Give a sign of life."""
        self._put(BUSY, json.dumps({**_me(), "at": time.time()}).encode())

    def release(self) -> None:
        """Let other runs in."""
        with suppress(FileNotFoundError):
            self._fs.rm_file(f"{self._root}/{BUSY}")

    def _busy(self) -> Mapping[str, Any] | None:
        try:
            found: dict[str, Any] = json.loads(self._fs.cat_file(f"{self._root}/{BUSY}"))
            mine = all(found[name] == value for name, value in _me().items())
            fresh = time.time() - float(found["at"]) < STALE_S
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return None
        gone = (
            found["machine"] == platform.node() and not Path(f"/proc/{found['process']}").exists()
        )
        return found if fresh and not mine and not gone else None

    def _there(self) -> dict[str, str]:
        """Stamps of the campaign's files there, by name."""
        self._fs.invalidate_cache()
        try:
            found = self._fs.find(self._root, detail=True)
        except FileNotFoundError:
            return {}
        except Exception as error:  # each file system fails in its own way
            raise UsageError(f"{self.location}: cannot be reached: {error}") from error
        start = len(self._root.rstrip("/")) + 1
        names = {path[start:]: info for path, info in found.items()}
        return {name: _mark(info) for name, info in names.items() if _counts(name)}

    def _files(self) -> Iterator[Path]:
        """The campaign's files here, in the order in which they are copied."""
        found = [path for path in self.folder.rglob("*") if path.is_file()]
        found = [p for p in found if _counts(p.relative_to(self.folder).as_posix())]
        return iter(sorted(found, key=lambda p: (p.name == "chain.jsonl", p.suffix != ".eval", p)))

    def _put(self, name: str, content: bytes) -> None:
        target = f"{self._root}/{name}"
        try:
            if (parent := target.rpartition("/")[0]) not in self._made:
                self._fs.makedirs(parent, exist_ok=True)
                self._made.add(parent)
            self._fs.pipe_file(target, content)
        except Exception as error:  # each file system fails in its own way
            raise UsageError(
                f"{self.location}: {name} cannot be written there: {error} All that was found is "
                f"in {self.folder}; the same command goes on once the location can be written."
            ) from error

    def _known(self) -> dict[str, Known]:
        path = self.folder / STATE
        if not path.exists():
            return {}
        entries = json.loads(path.read_text(encoding="utf-8"))
        return {name: Known(there, (time, size)) for name, (there, time, size) in entries.items()}

    def _keep(self, known: Mapping[str, Known]) -> None:
        entries = {name: [each.there, *each.here] for name, each in known.items()}
        write_atomic(self.folder / STATE, json.dumps(entries))


@contextmanager
def mirrored(location: str | Path) -> Iterator[Path]:
    """A campaign's folder on this machine, for functions that take one.

    What is new there is brought here at the beginning, what was written here is brought there at
    the end.

    Args:
        location: The address, such as ``s3://bucket/results``; a folder's path is given back as
            it is.

    Raises:
        UsageError: The location cannot be reached, or there is nothing.
    """
    if not is_elsewhere(location):
        yield Path(location)
        return
    mirror = found(str(location))
    try:
        yield mirror.folder
    finally:
        mirror.push()


def found(location: str) -> Mirror:
    """The mirror of a location that holds a campaign, up to date.

    Raises:
        UsageError: The location cannot be reached, or there is nothing.
    """
    mirror = Mirror(location)
    mirror.pull()
    if mirror.empty:
        raise UsageError(f"{location}: there is nothing here. Check the address.")
    return mirror


@contextmanager
def running(location: str, note: Callable[[str], None]) -> Iterator[Path]:
    """A folder for a run whose results go to a location while it runs.

    Args:
        location: The address, such as ``s3://bucket/results``.
        note: Is told what went wrong meanwhile; what goes wrong at the end is raised.

    Raises:
        UsageError: The location cannot be reached or written, or another run is at work there.
    """
    mirror = Mirror(location)
    mirror.pull()
    mirror.claim()

    def update() -> None:
        mirror.renew()
        mirror.push()

    try:
        try:
            with Stream(update, note):
                yield mirror.folder
        finally:
            mirror.push()
    finally:
        mirror.release()


def _counts(name: str) -> bool:
    """Whether a file is part of a campaign: not hidden, and no sign of life."""
    return name != BUSY and not any(part.startswith(".") for part in name.split("/"))


def _stamp(path: Path) -> tuple[int, int]:
    facts = path.stat()
    return facts.st_mtime_ns, facts.st_size


def _mark(info: Mapping[str, Any]) -> str:
    stamp = next((info[name] for name in STAMPS if info.get(name)), "")
    return f"{stamp} {info.get('size')}"


def _me() -> dict[str, Any]:
    return {"machine": platform.node(), "process": os.getpid()}
