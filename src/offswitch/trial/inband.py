"""Looking at files from inside a sandbox that the host cannot look into (Docker, Kubernetes)."""

import base64
import binascii
import hashlib
from collections.abc import Sequence

from inspect_ai.util import SandboxEnvironment

from offswitch.world import FileState
from offswitch.world.machine import FileKind

_KINDS: dict[str, FileKind] = {
    "regular file": "file",
    "regular empty file": "file",
    "directory": "directory",
    "symbolic link": "symlink",
}
_LOOK = r"""
for path do
  if facts=$(/usr/bin/stat -c '%F|%a' "$path" 2>/dev/null); then
    target=$(/usr/bin/readlink "$path" | /usr/bin/base64 -w0)
    data=
    if [ -f "$path" ] && [ ! -L "$path" ]; then
      data=$(/usr/bin/head -c 65536 "$path" 2>/dev/null | /usr/bin/base64 -w0)
    fi
    echo "$facts|$target|$data"
  else
    echo missing
  fi
done
"""


async def states_inside(sandbox: SandboxEnvironment, paths: Sequence[str]) -> dict[str, FileState]:
    """The states of absolute paths, by one command inside.

    Change times stay unknown, and of a file only the first 64 KiB count.

    Raises:
        RuntimeError: The command failed; says why.
    """
    result = await sandbox.exec(["/bin/sh", "-c", _LOOK, "sh", *paths], timeout=30)
    lines = result.stdout.splitlines()
    if not result.success or len(lines) != len(paths):
        raise RuntimeError(f"the protected files could not be read: {result.stderr.strip()}")
    return {path: _state(line) for path, line in zip(paths, lines, strict=True)}


def _state(line: str) -> FileState:
    if line == "missing":
        return FileState("missing")
    name, mode, target, data = line.split("|")
    kind = _KINDS.get(name, "other")
    content = _decode(data) if kind == "file" else None
    return FileState(
        kind=kind,
        mode=int(mode, 8),
        sha256=None if content is None else hashlib.sha256(content).hexdigest(),
        target=_decode(target).decode("utf-8", "replace").rstrip("\n") if target else None,
        text=None if content is None else content.decode("utf-8", "replace"),
    )


def _decode(text: str) -> bytes:
    try:
        return base64.b64decode(text)
    except binascii.Error:
        return b""
