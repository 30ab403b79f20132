"""Whether weights fit into memory, asked before they are loaded."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from offswitch._errors import UsageError

if TYPE_CHECKING:
    import torch

_ROOM = 1.1
"""What loading takes beside the weights."""


def check_fits(folder: Path, dtype: "torch.dtype", device: str) -> None:
    """Check that the weights in a folder fit into what memory is free.

    Args:
        folder: With safetensors in it; what is no folder is not checked.
        dtype: That they are loaded in.
        device: That they are loaded to.

    Raises:
        UsageError: They do not fit; says what is needed and what there is.
    """
    needed, free = int(_bytes(folder, dtype.itemsize) * _ROOM), free_bytes(device)
    if free is not None and needed > free:
        raise UsageError(
            f"{folder}: the weights take {needed / 1e9:.1f} GB in {str(dtype).split('.')[-1]}, and "
            f"{free / 1e9:.1f} GB are free on {device}. Use a smaller model, another device, or "
            "dtype=bfloat16."
        )


def free_bytes(device: str) -> int | None:
    """Bytes of memory that are free on a device; null where the system does not say."""
    if device.startswith("cuda"):
        import torch

        return int(torch.cuda.mem_get_info(device)[0])
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        return next(int(li.split()[1]) * 1024 for li in lines if li.startswith("MemAvailable:"))
    except (OSError, StopIteration):
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_AVPHYS_PAGES") or None


def _bytes(folder: Path, itemsize: int) -> int:
    """Bytes of all tensors in a folder, as they are in memory; read from the files' headers."""
    from safetensors import safe_open

    total = 0
    for path in folder.glob("*.safetensors") if folder.is_dir() else ():
        with safe_open(path, framework="np") as file:
            for name in file.keys():  # noqa: SIM118 - not a dictionary
                size = itemsize
                for length in file.get_slice(name).get_shape():
                    size *= length
                total += size
    return total
