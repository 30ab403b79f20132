"""Starts a sandbox's processes and knows them until they are gone."""

import contextlib
import os
import select
import signal
import socket
import subprocess
from dataclasses import dataclass, field

import anyio

from offswitch.sandbox import command_line
from offswitch.sandbox.cgroup import Cgroups
from offswitch.sandbox.config import BwrapConfig
from offswitch.sandbox.errors import SandboxUnavailable
from offswitch.sandbox.session import Session
from offswitch.sandbox.spawn import Inherited, Method, kept, spawn

_START_S = 60.0
_END_S = 10.0


@dataclass
class Processes:
    """A sandbox's processes as the host sees them.

    Attributes:
        outer: The bubblewrap process, a child of this one.
        init: Process number of the sandbox's first process.
        init_fd: A pidfd of it, so that the number's reuse can do no harm.
        root_fd: The sandbox's root directory.
        places: The writable directories by path; they stay readable after the end.
        cgroups: Where its processes are accounted for.
    """

    outer: subprocess.Popen[bytes]
    init: int
    init_fd: int
    root_fd: int
    places: dict[str, int]
    cgroups: Cgroups
    _open: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)

    def alive(self) -> bool:
        """Whether the first process still runs."""
        if self.outer.returncode is not None:
            return False
        readable, _, _ = select.select([self.init_fd], [], [], 0)
        return not readable

    def kill(self) -> None:
        """Kills the first process, and thereby every process of the sandbox."""
        if self.alive():
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self.init_fd, signal.SIGKILL)

    async def end(self) -> None:
        """Kills everything, waits until it is gone, and gives back what it held."""
        self.kill()
        with anyio.CancelScope(shield=True):
            await _wait_for(self.outer)
            await self.cgroups.remove()
            self._open.close()


async def launch(config: BwrapConfig, method: Method) -> tuple[Processes, Session]:
    """Starts a sandbox and waits until it takes requests.

    Raises:
        SandboxUnavailable: It did not start; carries what bubblewrap said.
    """
    with contextlib.ExitStack() as ours:
        control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        session = Session(control)
        ours.callback(session.close)
        log = kept(ours, os.memfd_create("log"))
        with contextlib.ExitStack() as inherited:
            inherited.callback(theirs.close)
            outer = spawn(config, method, Inherited(inherited, theirs.fileno(), log))
        cgroups = Cgroups()
        try:
            cgroups = Cgroups.create(config)
            cgroups.add(outer.pid)
            init = await _first_process(session)
            cgroups.ensure(init)
            init_fd = kept(ours, os.pidfd_open(init))
            root, places = _directories(init, config, ours)
        except BaseException as error:
            await _abandon(outer, session, cgroups)
            if isinstance(error, SandboxUnavailable | TimeoutError | ProcessLookupError):
                said = os.pread(log, 2000, 0).decode("utf-8", "replace").strip()
                raise SandboxUnavailable(f"the sandbox did not start: {said or error}") from error
            raise
        return Processes(outer, init, init_fd, root, places, cgroups, ours.pop_all()), session


async def _first_process(session: Session) -> int:
    """Waits for the sandbox's first process to report and returns its number on the host."""
    with anyio.fail_after(_START_S):
        init = await session.wait_ready()
    if init is None:
        raise SandboxUnavailable("its first process ended at once")
    return init


async def _abandon(outer: subprocess.Popen[bytes], session: Session, cgroups: Cgroups) -> None:
    """Ends a start under way, with the process that bubblewrap may just have made.

    One that has left the process group already is about to find the control socket closed.
    """
    session.close()
    if outer.poll() is None:
        os.killpg(outer.pid, signal.SIGKILL)
    with anyio.CancelScope(shield=True):
        await _wait_for(outer)
        await cgroups.remove()


def _directories(
    init: int, config: BwrapConfig, stack: contextlib.ExitStack
) -> tuple[int, dict[str, int]]:
    """Opens the root and the writable places, before any command can have changed them."""
    flags = os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC
    root = kept(stack, os.open(f"/proc/{init}/root", flags))
    places = {
        place: kept(stack, os.open(place.lstrip("/"), flags, dir_fd=root))
        for place in command_line.writable_places(config)
    }
    return root, places


async def _wait_for(process: subprocess.Popen[bytes]) -> None:
    """Waits for a child without blocking the event loop; kills it where it does not end."""
    fd = os.pidfd_open(process.pid) if process.poll() is None else None
    if fd is None:
        return
    try:
        with anyio.move_on_after(_END_S):
            await anyio.wait_readable(fd)
        if process.poll() is None:
            process.kill()
            process.wait(_END_S)
    finally:
        os.close(fd)
