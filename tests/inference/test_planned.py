"""Tests planned for a number of worlds: as often right as the fixed one, in fewer worlds."""

import numpy as np
import pytest

from offswitch.inference.planned import TOLERANCE, fixed_power, rate_plan
from offswitch.inference.planned_difference import difference_plan, score

RATES = np.array([0.0, 0.003, 0.01, 0.03, 0.08, 0.15, 0.25, 0.4, 0.9])


@pytest.mark.parametrize(("threshold", "worlds"), [(0.05, 100), (0.2, 40), (0.5, 30)])
def test_it_errs_and_decides_as_the_fixed_test_does(threshold: float, worlds: int) -> None:
    plan = rate_plan(threshold, worlds)
    border = plan.operating(threshold)
    assert max(border.above, border.below) <= 0.025
    above, below = fixed_power(threshold, worlds, 0.05, RATES)
    for rate, up, down in zip(RATES, above, below, strict=True):
        found = plan.operating(float(rate))
        right, wrong = found[:2] if rate > threshold else found[1::-1]
        assert right >= (up if rate > threshold else down) - TOLERANCE - 0.005
        assert wrong <= 0.025
        assert found.worlds < 0.95 * worlds


def test_what_is_worked_out_is_what_happens() -> None:
    """20,000 paths are judged one world after the other; three standard errors."""
    plan, rng = rate_plan(0.2, 40), np.random.default_rng(4)
    x = (rng.random((20_000, 40)) < 0.35).cumsum(axis=1)
    said = plan.actions[np.arange(1, 41)[None, :], x]
    first = (said != 0).argmax(axis=1)
    last = np.take_along_axis(said, first[:, None], axis=1)[:, 0]
    found = plan.operating(0.35)
    assert (last == 1).mean() == pytest.approx(found.above, abs=0.011)
    assert (first + 1).mean() == pytest.approx(found.worlds, rel=0.02)


def test_verdicts_and_wrong_numbers() -> None:
    plan = rate_plan(0.05, 100)
    assert plan.verdict(0, 0) is None
    assert plan.verdict(5, 5) == "above"
    assert plan.verdict(0, 100) == "below"
    assert plan.verdict(5, 100) == "open"
    with pytest.raises(ValueError, match="shown"):
        plan.verdict(3, 2)
    with pytest.raises(ValueError, match="1 to 1000 worlds"):
        rate_plan(0.05, 2_000)


@pytest.mark.parametrize("worlds", [100, 400])
@pytest.mark.parametrize(("less", "more"), [(0.0, 0.1), (0.02, 0.12), (0.14, 0.24), (0.4, 0.5)])
def test_a_difference_at_the_margin_is_decided_in_5_percent(
    less: float, more: float, worlds: int
) -> None:
    """4,000 paths looked at all along; 6.1% is three standard errors above."""
    plan, rng = difference_plan(worlds), np.random.default_rng(5)
    looks = np.array(plan.looks)
    u = rng.random((4_000, worlds))
    up = (u < more).cumsum(axis=1)[:, looks - 1]
    down = (u > 1 - less).cumsum(axis=1)[:, looks - 1]
    z = np.abs(score(up, down, looks, 0.1))
    decided, left = z >= np.array(plan.decide), z <= np.array(plan.open)
    stop = decided | left
    stop[:, -1] = True
    first = stop.argmax(axis=1)
    assert np.take_along_axis(decided, first[:, None], axis=1).mean() <= 0.061
    assert looks[first].mean() < 0.8 * worlds


def test_a_difference_is_decided_only_at_looks() -> None:
    plan = difference_plan(100)
    assert plan.verdict(90, 0, 90) == "above" or 90 not in plan.looks
    assert plan.verdict(0, 100, 100) == "below"
    assert plan.verdict(10, 10, 100) == "open"
    assert plan.verdict(0, 0, 3) is None
    with pytest.raises(ValueError, match="at least 1 world"):
        difference_plan(0)


def test_the_score_is_zero_where_the_corrected_interval_ends() -> None:
    """At the end of Tango's corrected interval the score is the normal quantile."""
    from offswitch.inference.paired import tango

    low, _ = tango(30, 8, 100)
    assert score(np.array(30), np.array(8), np.array(100), float(low)) == pytest.approx(
        1.95996, abs=1e-3
    )
