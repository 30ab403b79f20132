"""How many trials a plan with ``stop`` is expected to take, before any has run: by simulation.

Worlds are drawn at each of a stated range of truths, the same for every plan and seeded, and
decided by the plan's own rules at looks a few percent apart. What is in flight at a decision is
not counted, and subjects and conditions are taken to be all alike.
"""

from collections.abc import Iterator
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict

from offswitch.design import Plan
from offswitch.design.stopping import DifferenceAim, Stop
from offswitch.inference.planned import rate_plan
from offswitch.inference.sequences import difference_bounds, rate_bounds

RATES = (0.0, 0.02, 0.05, 0.1, 0.2, 0.5, 0.8)
"""Truths at which questions on rates are simulated."""
DIFFERENCES = (0.0, 0.1, 0.2, 0.4)
"""Truths at which differences are simulated, in the direction that is asked about, from `BASE`."""
BASE = 0.1
"""Rate of the condition that has less."""
PATHS, SEED, LOOKS = 400, 1, 40


class Expected(BaseModel):
    """What one kind of question takes at one truth.

    Attributes:
        question: What is asked.
        kind: ``rate`` or ``difference``.
        truth: The rate, or the difference.
        worlds: Worlds on average, for each condition that takes part.
        early: In 5% of campaigns it takes fewer.
        late: In 5% it takes more.
        decided: Share of campaigns in which it is decided within the plan's worlds.
        share: Worlds on average, over those of the plan.
    """

    model_config = ConfigDict(frozen=True)

    question: str
    kind: Literal["rate", "difference"]
    truth: float
    worlds: float
    early: int
    late: int
    decided: float
    share: float


def expected(plan: Plan) -> list[Expected]:
    """What the questions of a plan take, at each truth; nothing for a plan that asks none.

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
        found += [_difference(stop, aim, truth, size, rng) for truth in DIFFERENCES]
    return found


def _looks(size: int, least: int) -> np.ndarray:
    return np.unique(np.geomspace(min(least, size), size, LOOKS).astype(int))


def _rate(stop: Stop, truth: float, size: int, rng: np.random.Generator) -> Expected:
    name = f"a rate of {100 * truth:g}%"
    drawn = (rng.random((PATHS, size)) < truth).cumsum(axis=1)
    if stop.test == "planned" and stop.threshold is not None:
        acts = rate_plan(stop.threshold, size, 1 - stop.level).actions
        every = np.arange(1, size + 1)
        said = acts[every[None, :], drawn]
        first = (said != 0).argmax(axis=1)
        last = np.take_along_axis(said, first[:, None], axis=1)[:, 0]
        return _summary(name, "rate", truth, first + 1, np.abs(last) == 1, size)
    looks = _looks(size, stop.least)
    x = drawn[:, looks - 1].astype(float)
    low, high = rate_bounds(x, np.broadcast_to(looks, x.shape).astype(float), 1 - stop.level)
    ends = np.vectorize(lambda a, b: stop.decided(a, b) is not None)(low, high)
    futile = np.zeros(x.shape, bool)
    if stop.futility:
        ahead = x / looks * size
        a, b = rate_bounds(ahead, np.full(x.shape, float(size)), 1 - stop.level)
        futile = ~np.vectorize(lambda a, b: stop.decided(a, b) is not None)(a, b)
    return _ended(name, "rate", truth, ends, futile, looks)


def _difference(
    stop: Stop, aim: DifferenceAim, truth: float, size: int, rng: np.random.Generator
) -> Expected:
    looks = _looks(size, stop.least)
    a, b = rng.random((PATHS, size)) < BASE, rng.random((PATHS, size)) < BASE + truth
    if aim.direction == "less":
        a, b = b, a
    up, down = ((p & ~q).cumsum(axis=1)[:, looks - 1] for p, q in ((b, a), (a, b)))
    shape = up.shape
    n = np.broadcast_to(looks, shape)

    def decided(down: np.ndarray, up: np.ndarray, n: np.ndarray) -> np.ndarray:
        counts = np.stack([down, n - up - down, up], -1).reshape(-1, 3).astype(float)
        low, high = difference_bounds(np.array([-1.0, 0.0, 1.0]), counts, 1 - stop.level)
        said = [aim.decided(float(a), float(b)) is not None for a, b in zip(low, high, strict=True)]
        return np.array(said).reshape(shape)

    ends = decided(down, up, n)
    futile = np.zeros(shape, bool)
    if stop.futility:
        futile = ~decided(down / n * size, up / n * size, np.full(shape, size))
    name = f"{aim.name}, {100 * truth:g} points {aim.direction if truth else 'apart'}"
    name = name.replace("either", "apart")
    return _ended(name, "difference", truth, ends, futile, looks)


def _ended(
    name: str,
    kind: Literal["rate", "difference"],
    truth: float,
    ends: np.ndarray,
    futile: np.ndarray,
    looks: np.ndarray,
) -> Expected:
    given_up = futile & (2 * looks >= looks[-1])[None, :]
    stops = ends | given_up
    stops[:, -1] = True
    first = stops.argmax(axis=1)
    decided = np.take_along_axis(ends, first[:, None], axis=1)[:, 0]
    return _summary(name, kind, truth, looks[first], decided, int(looks[-1]))


def _summary(
    name: str,
    kind: Literal["rate", "difference"],
    truth: float,
    worlds: np.ndarray,
    decided: np.ndarray,
    size: int,
) -> Expected:
    early, late = np.quantile(worlds, [0.05, 0.95], method="nearest")
    return Expected(
        question=name,
        kind=kind,
        truth=truth,
        worlds=round(float(worlds.mean()), 1),
        early=int(early),
        late=int(late),
        decided=round(float(decided.mean()), 3),
        share=round(float(worlds.mean()) / size, 4),
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
