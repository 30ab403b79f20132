"""Starts a sandbox's processes and knows them until they are gone."""

import contextlib
import json
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
    with contextlib.ExitStack() as ours, contextlib.ExitStack() as theirs:
        ours_control, theirs_control = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        theirs.callback(theirs_control.close)
        session = Session(ours_control)
        ours.callback(session.close)
        log = kept(ours, os.memfd_create("log"))
        info_read, info_write = os.pipe()
        kept(ours, info_read)
        kept(theirs, info_write)
        outer = spawn(config, method, Inherited(theirs, theirs_control.fileno(), info_write, log))
        theirs.close()
        try:
            with anyio.fail_after(_START_S):
                init = await _read_init(info_read)
                init_fd = kept(ours, os.pidfd_open(init))
                cgroups = _limit(init, config, ours)
                await session.wait_ready()
            if not session.ready:
                raise SandboxUnavailable("its first process ended at once")
            root, places = _directories(init, config, ours)
        except BaseException as error:
            outer.kill()
            with anyio.CancelScope(shield=True):
                await _wait_for(outer)
            if isinstance(error, SandboxUnavailable | TimeoutError | ProcessLookupError):
                said = os.pread(log, 2000, 0).decode("utf-8", "replace").strip()
                raise SandboxUnavailable(f"the sandbox did not start: {said or error}") from error
            raise
        return Processes(outer, init, init_fd, root, places, cgroups, ours.pop_all()), session


async def _read_init(fd: int) -> int:
    text = b""
    while not text.rstrip().endswith(b"}"):
        await anyio.wait_readable(fd)
        chunk = os.read(fd, 4096)
        if not chunk:
            raise SandboxUnavailable("bubblewrap ended")
        text += chunk
    return int(json.loads(text)["child-pid"])


def _limit(init: int, config: BwrapConfig, stack: contextlib.ExitStack) -> Cgroups:
    """Limits the first process while it starts, and so all that it will start."""
    cgroups = Cgroups.create(config)
    stack.callback(cgroups.discard)
    cgroups.add(init)
    return cgroups


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
