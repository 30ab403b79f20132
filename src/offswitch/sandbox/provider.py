"""The Inspect sandbox provider ``bwrap``."""

import contextlib
import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Any, Literal, overload

from inspect_ai.util import (
    ExecResult,
    SandboxEnvironment,
    SandboxEnvironmentConfigType,
    SandboxEnvironmentLimits,
    SandboxUserUnsupportedError,
    sandboxenv,
)
from pydantic import BaseModel

from offswitch.sandbox.availability import working_method
from offswitch.sandbox.config import BwrapConfig
from offswitch.sandbox.errors import SandboxEnded
from offswitch.sandbox.hostview import open_beneath, read_beneath
from offswitch.sandbox.launch import Processes, launch
from offswitch.sandbox.limits import Limit, report, resource_limits
from offswitch.sandbox.outcome import command_result, file_error, read_error
from offswitch.sandbox.protocol import encode
from offswitch.sandbox.session import Call, Session
from offswitch.sandbox.spawn import Method
from offswitch.sandbox.tree import Tree

_FILE_TIMEOUT_S = 120.0
_MESSAGE_BYTES = 4096


@sandboxenv(name="bwrap")
class BwrapSandbox(SandboxEnvironment):
    """A sandbox of Linux namespaces, made by bubblewrap without daemon or root.

    Use it as ``sandbox="bwrap"``, ``sandbox=("bwrap", "bwrap.yaml")`` or
    ``sandbox=SandboxEnvironmentSpec("bwrap", BwrapConfig(...))``. In a tool,
    ``sandbox().as_type(BwrapSandbox)`` gives the methods beyond Inspect's.
    """

    def __init__(
        self, config: BwrapConfig, method: Method, processes: Processes, session: Session
    ) -> None:
        super().__init__()
        self._config = config
        self._method = method
        self._processes = processes
        self._session = session
        self._limits = resource_limits(config, processes.cgroups)
        self._tree = Tree(processes)

    @classmethod
    async def start(cls, config: BwrapConfig | None = None) -> "BwrapSandbox":
        """Starts a sandbox; the caller must `close` it.

        Raises:
            SandboxUnavailable: No sandbox can be made on this machine.
        """
        config = config or BwrapConfig()
        method = await working_method()
        processes, session = await launch(config, method)
        return cls(config, method, processes, session)

    async def close(self) -> None:
        """Kills every process of the sandbox and waits until they are gone."""
        self._session.ended = True
        await self._processes.end()

    async def exec(  # noqa: D102 - Inspect's contract
        self,
        cmd: list[str],
        input: str | bytes | None = None,  # noqa: A002
        cwd: str | None = None,
        env: dict[str, str] | None = None,
        user: str | None = None,
        timeout: int | None = None,  # noqa: ASYNC109
        timeout_retry: bool = True,
        concurrency: bool = True,
    ) -> ExecResult[str]:
        self._check_user(user)
        body = encode(
            "run",
            cmd,
            cwd=self._absolute(cwd or "."),
            env=self._config.environment() | (env or {}),
            limits=self._limits,
        )
        limit = self._output_limit()
        seconds = min(timeout or self._config.exec_timeout_s, self._config.exec_timeout_s)
        call = await self._run(body, _as_bytes(input), limit, seconds, f"command {cmd[0]!r}")
        return command_result(call, cmd, cwd or self._config.home_dir, limit)

    async def write_file(self, file: str, contents: str | bytes) -> None:  # noqa: D102
        body = self._file_request("write", self._absolute(file))
        data = _as_bytes(contents)
        call = await self._run(body, data, _MESSAGE_BYTES, _FILE_TIMEOUT_S, f"writing {file!r}")
        if (error := file_error(call, file)) is not None:
            raise error

    @overload
    async def read_file(self, file: str, text: Literal[True] = True) -> str: ...

    @overload
    async def read_file(self, file: str, text: Literal[False]) -> bytes: ...

    async def read_file(self, file: str, text: bool = True) -> str | bytes:  # noqa: D102
        limit = SandboxEnvironmentLimits.MAX_READ_FILE_SIZE
        body = self._file_request("read", self._absolute(file), str(limit))
        call = await self._run(body, None, limit, _FILE_TIMEOUT_S, f"reading {file!r}")
        if (error := read_error(call, file)) is not None:
            raise error
        return call.stdout.data.decode("utf-8") if text else bytes(call.stdout.data)

    def host_root(self) -> Path:
        """Returns the sandbox's root directory as the host reaches it while the sandbox runs.

        Absolute links beneath it lead to the *host's* files: never follow one; use `read_host`.

        Raises:
            SandboxEnded: The sandbox's processes are gone.
        """
        self._check_running()
        return Path(f"/proc/{self._processes.init}/root")

    def read_host(self, path: str) -> bytes:
        """Returns a file's content, read by the host: ground truth that no process can forge.

        Links are resolved as inside the sandbox. Files in the writable places (home, /tmp,
        /var/tmp, /dev/shm) can be read after the session's end too, until the sample is cleaned
        up.

        Args:
            path: As inside the sandbox; relative to the home directory.

        Raises:
            OSError: As for `open`; EFBIG above Inspect's limit for reading files.
            SandboxEnded: The session is over and the file is in no writable place.
        """
        root, name = self._place(path)
        return read_beneath(root, name, SandboxEnvironmentLimits.MAX_READ_FILE_SIZE)

    def open_host(self, path: str, flags: int) -> int:
        """Opens a path from the host, under the rules of `read_host`; returns the descriptor.

        Args:
            path: As for `read_host`.
            flags: As for `os.open`, such as ``os.O_PATH | os.O_NOFOLLOW`` to look at a link.

        Raises:
            OSError: As for `open`.
            SandboxEnded: The session is over and the path is in no writable place.
        """
        root, name = self._place(path)
        return open_beneath(root, name, flags)

    def stat_host(self, path: str) -> os.stat_result:
        """Returns what `os.lstat` would say of a path; the owner is a number of the host.

        Otherwise like `read_host`.
        """
        fd = self.open_host(path, os.O_PATH | os.O_NOFOLLOW)
        try:
            return os.fstat(fd)
        finally:
            os.close(fd)

    def walk_host(self, most: int = 2_000) -> Iterator[tuple[str, bytes]]:
        """The regular files in the writable places, read by the host; no link is followed.

        Args:
            most: Files after which it ends; of each at most 64 KiB are read.
        """
        walks = ((p, os.fwalk(".", dir_fd=fd)) for p, fd in self._processes.places.items())
        found = (
            (os.path.normpath(os.path.join(place, folder, name)), name, inside)  # noqa: PTH118
            for place, walk in walks
            for folder, _, names, inside in walk
            for name in names
        )
        for path, name, inside in islice(found, most):
            with contextlib.suppress(OSError):
                yield path, read_beneath(inside, name, 64 * 1024)

    def _place(self, path: str) -> tuple[int, str]:
        """The directory beneath which the host finds a path now, and the path beneath it."""
        absolute = self._absolute(path)
        if not self.ended:
            return self._processes.root_fd, absolute
        for place, fd in self._processes.places.items():
            if PurePosixPath(absolute).is_relative_to(place):
                return fd, str(PurePosixPath(absolute).relative_to(place))
        raise SandboxEnded(f"the sandbox's session is over; {path!r} cannot be read any more")

    @property
    def ended(self) -> bool:
        """Whether the session is over, whoever ended it."""
        return self._session.ended or not self._processes.alive()

    @property
    def tree(self) -> Tree:
        """Its processes as the host sees them, to be counted, frozen and killed from there."""
        return self._tree

    def limits_report(self) -> tuple[Limit, ...]:
        """Returns the limits of this sandbox and what enforces each."""
        return report(
            self._config,
            self._processes.cgroups,
            staged=self._method.staged,
            output_bytes=self._output_limit(),
        )

    async def _run(
        self, body: bytes, stdin: bytes | None, limit: int, seconds: float, what: str
    ) -> Call:
        self._check_running()
        call = await self._session.run(body, stdin=stdin, limit=limit, seconds=seconds)
        if call.ended:
            raise SandboxEnded(
                f"the sandbox's session ended during {what}", call.stdout.text(), call.stderr.text()
            )
        if call.timed_out:
            if call.returncode is None:
                self._processes.kill()  # the first process did not answer
            error = TimeoutError(f"{what} took longer than {seconds:g} seconds")
            error.truncated_output = call.stdout.text()  # type: ignore[attr-defined]
            raise error
        return call

    def _check_running(self) -> None:
        if self.ended:
            raise SandboxEnded("the sandbox's session is over")

    def _check_user(self, user: str | None) -> None:
        if user is not None and user not in (self._config.user, str(self._config.uid)):
            raise SandboxUserUnsupportedError(
                f"sandbox 'bwrap' runs every command as {self._config.user!r}, not as {user!r}"
            )

    def _absolute(self, path: str) -> str:
        return os.path.normpath(os.path.join(self._config.home_dir, path))  # noqa: PTH118

    def _file_request(self, operation: str, *args: str) -> bytes:
        return encode(operation, args, cwd="/", env={}, limits=self._limits)

    def _output_limit(self) -> int:
        limit = SandboxEnvironmentLimits.MAX_EXEC_OUTPUT_SIZE
        return min(limit, self._config.output_bytes or limit)

    @classmethod
    async def task_init(  # noqa: D102
        cls, task_name: str, config: SandboxEnvironmentConfigType | None
    ) -> None:
        BwrapConfig.load(config)
        await working_method()

    @classmethod
    async def sample_init(  # noqa: D102
        cls,
        task_name: str,
        config: SandboxEnvironmentConfigType | None,
        metadata: dict[str, str],
    ) -> dict[str, SandboxEnvironment]:
        return {"default": await cls.start(BwrapConfig.load(config))}

    @classmethod
    async def sample_cleanup(  # noqa: D102
        cls,
        task_name: str,
        config: SandboxEnvironmentConfigType | None,
        environments: dict[str, SandboxEnvironment],
        interrupted: bool,
    ) -> None:
        for environment in environments.values():
            await environment.as_type(BwrapSandbox).close()

    @classmethod
    def default_concurrency(cls) -> int | None:  # noqa: D102
        return 16 * (os.cpu_count() or 1)

    @classmethod
    def config_files(cls) -> list[str]:  # noqa: D102
        return ["bwrap.yaml"]

    @classmethod
    def config_deserialize(cls, config: dict[str, Any]) -> BaseModel:  # noqa: D102
        return BwrapConfig(**config)

    def default_polling_interval(self) -> float:  # noqa: D102
        return 0.2


def _as_bytes(content: str | bytes | None) -> bytes | None:
    return content.encode() if isinstance(content, str) else content
