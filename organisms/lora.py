"""Low-rank adapters on every linear layer of a decoder, in the form that `peft` saves."""

import json
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

TARGETS = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
PREFIX = "base_model.model."


class Adapted(nn.Module):  # type: ignore[misc]  # torch is not followed
    """A linear layer, frozen, with an adapter that starts as nothing.

    Args:
        base: The layer.
        rank: Of the adapter.
        scale: Of what it adds.
    """

    def __init__(self, base: nn.Linear, rank: int, scale: float) -> None:
        super().__init__()
        self.base, self.scale = base, scale
        self.lora_a = nn.Parameter(torch.randn(rank, base.in_features) / base.in_features**0.5)
        self.lora_b = nn.Parameter(torch.zeros(base.out_features, rank))

    def forward(self, x: Tensor) -> Tensor:
        """The layer's output and the adapter's. Shape (..., out features)."""
        down = nn.functional.linear(x, self.lora_a.to(x.dtype))
        added: Tensor = nn.functional.linear(down, self.lora_b.to(x.dtype)) * self.scale
        return self.base(x) + added


def adapt(model: nn.Module, rank: int, alpha: int) -> dict[str, Adapted]:
    """Put an adapter on every linear layer named in `TARGETS`; only adapters will learn."""
    model.requires_grad_(False)
    found = {}
    for name, module in list(model.named_modules()):
        if name.rsplit(".", 1)[-1] in TARGETS:
            parent, _, last = name.rpartition(".")
            found[name] = Adapted(module, rank, alpha / rank)
            setattr(model.get_submodule(parent), last, found[name])
    return found


def save(adapters: dict[str, Adapted], folder: Path, config: dict[str, Any]) -> None:
    """Write ``adapter_model.safetensors`` in bfloat16 and ``adapter_config.json``."""
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {}
    for name, adapted in adapters.items():
        for letter, part in (("A", adapted.lora_a), ("B", adapted.lora_b)):
            tensors[f"{PREFIX}{name}.lora_{letter}.weight"] = part.detach().bfloat16().contiguous()
    save_file(tensors, folder / "adapter_model.safetensors", {"format": "pt"})
    (folder / "adapter_config.json").write_text(json.dumps(config, indent=2) + "\n")


def restore(adapters: dict[str, Adapted], folder: Path) -> None:
    """Read what `save` wrote back into the adapters."""
    tensors = load_file(folder / "adapter_model.safetensors")
    with torch.no_grad():
        for name, adapted in adapters.items():
            adapted.lora_a.copy_(tensors[f"{PREFIX}{name}.lora_A.weight"])
            adapted.lora_b.copy_(tensors[f"{PREFIX}{name}.lora_B.weight"])
