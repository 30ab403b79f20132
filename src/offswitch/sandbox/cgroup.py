"""Limits of memory and processes by control groups, where this process may make them."""

import contextlib
import os
import secrets
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import anyio

from offswitch.sandbox.config import BwrapConfig

_MIB = 1 << 20
_REMOVE_ATTEMPTS = 50
_OWN = 3  # bubblewrap, and room for the first process to start a command in


@dataclass(frozen=True)
class Controller:
    """Where groups with a limit can be made.

    Attributes:
        resource: ``memory`` or ``processes``.
        parent: The directory in which to make a group.
        files: The group's files to which the limit is written.
    """

    resource: str
    parent: Path
    files: tuple[str, ...]


@dataclass(frozen=True)
class Cgroups:
    """The groups of one sandbox.

    Attributes:
        directories: One per hierarchy; empty where none could be made.
        resources: What they limit.
    """

    directories: tuple[Path, ...] = ()
    resources: frozenset[str] = frozenset()

    @classmethod
    def create(cls, config: BwrapConfig) -> "Cgroups":
        """Makes the groups that can be made here and sets their limits."""
        limits = {"memory": config.memory_mb * _MIB, "processes": config.processes + _OWN}
        name = _group_name()
        made: list[Path] = []
        for controller in controllers():
            group = controller.parent / name
            group.mkdir(exist_ok=True)
            for file in controller.files:
                with contextlib.suppress(FileNotFoundError):
                    (group / file).write_text(str(limits[controller.resource]), encoding="ascii")
            if group not in made:
                made.append(group)
        return cls(tuple(made), frozenset(c.resource for c in controllers()))

    def add(self, pid: int) -> None:
        """Moves a process into the groups."""
        for directory in self.directories:
            (directory / "cgroup.procs").write_text(str(pid), encoding="ascii")

    def ensure(self, pid: int) -> None:
        """Moves a process into the groups unless it has been born there."""
        memberships = Path(f"/proc/{pid}/cgroup").read_text(encoding="utf-8")
        if any(memberships.count(d.name) < len(self.directories) for d in self.directories):
            self.add(pid)

    async def remove(self) -> None:
        """Removes the groups once the kernel has let go of their last process."""
        for directory in self.directories:
            for _ in range(_REMOVE_ATTEMPTS):
                try:
                    directory.rmdir()
                    break
                except FileNotFoundError:
                    break
                except OSError:
                    await anyio.sleep(0.01)


def limits(resource: str) -> bool:
    """Whether a resource (``memory``, ``processes``) can be limited by control groups here."""
    return any(controller.resource == resource for controller in controllers())


@cache
def controllers() -> tuple[Controller, ...]:
    """Returns the controllers under which this process can make groups, found by trying."""
    found: dict[str, Controller] = {}
    for candidate in _candidates():
        if candidate.resource not in found and _works(candidate):
            found[candidate.resource] = candidate
            _sweep(candidate.parent)
    return tuple(found.values())


def _candidates() -> list[Controller]:
    candidates: list[Controller] = []
    for row in Path("/proc/self/cgroup").read_text(encoding="utf-8").splitlines():
        _, names, path = row.split(":", 2)
        for mount in _mounts(names):
            own = mount / path.lstrip("/")
            if names == "memory":
                candidates.append(Controller("memory", own, ("memory.limit_in_bytes",)))
            elif names == "pids":
                candidates.append(Controller("processes", own, ("pids.max",)))
            elif names == "":
                for parent in (own, own.parent):
                    candidates.append(Controller("memory", parent, ("memory.max",)))
                    candidates.append(Controller("processes", parent, ("pids.max",)))
    return candidates


def _mounts(names: str) -> list[Path]:
    """Returns where the hierarchy with these controllers is mounted (none named: version 2)."""
    found = []
    for row in Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines():
        _, where, kind, options, *_ = row.split(" ")
        version_2 = names == "" and kind == "cgroup2"
        version_1 = names != "" and kind == "cgroup" and names in options.split(",")
        if version_2 or version_1:
            found.append(Path(where))
    return found


def _works(controller: Controller) -> bool:
    """Tries a controller out on a group that is removed again, with a process of its own."""
    group = controller.parent / _group_name()
    try:
        group.mkdir()
    except OSError:
        return False
    try:
        if not all((group / file).exists() for file in controller.files):
            return False
        return all(os.access(group / file, os.W_OK) for file in (*controller.files, "cgroup.procs"))
    finally:
        group.rmdir()


def _group_name() -> str:
    return f"machine-{os.getpid()}-{secrets.token_hex(4)}.scope"


def _sweep(parent: Path) -> None:
    """Removes groups left by processes that were killed; such groups are empty."""
    for group in parent.glob("machine-*-*.scope"):
        owner = group.name.split("-")[1]
        if owner.isdigit() and not Path(f"/proc/{owner}").exists():
            with contextlib.suppress(OSError):
                group.rmdir()
