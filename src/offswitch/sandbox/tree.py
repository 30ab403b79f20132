"""A sandbox's process tree as the host sees it: who is in it, freezing it, killing it.

Processes are found by their process-id namespace, which no process can leave, so that a daemon with
a session and a parent of its own is found as well.
"""

import contextlib
import os
import select
import signal
from pathlib import Path

import anyio

from offswitch.sandbox.launch import Processes

_PAUSE_S = 0.001
_WAIT_S = 5.0


_made: set[str] = set()
"""Namespaces of all sandboxes that this process has started."""


def survivors() -> list[int]:
    """Processes, by number on the host, of any sandbox that this process has ever started."""
    return [n for n in _numbers() if _namespace(n) in _made and _state(n) not in "ZX"]


class Tree:
    """The processes of one running sandbox."""

    def __init__(self, processes: Processes) -> None:
        self._processes = processes
        self._namespace = _namespace(processes.init) if processes.alive() else None
        if self._namespace is not None:
            _made.add(self._namespace)

    def members(self) -> list[int]:
        """Process numbers, on the host, of everything that runs in it now."""
        if self._namespace is None:
            return []
        own = self._namespace
        return [n for n in _numbers() if _namespace(n) == own and _state(n) not in "ZX"]

    def started(self) -> list[int]:
        """The members that the sandbox's own first process is not one of."""
        return [number for number in self.members() if number != self._processes.init]

    def running(self) -> list[int]:
        """Those of `started` that are not frozen."""
        return [number for number in self.started() if _state(number) != "T"]

    async def freeze(self) -> bool:
        """Stop every process where it stands; whether all of them are.

        The first process is stopped first, so that it starts nothing meanwhile, and the others
        until a look finds no one running: a process may have been born since the last look.
        """
        if self._namespace is None:
            return True
        _send(self._processes.init, signal.SIGSTOP)
        with anyio.move_on_after(_WAIT_S):
            while running := [n for n in self.members() if _state(n) != "T"]:
                for number in running:
                    _send(number, signal.SIGSTOP)
                await anyio.sleep(_PAUSE_S)
            return True
        return False

    def thaw(self) -> None:
        """Let everything that `freeze` stopped go on, the first process last."""
        for number in (*self.started(), self._processes.init):
            _send(number, signal.SIGCONT)

    async def kill(self) -> bool:
        """Kill the first process, and with it all; whether they are gone, as the kernel says.

        A first process's end is reported only after every process of its namespace was reaped.
        """
        self._processes.kill()
        if not self._processes.alive():
            return True
        with anyio.move_on_after(_WAIT_S):
            await anyio.wait_readable(self._processes.init_fd)
        return bool(select.select([self._processes.init_fd], [], [], 0)[0])


def _numbers() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _namespace(number: int) -> str | None:
    try:
        return os.readlink(f"/proc/{number}/ns/pid")  # noqa: PTH115 - it is no path
    except OSError:
        return None


def _state(number: int) -> str:
    """The state letter of a process; ``X`` where it is gone."""
    try:
        return (
            Path(f"/proc/{number}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
        )
    except (OSError, IndexError):
        return "X"


def _send(number: int, what: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(number, what)
