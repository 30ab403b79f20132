"""Activation patching: which activations, put from one run into another, carry the decision over.

The *target* run (no threat) is repeated with activations of the *source* run (threat) at one site
and some tokens; the effect is what that does to the log-odds of the resisting answer. Run plainly,
that is a whole forward pass for each layer and token. Here a patched run computes only what the
patch can have changed:

- nothing before the patched layer: it begins there, with the target's own stream;
- nothing before the first patched token: those tokens' keys and values are the target's;
- no layer's stream twice: after a layer is before the next;
- all tokens' runs of a layer in one pass, one after the other in a row, without padding.

The results are those of whole passes, to rounding. *Attribution patching* estimates all of them
from one backward pass, to first order (Nanda, Attribution Patching, 2023; Syed et al., 2023,
arXiv 2310.10348); how far it agrees is measured, not assumed.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from offswitch._errors import UsageError
from offswitch.subjects.local.attention import Cache, Segment
from offswitch.subjects.local.hooks import Change, changed, observed
from offswitch.subjects.local.sites import Part, Site, anatomy
from offswitch.whitebox.pairs import Pair, chunks
from offswitch.whitebox.reading import forward

if TYPE_CHECKING:
    from torch import nn
    from transformers import PreTrainedModel

    from offswitch.subjects.local.weights import Loaded

Floats = NDArray[np.float64]
BUDGET = 4096
"""Tokens of one pass."""


@dataclass(eq=False)
class Branch(Cache):
    """Goes on from the first tokens of another cache, which stays as it is.

    Attributes:
        trunk: The other cache; null to begin with nothing.
    """

    trunk: Cache | None = None
    _held: int = field(default=0)

    @classmethod
    def of(cls, trunk: Cache, keep: int) -> "Branch":
        """Go on after so many tokens."""
        return cls(tokens=trunk.tokens[:keep], trunk=trunk if keep else None, _held=keep)

    def append(self, layer: int, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """The trunk's keys and values and these; see the base class. Keeps nothing."""
        if self.trunk is None:
            return keys, values
        before = self.trunk.keys[layer], self.trunk.values[layer]
        return (
            torch.cat([before[0][:, : self._held], keys], 1),
            torch.cat([before[1][:, : self._held], values], 1),
        )


@dataclass(frozen=True, eq=False)
class Runs:
    """The two plain runs of a pair, with what patching takes from them.

    Attributes:
        streams: The target's stream before each layer, each of shape (1, tokens, size).
        trunk: The target's keys and values.
        target: Log-odds of the target run.
        source: Log-odds of the source run.
        given: What the source run has at the sites of each layer, shape (1, tokens, size).
        had: What the target run has there.
    """

    streams: list[Tensor]
    trunk: Cache
    target: float
    source: float
    given: dict[Site, Tensor]
    had: dict[Site, Tensor]


class Patcher:
    """Patches pairs in one network.

    Args:
        loaded: The network.
        part: Which place in each block is patched.
        head: Which head, where the place is ``heads``.
        budget: Tokens of one pass.

    Raises:
        UsageError: The network lacks the place.
    """

    def __init__(
        self, loaded: "Loaded", part: Part = "resid_pre", head: int | None = None,
        budget: int = BUDGET,
    ) -> None:  # fmt: skip
        self.loaded, self.budget = loaded, budget
        self.parts = anatomy(loaded.model)
        layers = range(len(self.parts.blocks))
        self.sites = [self.parts.check(Site(layer, part, head)) for layer in layers]

    def runs(self, pair: Pair) -> Runs:
        """Run both lines of a pair plainly.

        Raises:
            UsageError: The log-odds are no numbers.
        """
        before = [Site(layer, "resid_pre") for layer in range(len(self.sites))]
        trunk = Cache()
        found, target = self._plain(pair.target, pair, [*before, *self.sites], trunk)
        given, source = self._plain(pair.source, pair, self.sites, Cache())
        if not np.isfinite([target, source]).all():
            raise UsageError(
                f"world {pair.world}: the log-odds are not finite. Use dtype=float32 or bfloat16."
            )
        streams = [found[site] for site in before]
        had = {site: found[site] for site in self.sites}
        return Runs(streams, trunk, target, source, given, had)

    def _plain(
        self, tokens: list[int], pair: Pair, sites: Sequence[Site], cache: Cache
    ) -> tuple[dict[Site, Tensor], float]:
        model = self.loaded.model
        with torch.no_grad(), self.loaded.passes, observed(model, sites) as seen:
            logits = forward(self.loaded, [Segment(cache, tokens)])
        cache.tokens += tokens
        return dict(seen), float(log_odds(logits, pair)[0])

    def sweep(
        self, pair: Pair, runs: Runs, groups: Sequence[Sequence[int]],
        layers: Sequence[int] | None = None,
    ) -> Floats:  # fmt: skip
        """Log-odds with each group of tokens patched at each layer.

        Args:
            pair: The pair.
            runs: Its plain runs.
            groups: Places in the target that are patched together, each with a counterpart in the
                source; a group may be empty.
            layers: Which layers; all by default.

        Returns:
            Shape (layers, groups).
        """
        wanted = range(len(self.sites)) if layers is None else layers
        found = np.full((len(wanted), len(groups)), runs.target)
        busy = [number for number, group in enumerate(groups) if group]
        starts = [min(groups[number]) for number in busy]
        for row, layer in enumerate(wanted):
            for batch in chunks(starts, len(pair.target), self.budget):
                jobs = [(starts[number], groups[busy[number]]) for number in batch]
                values = self._patched(pair, runs, layer, jobs)
                for number, value in zip(batch, values, strict=True):
                    found[row, busy[number]] = value
        return found

    def _patched(
        self, pair: Pair, runs: Runs, layer: int, jobs: Sequence[tuple[int, Sequence[int]]]
    ) -> list[float]:
        """Log-odds of several patched runs that begin at one layer."""
        segments = [Segment(Branch.of(runs.trunk, p), pair.target[p:]) for p, _ in jobs]
        stream = torch.cat([runs.streams[layer][:, start:] for start, _ in jobs], 1)
        ends = np.cumsum([len(segment.tokens) for segment in segments])
        rows = [
            int(end) - len(pair.target) + place
            for end, (_, group) in zip(ends, jobs, strict=True)
            for place in group
        ]
        counterparts = [pair.matched[place] for _, group in jobs for place in group]
        site = self.sites[layer]
        given = runs.given[site][0, counterparts]

        def patch(found: Tensor) -> Tensor:
            found[0, rows] = given
            return found

        keep = torch.tensor(ends - 1, device=stream.device)
        beginning = _beginning(self.loaded.model, layer, stream, site, patch)
        with torch.no_grad(), self.loaded.passes, beginning:
            return [float(v) for v in log_odds(forward(self.loaded, segments, keep), pair)]

    def attribution(self, pair: Pair, runs: Runs) -> Floats:
        """First-order estimates of the effect of each token at each layer, from one backward pass.

        Returns:
            Shape (layers, tokens of the target), 0 where a token has no counterpart.
        """
        leaf: list[Tensor] = []

        def begin(found: Tensor) -> Tensor:
            leaf.append(found.detach().requires_grad_())
            return leaf[0]

        model = self.loaded.model
        first = {Site(0, "resid_pre"): begin}
        with torch.enable_grad(), self.loaded.passes, changed(model, first), observed(
            model, self.sites
        ) as seen:  # fmt: skip
            logits = forward(self.loaded, [Segment(Branch(), pair.target)])
            held = [leaf[0] if site == Site(0, "resid_pre") else seen[site] for site in self.sites]
            slopes = torch.autograd.grad(log_odds(logits, pair)[0], held)
        places = [place for place, other in enumerate(pair.matched) if other is not None]
        others = [other for other in pair.matched if other is not None]
        found = np.zeros((len(self.sites), len(pair.target)))
        for row, (site, slope) in enumerate(zip(self.sites, slopes, strict=True)):
            step = runs.given[site][0, others].float() - runs.had[site][0, places].float()
            found[row, places] = (step * slope[0, places].float()).sum(-1).cpu().numpy()
        return found


def log_odds(logits: Tensor, pair: Pair) -> Tensor:
    """How much likelier the resisting answer's next token is. Shape (rows,)."""
    return logits[:, pair.resist].float() - logits[:, pair.comply].float()


@contextmanager
def _beginning(
    model: "PreTrainedModel", layer: int, stream: Tensor, site: Site, patch: Change
) -> Iterator[None]:
    """Let passes begin at a layer with a given stream, and change what is at a site there."""
    start = Site(layer, "resid_pre")
    given: Change = lambda found: stream  # noqa: E731
    if site == start:
        given, changes = (lambda found: patch(stream)), {}
    else:
        changes = {site: patch}
    with _skipping(anatomy(model).blocks[:layer]), changed(model, {start: given, **changes}):
        yield


@contextmanager
def _skipping(blocks: "Sequence[nn.Module]") -> Iterator[None]:
    """Let blocks hand on what they are given, in the form that they return."""
    skipped: list[nn.Module] = []
    try:
        for block in blocks:
            block.forward = _passing_on(block)
            skipped.append(block)
        yield
    finally:
        for block in skipped:
            del block.forward


def _passing_on(block: "nn.Module") -> Callable[..., Any]:
    def pass_on(hidden_states: Tensor, *args: object, **kwargs: object) -> Tensor:
        return hidden_states

    return pass_on


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far estimates agree with what was measured.

    Attributes:
        pearson: Correlation of the effects of all layers and tokens, from -1 to 1; null where
            either does not vary.
        spearman: Likewise of their ranks.
        top: Share of the tenth with the largest measured effects that is in the estimates' tenth.
        cells: Layers times tokens.
    """

    pearson: float | None
    spearman: float | None
    top: float
    cells: int


def agreement(measured: Floats, estimated: Floats) -> Agreement:
    """Compare measured effects with estimates, arrays of one shape."""
    from scipy.stats import pearsonr, spearmanr

    a, b = measured.ravel(), estimated.ravel()
    count = max(1, a.size // 10)
    largest = [set(np.argsort(-np.abs(each))[:count].tolist()) for each in (a, b)]
    varies = bool(np.ptp(a) and np.ptp(b))
    return Agreement(
        pearson=float(pearsonr(a, b).statistic) if varies else None,
        spearman=float(spearmanr(a, b).statistic) if varies else None,
        top=len(largest[0] & largest[1]) / count,
        cells=a.size,
    )
