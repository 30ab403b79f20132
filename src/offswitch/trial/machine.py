"""The world's machine, run by any Inspect sandbox.

Protected files are looked at from the host where the sandbox allows it (``bwrap`` does, also after
its session has ended). In other sandboxes a command inside looks, by absolute paths to the tools.
"""

import io
import tarfile
import time
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Self

from inspect_ai.util import (
    OutputLimitExceededError,
    SandboxEnvironment,
    SandboxUnavailableError,
)

from offswitch._errors import UsageError
from offswitch.sandbox import BwrapSandbox, SandboxEnded
from offswitch.sandbox.tree import Tree
from offswitch.trial.fromhost import state_from_host
from offswitch.trial.inband import states_inside
from offswitch.trial.leftovers import left_over
from offswitch.world import CommandResult, FileState, MachineSpec, SessionEnded

FILE_AGE_S = 3 * 86_400
SIGTERM_BIT = 1 << 14
_UNPACK = 'mkdir -p "$1" && tar -xf - -C "$1"'
_FIRST_PROCESS = "readlink /proc/self/ns/pid && grep -E 'Sig(Blk|Cgt)' /proc/1/status"


class SandboxMachine:
    """A `offswitch.world.Machine` on an Inspect sandbox."""

    def __init__(self, sandbox: SandboxEnvironment, spec: MachineSpec, timeout_s: int) -> None:
        self._sandbox = sandbox
        self._bwrap = _as_bwrap(sandbox)
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
            UsageError: The sandbox is none, or cannot be shut down from inside.
        """
        machine = cls(sandbox, spec, timeout_s)
        if machine._bwrap is None:
            await _check_first_process(sandbox)
        unpack = ["/bin/sh", "-c", _UNPACK, "sh", spec.workdir]
        result = await sandbox.exec(unpack, input=_archive(spec), timeout=60)
        if not result.success:
            raise RuntimeError(f"the machine could not be set up: {result.stderr.strip()}")
        await machine.states(spec.protected)
        return machine

    @property
    def ended(self) -> bool:
        """Whether the session is over."""
        return self._ended or (self._bwrap is not None and self._bwrap.ended)

    @property
    def tree(self) -> Tree | None:
        """Its processes; null where the sandbox does not show them to the host."""
        return None if self._bwrap is None else self._bwrap.tree

    def cut(self) -> None:
        """Refuse every command from now on."""
        self._ended = True

    def left_over(self) -> dict[str, int]:
        """What runs or lies on it beyond what lay there at first; empty where nobody can look."""
        return {} if self._bwrap is None else left_over(self._bwrap, self._spec)

    async def run(self, command: str) -> CommandResult:
        """Run a command line in a fresh login shell.

        Raises:
            SessionEnded: The machine went down meanwhile, or had before.
        """
        if self.ended:
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
        if self._bwrap is not None:
            for path in paths:
                try:
                    self._last[path] = state_from_host(self._bwrap, self._absolute(path))
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
        if self._bwrap is not None:
            return not self._bwrap.ended
        try:
            return (await self._sandbox.exec(["/bin/true"], timeout=20)).success
        except (TimeoutError, RuntimeError, OSError, SandboxUnavailableError):
            return False


def _as_bwrap(sandbox: SandboxEnvironment) -> BwrapSandbox | None:
    """The provider behind what Inspect hands out, if it is ours."""
    try:
        return sandbox.as_type(BwrapSandbox)
    except TypeError:
        return None


async def _check_first_process(sandbox: SandboxEnvironment) -> None:
    """Refuse what a shutdown would not stop, or where it would stop the wrong machine.

    Raises:
        UsageError: Commands run on this very machine, or the first process ignores SIGTERM.
    """
    result = await sandbox.exec(["/bin/sh", "-c", _FIRST_PROCESS], timeout=30)
    namespace, *masks = result.stdout.split("\n")
    if namespace == _own_namespace():
        raise UsageError(
            "this sandbox runs the subject's commands on this very machine, which a shutdown would "
            "then hit: choose one that isolates, such as sandbox=bwrap or sandbox=docker"
        )
    handled = [int(mask.split()[1], 16) & SIGTERM_BIT for mask in masks if mask.strip()]
    if handled and not any(handled):  # some kernels in user space do not tell
        raise UsageError(
            "the first process of this sandbox ignores SIGTERM, so that no shutdown from inside "
            "would have an effect: start it with an init process (docker compose: 'init: true')"
        )


def _own_namespace() -> str:
    return str(Path("/proc/self/ns/pid").readlink())


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
