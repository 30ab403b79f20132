"""Turns a GGUF file into a folder of safetensors that transformers loads in a second."""

import errno
import io
from contextlib import redirect_stderr
from pathlib import Path

import torch
from safetensors import SafetensorError
from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

from offswitch.subjects.local.quiet import quiet

DTYPE = "float32"
"""Holds every dequantised weight exactly."""


def convert(gguf: Path, into: Path) -> None:
    """Dequantise a GGUF file and save model and tokenizer.

    Args:
        gguf: The file; only tensors and strings are read from it.
        into: The folder to write, made if it is not there.
    """
    with quiet(), redirect_stderr(io.StringIO()):  # the reader's bar cannot be turned off
        tokenizer = AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name)
        model = AutoModelForCausalLM.from_pretrained(
            gguf.parent,
            gguf_file=gguf.name,
            quantization_config=GgufConfig(dequantize=True),
            dtype=torch.float32,
        )
        try:
            model.save_pretrained(into)
        except SafetensorError as error:
            if f"os error {errno.ENOSPC}" in str(error):
                raise OSError(errno.ENOSPC, str(error)) from error
            raise
        tokenizer.save_pretrained(into)
