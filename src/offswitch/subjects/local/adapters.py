"""Low-rank adapters (LoRA), in the form that `peft` saves, added to a model's weights as it loads.

A folder holds ``adapter_config.json`` and ``adapter_model.safetensors``, with two matrices for each
linear layer that the adapter changes: the layer's weight becomes ``W + scale · B · A`` (Hu et al.,
2021, arXiv 2106.09685). Once added, an adapter costs nothing at run time. An adapter in a pickle is
refused, and so is one that does not fit the model.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import torch
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from offswitch._errors import UsageError

CONFIG, WEIGHTS = "adapter_config.json", "adapter_model.safetensors"
_PREFIX = "base_model.model."
_PICKLES = ("*.bin", "*.pt", "*.pth", "*.pkl", "*.ckpt")


class AdapterConfig(BaseModel):
    """What is read of ``adapter_config.json``; variants that would be merged otherwise are refused.

    Attributes:
        peft_type: The method.
        r: Rank.
        lora_alpha: Strength; what is added is scaled by ``lora_alpha / r``.
        use_rslora: Whether it is scaled by ``lora_alpha / sqrt(r)`` instead.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    peft_type: Literal["LORA"]
    r: int = Field(ge=1)
    lora_alpha: float
    use_rslora: bool = False
    use_dora: Literal[False] | None = None
    fan_in_fan_out: Literal[False] | None = None
    bias: Literal["none"] = "none"
    modules_to_save: list[str] | None = Field(default=None, max_length=0)
    rank_pattern: dict[str, int] | None = Field(default=None, max_length=0)
    alpha_pattern: dict[str, float] | None = Field(default=None, max_length=0)

    @property
    def scale(self) -> float:
        """What the product of the two matrices is multiplied by."""
        return self.lora_alpha / (self.r**0.5 if self.use_rslora else self.r)


def merge(model: nn.Module, folder: Path) -> None:
    """Add an adapter to a model's weights, in place.

    Args:
        model: A causal language model.
        folder: The adapter's folder.

    Raises:
        UsageError: There is no adapter in the folder, it is a pickle, cannot be read, is of a kind
            that is not supported, or was made for another model.
    """
    config, tensors = _read(folder)
    layers = dict(model.named_modules())
    changes = [(layers.get(name), name, a, b) for name, a, b in _pairs(tensors, folder)]
    for layer, name, a, b in changes:  # all are checked before any is added
        _check(layer, name, a, b, folder)
    with torch.no_grad():
        for layer, _, a, b in changes:
            assert isinstance(layer, nn.Linear)
            added = config.scale * (b.float() @ a.float()).to(layer.weight.device)
            layer.weight.copy_(layer.weight.float() + added)


def _read(folder: Path) -> tuple[AdapterConfig, dict[str, Tensor]]:
    weights = folder / WEIGHTS
    if not weights.is_file():
        pickles = sorted(path.name for kind in _PICKLES for path in folder.glob(kind))
        if pickles:
            raise UsageError(
                f"The adapter in {folder} is {pickles[0]}, a pickle, which can run code when it is "
                f"loaded. Save it as {WEIGHTS} (peft: save_pretrained(FOLDER))."
            )
        raise UsageError(
            f"There is no adapter in {folder}: write the path of a folder with {WEIGHTS} and "
            f"{CONFIG}, as peft's save_pretrained makes it."
        )
    try:
        config = AdapterConfig.model_validate_json((folder / CONFIG).read_bytes())
        return config, load_file(weights)
    except FileNotFoundError:
        raise UsageError(f"{folder}: {CONFIG} is missing beside {WEIGHTS}.") from None
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(map(str, first["loc"])) or "it"
        raise UsageError(
            f"{folder / CONFIG}: {key}: {first['msg']}. Plain LoRA on linear layers is supported."
        ) from None
    except SafetensorError as error:
        raise UsageError(f"{weights} cannot be read: {error}") from error


def _pairs(tensors: dict[str, Tensor], folder: Path) -> Iterator[tuple[str, Tensor, Tensor]]:
    """Layer by layer: its name, and the matrices A (rank, in) and B (out, rank)."""
    down, up = ".lora_A.weight", ".lora_B.weight"
    names = {key.removesuffix(down).removesuffix(up) for key in tensors}
    strange = [key for key in tensors if not key.endswith((down, up))]
    if strange or not names:
        raise UsageError(
            f"{folder / WEIGHTS} holds {strange[0] if strange else 'nothing'}, no LoRA."
        )
    for name in sorted(names):
        a, b = tensors.get(name + down), tensors.get(name + up)
        if a is None or b is None:
            raise UsageError(f"{folder / WEIGHTS} is not whole: half of {name} is missing.")
        if not (a.isfinite().all() and b.isfinite().all()):
            raise UsageError(f"{folder / WEIGHTS} is damaged: {name} holds numbers that are none.")
        yield name.removeprefix(_PREFIX), a, b


def _check(layer: nn.Module | None, name: str, a: Tensor, b: Tensor, folder: Path) -> None:
    problem = ""
    if not isinstance(layer, nn.Linear):
        problem = f"the model has no linear layer {name}"
    elif (b.shape[0], a.shape[1]) != tuple(layer.weight.shape) or a.shape[0] != b.shape[1]:
        found = " by ".join(map(str, (b.shape[0], a.shape[1])))
        wanted = " by ".join(map(str, layer.weight.shape))
        problem = f"{name} is {found} in the adapter and {wanted} in the model"
    if problem:
        raise UsageError(
            f"The adapter in {folder} was made for another base model: {problem}. "
            "Its adapter_config.json says which (base_model_name_or_path)."
        )
