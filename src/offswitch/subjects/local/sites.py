"""Places inside a network, under names that are the same for every decoder architecture.

A block of a decoder adds to a stream of vectors, one for each token: first what its attention
writes, then what its multilayer perceptron writes (in some architectures both at once). A `Site`
names one of these places:

    layers.12.resid_pre     the stream before block 12 (counted from 0)
    layers.12.resid_post    the stream after it
    layers.12.attn_out      what its attention writes
    layers.12.mlp_out       what its perceptron writes
    layers.12.heads.3       what head 3 of its attention passes to the output projection

Blocks and their parts are found by structure, not by the name of the architecture. Where an
architecture norms what a part writes before it is added (Gemma 2 and 3), a site is what the part
itself returns.
"""

import inspect
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Literal, cast

from offswitch._errors import UsageError, unknown

if TYPE_CHECKING:
    from torch import nn
    from transformers import PreTrainedModel

Part = Literal["resid_pre", "resid_post", "attn_out", "mlp_out", "heads"]
PARTS = ("resid_pre", "resid_post", "attn_out", "mlp_out", "heads")
_NAME = re.compile(r"layers\.(\d+)\.(?:(resid_pre|resid_post|attn_out|mlp_out)|heads\.(\d+))")
_ATTENTION = ("self_attn", "attn", "attention", "self_attention")
_PERCEPTRON = ("mlp", "feed_forward", "ffn", "block_sparse_moe")
_PROJECTION = ("o_proj", "c_proj", "out_proj", "dense", "wo")


@dataclass(frozen=True, slots=True, order=True)
class Site:
    """A place inside a network.

    Attributes:
        layer: The block, from 0.
        part: Which place in it.
        head: The head, from 0, where ``part`` is ``heads``; null elsewhere.
    """

    layer: int
    part: Part
    head: int | None = None

    def __str__(self) -> str:
        end = self.part if self.head is None else f"heads.{self.head}"
        return f"layers.{self.layer}.{end}"

    @classmethod
    def parse(cls, name: str) -> "Site":
        """The site of a name.

        Raises:
            UsageError: It is no name of a site.
        """
        found = _NAME.fullmatch(name)
        if found is None:
            raise UsageError(
                f"'{name}' is no site. Sites are called layers.12.resid_pre, layers.12.resid_post, "
                "layers.12.attn_out, layers.12.mlp_out or layers.12.heads.3."
            )
        layer, part, head = found.groups()
        if head is not None:
            return cls(int(layer), "heads", int(head))
        return cls(int(layer), cast("Part", part))


@dataclass(frozen=True, eq=False)
class Anatomy:
    """The parts of a network that sites refer to.

    Attributes:
        blocks: Its blocks, in order.
        width: Of the stream of vectors.
        heads: Of each attention.
        architecture: What transformers calls it, for messages.
    """

    blocks: "tuple[nn.Module, ...]"
    width: int
    heads: int
    architecture: str

    def attention(self, layer: int) -> "nn.Module":
        """The attention of a block."""
        return self._part(layer, _ATTENTION, "attn_out")

    def perceptron(self, layer: int) -> "nn.Module":
        """The multilayer perceptron of a block."""
        return self._part(layer, _PERCEPTRON, "mlp_out")

    def projection(self, layer: int) -> "nn.Module":
        """The matrix that takes the heads' outputs, side by side, into the stream."""
        attention = self.attention(layer)
        found = _child(attention, _PROJECTION)
        if found is None:
            raise self._missing(f"layers.{layer}.heads", "its attention has no output projection")
        return found

    def span(self, site: Site) -> slice:
        """Where a head's output stands among those of all heads.

        Raises:
            UsageError: The heads have no outputs side by side of one size.
        """
        total = _inputs(self.projection(site.layer))
        if total % self.heads:
            raise self._missing(str(site), f"{total} numbers do not divide by {self.heads} heads")
        size, head = total // self.heads, site.head or 0
        return slice(head * size, (head + 1) * size)

    def size(self, site: Site) -> int:
        """Numbers in one token's vector at a site."""
        if site.part != "heads":
            return self.width
        span = self.span(site)
        return int(span.stop - span.start)

    def check(self, site: Site) -> Site:
        """The site, if the network has it.

        Raises:
            UsageError: It does not; says what it has.
        """
        if site.layer >= len(self.blocks):
            raise UsageError(
                f"{site}: this {self.architecture} has {len(self.blocks)} blocks, so layers.0 to "
                f"layers.{len(self.blocks) - 1}."
            )
        if site.part == "heads":
            if (site.head or 0) >= self.heads:
                raise UsageError(
                    f"{site}: each block of this {self.architecture} has {self.heads} heads, so "
                    f"heads.0 to heads.{self.heads - 1}."
                )
            self.span(site)
        elif site.part == "attn_out":
            self.attention(site.layer)
        elif site.part == "mlp_out":
            self.perceptron(site.layer)
        return site

    def names(self) -> Iterator[str]:
        """The names of all sites, those that are missing included."""
        for layer in range(len(self.blocks)):
            yield from (f"layers.{layer}.{part}" for part in PARTS[:-1])
            yield from (f"layers.{layer}.heads.{head}" for head in range(self.heads))

    def select(self, patterns: Iterable[str]) -> list[Site]:
        """The sites that patterns such as ``layers.*.resid_post`` name, in order, each once.

        Raises:
            UsageError: A pattern fits nothing, or what it fits is missing in this architecture.
        """
        names = list(self.names())
        chosen: dict[Site, None] = {}
        for pattern in patterns:
            fitting = [name for name in names if fnmatchcase(name, pattern)]
            if not fitting:
                if _NAME.fullmatch(pattern):
                    self.check(Site.parse(pattern))
                raise unknown("site", pattern, _examples(self), where=self.architecture)
            for name in fitting:
                chosen[self.check(Site.parse(name))] = None
        return list(chosen)

    def _part(self, layer: int, names: Iterable[str], site: str) -> "nn.Module":
        found = _child(self.blocks[layer], names)
        if found is None:
            raise self._missing(f"layers.{layer}.{site}", "no such part is in its blocks")
        if "residual" in inspect.signature(found.forward).parameters:
            raise self._missing(f"layers.{layer}.{site}", "its parts add to the stream themselves")
        return found

    def _missing(self, site: str, why: str) -> UsageError:
        return UsageError(
            f"{site}: the architecture {self.architecture} does not have this site: {why}. "
            "resid_pre and resid_post are there in every architecture."
        )


def anatomy(model: "PreTrainedModel") -> Anatomy:
    """Find the blocks of a decoder.

    Args:
        model: A causal language model of transformers.

    Raises:
        UsageError: There is no list of as many like modules as the configuration has layers.
    """
    from torch import nn

    config = model.config.get_text_config()
    lists = [
        module
        for module in model.modules()
        if isinstance(module, nn.ModuleList) and len(module) == config.num_hidden_layers
        and _child(module[0], _ATTENTION) is not None
    ]  # fmt: skip
    if not lists:
        raise UsageError(
            f"The architecture {model.config.model_type} has no list of "
            f"{config.num_hidden_layers} blocks with an attention in each, so that it has no sites."
        )
    return Anatomy(
        tuple(lists[0]), config.hidden_size, config.num_attention_heads, model.config.model_type
    )


def _child(module: "nn.Module", names: Iterable[str]) -> "nn.Module | None":
    return next(
        (child for name in names if (child := getattr(module, name, None)) is not None), None
    )


def _inputs(matrix: "nn.Module") -> int:
    """Numbers that a matrix takes in; GPT-2's are stored the other way round."""
    shape = cast("tuple[int, int]", tuple(matrix.weight.shape))
    return shape[0] if hasattr(matrix, "nf") else shape[1]


def _examples(parts: Anatomy) -> list[str]:
    return ["layers.*.resid_post", *(f"layers.0.{part}" for part in PARTS[:-1]), "layers.0.heads.0"]
