"""Forward passes over many lines, with what they have in common read once.

Lines of one campaign share their beginnings: the system message, the tools, often a whole world
but for a sentence. They are read in the order of their tokens, several in one pass without padding,
each from the cache of an earlier one that shares most with it.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from offswitch.subjects.local.attention import Cache, Segment
from offswitch.subjects.local.hooks import observed
from offswitch.subjects.local.sites import Site

if TYPE_CHECKING:
    from offswitch.subjects.local.weights import Loaded

BUDGET = 2048
"""Tokens of one pass, unless one line alone has more."""


@dataclass(frozen=True, slots=True)
class Ask:
    """Tokens to be read, and the places whose activations are wanted.

    Attributes:
        key: Says whose they are.
        tokens: At least one.
        places: Ascending, each a place among the tokens.
    """

    key: str
    tokens: Sequence[int]
    places: Sequence[int]


@dataclass(eq=False)
class Reader:
    """Reads lines with one network.

    Attributes:
        loaded: The network.
        sites: Where activations are taken.
        budget: Tokens of one pass.
        read: Tokens that went through the network so far.
    """

    loaded: "Loaded"
    sites: Sequence[Site]
    budget: int = BUDGET
    read: int = 0
    _caches: list[Cache] = field(default_factory=list)

    def __call__(self, asks: Iterable[Ask]) -> Iterator[tuple[Ask, dict[Site, Tensor]]]:
        """Read lines; each comes back with its activations, shape (places, size), on the CPU.

        They come in the order of their tokens.
        """
        batch: list[tuple[Ask, Segment]] = []
        for ask in sorted(asks, key=lambda ask: (list(ask.tokens), ask.key)):
            segment = self._segment(ask)
            if batch and sum(len(s.tokens) for _, s in batch) + len(segment.tokens) > self.budget:
                yield from self._pass(batch)
                batch, segment = [], self._segment(ask)
            batch.append((ask, segment))
        if batch:
            yield from self._pass(batch)
        self._caches = []

    def _segment(self, ask: Ask) -> Segment:
        """What of a line is left to read, after the cache that spares most."""
        wanted = min([*ask.places, len(ask.tokens) - 1])
        best, keep = None, 0
        for cache in self._caches:
            shared = min(_common(cache.tokens, ask.tokens), wanted)
            if shared > keep:
                best, keep = cache, shared
        target = Cache()
        if best is not None:
            target.restart(best, keep)
        return Segment(target, list(ask.tokens[keep:]))

    def _pass(self, batch: list[tuple[Ask, Segment]]) -> list[tuple[Ask, dict[Site, Tensor]]]:
        rows: list[int] = []
        start = 0
        for ask, segment in batch:
            held = len(segment.cache.tokens)
            rows += [start + place - held for place in ask.places]
            start += len(segment.tokens)
        self.read += start
        found = self._activations([segment for _, segment in batch], rows)
        self._caches = [segment.cache for _, segment in batch]
        ends = list(accumulate(len(ask.places) for ask, _ in batch))
        return [
            (ask, {site: tensor[end - len(ask.places) : end] for site, tensor in found.items()})
            for (ask, _), end in zip(batch, ends, strict=True)
        ]

    def _activations(self, segments: list[Segment], rows: list[int]) -> dict[Site, Tensor]:
        """What stands at the sites in some rows of a pass, by site of shape (rows, size)."""
        model = self.loaded.model
        index = torch.tensor(rows, device=model.device)

        def keep(found: Tensor) -> Tensor:
            return found[0].index_select(0, index)

        with torch.inference_mode(), self.loaded.passes, observed(model, self.sites, keep) as seen:
            forward(self.loaded, segments)
            for segment in segments:
                segment.cache.tokens += segment.tokens
            return {site: tensor.float().cpu() for site, tensor in seen.items()}


def forward(loaded: "Loaded", segments: Sequence[Segment], keep: Tensor | None = None) -> Tensor:
    """One forward pass over segments.

    Args:
        loaded: The network; hold its ``passes``.
        segments: What is read, each after its own cache.
        keep: Rows of which logits are wanted; that of the last token alone by default.

    Returns:
        Logits, shape (rows, vocabulary).
    """
    device = loaded.model.device
    places = [len(s.cache.tokens) + i for s in segments for i in range(len(s.tokens))]
    output = loaded.model(
        input_ids=torch.tensor([[t for s in segments for t in s.tokens]], device=device),
        position_ids=torch.tensor([places], device=device),
        use_cache=False,
        logits_to_keep=torch.tensor([len(places) - 1], device=device) if keep is None else keep,
        segments=list(segments),
    )
    logits: Tensor = output.logits[0]
    return logits


def _common(left: Sequence[int], right: Sequence[int]) -> int:
    for index, (a, b) in enumerate(zip(left, right, strict=False)):
        if a != b:
            return index
    return min(len(left), len(right))
