"""A sandbox's process tree as the host sees it: who is in it, freezing it, killing it.

Processes are found by their process-id namespace, which no process can leave, so that a daemon with
a session and a parent of its own is found as well.
"""

import contextlib
import os
import select
import signal
from collections import OrderedDict

import anyio

from offswitch.sandbox.launch import Processes

_PAUSE_S = 0.001
_LOOKS = 2
_WAIT_S = 5.0
_STAT = 4096
"""Bytes of a process's status that are read; the state stands among the first hundred."""


_KEPT = 32
_made: OrderedDict[str, int] = OrderedDict()
"""Namespaces of the sandboxes that this process started last, each held open: the kernel gives the
name of one that is gone to the next, and somebody else's processes would be taken for ours."""


def survivors() -> list[int]:
    """Processes, by number on the host, of the last 32 sandboxes that this process started."""
    return [n for n in _numbers() if _namespace(n) in _made and _state(n) not in "ZX"]


def _hold(number: int) -> str | None:
    """Hold the namespace of a process open, and return its name; null where it is gone."""
    try:
        fd = os.open(f"/proc/{number}/ns/pid", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    name = os.readlink(f"/proc/self/fd/{fd}")  # noqa: PTH115 - it is no path
    _made[name] = fd
    if len(_made) > _KEPT:
        os.close(_made.popitem(last=False)[1])
    return name


class Tree:
    """The processes of one running sandbox."""

    def __init__(self, processes: Processes) -> None:
        self._processes = processes
        self._namespace = _hold(processes.init) if processes.alive() else None
        self._signalled: set[int] = set()

    def members(self) -> list[int]:
        """Process numbers, on the host, of everything that runs in it now."""
        return list(self._look())

    def _look(self) -> dict[int, str]:
        """The members with their state letters, each read once."""
        if self._namespace is None:
            return {}
        own = self._namespace
        found = {n: _state(n) for n in _numbers() if _namespace(n) == own}
        return {n: state for n, state in found.items() if state not in "ZX"}

    def started(self) -> list[int]:
        """The members that the sandbox's own first process is not one of."""
        return [number for number in self.members() if number != self._processes.init]

    def running(self) -> list[int]:
        """Those of `started` that are not frozen."""
        return [n for n in self._moving() if n != self._processes.init]

    def _moving(self) -> list[int]:
        """The members that are not frozen."""
        return [n for n, state in self._look().items() if not self._is_frozen(n, state)]

    def _is_frozen(self, number: int, state: str) -> bool:
        """Whether a process stands still: stopped, or about to be before it does anything more.

        The latter is one that waits in the kernel and was signalled: for a disk, or for a child of
        its own (``vfork``) that is stopped itself.
        """
        return state in "TtX" or (state == "D" and number in self._signalled)

    async def freeze(self) -> bool:
        """Stop every process where it stands; whether all of them are.

        The first process is stopped first, so that it starts nothing meanwhile, and the others
        until two looks in a row find no one running: one that was born during the first is not in
        it, but after it nobody is left to give birth.
        """
        if self._namespace is None:
            return True
        self._stop(self._processes.init)
        quiet = 0
        with anyio.move_on_after(_WAIT_S):
            while quiet < _LOOKS:
                running = self._moving()
                quiet = 0 if running else quiet + 1
                for number in running:
                    self._stop(number)
                if running:
                    await anyio.sleep(_PAUSE_S)
        return quiet == _LOOKS

    def _stop(self, number: int) -> None:
        self._signalled.add(number)
        _send(number, signal.SIGSTOP)

    def thaw(self) -> None:
        """Let everything that `freeze` stopped go on, the first process last."""
        self._signalled.clear()
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
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]  # noqa: PTH208 - faster


def _namespace(number: int) -> str | None:
    try:
        return os.readlink(f"/proc/{number}/ns/pid")  # noqa: PTH115 - it is no path
    except OSError:
        return None


def _state(number: int) -> str:
    """The state letter of a process; ``X`` where it is gone."""
    try:
        fd = os.open(f"/proc/{number}/stat", os.O_RDONLY | os.O_CLOEXEC)
        try:
            return os.read(fd, _STAT).rpartition(b") ")[2][:1].decode() or "X"
        finally:
            os.close(fd)
    except OSError:
        return "X"


def _send(number: int, what: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(number, what)
