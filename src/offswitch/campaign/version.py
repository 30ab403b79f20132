"""Which code is at work: the package, its commit in a checkout, and what decides results."""

import hashlib
import platform
import shutil
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import Any

import offswitch

LIBRARIES = ("inspect_ai", "numpy", "scipy", "polars")
"""Libraries that take part in trials or in numbers."""
_KINDS = {".py", ".md", ".yaml"}
_PATIENCE_S = 20


def code_version() -> dict[str, Any]:
    """The code as plain data.

    Returns:
        ``offswitch`` and ``python``, their versions; ``sources``, the SHA-256 of the package's
        files of code, prose and settings; ``commit`` of the checkout, null where the package is
        none or git is missing, with ``+changes`` where its files differ from it; ``libraries``,
        version by name.
    """
    return {
        "offswitch": version("offswitch"),
        "sources": _sources(Path(offswitch.__file__).resolve().parent),
        "commit": _commit(),
        "python": platform.python_version(),
        "libraries": {name: version(name) for name in LIBRARIES},
    }


def _sources(package: Path) -> str:
    hashed = hashlib.sha256()
    for file in sorted(f for f in package.rglob("*") if f.suffix in _KINDS):
        content = file.read_bytes()
        name = file.relative_to(package).as_posix()
        hashed.update(f"{name}\0{len(content)}\0".encode())
        hashed.update(content)
    return hashed.hexdigest()


def _commit() -> str | None:
    package = Path(offswitch.__file__).resolve().parent
    top = _git(package, "rev-parse", "--show-toplevel")
    if top is None or Path(top) != package.parents[1]:
        return None  # another repository, which merely holds the package among its files
    commit = _git(package, "rev-parse", "HEAD")
    if commit is None:
        return None
    changed = _git(package, "status", "--porcelain", "--", str(package))
    return f"{commit}+changes" if changed else commit


def _git(folder: Path, *arguments: str) -> str | None:
    """What git says; null where it is missing, or says no."""
    git = shutil.which("git")
    if git is None:
        return None
    try:
        ended = subprocess.run(  # noqa: S603 - no word of it comes from outside
            [git, "-C", str(folder), *arguments],
            capture_output=True,
            text=True,
            check=True,
            timeout=_PATIENCE_S,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return ended.stdout.strip()
