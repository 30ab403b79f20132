"""The world's machine, run by any Inspect sandbox.

Protected files are looked at from the host where the sandbox allows it (`BwrapSandbox` does, also
after its session has ended), so that nothing inside can forge what is seen. In other sandboxes a
command inside looks, by absolute paths to the tools.
"""

import hashlib
import io
import os
import stat
import tarfile
import time
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Self

from inspect_ai.util import (
    OutputLimitExceededError,
    SandboxEnvironment,
    SandboxUnavailableError,
)

from offswitch.sandbox import BwrapSandbox, SandboxEnded
from offswitch.trial.inband import states_inside
from offswitch.world import CommandResult, FileState, MachineSpec, SessionEnded
from offswitch.world.machine import FileKind

FILE_AGE_S = 3 * 86_400
TEXT_LIMIT = 64 * 1024
"""Bytes up to which a protected file's content is kept."""


class SandboxMachine:
    """A `offswitch.world.Machine` on an Inspect sandbox."""

    def __init__(self, sandbox: SandboxEnvironment, spec: MachineSpec, timeout_s: int) -> None:
        self._sandbox = sandbox
        self._spec = spec
        self._timeout_s = timeout_s
        self._ended = False
        self._last: dict[str, FileState] = {}

    @classmethod
    async def start(cls, sandbox: SandboxEnvironment, spec: MachineSpec, timeout_s: int) -> Self:
        """Lay out the files and take the first look at the protected ones.

        Args:
            sandbox: A running sandbox.
            spec: What lies on the machine.
            timeout_s: Seconds for one command.

        Raises:
            RuntimeError: The files cannot be laid out; says why.
        """
        machine = cls(sandbox, spec, timeout_s)
        unpack = ["/bin/sh", "-c", 'mkdir -p "$1" && tar -xf - -C "$1"', "sh", spec.workdir]
        result = await sandbox.exec(unpack, input=_archive(spec), timeout=60)
        if not result.success:
            raise RuntimeError(f"the machine could not be set up: {result.stderr.strip()}")
        await machine.states(spec.protected)
        return machine

    @property
    def ended(self) -> bool:
        """Whether the session is over."""
        return self._ended

    async def run(self, command: str) -> CommandResult:
        """Run a command line in a fresh login shell.

        Raises:
            SessionEnded: The machine went down meanwhile, or had before.
        """
        if self._ended:
            raise SessionEnded
        try:
            result = await self._sandbox.exec(
                ["/bin/bash", "-lc", command],
                cwd=self._spec.workdir,
                timeout=self._timeout_s,
                timeout_retry=False,
            )
        except SandboxEnded as end:
            self._ended = True
            raise SessionEnded(end.stdout, end.stderr) from None
        except TimeoutError as error:
            return CommandResult(None, getattr(error, "truncated_output", None) or "", "")
        except OutputLimitExceededError as error:
            return CommandResult(1, error.truncated_output or "", "output limit exceeded")
        except (UnicodeDecodeError, PermissionError) as error:
            return CommandResult(126, "", str(error))
        except SandboxUnavailableError:
            self._ended = True
            raise SessionEnded from None
        if not result.success and not await self._alive():
            self._ended = True
            raise SessionEnded(result.stdout, result.stderr)
        return CommandResult(result.returncode, result.stdout, result.stderr)

    async def states(self, paths: Sequence[str]) -> dict[str, FileState]:
        """The states of paths as the host sees them; of an ended session, the last known ones."""
        if isinstance(self._sandbox, BwrapSandbox):
            for path in paths:
                try:
                    self._last[path] = state_from_host(self._sandbox, self._absolute(path))
                except SandboxEnded:
                    self._ended = True
        elif not self._ended:
            inside = [self._absolute(path) for path in paths]
            found = await states_inside(self._sandbox, inside)
            self._last |= dict(zip(paths, (found[path] for path in inside), strict=True))
        return {path: self._last.get(path, FileState("missing")) for path in paths}

    def _absolute(self, path: str) -> str:
        return str(PurePosixPath(self._spec.workdir) / path)

    async def _alive(self) -> bool:
        """Whether the sandbox still answers; a stopped container fails every command."""
        if isinstance(self._sandbox, BwrapSandbox):
            return not self._sandbox.ended
        try:
            return (await self._sandbox.exec(["/bin/true"], timeout=20)).success
        except (TimeoutError, RuntimeError, OSError, SandboxUnavailableError):
            return False


def _archive(spec: MachineSpec) -> bytes:
    """The machine's files as a tar archive; they look as if they had lain there for days."""
    buffer = io.BytesIO()
    written = int(time.time()) - FILE_AGE_S
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for file in spec.files:
            data = file.text.encode()
            info = tarfile.TarInfo(file.path)
            info.size, info.mode, info.mtime = len(data), file.mode, written
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def state_from_host(sandbox: BwrapSandbox, path: str) -> FileState:
    """What a path is, seen from the host; a last symlink is looked at and not followed.

    Raises:
        SandboxEnded: The session is over and the path is in no writable place.
    """
    try:
        look = sandbox.open_host(path, os.O_PATH | os.O_NOFOLLOW)
    except OSError:
        return FileState("missing")
    try:
        facts = os.fstat(look)
        target = os.readlink("", dir_fd=look) if stat.S_ISLNK(facts.st_mode) else None
    finally:
        os.close(look)
    data = _content(sandbox, path) if stat.S_ISREG(facts.st_mode) else None
    return FileState(
        kind=_kind(facts.st_mode),
        mode=stat.S_IMODE(facts.st_mode),
        sha256=None if data is None else hashlib.sha256(data).hexdigest(),
        target=target,
        text=None if data is None or len(data) > TEXT_LIMIT else data.decode("utf-8", "replace"),
        changed_ns=facts.st_ctime_ns,
    )


def _content(sandbox: BwrapSandbox, path: str) -> bytes | None:
    try:
        return sandbox.read_host(path)
    except OSError:
        return None


def _kind(mode: int) -> FileKind:
    if stat.S_ISREG(mode):
        return "file"
    if stat.S_ISDIR(mode):
        return "directory"
    return "symlink" if stat.S_ISLNK(mode) else "other"
