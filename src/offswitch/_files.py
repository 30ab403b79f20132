"""Files that are either as they were or complete, never half written."""

import os
import tempfile
from pathlib import Path


def write_atomic(path: Path, data: bytes | str, *, durable: bool = True) -> None:
    """Write a file so that a reader, or a crash, sees the old content or the new, nothing between.

    Args:
        path: The file; its folder must exist.
        data: The whole content; text is written as UTF-8.
        durable: Whether it is on the disk when this returns, so that it outlives a loss of power.
    """
    content = data.encode() if isinstance(data, str) else data
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            if durable:
                os.fsync(file.fileno())
        temporary.chmod(0o644)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
