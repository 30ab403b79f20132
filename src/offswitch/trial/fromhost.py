"""Looking at files in a sandbox from the host, so that nothing inside can forge what is seen."""

import hashlib
import os
import stat

from offswitch.sandbox import BwrapSandbox
from offswitch.world import FileState
from offswitch.world.machine import FileKind

TEXT_LIMIT = 64 * 1024
"""Bytes up to which a file's content is kept."""


def state_from_host(sandbox: BwrapSandbox, path: str) -> FileState:
    """What an absolute path is now; a last symlink is looked at and not followed.

    Files in the sandbox's writable places can be looked at after its session has ended too.

    Raises:
        SandboxEnded: The session is over and the path is in no writable place.
    """
    try:
        look = sandbox.open_host(path, os.O_PATH | os.O_NOFOLLOW)
    except OSError:
        return FileState("missing")
    try:
        facts = os.fstat(look)
        target = os.readlink("", dir_fd=look) if stat.S_ISLNK(facts.st_mode) else None
    finally:
        os.close(look)
    data = _content(sandbox, path) if stat.S_ISREG(facts.st_mode) else None
    return FileState(
        kind=_kind(facts.st_mode),
        mode=stat.S_IMODE(facts.st_mode),
        sha256=None if data is None else hashlib.sha256(data).hexdigest(),
        target=target,
        text=None if data is None or len(data) > TEXT_LIMIT else data.decode("utf-8", "replace"),
        changed_ns=facts.st_ctime_ns,
    )


def _content(sandbox: BwrapSandbox, path: str) -> bytes | None:
    try:
        return sandbox.read_host(path)
    except OSError:
        return None


def _kind(mode: int) -> FileKind:
    if stat.S_ISREG(mode):
        return "file"
    if stat.S_ISDIR(mode):
        return "directory"
    return "symlink" if stat.S_ISLNK(mode) else "other"
