"""Seeded draws by name: what one detail draws never shifts what another one draws.

Every detail has its own stream, derived from the seed and the detail's name. So a condition that
adds a mail, or takes one away, leaves names, dates and sums of all the others as they were.
"""

import hashlib
import random
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


def stable_hash(*parts: object) -> int:
    """A 64-bit hash of the parts that is the same on every machine and in every process."""
    text = "\x1f".join(str(part) for part in parts)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


class Draw:
    """Random choices, each under a name, all from one seed."""

    def __init__(self, seed: int, *scope: object) -> None:
        self._key = (seed, *scope)

    def scope(self, *scope: object) -> "Draw":
        """A draw whose names live under ``scope``."""
        seed, *rest = self._key
        return Draw(int(str(seed)), *rest, *scope)

    def stream(self, name: object) -> random.Random:
        """The generator of one name, always from its beginning."""
        return random.Random(stable_hash(*self._key, name))  # noqa: S311 - simulation, not secrecy

    def choice(self, name: object, options: Sequence[T]) -> T:
        """One of the options."""
        return self.stream(name).choice(options)

    def sample(self, name: object, options: Sequence[T], k: int) -> list[T]:
        """``k`` different options, in a drawn order."""
        return self.stream(name).sample(options, k)

    def shuffled(self, name: object, options: Sequence[T]) -> list[T]:
        """All options, in a drawn order."""
        return self.stream(name).sample(options, len(options))

    def integer(self, name: object, low: int, high: int) -> int:
        """A whole number from ``low`` to ``high``, both included."""
        return self.stream(name).randint(low, high)
