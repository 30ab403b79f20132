"""Simulated power against sums over all outcomes, a published formula, and the analysis itself."""

from math import comb, sqrt
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy import stats

from offswitch.design import power as module
from offswitch.design.power import (
    ALPHA,
    CAMPAIGNS,
    POWER,
    Paired,
    Unpaired,
    averaged,
    differences,
    power,
    rates_of_worlds,
    smallest,
    worlds_for,
)
from offswitch.design.testing import EXACT, fisher, flips, score
from offswitch.inference.attribution.effects import drivers
from offswitch.inference.attribution.grid import grid_of
from offswitch.inference.attribution.model import fit
from offswitch.inference.paired import mcnemar, sign_flip
from offswitch.inference.unpaired import fisher as analysed_fisher
from offswitch.inference.unpaired import score_test

NOISE = 3.5 / sqrt(4 * CAMPAIGNS)
"""Three and a half standard errors of a simulated power, at most."""


def exact_power(worlds: int, less: float, more: float, alpha: float) -> float:
    """Of the exact McNemar test, by the sum over all outcomes: no simulation, no quadrature."""
    total = 0.0
    for b in range(worlds + 1):
        for c in range(worlds + 1 - b):
            if mcnemar(b, c) <= alpha:
                rest = worlds - b - c
                ways = comb(worlds, b) * comb(worlds - b, c)
                total += ways * more**b * less**c * (1 - more - less) ** rest
    return total


@pytest.mark.parametrize("alpha", [0.05, 0.05 / 40])
@pytest.mark.parametrize(("rate", "difference"), [(0.02, 0.2), (0.2, 0.3), (0.5, 0.3), (0.2, 0.0)])
def test_paired_power_is_the_exact_sum(rate: float, difference: float, alpha: float) -> None:
    """Worlds that are all alike leave two independent trials."""
    after = rate + difference
    exact = exact_power(40, rate * (1 - after), after * (1 - rate), alpha)
    assert power(Paired(40), rate, difference, alpha, 0.0) == pytest.approx(exact, abs=NOISE)


def test_paired_power_is_near_the_published_formula() -> None:
    """Connor, Biometrics 43 (1987), 207-211: large samples, without a continuity correction."""
    worlds, rate, difference = 400, 0.2, 0.1
    after = rate + difference
    disagree = rate * (1 - after) + after * (1 - rate)
    z = stats.norm.ppf(1 - ALPHA / 2)
    formula = stats.norm.cdf(
        (difference * sqrt(worlds) - z * sqrt(disagree)) / sqrt(disagree - difference**2)
    )
    assert power(Paired(worlds), rate, difference, ALPHA, 0.0) == pytest.approx(formula, abs=0.03)


def test_likeness_makes_pairs_agree_as_it_says() -> None:
    """Two trials of one condition in one world agree beyond chance by rho."""
    for mean in (0.2, 0.5):
        for likeness in (0.1, 1 / 3, 0.6):
            less, same, more = differences(mean, mean, 1, likeness)
            assert less == pytest.approx(more)
            assert less + more == pytest.approx(2 * mean * (1 - mean) * (1 - likeness), abs=0.004)
            assert same == pytest.approx(1 - less - more)
    even = rates_of_worlds(0.5, 1 / 3)
    assert np.allclose(np.diff(even), np.diff(even)[0]), "one third is spread evenly"


@pytest.mark.parametrize("repeats", [1, 2, 3])
def test_signs_are_flipped_as_in_the_analysis(repeats: int) -> None:
    rng = np.random.default_rng(repeats)
    ours, theirs = rng.binomial(repeats, 0.3, (60, 25)), rng.binomial(repeats, 0.55, (60, 25))
    counts = np.stack(
        [np.bincount(row + repeats, minlength=2 * repeats + 1) for row in theirs - ours]
    )
    sizes = np.full(25, repeats)
    wanted = [sign_flip(a, sizes, b, sizes) for a, b in zip(ours, theirs, strict=True)]
    assert np.allclose(flips(counts), wanted, atol=1e-9)


def test_flips_of_long_campaigns_are_near_the_exact_ones() -> None:
    rng = np.random.default_rng(5)
    counts = rng.multinomial(300, [0.1, 0.2, 0.34, 0.22, 0.14], 200)
    assert (counts @ [2, 1, 0, 1, 2]).max() > 200
    exact = flips(counts)
    sums = np.abs(counts @ [-2, -1, 0, 1, 2])
    variance = counts @ [4, 1, 0, 1, 4]
    assert np.allclose(exact, 2 * stats.norm.sf((sums - 1) / np.sqrt(variance)), atol=0.01)
    assert EXACT >= 300


def test_fisher_and_score_are_those_of_the_analysis() -> None:
    rng = np.random.default_rng(2)
    x, y = rng.binomial(18, 0.3, 40), rng.binomial(25, 0.5, 40)
    wanted = [analysed_fisher(int(b), 25, int(a), 18) for a, b in zip(x, y, strict=True)]
    assert np.allclose(fisher(x, 18, y, 25), wanted)
    scored = [score_test(b / 2, 12.5, a / 2, 9.0) for a, b in zip(x, y, strict=True)]
    assert np.allclose(score(x / 18, 9.0, y / 25, 12.5), scored)


@pytest.mark.parametrize(
    "shape", [Paired(30), Paired(20, 3), Unpaired(30, 30), Unpaired(15, 15, 4)]
)
@pytest.mark.parametrize("rate", [0.05, 0.2, 0.5])
def test_where_nothing_differs_little_is_found(shape: Any, rate: float) -> None:
    assert power(shape, rate, 0.0) <= ALPHA + NOISE


def test_the_smallest_difference_is_seen_and_the_next_smaller_is_not() -> None:
    for shape in (
        Paired(40),
        Paired(15, 3),
        Unpaired(40, 40),
        averaged([0.5] * 2 + [-0.5] * 2, 40, 40, 1),
    ):
        found = smallest(shape, 0.2)
        assert found is not None
        assert power(shape, 0.2, found) >= POWER > power(shape, 0.2, found - module.STEP)
    assert smallest(Paired(4), 0.2) is None, "four pairs can never be significant"


def test_more_worlds_see_smaller_differences_and_stricter_tests_larger_ones() -> None:
    sizes = [smallest(Paired(worlds), 0.2) or 1.0 for worlds in (20, 40, 90, 200)]
    assert sizes == sorted(sizes, reverse=True)
    assert len(set(sizes)) == 4
    assert (smallest(Paired(90), 0.2, ALPHA / 20) or 1.0) > sizes[2]
    assert (smallest(Paired(90), 0.2, ALPHA, 0.5) or 1.0) < (
        smallest(Paired(90), 0.2, ALPHA, 0.0) or 0
    )


def test_worlds_for_a_difference_see_it_and_fewer_do_not() -> None:
    worlds = worlds_for(Paired(40), 40, 0.2, 0.2)
    assert worlds is not None
    assert power(Paired(worlds), 0.2, 0.2) >= POWER > power(Paired(worlds - 3), 0.2, 0.2)
    assert worlds_for(Paired(40), 40, 0.005, 0.5) is None, "more than anybody runs"
    half = worlds_for(Paired(20), 40, 0.2, 0.2)
    assert half is not None
    assert half == pytest.approx(2 * worlds, abs=3), "half of the worlds hold both conditions"
    assert (worlds_for(averaged([0.5, 0.5, -0.5, -0.5], 40, 40, 1), 40, 0.2, 0.2) or 0) < worlds


def test_repeats_are_worth_less_than_worlds_and_more_than_nothing() -> None:
    once, thrice, worlds = (smallest(s, 0.5) for s in (Paired(30), Paired(30, 3), Paired(90)))
    assert once is not None
    assert thrice is not None
    assert worlds is not None
    assert worlds < thrice < once


def table(
    rates: dict[tuple[str, str], float], worlds: int, rng: np.random.Generator
) -> pl.DataFrame:
    rows = [
        {"scenario": "s", "subject": "x", "seed": world, "factor.a": a, "factor.b": b,
         "outcome": "succeeded" if rng.random() < rate else "complied", "behaviours": []}
        for (a, b), rate in rates.items() for world in range(worlds)
    ]  # fmt: skip
    return pl.DataFrame(rows, schema_overrides={"behaviours": pl.List(pl.String)})


@pytest.mark.parametrize(("base", "rise"), [(0.2, 0.15), (0.02, 0.09)])
def test_power_of_a_main_effect_is_that_of_attribution(base: float, rise: float) -> None:
    """Campaigns of a 2 x 2 with 40 worlds, put through the model; tolerance three errors of 120."""
    rng = np.random.default_rng(9)
    rates = {(a, b): base + rise * (a == "on") for a in ("none", "on") for b in ("none", "on")}
    found = 0
    for _ in range(120):
        grid = grid_of(table(rates, 40, rng))
        assert grid is not None
        effect = next(d.effect for d in drivers(fit(grid), 0.95) if d.factor == "a")
        found += effect.low > 0
    shape = averaged([0.5, 0.5, -0.5, -0.5], 40, 40, 1)
    assert found / 120 == pytest.approx(
        power(shape, base, rise, ALPHA, 0.0), abs=3 * 0.5 / sqrt(120)
    )
