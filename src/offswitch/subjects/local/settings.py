"""What can be set of a local model, with ``-M name=value`` or `get_model`'s arguments."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from offswitch._errors import UsageError, unknown

_DTYPES = ("auto", "float32", "bfloat16", "float16")


@dataclass(frozen=True, slots=True)
class Settings:
    """How a model is loaded and run.

    Attributes:
        device: ``cpu``, ``cuda``, ``cuda:1``, …; by default CUDA where there is some.
        dtype: ``auto`` is bfloat16 where the processor multiplies it natively, else float32.
        threads: Of torch, for the whole process; by default as many as torch chooses.
        max_batch: Requests answered at once, and conversations kept in memory.
        revision: Of a repository on the hub.
        adapter: Folder with a LoRA adapter for the model, as `peft` saves it.
    """

    device: str | None = None
    dtype: str = "auto"
    threads: int | None = None
    max_batch: int = 16
    revision: str | None = None
    adapter: str | None = None

    @classmethod
    def read(cls, arguments: Mapping[str, Any]) -> "Settings":
        """Check a model's arguments.

        Raises:
            UsageError: One is not known, or has a value that it cannot have.
        """
        known = [field.name for field in fields(cls)]
        for name in arguments:
            if name not in known:
                raise unknown("argument", name, known, where="local models")
        settings = cls(**arguments)
        if settings.dtype not in _DTYPES:
            raise unknown("dtype", str(settings.dtype), _DTYPES, where="local models")
        for name in ("threads", "max_batch"):
            value = getattr(settings, name)
            if value is not None and (type(value) is not int or value < 1):
                raise UsageError(f"local models: {name} is {value!r}; write a whole number from 1.")
        return settings._placed()

    def _placed(self) -> "Settings":
        """With the adapter's absolute path, so that one adapter is loaded once."""
        if self.adapter is None:
            return self
        folder = Path(str(self.adapter)).expanduser().absolute()
        if not folder.is_dir():
            raise UsageError(
                f"local models: there is no adapter '{self.adapter}'; write the path of a folder "
                "with adapter_model.safetensors."
            )
        return replace(self, adapter=str(folder))
