"""Which limits hold in a sandbox, and by what means."""

import platform
import resource
from collections.abc import Mapping
from dataclasses import dataclass

from offswitch.sandbox.cgroup import Cgroups
from offswitch.sandbox.config import BwrapConfig
from offswitch.sandbox.machine import is_root

_MIB = 1 << 20
_LOCKED_BYTES = 1 << 16
_QUEUE_BYTES = 1 << 16
_COUNTED_PER_NAMESPACE = (5, 14)


@dataclass(frozen=True)
class Limit:
    """One limit in force.

    Attributes:
        resource: What is limited.
        value: How much of it, in the unit that the name says; None: not limited.
        means: What enforces it, in words.
    """

    resource: str
    value: float | None
    means: str


def resource_limits(config: BwrapConfig, cgroups: Cgroups) -> Mapping[int, int]:
    """Returns the limits (`resource.RLIMIT_*`) that every command starts with."""
    limits = {
        resource.RLIMIT_NOFILE: config.open_files,
        resource.RLIMIT_NPROC: config.processes,
        resource.RLIMIT_FSIZE: config.disk_mb * _MIB,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_MEMLOCK: _LOCKED_BYTES,
        resource.RLIMIT_MSGQUEUE: _QUEUE_BYTES,
    }
    if "memory" not in cgroups.resources:
        limits[resource.RLIMIT_AS] = config.memory_mb * _MIB
    return {which: _attainable(which, value) for which, value in limits.items()}


def report(
    config: BwrapConfig, cgroups: Cgroups, *, staged: bool, output_bytes: int
) -> tuple[Limit, ...]:
    """Returns every limit of a sandbox and how it is enforced."""
    by_group = "control group"
    disk = "one tmpfs for all writable places" if staged else "a tmpfs per writable place"
    return (
        Limit(
            "memory_mb",
            config.memory_mb,
            by_group
            if "memory" in cgroups.resources
            else "RLIMIT_AS for each process; the largest is killed if all exceed it",
        ),
        Limit(
            "processes",
            config.processes,
            by_group if "processes" in cgroups.resources else _process_means(),
        ),
        Limit("disk_mb", config.disk_mb, disk),
        Limit("inodes", config.inodes if staged else None, disk if staged else "not limited"),
        Limit("open_files", config.open_files, "RLIMIT_NOFILE, each process by itself"),
        Limit("output_bytes", output_bytes, "the host stops reading and kills the command"),
        Limit("exec_timeout_s", config.exec_timeout_s, "the host kills what the command started"),
        Limit("network", 0, "network namespace, and Unix sockets only"),
    )


def _process_means() -> str:
    if is_root():
        return "RLIMIT_NPROC of the sandbox's own user"
    release = tuple(int(part) for part in platform.release().split("-")[0].split(".")[:2])
    if release >= _COUNTED_PER_NAMESPACE:
        return "RLIMIT_NPROC, counted per user namespace"
    return "RLIMIT_NPROC, counted together with the host user's processes"


def _attainable(which: int, value: int) -> int:
    """Lowers a limit to what this process may set at all."""
    hard = resource.getrlimit(which)[1]
    return value if hard == resource.RLIM_INFINITY else min(value, hard)
