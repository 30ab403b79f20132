"""The host's half of the protocol that `resident` describes: packets and requests."""

import os
import struct
from collections.abc import Mapping, Sequence
from enum import IntEnum

PACKET = struct.Struct("<BIi")


class Request(IntEnum):
    """What the host asks of the first process."""

    RUN = 1
    KILL = 2
    DISCARD = 3


class Reply(IntEnum):
    """What the first process answers."""

    READY = 1
    EXITED = 2
    NO_DIRECTORY = 3
    FAILED = 4


def encode(
    operation: str,
    args: Sequence[str],
    *,
    cwd: str,
    env: Mapping[str, str],
    limits: Mapping[int, int],
) -> bytes:
    """Returns a request's body.

    Args:
        operation: ``run`` (arguments: the command), ``read`` (path, most bytes) or ``write``
            (path).
        args: As above.
        cwd: Working directory, absolute.
        env: The whole environment of the command.
        limits: Resource limits by their number (`resource.RLIMIT_*`).

    Raises:
        ValueError: A NUL character, which no path, argument or variable can hold.
    """
    variables = [f"{name}={value}" for name, value in env.items()]
    bounds = ",".join(f"{which}={value}" for which, value in limits.items())
    fields = [operation, bounds, cwd, str(len(variables)), *variables, *args]
    if any("\0" in field for field in fields):
        raise ValueError("a command, path or environment variable contains a NUL character")
    return b"\0".join(field.encode("utf-8", "surrogateescape") for field in fields)


def memory_file(content: bytes) -> int:
    """Returns a descriptor from which the content can be read once, from its beginning."""
    fd = os.memfd_create("request")
    view = memoryview(content)
    while view:
        view = view[os.write(fd, view) :]
    os.lseek(fd, 0, os.SEEK_SET)
    return fd
