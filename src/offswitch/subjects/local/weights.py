"""Loads a model: by its name in the catalogue, from a folder, or from the Hugging Face hub.

Weights are read from safetensors only, and no code comes with a model: both could otherwise run
whatever their author wrote.
"""

import threading
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

import torch
from safetensors import SafetensorError
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)

from offswitch._errors import UsageError
from offswitch.subjects.local.adapters import merge
from offswitch.subjects.local.attention import NAME, Cache, Segment
from offswitch.subjects.local.engine import Engine
from offswitch.subjects.local.memory import check_fits
from offswitch.subjects.local.quiet import quiet
from offswitch.subjects.local.settings import Settings
from offswitch.subjects.local.steering import Steer, Steering

_DEFAULT_CONTEXT = 2048


@dataclass(eq=False)
class Loaded:
    """A model that is ready to answer.

    Attributes:
        engine: Answers requests.
        tokenizer: The model's tokenizer; use it under ``lock``, it is not safe across threads.
        context: Tokens of prompt and answer together.
        lock: For the tokenizer.
        model: The network.
        passes: Held by whoever runs the network.
        base: Where the model is steered, the same model as it is.
    """

    engine: Engine
    tokenizer: PreTrainedTokenizerBase
    context: int
    lock: threading.Lock
    model: PreTrainedModel
    passes: threading.Lock
    base: "Loaded | None" = None


_loaded: WeakValueDictionary[tuple[str, Settings, Steer | None], Loaded] = WeakValueDictionary()
_loading = threading.Lock()


def load(source: str, settings: Settings, steer: Steer | None = None) -> Loaded:
    """Load a model, or share the one that is loaded from the same source with the same settings.

    Args:
        source: A folder with weights, or the name of a repository on the hub.
        settings: How to load it.
        steer: How it is steered; the weights are shared with the model as it is.

    Raises:
        UsageError: There are no such weights, they are not safetensors, the architecture is not
            one that can be batched here, or the directions do not fit it.
    """
    with _loading:
        return _shared(source, settings, steer)


def _shared(source: str, settings: Settings, steer: Steer | None) -> Loaded:
    loaded = _loaded.get((source, settings, steer))
    if loaded is not None:
        return loaded
    if steer is None:
        loaded = _load(source, settings)
    else:
        loaded = _steered(_shared(source, settings, None), steer)
    _loaded[source, settings, steer] = loaded
    return loaded


def _steered(base: Loaded, steer: Steer) -> Loaded:
    engine = base.engine.steered(Steering(base.model, steer))
    return replace(base, engine=engine, base=base)


def _load(source: str, settings: Settings) -> Loaded:
    if settings.threads is not None:
        torch.set_num_threads(settings.threads)
    tokenizer, model = _read(source, settings)
    _check_architecture(model, source)
    config = model.config.get_text_config()
    limits = [getattr(config, "max_position_embeddings", None), tokenizer.model_max_length]
    context = min([n for n in limits if n and n < 1e9], default=_DEFAULT_CONTEXT)

    def decode(tokens: list[int]) -> str:
        text = tokenizer.decode(
            tokens, skip_special_tokens=True, clean_up_tokenization_spaces=False
        )
        return str(text)

    passes = threading.Lock()
    engine = Engine(
        model, decode, ends=_ends(model, tokenizer), context=context,
        max_batch=settings.max_batch, passes=passes,
    )  # fmt: skip
    return Loaded(engine, tokenizer, context, threading.Lock(), model, passes)


def _read(source: str, settings: Settings) -> tuple[PreTrainedTokenizerBase, PreTrainedModel]:
    _refuse_pickle(Path(source))
    device = settings.device or ("cuda" if torch.cuda.is_available() else "cpu")
    safe: dict[str, Any] = {"trust_remote_code": False, "revision": settings.revision}
    try:
        check_fits(Path(source), _dtype(settings.dtype, device), device)
        with quiet():
            tokenizer = AutoTokenizer.from_pretrained(source, **safe)
            model = AutoModelForCausalLM.from_pretrained(
                source, use_safetensors=True, dtype=_dtype(settings.dtype, device),
                attn_implementation=NAME, **safe,
            )  # fmt: skip
    except (OSError, ValueError, KeyError, SafetensorError) as error:
        raise UsageError(f"Cannot load local/{source}: {error}") from error
    if settings.adapter is not None:
        merge(model, Path(settings.adapter))
    return tokenizer, model.to(device).eval()


def _refuse_pickle(folder: Path) -> None:
    if not folder.is_dir() or any(folder.glob("*.safetensors")):
        return
    pickles = sorted(p.name for p in folder.iterdir() if p.suffix in {".bin", ".pt", ".pth"})
    held = (
        f"only {pickles[0]}, a pickle, which can run code when it is loaded" if pickles else "none"
    )
    raise UsageError(
        f"Local models are loaded from *.safetensors; {folder} has {held}. "
        "Save the model with model.save_pretrained(FOLDER) and name that folder."
    )


def _dtype(wanted: str, device: str) -> torch.dtype:
    if wanted != "auto":
        dtype: torch.dtype = getattr(torch, wanted)
        return dtype
    return best_dtype(device)


def best_dtype(device: str = "cpu") -> torch.dtype:
    """The fastest that is exact enough: bfloat16 where the device multiplies it, else float32."""
    fast = device != "cpu" or has_native_bfloat16()
    return torch.bfloat16 if fast else torch.float32


def has_native_bfloat16() -> bool:
    """Whether this CPU multiplies bfloat16 itself; where it does not, float32 is faster."""
    if not hasattr(torch.cpu, "get_capabilities"):
        return False  # older versions of torch cannot tell
    capabilities = torch.cpu.get_capabilities()
    return any(capabilities.get(name) for name in ("avx512_bf16", "amx_bf16", "bf16"))


def _check_architecture(model: PreTrainedModel, source: str) -> None:
    """Try two tokens: every layer must keep its state in our cache, or answers would be wrong."""
    cache = Cache()
    try:
        with torch.inference_mode():
            model(
                input_ids=torch.tensor([[0, 0]], device=model.device),
                position_ids=torch.tensor([[0, 1]], device=model.device),
                use_cache=False,
                segments=[Segment(cache, [0, 0])],
            )
        layers = model.config.get_text_config().num_hidden_layers
        problem = (
            f"{len(cache.keys)} of {layers} layers use it" if len(cache.keys) != layers else ""
        )
    except (NotImplementedError, TypeError) as error:
        problem = str(error)
    if problem:
        raise UsageError(
            f"Cannot run local/{source}: its architecture ({model.config.model_type}) does not go "
            f"through transformers' attention interface as needed for batching: {problem}. "
            f"Inspect's own provider runs it: hf/{source}"
        )


def _ends(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> frozenset[int]:
    ends: set[int] = set()
    for found in (model.generation_config, model.config.get_text_config(), tokenizer):
        token = getattr(found, "eos_token_id", None)
        ends.update(token if isinstance(token, list) else [] if token is None else [token])
    return frozenset(ends)
