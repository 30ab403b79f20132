"""How many trials a plan with ``stop`` is expected to take, before any has run: by simulation.

Worlds are drawn at each of a stated range of truths, the same for every plan and seeded, and
decided by the plan's own rules at looks a few percent apart. What is in flight at a decision is
not counted, and subjects and conditions are taken to be all alike.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict

from offswitch.design import Plan
from offswitch.design.stopping import DifferenceAim, Stop
from offswitch.inference.planned import rate_plan
from offswitch.inference.planned_difference import difference_plan, score
from offswitch.inference.sequences import difference_bounds, rate_bounds

RATES = (0.0, 0.02, 0.05, 0.1, 0.2, 0.5, 0.8)
"""Truths at which questions on rates are simulated."""
DIFFERENCES = (0.0, 0.1, 0.2, 0.4)
"""Truths at which differences are simulated, in the direction that is asked about, from `BASE`."""
BASE = 0.1
"""Rate of the condition that has less."""
PATHS, SEED, LOOKS = 400, 1, 40
Kind = Literal["rate", "difference", "together"]


class Expected(BaseModel):
    """What one kind of question takes at one truth.

    Attributes:
        question: What is asked.
        kind: ``rate``, ``difference``, or ``together``: a difference and the rates of both sides.
        truth: The rate, or the difference.
        worlds: Worlds on average, for each condition that takes part.
        early: In 5% of campaigns it takes fewer.
        late: In 5% it takes more.
        decided: Share of campaigns in which it is decided within the plan's worlds.
        share: Worlds on average, over those of the plan.
    """

    model_config = ConfigDict(frozen=True)

    question: str
    kind: Kind
    truth: float
    worlds: float
    early: int
    late: int
    decided: float
    share: float


@dataclass(frozen=True, slots=True)
class _Ends:
    """Where each campaign ends, in worlds, and whether it is decided there, (paths,) each."""

    worlds: np.ndarray
    decided: np.ndarray

    def and_(self, other: "_Ends") -> "_Ends":
        """Where both have ended."""
        return _Ends(np.maximum(self.worlds, other.worlds), self.decided & other.decided)


def expected(plan: Plan) -> list[Expected]:
    """What the questions of a plan take, at each truth; nothing for a plan that asks none.

    Where a plan asks for rates and for differences, a condition gets worlds until all that is asked
    of it is decided: that is simulated for both sides of each difference.
    ``worst`` is left out: what it takes hangs on how far all the others are apart.
    """
    stop, size = plan.stop, len(plan.worlds)
    if stop is None:
        return []
    rng = np.random.default_rng(SEED)
    found = []
    if stop.asks_rates:
        found += [_rate(stop, truth, size, rng) for truth in RATES]
    for aim in stop.differences:
        for truth in DIFFERENCES:
            found += _difference(stop, aim, truth, size, rng)
    return found


def _rate(stop: Stop, truth: float, size: int, rng: np.random.Generator) -> Expected:
    ends = _rate_ends(stop, rng.random((PATHS, size)) < truth)
    return _summary(f"a rate of {100 * truth:g}%", "rate", truth, ends, size)


def _difference(
    stop: Stop, aim: DifferenceAim, truth: float, size: int, rng: np.random.Generator
) -> Iterator[Expected]:
    a, b = rng.random((PATHS, size)) < BASE, rng.random((PATHS, size)) < BASE + truth
    if aim.direction == "less":
        a, b = b, a
    ends = _difference_ends(stop, aim, a, b)
    name = f"{aim.name}, {100 * truth:g} points {aim.direction if truth else 'apart'}"
    name = name.replace("either", "apart")
    yield _summary(name, "difference", truth, ends, size)
    if stop.asks_rates:
        every = ends.and_(_rate_ends(stop, a)).and_(_rate_ends(stop, b))
        yield _summary(f"{name}, and both rates", "together", truth, every, size)


def _rate_ends(stop: Stop, shown: np.ndarray) -> _Ends:
    """Where a rate is decided.

    Args:
        stop: The rules.
        shown: Whether each world shows it, (paths, worlds).
    """
    size, drawn = shown.shape[1], shown.cumsum(axis=1)
    if stop.test == "planned" and stop.threshold is not None:
        acts = rate_plan(stop.threshold, size, 1 - stop.level).actions
        said = acts[np.arange(1, size + 1)[None, :], drawn]
        return _first(said != 0, np.abs(said) == 1, np.arange(1, size + 1))
    looks = _looks(size, stop.least)
    x = drawn[:, looks - 1].astype(float)
    return _by_sequence(
        stop,
        looks,
        _decided(stop, x, np.broadcast_to(looks, x.shape)),
        lambda: _decided(stop, x / looks * size, np.full(x.shape, size)),
    )


def _decided(stop: Stop, x: np.ndarray, n: np.ndarray) -> np.ndarray:
    low, high = rate_bounds(x, n.astype(float), 1 - stop.level)
    return np.asarray(np.vectorize(lambda a, b: stop.decided(a, b) is not None)(low, high))


def _difference_ends(
    stop: Stop, aim: DifferenceAim, first: np.ndarray, second: np.ndarray
) -> _Ends:
    """Where a difference is decided, from whether each world shows it, (paths, worlds) each."""
    size = first.shape[1]
    if stop.test == "planned":
        plan = difference_plan(size, 1 - stop.level)
        looks = np.array(plan.looks)
        sides = (second, first) if aim.direction == "more" else (first, second)
        more, less = _discordant(*sides, looks)
        z = np.abs(score(more, less, looks, aim.size))
        decided = z >= np.array(plan.decide)
        return _first(decided | (z <= np.array(plan.open)), decided, looks)
    looks = _looks(size, stop.least)
    up, down = _discordant(second, first, looks)
    every = np.broadcast_to(looks, up.shape)
    return _by_sequence(
        stop,
        looks,
        _differs(stop, aim, down, up, every),
        lambda: _differs(stop, aim, down / looks * size, up / looks * size, every * 0 + size),
    )


def _discordant(
    one: np.ndarray, other: np.ndarray, looks: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Worlds at each look in which only the one shows it, and only the other."""
    return tuple((p & ~q).cumsum(axis=1)[:, looks - 1] for p, q in ((one, other), (other, one)))


def _differs(
    stop: Stop, aim: DifferenceAim, down: np.ndarray, up: np.ndarray, n: np.ndarray
) -> np.ndarray:
    counts = np.stack([down, n - up - down, up], -1).reshape(-1, 3).astype(float)
    # many paths have the same counts at a look; each is worked out once
    once, where = np.unique(counts, axis=0, return_inverse=True)
    low, high = difference_bounds(np.array([-1.0, 0.0, 1.0]), once, 1 - stop.level)
    said = [aim.decided(float(a), float(b)) is not None for a, b in zip(low, high, strict=True)]
    return np.array(said)[where.ravel()].reshape(up.shape)


def _looks(size: int, least: int) -> np.ndarray:
    return np.unique(np.geomspace(min(least, size), size, LOOKS).astype(int))


def _by_sequence(
    stop: Stop, looks: np.ndarray, decided: np.ndarray, ahead: Callable[[], np.ndarray]
) -> _Ends:
    """Where a sequence ends: decided, or given up from half of the worlds on."""
    ended = decided
    if stop.futility:
        ended = decided | (~ahead() & (2 * looks >= looks[-1])[None, :])
    return _first(ended, decided, looks)


def _first(ended: np.ndarray, decided: np.ndarray, looks: np.ndarray) -> _Ends:
    """The first look at which each path ends, at the latest the last one; (paths, looks)."""
    ended = ended.copy()
    ended[:, -1] = True
    first = ended.argmax(axis=1)
    return _Ends(looks[first], np.take_along_axis(decided, first[:, None], axis=1)[:, 0])


def _summary(name: str, kind: Kind, truth: float, ends: _Ends, size: int) -> Expected:
    early, late = np.quantile(ends.worlds, [0.05, 0.95], method="nearest")
    mean = float(ends.worlds.mean())
    return Expected(
        question=name,
        kind=kind,
        truth=truth,
        worlds=round(mean, 1),
        early=int(early),
        late=int(late),
        decided=round(float(ends.decided.mean()), 3),
        share=round(mean / size, 4),
    )


def words(found: list[Expected], trials: int, cost: float | None) -> Iterator[str]:
    """A line for each truth: worlds, and trials and costs if every question were like it.

    Args:
        found: What `expected` found.
        trials: Trials of the whole plan.
        cost: Its costs in US dollars; null where they are not known.
    """
    for each in found:
        price = "" if cost is None else f", ${each.share * cost:,.2f}"
        yield (
            f"{each.question}: {each.worlds:g} worlds on average ({each.early} to {each.late} in "
            f"90%), decided in {100 * each.decided:.0f}%; about {each.share * trials:,.0f} trials "
            f"of {trials:,}{price} if all were so"
        )
