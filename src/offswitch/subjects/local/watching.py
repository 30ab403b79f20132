"""Reading one conversation's activations along directions, turn by turn: a probe at work."""

from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from offswitch._errors import UsageError, unknown
from offswitch.subjects.local.directions import Direction, read_directions
from offswitch.subjects.local.sites import anatomy

if TYPE_CHECKING:
    from offswitch.subjects.local.attention import Cache
    from offswitch.subjects.local.weights import Loaded


class Watch:
    """Directions to read along, and what was read of a conversation so far.

    Args:
        file: File of directions.
        pattern: Which of its sites.

    Raises:
        UsageError: The file cannot be read, has no such site, or lacks a mean.
    """

    def __init__(self, file: str, pattern: str = "*") -> None:
        self._file = file
        held = read_directions(Path(file).expanduser())
        self._directions = {s: d for s, d in held.items() if fnmatchcase(str(s), pattern)}
        if not self._directions:
            raise unknown("site", pattern, map(str, held), where=file)
        for site, direction in self._directions.items():
            if direction.mean is None:
                raise UsageError(f"{file}: no mean of {site}, from which a probe measures.")
        self._cache: Cache | None = None

    def read(self, loaded: "Loaded", prompt: list[int]) -> float:
        """How far the activations at a prompt's last token lie along the directions, on average.

        0 is where the mean lies, 1 the whole vector further. Tokens that the last prompt began
        with are not read again.

        Args:
            loaded: The network.
            prompt: Tokens, at least one.

        Raises:
            UsageError: The network lacks a site, or its vectors have another length.
        """
        import torch

        from offswitch.subjects.local.attention import Cache, Segment
        from offswitch.subjects.local.hooks import observed

        self._check(loaded)
        cache = self._cache = self._cache or Cache()
        pairs = enumerate(zip(cache.tokens, prompt, strict=False))
        shared = next((n for n, (a, b) in pairs if a != b), min(len(cache.tokens), len(prompt)))
        cache.restart(cache, min(shared, len(prompt) - 1))
        new = prompt[len(cache.tokens) :]
        places = range(len(cache.tokens), len(prompt))
        device = loaded.model.device
        sites = list(self._directions)
        with (
            torch.inference_mode(),
            loaded.passes,
            observed(loaded.model, sites, lambda found: found[0, -1].float().cpu()) as seen,
        ):
            loaded.model(
                input_ids=torch.tensor([new], device=device),
                position_ids=torch.tensor([list(places)], device=device),
                use_cache=False,
                logits_to_keep=1,
                segments=[Segment(cache, new)],
            )
        cache.tokens += new
        return float(np.mean([_along(d, seen[s].numpy()) for s, d in self._directions.items()]))

    def _check(self, loaded: "Loaded") -> None:
        parts = anatomy(loaded.model)
        for site, direction in self._directions.items():
            size = parts.size(parts.check(site))
            if size != direction.vector.size:
                raise UsageError(
                    f"{self._file}: {site} has {direction.vector.size} numbers, but {size} in "
                    f"this {parts.architecture}: the directions are of another model."
                )


def _along(
    direction: Direction, found: "np.ndarray[tuple[int, ...], np.dtype[np.float32]]"
) -> float:
    assert direction.mean is not None
    vector = direction.vector
    return float((found - direction.mean) @ vector / max(float(vector @ vector), 1e-12))
