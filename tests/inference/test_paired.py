"""Pairs of worlds: published examples, exact coverage, clustered coverage, exact tests."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, special, stats

from offswitch.inference.paired import mcnemar, pairs, sign_flip, tango

RATES = (0, 0.001, 0.01, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9, 0.95, 0.99, 1)


@pytest.mark.parametrize(
    ("more", "less", "n", "low", "high"),
    [
        # Printed by Tango_asymptotic_score_CI_paired_2x2 of the R package contingencytables, which
        # goes with Fagerland, Lydersen and Laake, Statistical Analysis of Contingency Tables
        # (2017): complete response before and after consolidation therapy, 6 and 16 of 161 pairs.
        (6, 16, 161, -0.1240, -0.0054),
        # Without disagreement the limits are z² / (n + z²), in closed form.
        (0, 0, 10, -3.8415 / 13.8415, 3.8415 / 13.8415),
        (0, 0, 44, -3.8415 / 47.8415, 3.8415 / 47.8415),
    ],
)
def test_tango_agrees_with_what_is_published(
    more: int, less: int, n: int, low: float, high: float
) -> None:
    found = tango(more, less, n, corrected=False)
    assert (float(found.low), float(found.high)) == pytest.approx((low, high), abs=6e-5)


def _score(b: int, c: int, n: int, d: float) -> float:
    """Tango's statistic from its definition: the likelihood is maximised by root finding."""

    def slope(q: float) -> float:
        return b / (q + d) + c / q - 2 * (n - b - c) / (1 - 2 * q - d)

    edge = 1e-14
    q = optimize.brentq(slope, max(0.0, -d) + edge, (1 - d) / 2 - edge, xtol=1e-16, rtol=1e-15)
    return float((b - c - n * d) / np.sqrt(n * (2 * q + d * (1 - d))))


@pytest.mark.parametrize("level", [0.9, 0.95, 0.99])
@pytest.mark.parametrize("counts", [(1, 7, 21), (6, 16, 161), (9, 3, 14), (2, 1, 400)])
def test_tango_solves_the_score_equation(counts: tuple[int, int, int], level: float) -> None:
    """An independent derivation: neither the closed form of the rate nor bisection is used."""
    b, c, n = counts
    z, seen = float(stats.norm.ppf(0.5 + level / 2)), (b - c) / n
    ends = ((-1 + 1e-9, seen, z), (seen, 1 - 1e-9, -z))
    expected = [
        optimize.brentq(lambda d, want=want: _score(b, c, n, d) - want, low, high, xtol=1e-14)
        for low, high, want in ends
    ]
    found = tango(b, c, n, level, corrected=False)
    assert (float(found.low), float(found.high)) == pytest.approx(expected, abs=1e-10)


def _exact_coverage(n: int, *, corrected: bool) -> float:
    """The least coverage over a grid of truths, summed over all tables, not simulated."""
    more, less = (a.ravel() for a in np.meshgrid(np.arange(n + 1.0), np.arange(n + 1.0)))
    inside = more + less <= n
    more, less = more[inside], less[inside]
    neither = n - more - less
    low, high = tango(more, less, n, corrected=corrected)
    ways = special.gammaln([n + 1])[0] - sum(special.gammaln(a + 1) for a in (more, less, neither))
    found = []
    for q, r in product(RATES, RATES):
        if q + r <= 1:
            rest = max(0.0, 1 - q - r)
            logs = ways + sum(
                special.xlogy(a, p) for a, p in ((more, q), (less, r), (neither, rest))
            )
            covered = (low <= q - r + 1e-9) & (q - r <= high + 1e-9)
            found.append(float(np.exp(logs[covered]).sum()))
    return min(found)


@pytest.mark.parametrize("n", [1, 2, 3, 5, 6, 10, 20, 40, 60])
def test_the_corrected_interval_covers_whatever_the_truth(n: int) -> None:
    assert _exact_coverage(n, corrected=True) >= 0.95 - 1e-6


def test_the_published_interval_alone_would_not() -> None:
    """Why it is corrected."""
    assert _exact_coverage(10, corrected=False) < 0.91
    assert _exact_coverage(40, corrected=False) < 0.935


def test_the_correction_costs_little() -> None:
    ours, plain = tango(20, 5, 100), tango(20, 5, 100, corrected=False)
    assert 1 < (ours.high - ours.low) / (plain.high - plain.low) < 1.1


@pytest.mark.parametrize("bad", [(-1, 0, 4), (3, 2, 4), (0, 0, 0), (float("nan"), 0, 4)])
def test_impossible_counts_are_refused(bad: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="no counts of pairs"):
        tango(*bad)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 60), st.integers(0, 60), st.integers(1, 60), st.sampled_from([0.8, 0.95]))
def test_intervals_hold_their_estimate_and_mirror(
    more: int, less: int, rest: int, level: float
) -> None:
    n = more + less + rest
    low, high = (float(v) for v in tango(more, less, n, level))
    assert -1 <= low < (more - less) / n < high <= 1
    assert (-high, -low) == pytest.approx(tuple(map(float, tango(less, more, n, level))))


def _beta(rate: float, likeness: float, at: np.ndarray) -> np.ndarray:
    """Rates of worlds whose trials correlate by ``likeness``, at quantiles ``at``."""
    if likeness == 0 or rate in (0, 1):
        return np.full(at.shape, float(rate))
    s = 1 / likeness - 1
    grid = np.linspace(0, 1, 2001)
    return np.interp(at, grid, stats.beta.ppf(grid, rate * s, (1 - rate) * s))


RUNS = 2000


@pytest.mark.parametrize("likeness", [0.0, 0.3, 0.8])
@pytest.mark.parametrize(
    ("worlds", "first_size", "size"), [(3, 3, 3), (10, 5, 2), (20, 10, 10), (40, 3, 3)]
)
@pytest.mark.parametrize(
    ("first", "second"), [(0.0, 0.0), (0.01, 0.1), (0.1, 0.3), (0.5, 0.5), (0.05, 0.95)]
)
def test_the_clustered_interval_covers_what_it_says(
    worlds: int, first_size: int, size: int, first: float, second: float, likeness: float
) -> None:
    """2,000 campaigns each: standard error 0.5 points, so 93.5% lies three of them below 95%."""
    rng = np.random.default_rng(20261124)
    at = rng.random((RUNS, worlds))
    y = rng.binomial(first_size, _beta(first, likeness, at))
    x = rng.binomial(size, _beta(second, likeness, at))
    sizes = np.full(worlds, first_size), np.full(worlds, size)
    found = [pairs(a, sizes[0], b, sizes[1], 0.95) for a, b in zip(y, x, strict=True)]
    low, high = tango(*np.array([(f.more, f.less, f.n) for f in found]).T)
    truth = second - first
    assert np.mean((low <= truth + 1e-9) & (truth <= high + 1e-9)) >= 0.935


def test_worlds_taken_for_many_trials_would_be_too_sure() -> None:
    """Why there is a clustered form: ten worlds that each go one way, taken for 100 pairs."""
    rng = np.random.default_rng(1)
    moved = rng.binomial(1, 0.3, (RUNS, 10)).sum(axis=1)
    low, high = tango(moved * 10.0, 0, 100)
    assert np.mean((low <= 0.3) & (high >= 0.3)) < 0.8


def test_epochs_that_agree_are_worth_one_and_those_by_chance_are_worth_all() -> None:
    alike = pairs([0, 3] * 10, [3] * 20, [3, 3] * 10, [3] * 20, 0.95)
    assert alike.n == pytest.approx(20, abs=1.5)
    rng = np.random.default_rng(3)
    x, y = rng.binomial(3, 0.5, (2, 500))
    assert pairs(y, np.full(500, 3), x, np.full(500, 3), 0.95).n > 0.85 * 1500


def test_single_trials_are_plain_pairs() -> None:
    found = pairs([1, 0, 0, 1, 0], [1] * 5, [0, 1, 1, 1, 0], [1] * 5, 0.95)
    assert (found.more, found.less, found.n) == pytest.approx((2, 1, 5))


@pytest.mark.parametrize(("more", "less"), [(0, 0), (5, 0), (0, 7), (10, 3), (6, 6), (30, 12)])
def test_mcnemar_is_the_binomial_test(more: int, less: int) -> None:
    theirs = stats.binomtest(more, more + less, 0.5).pvalue if more + less else 1.0
    assert mcnemar(more, less) == pytest.approx(theirs)
    y, x = [0] * more + [1] * less + [0, 1], [1] * more + [0] * less + [0, 1]
    ones = [1] * len(x)
    assert sign_flip(y, ones, x, ones) == pytest.approx(theirs)


def test_the_exact_sign_test_counts_every_sign() -> None:
    y, x, k, m = np.array([0, 2, 1, 0, 3]), np.array([2, 1, 1, 2, 3]), [3, 3, 2, 2, 3], [3] * 5
    spread = x / np.array(m) - y / np.array(k)
    sums = [abs(np.dot(s, spread)) for s in product((-1, 1), repeat=5)]
    expected = np.mean(np.array(sums) >= abs(spread.sum()) - 1e-12)
    assert sign_flip(y, k, x, m) == pytest.approx(expected)


def test_very_many_worlds_overflow_nothing() -> None:
    ones = np.ones(4000, dtype=int)
    x = np.arange(4000) % 2
    assert sign_flip(1 - x, ones, x, ones) == pytest.approx(1.0)
    assert 0 < sign_flip(0 * x, ones, ones, ones) < 1e-200
    assert 0 < mcnemar(4000, 0) < 1e-200


def test_drawn_signs_agree_with_exact_ones_and_repeat() -> None:
    rng = np.random.default_rng(5)
    y, x = rng.binomial(61, 0.4, 30), rng.binomial(61, 0.44, 30)
    size = [61] * 30
    drawn = sign_flip(y, size, x, size)
    t = stats.ttest_1samp((x - y) / 61, 0).pvalue
    assert drawn == sign_flip(y, size, x, size) != 0
    assert drawn == pytest.approx(t, abs=0.03)


@pytest.mark.parametrize(("epochs", "likeness"), [(1, 0.5), (4, 0.0), (4, 0.6)])
def test_without_a_difference_p_is_rarely_small(epochs: int, likeness: float) -> None:
    """Type I error at 5%, 2,000 campaigns; the standard error is 0.5 points."""
    rng = np.random.default_rng(11)
    rates = _beta(0.3, likeness, rng.random((RUNS, 12)))
    y, x = rng.binomial(epochs, rates), rng.binomial(epochs, rates)
    size = np.full(12, epochs)
    found = [sign_flip(a, size, b, size) for a, b in zip(y, x, strict=True)]
    assert np.mean(np.array(found) <= 0.05) <= 0.05 + 0.015
