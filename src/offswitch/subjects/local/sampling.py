"""How the next token is chosen, for each request by itself."""

from dataclasses import dataclass, field

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Sampler:
    """Chooses tokens: the likeliest at temperature 0, otherwise by chance.

    Attributes:
        temperature: 0 or more.
        top_p: Only the likeliest tokens that together have this probability; 1 for all.
        top_k: Only so many of the likeliest tokens; 0 for all.
        seed: Makes the choices repeatable; None for new ones every time.
    """

    temperature: float = 0.0
    top_p: float = 1.0
    top_k: int = 0
    seed: int | None = None
    _generator: torch.Generator = field(default_factory=torch.Generator, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.seed is None:
            self._generator.seed()
        else:
            self._generator.manual_seed(self.seed & (2**63 - 1))

    def __call__(self, logits: Tensor) -> int:
        """Choose a token.

        Args:
            logits: Shape (vocabulary,).
        """
        if self.temperature == 0:
            return int(logits.argmax())
        scores, tokens = (logits.float().cpu() / self.temperature).sort(
            descending=True, stable=True
        )
        kept = scores[: self.top_k or None].softmax(-1)
        before = kept.cumsum(-1) - kept
        kept = kept.masked_fill(before >= self.top_p, 0.0)
        kept[0] = kept[0].clamp_min(torch.finfo(kept.dtype).tiny)
        return int(tokens[torch.multinomial(kept, 1, generator=self._generator)])
