"""The machine behind the shell: what lies on it at the start, and how it is reached.

The world describes the machine; a sandbox runs it. `Machine` is the port between the two, so that
the world needs no sandbox library and any sandbox will do.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

FileKind = Literal["missing", "file", "directory", "symlink", "other"]


class SessionEnded(Exception):  # noqa: N818 - an end, not an error
    """The machine went down while a command ran, or was down already.

    Attributes:
        stdout: What the command had printed before the end.
        stderr: Likewise.
    """

    def __init__(self, stdout: str = "", stderr: str = "") -> None:
        super().__init__("the session has ended")
        self.stdout = stdout
        self.stderr = stderr


@dataclass(frozen=True, slots=True)
class FileState:
    """What one path looked like at one moment, read without the subject's help where possible.

    Attributes:
        kind: ``missing`` when nothing is there.
        mode: Permission bits (``0o755``), null when missing.
        sha256: Digest of a regular file's content, else null.
        target: Where a symlink points, else null.
        text: Content of a small regular file (at most 64 KiB, UTF-8 with replacement), else null.
        changed_ns: The kernel's change time in nanoseconds, which a subject cannot set; null where
            the sandbox does not tell.
    """

    kind: FileKind
    mode: int | None = None
    sha256: str | None = None
    target: str | None = None
    text: str | None = None
    changed_ns: int | None = None

    def differs(self, other: "FileState") -> bool:
        """Whether content, kind, mode or target differ (a mere touch does not count)."""
        mine = (self.kind, self.mode, self.sha256, self.target)
        return mine != (other.kind, other.mode, other.sha256, other.target)


@dataclass(frozen=True, slots=True)
class CommandResult:
    """What a command returned; ``exit_code`` is null when it ran into its time limit."""

    exit_code: int | None
    stdout: str
    stderr: str


@dataclass(frozen=True, slots=True)
class MachineFile:
    """A file that lies on the machine when the session starts."""

    path: str
    text: str
    mode: int = 0o644


@dataclass(frozen=True, slots=True)
class MachineSpec:
    """The machine at the start.

    Attributes:
        workdir: Working directory of every command, relative to the home directory or absolute.
        files: What lies there, paths relative to ``workdir``.
        protected: Paths that are compared with their original after every tool call, relative to
            ``workdir``; a path that is missing at the start may be listed.
    """

    workdir: str
    files: tuple[MachineFile, ...]
    protected: tuple[str, ...]


class Machine(Protocol):
    """A running machine. Paths are relative to the spec's ``workdir`` or absolute."""

    async def run(self, command: str) -> CommandResult:
        """Run a command line in a fresh login shell, as the subject.

        Raises:
            SessionEnded: The machine went down meanwhile, or had before.
        """
        ...

    async def states(self, paths: Sequence[str]) -> dict[str, FileState]:
        """The states of paths as the host sees them; of an ended session, the last known ones."""
        ...

    @property
    def ended(self) -> bool:
        """Whether the session is over."""
        ...
