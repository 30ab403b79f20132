"""Looking into a sandbox from the host without being led out of it by links."""

import ctypes
import errno
import os
import stat
import struct
from pathlib import PurePosixPath

_SYS_OPENAT2 = 437  # the same on every architecture
_RESOLVE_IN_ROOT, _RESOLVE_NO_MAGICLINKS = 0x10, 0x02
_CHUNK = 1 << 20
_ATTEMPTS = 100
_libc = ctypes.CDLL(None, use_errno=True)


def open_beneath(root: int, path: str, flags: int) -> int:
    """Opens a path as a process would whose root directory is `root`.

    Links, absolute ones too, lead to places beneath the root. Where the kernel has no openat2
    (before Linux 5.6), every link on the way is refused instead.

    Args:
        root: Descriptor of the directory.
        path: Absolute or relative to the root.
        flags: As for `os.open`; close-on-exec is added.

    Raises:
        OSError: As `os.open` raises it; ELOOP for a refused link.
    """
    flags |= os.O_CLOEXEC | (0 if flags & os.O_PATH else os.O_NOCTTY)  # the kernel is strict
    how = struct.pack("=QQQ", flags, 0, _RESOLVE_IN_ROOT | _RESOLVE_NO_MAGICLINKS)
    name = os.fsencode(path)
    for _ in range(_ATTEMPTS):
        fd: int = _libc.syscall(_SYS_OPENAT2, root, name, how, len(how))
        if fd >= 0:
            return fd
        number = ctypes.get_errno()
        if number != errno.EAGAIN:  # something on the way was renamed meanwhile
            break
    if number in (errno.ENOSYS, errno.EPERM):
        return _open_without_links(root, path, flags)
    raise OSError(number, os.strerror(number), path)


def _open_without_links(root: int, path: str, flags: int) -> int:
    parts = [part for part in PurePosixPath(path).parts if part != "/"]
    if ".." in parts:
        raise OSError(errno.EACCES, "'..' is refused", path)
    here = os.dup(root)
    for index, part in enumerate(parts):
        step = flags if index == len(parts) - 1 else os.O_PATH | os.O_DIRECTORY
        try:
            there = os.open(part, step | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=here)
        finally:
            os.close(here)
        here = there
    if not flags & os.O_NOFOLLOW and stat.S_ISLNK(os.fstat(here).st_mode):
        os.close(here)
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)
    return here


def read_beneath(root: int, path: str, limit: int) -> bytes:
    """Returns the content of a regular file beneath a directory.

    Args:
        root: As for `open_beneath`.
        path: Likewise.
        limit: Most bytes to read.

    Raises:
        OSError: It cannot be opened, is no regular file (EISDIR for a directory, otherwise
            EACCES) or is larger than the limit (EFBIG).
    """
    fd = open_beneath(root, path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        mode = os.fstat(fd).st_mode
        if not stat.S_ISREG(mode):
            number = errno.EISDIR if stat.S_ISDIR(mode) else errno.EACCES
            raise OSError(number, os.strerror(number), path)
        data = bytearray()
        while chunk := os.read(fd, _CHUNK):
            data += chunk
            if len(data) > limit:
                raise OSError(errno.EFBIG, os.strerror(errno.EFBIG), path)
        return bytes(data)
    finally:
        os.close(fd)
