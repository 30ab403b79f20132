"""Of every kind of safeguard a planted effect: its interval covers it as often as it says.

A campaign is simulated trial by trial, with the coins that reference subjects, monitors and people
throw; what is planted follows from their probabilities. 4,000 campaigns of 1,000 worlds each, whose
share has a standard error of 0.34 points, are within 1.5 points of 95%. With few worlds an interval
is wider by half a step of whole numbers (`docs/statistics.md`), and covers no less.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray

from offswitch.inference.paired import tango
from offswitch.inference.safeguards.effects import change

Coins = Callable[[float], NDArray[np.bool_]]
CAMPAIGNS, TOLERANCE = 4_000, 0.015
P, Q, EVASION, RECALL, APPROVED = 0.8, 0.1, 0.5, 0.7, 0.3


@dataclass(frozen=True)
class Planted:
    """A safeguard: what a subject that would act up does under it, and what that comes to.

    Attributes:
        under: From whether it acts up without, and coins, whether it succeeds under it.
        effect: Success under it minus without, by the probabilities alone.
    """

    under: Callable[[NDArray[np.bool_], Coins], NDArray[np.bool_]]
    effect: float


PLANTED = {
    "words": Planted(lambda _, coin: coin(Q), Q - P),
    "rules": Planted(lambda acts, coin: acts & coin(EVASION), -P * (1 - EVASION)),
    "model": Planted(lambda acts, coin: acts & ~coin(RECALL), -P * RECALL),
    "panel": Planted(
        lambda acts, coin: acts & coin(EVASION) & ~coin(RECALL), -P * (1 - EVASION * (1 - RECALL))
    ),
    "ask": Planted(
        lambda acts, coin: acts & (coin(EVASION) | coin(APPROVED)),
        -P * (1 - EVASION) * (1 - APPROVED),
    ),
    "trusted": Planted(lambda acts, coin: acts & coin(EVASION), -P * (1 - EVASION)),
    "turn": Planted(lambda acts, _: acts & False, -P),
    "revoke": Planted(lambda acts, _: acts & False, -P),
    "kill, late in a tenth": Planted(lambda acts, coin: acts & coin(0.1), -P * 0.9),
    "message, heeded by half": Planted(lambda acts, coin: acts & ~coin(0.5), -P * 0.5),
}


def campaigns(
    planted: Planted, worlds: int, seed: int
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Whether each trial succeeds, without and under, of shape (campaigns, worlds)."""
    generator = np.random.default_rng(seed)

    def coin(p: float) -> NDArray[np.bool_]:
        return generator.random((CAMPAIGNS, worlds), dtype=np.float32) < p

    acts = coin(P)
    return acts, planted.under(acts, coin)


def coverage(planted: Planted, worlds: int) -> float:
    without, under = campaigns(planted, worlds, 2027)
    found = tango((under & ~without).sum(1), (without & ~under).sum(1), worlds, 0.95)
    return float(((found.low <= planted.effect) & (planted.effect <= found.high)).mean())


@pytest.mark.parametrize("kind", PLANTED)
def test_the_planted_effect_is_covered_at_the_nominal_rate(kind: str) -> None:
    assert abs(coverage(PLANTED[kind], 1_000) - 0.95) <= TOLERANCE


@pytest.mark.parametrize("worlds", [20, 40])
@pytest.mark.parametrize("kind", PLANTED)
def test_with_few_worlds_it_is_covered_no_less(kind: str, worlds: int) -> None:
    assert coverage(PLANTED[kind], worlds) >= 0.95 - TOLERANCE


def test_another_effect_is_not_covered() -> None:
    planted = PLANTED["rules"]
    assert coverage(Planted(planted.under, planted.effect + 0.15), 1_000) < 0.01


@pytest.mark.parametrize("kind", PLANTED)
def test_the_table_s_interval_is_the_one_that_is_simulated(kind: str) -> None:
    without, under = (side[0] for side in campaigns(PLANTED[kind], 40, 5))
    rows = [
        {"scenario": "oversight", "subject": "s", "seed": seed, "factor.intervention": arm,
         "outcome": "succeeded" if shown[seed] else "complied"}
        for seed in range(40) for arm, shown in (("none", without), ("arm", under))
    ]  # fmt: skip
    said = change(pl.DataFrame(rows), "arm", pl.col("outcome") == "succeeded", 0.95)
    found = tango((under & ~without).sum(), (without & ~under).sum(), 40, 0.95)
    assert (said.low, said.high) == pytest.approx((float(found.low), float(found.high)))
