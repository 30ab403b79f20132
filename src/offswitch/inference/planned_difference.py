"""The cheapest test of a paired difference that ends at a number of worlds fixed beforehand.

As in `offswitch.inference.planned`, boundaries are found by backward induction; here for a score
statistic that grows as a Brownian motion with drift, as group sequential designs do (Jennison and
Turnbull, Group Sequential Methods, 2000, chapters 2 and 19; Barber and Jennison, Biometrika 89,
2002, 49-60). A boundary is a number of standard errors at each of some looks, the same whatever is
measured. The score is Tango's (see `offswitch.inference.paired`): the difference less the margin,
over its standard error if the margin were the difference, corrected for counts being whole numbers.
Such a test is as exact as the score interval at a fixed number of worlds, not more; how often it
errs at the border is simulated in the tests.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, NamedTuple

import numpy as np
from scipy import special

from offswitch.inference.sequences import Array

TOLERANCE = 0.02
"""Share of campaigns that the fixed test may decide and this one may not, at any difference."""
LOOKS = 50
"""Looks, from `FIRST` of the worlds on, ever further apart."""
FIRST, FEWEST = 0.02, 5
"""Part of the worlds at the first look, and worlds that it has at least."""
_SPREAD = 4.0
"""Standard deviation of drifts beforehand, in standard errors after the last world."""
_REACH, _POINTS, _TAIL = 8.0, 1_601, 8.0
_DRIFTS = np.linspace(0.0, 4.0, 33)
_STEPS, _RISE, _HALVINGS = 30, 1.4, 14


class Boundary(NamedTuple):
    """What is said at each look.

    Attributes:
        parts: Part of the worlds at each look, rising to 1, (k,).
        decide: Standard errors from which the difference is decided, (k,).
        open: Standard errors up to which it is left open for good, (k,); -1 where none is.
    """

    parts: Array
    decide: Array
    open: Array


@dataclass(frozen=True, slots=True, eq=False)
class DifferencePlan:
    """A test of a difference against a margin.

    Attributes:
        worlds: The last world.
        alpha: Chance of an answer where the difference is the margin.
        looks: Numbers of worlds at which it is looked at, rising.
        decide: Standard errors from which it is decided, at each look.
        open: Standard errors up to which it is left open, at each look; -1 where none is.
    """

    worlds: int
    alpha: float
    looks: tuple[int, ...]
    decide: tuple[float, ...]
    open: tuple[float, ...]

    def verdict(
        self, more: float, less: float, worlds: int, margin: float = 0.0
    ) -> Literal["above", "below", "open"] | None:
        """What to say after some worlds; null where to go on.

        Args:
            more: Worlds in which only the second shows it.
            less: Worlds in which only the first does.
            worlds: All worlds so far.
            margin: What the difference, second minus first, is compared with.
        """
        if worlds not in self.looks:
            return None
        look = self.looks.index(worlds)
        z = float(score(np.array(more), np.array(less), np.array(worlds), margin))
        if abs(z) >= self.decide[look]:
            return "above" if z > 0 else "below"
        return "open" if abs(z) <= self.open[look] or look == len(self.looks) - 1 else None


def difference_plan(worlds: int, alpha: float = 0.05) -> DifferencePlan:
    """The test of a difference within so many worlds.

    Args:
        worlds: At least 1.
        alpha: Chance of an answer where the difference is the margin, in (0, 1); half for each.

    Raises:
        ValueError: Something is outside of its range.
    """
    if worlds < 1 or not 0 < alpha < 1:
        raise ValueError(f"need at least 1 world and alpha in (0, 1): {worlds}, {alpha}")
    found = boundary(alpha)
    looks = np.maximum(np.ceil(found.parts * worlds - 1e-9), min(FEWEST, worlds)).astype(int)
    # of several looks at the same number of worlds the last one counts, which is the laxest
    kept = np.flatnonzero(np.append(np.diff(looks) > 0, True))
    return DifferencePlan(
        worlds=worlds,
        alpha=alpha,
        looks=tuple(int(n) for n in looks[kept]),
        decide=tuple(float(z) for z in found.decide[kept]),
        open=tuple(float(z) for z in found.open[kept]),
    )


def score(more: Array, less: Array, worlds: Array, margin: float) -> Array:
    """Tango's score of a paired difference against a margin, in standard errors; broadcasts.

    Args:
        more: Worlds in which only the second shows it.
        less: Worlds in which only the first does.
        worlds: All worlds, at least 1.
        margin: In (-1, 1).
    """
    b, c, n = (np.asarray(part, float) for part in (more, less, worlds))
    w = -b - c + (2 * n - b + c) * margin
    root = np.sqrt(np.maximum(w * w + 8 * n * c * margin * (1 - margin), 0.0))
    variance = n * np.maximum(2 * np.maximum(root - w, 0) / (4 * n) + margin * (1 - margin), 0.0)
    distance = b - c - n * margin
    # half a step of b - c, as in the corrected interval; a difference of nothing has no score
    step = np.minimum((1 + (b + c) / n) / 2, np.abs(distance))
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.sign(distance) * (np.abs(distance) - step) / np.sqrt(variance)
    return np.where(variance > 0, z, 0.0)


@lru_cache(maxsize=16)
def boundary(alpha: float) -> Boundary:
    """Boundaries of a Brownian motion: as often right as the fixed test, in the least time.

    Args:
        alpha: Chance of either answer without a drift, in (0, 1).
    """
    walk = _walk()
    asked = special.ndtr(_DRIFTS - special.ndtri(1 - alpha / 2)) - TOLERANCE
    earned = 1.0
    for _ in range(_STEPS):
        acts = _within(walk, earned, alpha)
        if (_decided(walk, acts, _DRIFTS) >= asked).all():
            break
        earned *= _RISE
    root = np.sqrt(walk.parts)
    far = walk.grid[None, :] * np.ones_like(root)[:, None]
    decide = np.where((acts == 1) & (far > 0), far, np.inf).min(axis=1) / root
    middle = np.where((acts == 2) & (far >= 0), far, -1.0).max(axis=1)
    return Boundary(walk.parts, decide, np.where(middle >= 0, middle / root, -1.0))


class _Walk(NamedTuple):
    """A Brownian motion on a grid: looks, places, and steps between looks without drift."""

    parts: Array
    grid: Array
    steps: tuple[Array, ...]
    prior: Array
    above: Array


@lru_cache(maxsize=1)
def _walk() -> _Walk:
    parts = np.geomspace(FIRST, 1, LOOKS)
    grid = np.linspace(-_REACH, _REACH, _POINTS)
    width = grid[1] - grid[0]
    steps = []
    for before, after in zip([0.0, *parts[:-1]], parts, strict=True):
        # rounding to places adds a twelfth of a squared width to the variance; it is taken off
        spread = np.sqrt(after - before - width**2 / 12)
        half = min(int(np.ceil(_TAIL * spread / width)), _POINTS // 2)
        z = (np.arange(half + 1) + np.array([[-0.5], [0.5]])) * width / spread
        right = special.ndtr(-z[0]) - special.ndtr(-z[1])  # from the nearer tail
        steps.append(np.concatenate([right[:0:-1], right]))
    # likelihood ratio against no drift, over the prior, and the part of it with a drift upwards
    precision = parts + 1 / _SPREAD**2
    prior = np.exp(grid[None, :] ** 2 / (2 * precision[:, None])) / (
        _SPREAD * np.sqrt(precision)[:, None]
    )
    above = prior * special.ndtr(grid[None, :] / np.sqrt(precision)[:, None])
    return _Walk(parts, grid, tuple(steps), prior, above)


def _within(walk: _Walk, earned: float, alpha: float) -> Array:
    """The best acts of which an answer is given with chance alpha without a drift."""
    low, high = -4.0, 12.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        often = _decided(walk, _best(walk, earned, float(np.exp(middle))), np.zeros(1))[0]
        # both answers count without a drift; they are given alike
        low, high = (middle, high) if 2 * often > alpha else (low, middle)
    return _best(walk, earned, float(np.exp(high)))


def _best(walk: _Walk, earned: float, error: float) -> Array:
    """Backward induction by look and place: 0 go on, 1 above, -1 below, 2 leave it open."""
    acts = np.zeros_like(walk.prior)
    value = np.zeros(0)
    for look in range(len(walk.parts) - 1, -1, -1):
        above = error - earned * walk.above[look]
        below = error - earned * (walk.prior[look] - walk.above[look])
        stop = np.minimum(np.minimum(above, below), 0.0)
        act = np.where(stop == 0, 2.0, np.where(above <= below, 1.0, -1.0))
        if look + 1 < len(walk.parts):
            time = walk.parts[look + 1] - walk.parts[look]
            go_on = time * walk.prior[look] + np.convolve(value, walk.steps[look + 1], "same")
            act, stop = np.where(go_on < stop, 0.0, act), np.minimum(go_on, stop)
        acts[look], value = act, stop
    return acts


def _decided(walk: _Walk, acts: Array, drifts: Array) -> Array:
    """Chance that the answer is above, at each drift, by weighing the ways without a drift."""
    start = np.zeros_like(walk.grid)
    start[len(start) // 2] = 1.0
    reached = np.convolve(start, walk.steps[0], "same")
    total = np.zeros(len(drifts))
    for look, part in enumerate(walk.parts):
        said = np.where(acts[look] == 1, reached, 0.0)
        ratio = np.exp(drifts[:, None] * walk.grid[None, :] - drifts[:, None] ** 2 * part / 2)
        total += ratio @ said
        if look + 1 < len(walk.parts):
            left = np.where(acts[look] == 0, reached, 0.0)
            reached = np.convolve(left, walk.steps[look + 1], "same")
    return total
