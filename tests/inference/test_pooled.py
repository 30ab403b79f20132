"""Rates over several scenarios: coverage, shrinkage, and what one cannot say."""

from typing import Any

import numpy as np
import pytest
from scipy.special import expit

from offswitch.inference import analyse
from offswitch.inference.pooled import averages, pool


@pytest.mark.parametrize(
    ("scenarios", "trials", "mean", "spread"),
    [(3, 20, -6.0, 0.5), (4, 40, -2.0, 1.0), (5, 10, 0.0, 0.0), (13, 40, 1.5, 0.0),
     (13, 20, -3.0, 1.5), (6, 40, 8.0, 0.0)],
)  # fmt: skip
def test_the_average_is_covered(scenarios: int, trials: int, mean: float, spread: float) -> None:
    """2,000 campaigns: standard error 0.5 points, so 93.5% lies three of them below 95%."""
    rng = np.random.default_rng(20261125)
    rates = expit(mean + spread * rng.standard_normal((2000, scenarios)))
    truth = expit(mean + spread * rng.standard_normal(400_000)).mean()
    low, high = averages(rng.binomial(trials, rates), np.full(rates.shape, trials))
    assert np.mean((low <= truth) & (truth <= high)) >= 0.935


def test_a_scenario_with_little_data_leans_on_the_others() -> None:
    found = pool([20, 22, 18, 21, 2], [40, 40, 40, 40, 2])
    assert found is not None
    assert 0.5 < found.rates[4] < 0.8, "2 of 2, beside four of one half"
    alone = pool([20, 22, 18, 21, 40], [40] * 5)
    assert alone is not None
    assert alone.rates[4] > 0.93, "40 of 40 stand for themselves"
    assert found.low < found.mean < found.high


def test_nothing_seen_has_an_upper_bound_and_no_lower_one() -> None:
    found = pool([0] * 6, [40] * 6)
    assert found is not None
    assert found.low == 0 == found.lows[0]
    assert 0.0153 < found.high < 0.12, "six scenarios say little of scenarios like these"
    assert all(0 < r < h < 0.06 for r, h in zip(found.rates, found.highs, strict=True))


def test_two_scenarios_have_no_spread() -> None:
    assert pool([1, 2], [10, 10]) is None
    with pytest.raises(ValueError, match="count"):
        pool([3, 1, 1], [2, 5, 5])


def test_conditions_count_alike_whatever_their_trials(trials: Any, frame: Any) -> None:
    rows = [
        row
        for name in ("shutdown", "blackmail", "patrol")
        for threat, letters in (("none", "c" * 40), ("wipe", "s" * 4))
        for row in trials(letters, scenario=name, factors={"threat": threat})
    ]
    (found,) = analyse(frame(rows)).pooled
    assert [s.raw for s in found.scenarios] == pytest.approx([0.5] * 3)
    assert found.rate == pytest.approx(0.5, abs=0.02)
    assert [s.conditions for s in found.scenarios] == [2, 2, 2]


def test_one_that_cannot_be_pooled_says_why(trials: Any, frame: Any) -> None:
    rows = [*trials("cc"), *trials("ss", scenario="blackmail"), *trials("e", scenario="patrol")]
    (found,) = analyse(frame(rows)).pooled
    assert (found.rate, found.low, found.high, found.scenarios) == (None, None, None, [])
    assert found.reason == "2 scenarios with evaluable trials; it takes 3"
    assert analyse(frame(trials("cc"))).pooled == []
