"""Confidence sequences: simultaneous over time, checked against a published implementation."""

import math
from fractions import Fraction

import numpy as np
import pytest

from offswitch.inference.sequences import (
    STAKES,
    difference_bounds,
    difference_sequence,
    log_mixture,
    rate_bounds,
    rate_sequence,
)

PATHS = 2_000


@pytest.mark.parametrize("p", [0.0, 0.01, 0.05, 0.3, 0.5, 0.9, 1.0])
def test_a_rate_is_in_its_sequence_at_all_times_at_once(p: float) -> None:
    """At most 5% of 2,000 paths may ever leave; 6.5% is three standard errors above.

    A bound is passed exactly where the mixture reaches 1/alpha at the truth, at any of 400 times.
    """
    rng = np.random.default_rng(7)
    x = (rng.random((PATHS, 400)) < p).cumsum(axis=1).astype(float)
    n = np.arange(1.0, 401.0)
    times = np.unique(np.geomspace(1, 400, 40).astype(int)) - 1
    low, high = rate_bounds(x[:, times], np.broadcast_to(n[times], (PATHS, len(times))), 0.05)
    missed = ((low > p + 1e-9) | (high < p - 1e-9)).any(axis=1).mean()
    assert missed <= 0.05


@pytest.mark.parametrize(
    ("minus", "plus"), [(0.0, 0.0), (0.02, 0.02), (0.1, 0.1), (0.05, 0.25), (0.0, 0.1), (0.4, 0.4)]
)
def test_a_difference_is_in_its_sequence_at_all_times_at_once(minus: float, plus: float) -> None:
    rng = np.random.default_rng(8)
    drawn = rng.random((PATHS, 300))
    times = np.unique(np.geomspace(1, 300, 12).astype(int)) - 1
    down = (drawn < minus).cumsum(axis=1)[:, times].ravel()
    up = (drawn > 1 - plus).cumsum(axis=1)[:, times].ravel()
    n = np.tile(times + 1, PATHS)
    counts = np.stack([down, n - down - up, up], axis=1).astype(float)
    low, high = difference_bounds(np.array([-1.0, 0.0, 1.0]), counts, 0.05)
    wrong = (low > plus - minus + 1e-5) | (high < plus - minus - 1e-5)
    assert wrong.reshape(PATHS, -1).any(axis=1).mean() <= 0.05


def test_looking_at_ordinary_intervals_errs_far_more_often() -> None:
    """Why there are sequences: the same looks at a normal 95% interval miss a fifth of the time."""
    rng = np.random.default_rng(9)
    x = (rng.random((PATHS, 400)) < 0.3).cumsum(axis=1)[:, 20:]
    n = np.arange(21, 401)
    error = np.sqrt(x / n * (1 - x / n) / n)
    assert (np.abs(x / n - 0.3) > 1.96 * error).any(axis=1).mean() > 0.15


@pytest.mark.parametrize(("x", "n"), [(0, 0), (0, 1), (0, 50), (50, 50), (3.5, 20)])
def test_bounds_enclose_the_rate(x: float, n: float) -> None:
    low, high, worlds = rate_sequence(x, n)
    assert worlds == n
    assert 0 <= low <= (x / n if n else 0.5) <= high <= 1
    assert (low == 0) == (x == 0)
    assert (high == 1) == (x == n)


def test_the_bound_is_where_the_mixture_reaches_the_limit() -> None:
    low, high, _ = rate_sequence(7, 60, 0.95)
    for p in (low, high):
        ratio = _mixture(7, 60, p)
        assert ratio == pytest.approx(20, rel=1e-5)


def _mixture(x: int, n: int, p: float) -> float:
    """The mean of the likelihood ratio over Jeffreys' prior, by quadrature."""
    angles = (np.arange(200_000) + 0.5) / 200_000 * np.pi / 2
    q = np.sin(angles) ** 2
    return float(np.mean((q / p) ** x * ((1 - q) / (1 - p)) ** (n - x)))


def test_no_data_and_wrong_data() -> None:
    assert difference_sequence([])[:2] == (-1.0, 1.0)
    with pytest.raises(ValueError, match=r"\[-1, 1\]"):
        difference_sequence([2.0])
    with pytest.raises(ValueError, match="successes"):
        rate_sequence(3, 2)


def test_worlds_that_do_not_differ_narrow_a_difference() -> None:
    widths = [difference_sequence([0.0] * n).high for n in (10, 40, 160)]
    assert widths == sorted(widths, reverse=True)
    assert widths[-1] < 0.04


def test_the_mixture_is_that_of_the_authors() -> None:
    """The figure that the authors' implementation (`confseq`) checks itself by, from R.

    Howard et al.'s tests of their two-sided beta-binomial mixture: g = 0.2, h = 0.8, tuned to an
    intrinsic time of 100 at 5%. Their sum of 10 at time 100 is 135 of 625 at a rate of 20%.
    """
    g, h, v, s = 0.2, 0.8, 100.0, 10.0
    log = np.log(1 / 0.05)
    r = v / (2 * log + np.log(1 + 2 * log)) - g * h
    n, x = v / (g * h), s + v / h
    found = log_mixture(np.array(x), np.array(n), np.array(g), prior=(r / h, r / g))
    assert found == pytest.approx(-0.6941012, abs=1e-6)
    bound = 31.4308 + v / h  # where it reaches log(1 / 0.05)
    at = log_mixture(np.array(bound), np.array(n), np.array(g), prior=(r / h, r / g))
    assert at == pytest.approx(log, abs=1e-4)


@pytest.mark.parametrize(
    ("x", "n", "p", "k", "expected"),
    [
        (7, 60, 0.05, 1, -1.1341022534559961),
        (7, 60, 0.5, 1, 17.693915565103637),
        (0, 72, 0.25, 2, 18.68694941820982),
        (33, 100, 0.2, 10, 2.8701806446330522),
        (250, 1000, 0.3, 1, 2.492183538440031),
    ],
)
def test_the_mixture_is_that_of_another_package(
    x: int, n: int, p: float, k: float, expected: float
) -> None:
    """Logarithms of the odds that `savvi` 0.3.1 (Lindon and Malek 2022) gives, prior k (p, 1 - p).

    ``Multinomial(0.05, [p, 1 - p], k=k)``, updated with ``[x, n - x]``.
    """
    prior = (k * p, k * (1 - p))
    found = log_mixture(np.array(x), np.array(n), np.array(p), prior=prior)
    assert found == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(("x", "n", "alpha"), [(0, 1, "0.05"), (7, 60, "0.05"), (250, 999, "0.01")])
def test_bounds_are_the_roots_in_exact_arithmetic(x: int, n: int, alpha: str) -> None:
    """With whole counts M(p) is a ratio of whole numbers: no special function takes part."""

    def log_ratio(p: float) -> float:
        prior = Fraction(1)
        for i in range(x):
            prior *= Fraction(2 * i + 1, 2)
        for i in range(n - x):
            prior *= Fraction(2 * i + 1, 2)
        for i in range(n):
            prior /= i + 1
        at = Fraction(p)
        return math.log(prior / (at**x * (1 - at) ** (n - x)) * Fraction(alpha))

    low, high, _ = rate_sequence(x, n, 1 - float(alpha))
    for bound, side in ((low, 1), (high, -1)):
        if 0 < bound < 1:
            assert log_ratio(bound - side * 1e-8) > 0 > log_ratio(bound + side * 1e-8)


@pytest.mark.parametrize("shares", [(0.05, 0.3), (0.0, 0.2), (0.45, 0.05)])
def test_the_capital_is_that_of_a_bet_played_world_by_world(shares: tuple[float, float]) -> None:
    """Wealth is played forward in exact fractions, as Waudby-Smith and Ramdas define it (eq. 24).

    At each bound the mean of the fortunes is 2 / 0.05: a little more on the side of rejection, a
    little less on the other.
    """
    rng = np.random.default_rng(3)
    down, up = shares
    differences = rng.choice([-1, 0, 1], 60, p=[down, 1 - down - up, up]).tolist()

    def capital(values: list[Fraction], m: Fraction) -> Fraction:
        fortunes = [Fraction(1)] * len(STAKES)
        for y in values:
            bets = [Fraction(float(stake)) / m for stake in STAKES]
            fortunes = [f * (1 + b * (y - m)) for f, b in zip(fortunes, bets, strict=True)]
        return sum(fortunes, Fraction(0)) / len(fortunes)

    low, high, _ = difference_sequence(differences)
    above = [Fraction(1 + d, 2) for d in differences]
    for bound, values in ((low, above), (-high, [1 - y for y in above])):
        m = Fraction((1 + bound) / 2)
        if m > 0:
            assert capital(values, m - Fraction(1, 10**4)) > 40
            assert capital(values, m + Fraction(1, 10**4)) < 40


def test_the_capital_is_that_of_the_published_implementation(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """`confseq` (Howard, Waudby-Smith, Ramdas): the same stakes give the same lower bound."""
    monkeypatch.setattr(np, "float_", np.float64, raising=False)  # it is older than NumPy 2
    betting = pytest.importorskip("confseq.betting")
    rng = np.random.default_rng(3)
    differences = rng.choice([-1.0, 0.0, 1.0], 80, p=[0.05, 0.65, 0.3])
    low = difference_sequence(differences.tolist()).low
    shares, m = (1 + differences) / 2, (1 + low) / 2
    capital = betting.diversified_betting_mart(
        shares,
        m,
        [lambda x, m, stake=stake: np.repeat(stake / m, len(x)) for stake in STAKES],
        theta=1,
        m_trunc=True,
        trunc_scale=1.0,
    )[-1]
    assert capital == pytest.approx(2 / 0.05, rel=1e-3)
