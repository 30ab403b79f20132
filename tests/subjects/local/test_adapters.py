"""Adapters are added to the weights exactly, and what does not fit is refused by name."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from inspect_ai.model import GenerateConfig, get_model

from offswitch._errors import UsageError
from offswitch.subjects.local.settings import Settings

torch = pytest.importorskip("torch", reason="the extra 'local' is not installed")

pytestmark = pytest.mark.local
LAYER = "model.layers.1.self_attn.q_proj"
CONFIG = {
    "peft_type": "LORA",
    "r": 2,
    "lora_alpha": 6,
    "bias": "none",
    "target_modules": ["q_proj"],
}
SaveTiny = Callable[[str], Path]
Adapt = Callable[..., Path]


@pytest.fixture
def adapt(tmp_path: Path) -> Adapt:
    """Save an adapter for one layer of the tiny model; what is given replaces what would be."""

    def save(config: dict[str, Any] | None = None, **tensors: Any) -> Path:
        from safetensors.torch import save_file

        torch.manual_seed(1)
        folder = tmp_path / "adapter"
        folder.mkdir(exist_ok=True)
        pair = {"A": torch.randn(2, 32), "B": torch.randn(32, 2)}
        name = tensors.pop("name", LAYER)
        held = {
            f"base_model.model.{name}.lora_{letter}.weight": tensor
            for letter, tensor in {**pair, **tensors}.items()
            if tensor is not None
        }
        save_file(held, folder / "adapter_model.safetensors")
        (folder / "adapter_config.json").write_text(json.dumps({**CONFIG, **(config or {})}))
        return folder

    return save


def weight(source: Path, **settings: Any) -> Any:
    from offswitch.subjects.local.weights import load

    loaded = load(str(source), Settings.read({"dtype": "float32", "device": "cpu", **settings}))
    return loaded.engine._model.get_submodule(LAYER).weight.clone()


@pytest.mark.parametrize(("config", "scale"), [({}, 3.0), ({"use_rslora": True}, 6 / 2**0.5)])
def test_the_product_of_both_matrices_is_added(
    save_tiny: SaveTiny, adapt: Adapt, config: dict[str, Any], scale: float
) -> None:
    from safetensors.torch import load_file

    model, adapter = save_tiny("llama"), adapt(config)
    a, b = load_file(adapter / "adapter_model.safetensors").values()
    added = weight(model, adapter=str(adapter)) - weight(model)
    torch.testing.assert_close(added, scale * b @ a, atol=1e-5, rtol=1e-5)


async def test_an_adapted_model_answers_differently(save_tiny: SaveTiny, adapt: Adapt) -> None:
    model, adapter = save_tiny("llama"), adapt()
    config = GenerateConfig(max_tokens=12)
    plain = get_model(f"local/{model}", device="cpu", memoize=False)
    changed = get_model(f"local/{model}", device="cpu", memoize=False, adapter=str(adapter))
    answers = [(await m.generate("Well?", config=config)).completion for m in (plain, changed)]
    assert answers[0] != answers[1]


@pytest.mark.parametrize(
    ("config", "tensors", "says"),
    [
        ({}, {"A": None}, "half of .*q_proj is missing"),
        ({}, {"name": "model.layers.7.self_attn.q_proj"},
         "made for another base model: the model has no linear layer model.layers.7"),
        ({}, {"name": "model.norm"}, "the model has no linear layer model.norm"),
        ({}, {"A": "wide"}, "q_proj is 32 by 48 in the adapter and 32 by 32 in the model"),
        ({}, {"B": "nan"}, "damaged: .*q_proj holds numbers that are none"),
        ({"peft_type": "IA3"}, {}, "peft_type.*Plain LoRA"),
        ({"use_dora": True}, {}, "use_dora.*Plain LoRA"),
        ({"modules_to_save": ["lm_head"]}, {}, "modules_to_save.*Plain LoRA"),
        ({"r": 0}, {}, "adapter_config.json: r: "),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(
    save_tiny: SaveTiny, adapt: Adapt, config: dict[str, Any], tensors: dict[str, Any], says: str
) -> None:
    special = {"wide": torch.zeros(2, 48), "nan": torch.full((32, 2), float("nan"))}
    given = {k: special[v] if v in special and k != "name" else v for k, v in tensors.items()}
    with pytest.raises(UsageError, match=says):
        weight(save_tiny("llama"), adapter=str(adapt(config, **given)))


def test_a_pickle_is_refused(save_tiny: SaveTiny, adapt: Adapt) -> None:
    folder = adapt()
    (folder / "adapter_model.safetensors").rename(folder / "adapter_model.bin")
    with pytest.raises(UsageError, match=r"adapter_model\.bin, a pickle"):
        weight(save_tiny("llama"), adapter=str(folder))


@pytest.mark.parametrize(
    ("gone", "says"),
    [
        ("adapter_model.safetensors", "There is no adapter in"),
        ("adapter_config.json", "adapter_config.json is missing"),
    ],
)
def test_what_is_missing_is_named(save_tiny: SaveTiny, adapt: Adapt, gone: str, says: str) -> None:
    folder = adapt()
    (folder / gone).unlink()
    with pytest.raises(UsageError, match=says):
        weight(save_tiny("llama"), adapter=str(folder))


def test_weights_that_are_no_safetensors_are_refused(save_tiny: SaveTiny, adapt: Adapt) -> None:
    folder = adapt()
    (folder / "adapter_model.safetensors").write_bytes(b"\x80\x04 not safetensors")
    with pytest.raises(UsageError, match="cannot be read"):
        weight(save_tiny("llama"), adapter=str(folder))


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"there is no adapter '.*nowhere'"):
        Settings.read({"adapter": str(tmp_path / "nowhere")})
