"""Attention for several conversations in one forward pass, each with a cache of its own.

A pass takes the new tokens of all conversations, one after the other, as a single row. Linear
layers see the row; here, and only here, it is cut into its segments, and each attends to its own
cache. So nothing is padded and nothing is masked between conversations. The function is registered
with transformers' `AttentionInterface`, through which its models call it in every layer.
"""

from dataclasses import dataclass, field

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor
from transformers import AttentionInterface

NAME = "offswitch_segments"
"""The name under which models find `segment_attention`."""
_BLOCK = 512
_FEW = 8
"""Tokens up to which it is faster to read the keys once for all heads that share them."""
_UNSUPPORTED = ("softcap", "s_aux", "position_bias")


@dataclass(eq=False)
class Cache:
    """Keys and values of one conversation, layer by layer, in buffers that grow by blocks.

    Attributes:
        tokens: The tokens whose keys and values are here.
        keys: By layer, each of shape (heads, capacity, head dim); only ``len(tokens)`` are filled.
        values: Likewise.
    """

    tokens: list[int] = field(default_factory=list)
    keys: dict[int, Tensor] = field(default_factory=dict)
    values: dict[int, Tensor] = field(default_factory=dict)

    def append(self, layer: int, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """Add new keys and values of a layer, and return all of them.

        Args:
            layer: The layer's index.
            keys: Shape (heads, new tokens, head dim).
            values: Shape (heads, new tokens, head dim).
        """
        held = len(self.tokens)
        return _append(self.keys, layer, keys, held), _append(self.values, layer, values, held)

    def restart(self, source: "Cache", keep: int) -> None:
        """Hold the first tokens of another cache, or of this one, and nothing else."""
        if source is not self:
            self.keys = {layer: held[:, :keep].clone() for layer, held in source.keys.items()}
            self.values = {layer: held[:, :keep].clone() for layer, held in source.values.items()}
        self.tokens = source.tokens[:keep]


def _append(buffers: dict[int, Tensor], layer: int, new: Tensor, held: int) -> Tensor:
    heads, count, dim = new.shape
    total = held + count
    buffer = buffers.get(layer)
    if buffer is None or buffer.shape[1] < total:
        grown = new.new_empty(heads, -(-total // _BLOCK) * _BLOCK, dim)
        if buffer is not None:
            grown[:, :held] = buffer[:, :held]
        buffers[layer] = buffer = grown
    buffer[:, held:total] = new
    return buffer[:, :total]


@dataclass(frozen=True, slots=True)
class Segment:
    """New tokens of one conversation."""

    cache: Cache
    tokens: list[int]


def segment_attention(
    module: torch.nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    *,
    segments: list[Segment],
    scaling: float | None = None,
    sliding_window: int | None = None,
    **others: object,
) -> tuple[Tensor, None]:
    """Attend, segment by segment.

    Args:
        module: The layer's attention module.
        query: Shape (1, heads, tokens, head dim).
        key: Shape (1, key-value heads, tokens, head dim).
        value: Shape (1, key-value heads, tokens, head dim).
        attention_mask: Not used: a segment sees its own cache and nothing else.
        segments: What the row of tokens consists of, in order.
        scaling: Of the scores; the head dimension's inverse root by default.
        sliding_window: How many tokens back a token sees, itself included; None for all.
        others: What the model passes besides.

    Returns:
        The output, of shape (1, tokens, heads, head dim), and no weights.

    Raises:
        NotImplementedError: The model wants a form of attention that is not computed here.
    """
    if wanted := [name for name in _UNSUPPORTED if others.get(name) is not None]:
        raise NotImplementedError(f"attention with {', '.join(wanted)}")
    outputs, start, layer = [], 0, int(module.layer_idx)
    for segment in segments:
        stop = start + len(segment.tokens)
        keys, values = segment.cache.append(layer, key[0, :, start:stop], value[0, :, start:stop])
        outputs.append(_attend(query[0, :, start:stop], keys, values, scaling, sliding_window))
        start = stop
    return torch.cat(outputs, dim=1).transpose(0, 1)[None], None


def _attend(
    query: Tensor, keys: Tensor, values: Tensor, scaling: float | None, window: int | None
) -> Tensor:
    heads, count, _ = query.shape
    groups = keys.shape[0]
    seen = keys.shape[1]
    if count <= _FEW:  # heads that share keys become queries of one head: nothing is repeated
        each = heads // groups
        first = 0 if window is None else max(0, seen - count - window + 1)
        keys, values = keys[:, first:], values[:, first:]
        mask = None if count == 1 else _mask(count, seen - first, window, query.device)
        out = F.scaled_dot_product_attention(
            query.reshape(1, groups, each * count, -1), keys[None], values[None], scale=scaling,
            attn_mask=None if mask is None else mask.repeat(each, 1),
        )  # fmt: skip
        return out.reshape(heads, count, -1)
    whole = seen == count and (window is None or window >= seen)
    return F.scaled_dot_product_attention(
        query[None], keys[None], values[None], scale=scaling, enable_gqa=heads != groups,
        is_causal=whole, attn_mask=None if whole else _mask(count, seen, window, query.device),
    )[0]  # fmt: skip


def _mask(count: int, seen: int, window: int | None, device: torch.device) -> Tensor:
    """True where a new token (row) sees a token (column). Shape (count, seen)."""
    mask = torch.ones(count, seen, dtype=torch.bool, device=device).tril(seen - count)
    return mask if window is None else mask.triu(seen - count - window + 1)


AttentionInterface.register(NAME, segment_attention)
