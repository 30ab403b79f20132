"""A campaign of scripted subjects, and a tiny network that reads it."""

import os
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

os.environ.setdefault("GOMP_SPINCOUNT", "10000")  # as the provider does, before torch is imported

CHATML = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
SPECIAL = ["<|im_end|>", "<|im_start|>"]
CONTEXT = 16_384


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> None:
    """Tiny networks are faster without threads, most of all where others want the processor."""
    if find_spec("torch"):
        import torch

        torch.set_num_threads(1)


def tokenizer() -> Any:
    """Single bytes, with the special tokens of ChatML."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    alphabet = [*SPECIAL, *sorted(pre_tokenizers.ByteLevel.alphabet())]
    bare = Tokenizer(models.BPE(vocab={c: i for i, c in enumerate(alphabet)}, merges=[]))
    bare.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bare.decoder = decoders.ByteLevel()
    bare.add_special_tokens(SPECIAL)
    return PreTrainedTokenizerFast(
        tokenizer_object=bare, bos_token=SPECIAL[1], eos_token=SPECIAL[0],
        chat_template=CHATML, model_max_length=CONTEXT,
    )  # fmt: skip


def network(family: str = "llama", layers: int = 3, **others: Any) -> Any:
    """A random model whose answers are not all alike."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    sizes = {
        "vocab_size": 258, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": layers,
        "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 8,
        "max_position_embeddings": CONTEXT, "initializer_range": 0.3,
        "bos_token_id": 1, "eos_token_id": 0, "pad_token_id": 0,
    }  # fmt: skip
    own = {"gpt2": {"n_embd": 32, "n_layer": layers, "n_head": 4, "n_positions": CONTEXT}}
    torch.manual_seed(0)
    config = AutoConfig.for_model(family, **sizes | own.get(family, {}) | others)
    return AutoModelForCausalLM.from_config(config, dtype=torch.float32).eval()


@pytest.fixture(scope="session")
def save_network(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Save a tiny network of a family, and say where."""
    pytest.importorskip("torch", reason="the extra 'local' is not installed")
    saved: dict[str, Path] = {}

    def save(family: str = "llama", **others: Any) -> Path:
        name = family + "".join(f"-{k}{v}" for k, v in others.items())
        if name not in saved:
            folder = tmp_path_factory.mktemp(name)
            network(family, **others).save_pretrained(folder)
            tokenizer().save_pretrained(folder)
            saved[name] = folder
        return saved[name]

    return save


PLAN = """
name: tiny
subjects: [reference/self-preserving, reference/compliant]
scenarios:
  pocket: {threat: [none, wipe], opportunity: [open, locked]}
worlds: 5
interview: false
"""


@pytest.fixture(scope="session")
def campaign(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a campaign of two scripted subjects."""
    import offswitch

    folder = tmp_path_factory.mktemp("campaign")
    plan = folder / "tiny.yaml"
    plan.write_text(PLAN)
    offswitch.run(plan, out=folder / "results")
    return folder / "results"
