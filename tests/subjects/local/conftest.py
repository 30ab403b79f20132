"""A tiny language model with random weights, and the real one where it has been pulled."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

os.environ.setdefault("GOMP_SPINCOUNT", "10000")  # as the provider does, before torch is imported

CHATML = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
SPECIAL = ["<|im_end|>", "<|im_start|>"]


def tiny_tokenizer() -> Any:
    """A tokenizer of single bytes, with the special tokens of ChatML."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    alphabet = [*SPECIAL, *sorted(pre_tokenizers.ByteLevel.alphabet())]
    tokenizer = Tokenizer(models.BPE(vocab={c: i for i, c in enumerate(alphabet)}, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(SPECIAL)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token=SPECIAL[1], eos_token=SPECIAL[0],
        chat_template=CHATML, model_max_length=512,
    )  # fmt: skip


def tiny_model(family: str) -> Any:
    """A random model whose answers are not all alike."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    sizes = {
        "vocab_size": 258, "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2,
        "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 8,
        "max_position_embeddings": 512, "initializer_range": 0.5,
        "bos_token_id": 1, "eos_token_id": 0, "pad_token_id": 0,
    }  # fmt: skip
    special: dict[str, dict[str, Any]] = {
        "llama": {},
        "mistral": {"sliding_window": 7},
        "gemma3_text": {
            "sliding_window": 5, "layer_types": ["sliding_attention", "full_attention"],
            "query_pre_attn_scalar": 8,
        },
        "qwen3": {},
        "gpt2": {"n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 512},
        "mamba": {"state_size": 4},
        "gemma2": {"attn_logit_softcapping": 50.0},
    }  # fmt: skip
    torch.manual_seed(0)
    config = AutoConfig.for_model(family, **sizes | special[family])
    return AutoModelForCausalLM.from_config(config, dtype=torch.float32).eval()


@pytest.fixture
def save_tiny(tmp_path: Path) -> Callable[[str], Path]:
    """Save a tiny model of a family, and say where."""
    pytest.importorskip("torch", reason="the extra 'local' is not installed")

    def save(family: str = "llama") -> Path:
        folder = tmp_path / family
        tiny_model(family).save_pretrained(folder)
        tiny_tokenizer().save_pretrained(folder)
        return folder

    return save


@pytest.fixture(scope="session")
def smollm2() -> Path:
    """The folder of the real weights."""
    from offswitch._errors import UsageError
    from offswitch.subjects.local import locate
    from offswitch.subjects.local.extra import require_extra

    try:
        require_extra()
        return locate("smollm2-135m")
    except UsageError as error:
        pytest.skip(str(error))
