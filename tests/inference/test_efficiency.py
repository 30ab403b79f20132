"""The benchmark of sequential designs: never more trials than the fixed one, never more errors."""

import numpy as np
import pytest
from tests.loading import script

from offswitch.inference.planned import rate_plan

BENCHMARK = script("benchmarks/efficiency.py")


@pytest.mark.parametrize(
    ("question", "truth", "most"), [("above", 0.3, 0.3), ("differs", 0.5, 0.6), ("worst", 0.5, 0.6)]
)
def test_clear_answers_come_early(question: str, truth: float, most: float) -> None:
    found = getattr(BENCHMARK, question)(truth, 100, 60, np.random.default_rng(1))
    for way in ("planned", "sequence"):
        assert found.ways[way].used < most
        assert found.ways[way].most <= 1
        assert found.ways[way].decided > 0.95
    assert found.ways["fixed"].used == 1


@pytest.mark.parametrize(("question", "border"), [("above", 0.05), ("differs", 0.1)])
def test_errors_stay_below_5_percent_at_the_border(question: str, border: float) -> None:
    """At the border each answer is an error: 5% of 400 paths, and two standard errors."""
    found = getattr(BENCHMARK, question)(border, 100, 400, np.random.default_rng(2))
    assert all(way.decided <= 0.07 for way in found.ways.values())


def test_no_test_stays_below_its_floor() -> None:
    """A floor is known by hand, the planned test is above it, and it falls as less is asked."""
    from _floors import difference_floor, information, rate_floor, worst_floor

    assert rate_floor(0.0, 0.05, 1.0, 0.025) == pytest.approx(np.log(40) / -np.log(0.95))
    assert information(0.01, 0.025) == 0
    for truth, right in ((0.2, 0.99), (0.01, 0.37)):
        plan = rate_plan(0.05, 100)
        found = plan.operating(truth)
        said = found.above if truth > 0.05 else found.below
        assert rate_floor(truth, 0.05, said, 0.025) < found.worlds
        assert rate_floor(truth, 0.05, right - 0.1, 0.025) < rate_floor(truth, 0.05, right, 0.025)
    assert rate_floor(0.05, 0.05, 0.03, 0.025) == 0
    # a half of worlds differs, all upwards; the nearest border has 27.5% upwards, 17.5% downwards
    each = 0.5 * np.log(0.5 / 0.275) + 0.5 * np.log(0.5 / 0.55)
    found = difference_floor(0.5, 0.0, 0.1, 0.9, 0.025)
    assert found == pytest.approx(information(0.9, 0.025) / each, rel=1e-4)
    # two models: each is taken as often as the other where they mirror each other
    assert worst_floor(0.7, 0.3, 2, 0.9, 0.025) == pytest.approx(
        rate_floor(0.7, 0.5, 0.9, 0.025) / 2, rel=0.01
    )
