"""Corrected rates: what they say on counts worked out by hand, and how often they are right."""

from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy import stats

from offswitch.inference.prevalence import (
    Arrays,
    Confusion,
    Corrected,
    _most_likely,
    prediction_powered,
    rogan_gladen,
    score_statistic,
)

GOOD = Confusion(true_yes=80, false_no=20, true_no=90, false_yes=10)


@pytest.mark.parametrize(
    ("count", "n", "confusion", "estimate"),
    [
        (45, 100, GOOD, 0.5),  # (0.45 + 0.9 - 1) / 0.7
        (24, 100, GOOD, 0.2),
        (80, 100, GOOD, 1.0),
        (30, 100, Confusion(50, 0, 50, 0), 0.3),  # a judge without errors changes nothing
        (4.5, 10, GOOD, 0.5),  # effective numbers need not be whole
    ],
)
def test_estimates_by_hand(count: float, n: float, confusion: Confusion, estimate: float) -> None:
    found = rogan_gladen(count, n, confusion)
    assert found.estimate == pytest.approx(estimate)
    assert found.low is not None
    assert found.high is not None
    assert 0 <= found.low < estimate <= found.high <= 1
    assert found.reason is None


@pytest.mark.parametrize(
    ("count", "n", "confusion", "expected", "reason"),
    [
        (5, 10, Confusion(10, 10, 10, 10), (None, 0, 1), "uninformative"),
        (5, 10, Confusion(3, 7, 4, 6), (None, 0, 1), "uninformative"),
        (5, 10, Confusion(9, 1, 0, 0), (None, 0, 1), "labelled no"),
        (5, 10, Confusion(0, 0, 9, 1), (None, 0, 1), "labelled yes"),
        (2, 1000, Confusion(80, 20, 60, 40), (None, None, None), "no rate fits"),
        (999, 1000, Confusion(60, 40, 95, 5), (None, None, None), "no rate fits"),
    ],
)
def test_where_nothing_can_be_said_the_reason_is(
    count: float, n: float, confusion: Confusion, expected: tuple[float | None, ...], reason: str
) -> None:
    found = rogan_gladen(count, n, confusion)
    assert (found.estimate, found.low, found.high) == expected
    assert found.reason is not None
    assert reason in found.reason


def test_an_estimate_beyond_the_range_says_that_it_was_moved() -> None:
    found = rogan_gladen(8, 100, GOOD)
    assert found.estimate == 0.0
    assert found.low == 0.0
    assert found.reason == "the formula gives -0.029; 0 is the nearest rate"


def test_a_larger_calibration_narrows_the_interval_and_a_small_one_dominates() -> None:
    def width(labels: int, n: int) -> float:
        confusion = Confusion(8 * labels, 2 * labels, 9 * labels, labels)
        found = rogan_gladen(0.45 * n, n, confusion)
        assert found.low is not None
        assert found.high is not None
        return found.high - found.low

    assert width(2, 400) > width(10, 400) > width(100, 400)
    # However many trials are judged, what is not known of the judge is not known.
    assert width(2, 1_000_000) > 0.8 * width(2, 400)


@example(10, 0.875, (9, 8, 1, 1), 0.95)
@settings(max_examples=60)
@given(
    n=st.integers(1, 500),
    share=st.floats(0, 1),
    counts=st.tuples(*[st.integers(0, 60)] * 4),
    level=st.sampled_from([0.8, 0.95, 0.99]),
)
def test_bounds_lie_in_the_range_and_around_the_estimate(
    n: int, share: float, counts: tuple[int, int, int, int], level: float
) -> None:
    found = rogan_gladen(round(share * n), n, Confusion(*counts), level)
    if found.low is None or found.high is None:
        assert (found.estimate, found.high, found.low) == (None, None, None)
        assert found.reason
        return
    assert 0 <= found.low <= found.high <= 1
    if found.estimate is None:
        assert found.reason
    else:
        assert found.low <= found.estimate <= found.high


@pytest.mark.parametrize(("count", "n"), [(45, 100), (12, 100), (700, 1000)])
def test_the_interval_ends_where_the_test_begins_to_reject(count: int, n: int) -> None:
    found = rogan_gladen(count, n, GOOD)
    critical = stats.norm.ppf(0.975)
    for bound, outward in ((found.low, -1e-4), (found.high, 1e-4)):
        assert bound is not None
        inner, outer = np.abs(score_statistic([bound, bound + outward], count, n, GOOD))
        if 0 < bound < 1:
            assert inner <= critical < outer


def _likelihood(theta: float, se: Any, fp: Any, count: int, n: int, c: Confusion) -> Any:
    p = theta * se + (1 - theta) * fp
    return (
        stats.binom.logpmf(count, n, p)
        + stats.binom.logpmf(c.true_yes, c.positives, se)
        + stats.binom.logpmf(c.false_yes, c.negatives, fp)
    )


@pytest.mark.parametrize("theta", [0.05, 0.4, 0.9])
def test_the_errors_under_a_rate_are_the_most_likely_ones(theta: float) -> None:
    """The closed form against a search over a fine grid."""
    c, count, n = Confusion(14, 6, 17, 3), 40, 100
    arguments = (theta, count, n, c.true_yes, c.positives, c.false_yes, c.negatives)
    se, fp = _most_likely(*(np.asarray(a, dtype=float) for a in arguments))
    steps = np.linspace(0.005, 0.995, 199)
    elsewhere = _likelihood(theta, steps[:, None], steps[None, :], count, n, c)
    assert _likelihood(theta, se, fp, count, n, c) >= elsewhere.max()


SETTINGS = list(
    product((0.6, 0.75, 0.85, 0.95), (0.7, 0.85, 0.97), (0.05, 0.3, 0.8), ((100, 80), (400, 150)))
)
REPLICATES = 12_000
TOLERANCE = 0.015


def _draws(se: float, sp: float, rate: float, n: int, labels: int, seed: int) -> tuple[
    np.ndarray, Arrays
]:  # fmt: skip
    random = np.random.default_rng(seed)
    count = random.binomial(n, rate * se + (1 - rate) * (1 - sp), REPLICATES)
    true_yes = random.binomial(labels, se, REPLICATES)
    false_yes = random.binomial(labels, 1 - sp, REPLICATES)
    return count, Arrays(true_yes, labels, false_yes, labels)


def test_corrected_intervals_cover_the_truth_and_raw_ones_do_not() -> None:
    """Within 1.5 points of 95% in every setting; 12,000 replicates have a standard error of 0.2.

    A rate is in the interval where the score test does not reject it, which is what is counted.
    """
    corrected, raw = [], []
    for number, (se, sp, rate, (n, labels)) in enumerate(SETTINGS):
        count, calibration = _draws(se, sp, rate, n, labels, seed=number)
        statistic = score_statistic(rate, count, n, calibration)
        corrected.append(np.mean(np.abs(statistic) <= stats.norm.ppf(0.975)))
        low = stats.beta.ppf(0.025, count, n - count + 1)
        high = stats.beta.ppf(0.975, count + 1, n - count)
        raw.append(np.mean((np.nan_to_num(low) <= rate) & (rate <= np.nan_to_num(high, nan=1.0))))
    worst = SETTINGS[int(np.argmax(np.abs(np.array(corrected) - 0.95)))]
    assert max(abs(c - 0.95) for c in corrected) <= TOLERANCE, worst
    assert np.mean(np.array(raw) < 0.5) > 0.5, "most raw intervals miss the truth most of the time"
    assert min(raw) < 0.01


def test_the_function_itself_covers_the_truth() -> None:
    """As above, through `rogan_gladen`, with small and unequal calibrations; 400 replicates."""
    covered = []
    random = np.random.default_rng(7)
    for _ in range(400):
        true_yes, true_no = random.binomial(30, 0.8), random.binomial(60, 0.9)
        count = random.binomial(200, 0.2 * 0.8 + 0.8 * 0.1)
        confusion = Confusion(true_yes, 30 - true_yes, true_no, 60 - true_no)
        found = rogan_gladen(count, 200, confusion)
        covered.append(found.low is not None and found.low <= 0.2 <= (found.high or 0))
    assert np.mean(covered) == pytest.approx(0.95, abs=0.025)


def test_prediction_powered_by_hand() -> None:
    labels, said = [True, True, False, False], [True, True, False, True]
    rest = [True, False, False, False, False, False, False, False]
    found = prediction_powered(labels, said, rest)
    # Labels and verdicts covary by 1/6, the twelve verdicts vary by 8/33, and
    # (1/6) / ((1 + 4/8)·(8/33)) = 11/24 is the tuning.
    tuning = 11 / 24
    assert found.estimate == pytest.approx(tuning * 1 / 8 + 2 / 4 - tuning * 3 / 4)


def test_a_judge_that_is_no_use_leaves_the_labels_alone() -> None:
    random = np.random.default_rng(3)
    labels = random.random(60) < 0.3
    found = prediction_powered(labels, ~labels, random.random(500) < 0.5)
    assert found.estimate == pytest.approx(labels.mean())


def test_a_good_judge_narrows_the_interval() -> None:
    random = np.random.default_rng(4)
    truth = random.random(1060) < 0.3
    said = np.where(random.random(1060) < 0.95, truth, ~truth)
    with_judge = prediction_powered(truth[:60], said[:60], said[60:])
    alone = prediction_powered(truth[:60], said[:60], [])
    assert _width(with_judge) < 0.8 * _width(alone)


@pytest.mark.parametrize("labels", [[], [True]])
def test_too_few_labels_say_nothing(labels: list[bool]) -> None:
    found = prediction_powered(labels, labels, [True] * 20)
    assert (found.estimate, found.low, found.high) == (None, 0.0, 1.0)
    assert found.reason == "fewer than two trials are labelled"


def test_labels_and_verdicts_must_pair_up() -> None:
    with pytest.raises(ValueError, match="3 labels for 2 verdicts"):
        prediction_powered([True] * 3, [True] * 2, [])


@pytest.mark.parametrize(
    ("labels", "rest", "rate", "se", "sp"),
    [(50, 200, 0.1, 0.6, 0.7), (50, 1000, 0.3, 0.9, 0.95), (100, 400, 0.6, 0.75, 0.9)],
)
def test_prediction_powered_intervals_cover_the_truth(
    labels: int, rest: int, rate: float, se: float, sp: float
) -> None:
    """At least 95% less 1.5 points; 1,500 replicates have a standard error of 0.6 points."""
    random = np.random.default_rng(labels + rest)
    covered = 0
    for _ in range(1500):
        truth = random.random(labels + rest) < rate
        chance = random.random(labels + rest)
        said = np.where(truth, chance < se, chance > sp)
        found = prediction_powered(truth[:labels], said[:labels], said[labels:])
        assert found.low is not None
        assert found.high is not None
        covered += found.low <= rate <= found.high
    assert covered / 1500 >= 0.935


def _width(found: Corrected) -> float:
    assert found.low is not None
    assert found.high is not None
    return found.high - found.low


def test_counts_that_cannot_be_are_refused() -> None:
    with pytest.raises(ValueError, match="0 <= count <= n"):
        rogan_gladen(5, 4, GOOD)
    with pytest.raises(ValueError, match="negative"):
        replace(GOOD, true_yes=-1)
