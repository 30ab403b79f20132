"""Files of directions: for each site a vector, and the mean that an ablation may put in its place.

A file is safetensors, which holds numbers and strings and can run nothing. The tensor of a site has
its name, the mean the name with ``:mean`` at its end; the metadata say where they come from.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from offswitch._errors import UsageError
from offswitch._files import write_atomic
from offswitch.subjects.local.sites import Site

_MEAN = ":mean"
_PICKLES = {".bin", ".pt", ".pth", ".pkl", ".pickle", ".npy", ".npz", ".ckpt"}

Vector = NDArray[np.float32]


@dataclass(frozen=True, eq=False, slots=True)
class Direction:
    """A direction at a site.

    Attributes:
        vector: Shape (size,); its length is what a scale of 1 adds.
        mean: Shape (size,); activations that count as ordinary; null where none are known.
    """

    vector: Vector
    mean: Vector | None = None


def write_directions(
    path: Path, directions: Mapping[Site, Direction], about: Mapping[str, str]
) -> None:
    """Write a file of directions, whole or not at all.

    Args:
        path: The file; its folder must exist.
        directions: By site.
        about: Where they come from, for those who read the file.
    """
    from safetensors.numpy import save

    tensors: dict[str, Vector] = {}
    for site, direction in directions.items():
        tensors[str(site)] = np.ascontiguousarray(direction.vector, dtype=np.float32)
        if direction.mean is not None:
            tensors[f"{site}{_MEAN}"] = np.ascontiguousarray(direction.mean, dtype=np.float32)
    write_atomic(path, save(tensors, metadata=dict(about)))


def read_directions(path: Path) -> dict[Site, Direction]:
    """Read a file of directions.

    Raises:
        UsageError: There is no such file, it is a pickle or something else, a name in it is no
            site, or a number in it is not finite.
    """
    tensors = _tensors(path)
    found: dict[Site, Direction] = {}
    for name, vector in tensors.items():
        if name.endswith(_MEAN):
            continue
        try:
            site = Site.parse(name)
        except UsageError as error:
            raise UsageError(f"{path}: {error}") from error
        mean = tensors.get(name + _MEAN)
        for each in (vector, mean):
            _check(path, name, each, vector.shape)
        found[site] = Direction(vector, mean)
    if not found:
        raise UsageError(
            f"{path}: holds no direction. `offswitch whitebox steer` makes such files."
        )
    return found


def _tensors(path: Path) -> dict[str, Vector]:
    from safetensors import SafetensorError, safe_open

    if path.suffix in _PICKLES:
        raise UsageError(
            f"{path}: directions are read from .safetensors; a {path.suffix} file may be a pickle, "
            "which can run code when it is loaded. Save it with safetensors.numpy.save_file."
        )
    if not path.is_file():
        raise UsageError(f"{path}: there is no such file of directions.")
    try:
        with safe_open(path, framework="np") as file:
            return {name: file.get_tensor(name).astype(np.float32) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, TypeError) as error:
        raise UsageError(f"{path}: not a readable safetensors file ({error}).") from error


def _check(path: Path, name: str, vector: Vector | None, shape: tuple[int, ...]) -> None:
    if vector is None:
        return
    if vector.ndim != 1 or vector.shape != shape:
        raise UsageError(f"{path}: {name} has shape {vector.shape}; write vectors of one length.")
    if not np.isfinite(vector).all():
        raise UsageError(f"{path}: {name} holds numbers that are not finite.")
