"""Independent groups: published examples, the likelihood behind the variance, exact coverage."""

from itertools import product

import numpy as np
import pytest
from scipy import optimize, special, stats
from statsmodels.stats.proportion import confint_proportions_2indep

from offswitch.inference.intervals import effective_n
from offswitch.inference.unpaired import (
    fisher,
    miettinen_nurminen,
    newcombe,
    score_statistic,
    score_test,
)

RATES = (0, 0.001, 0.01, 0.05, 0.1, 0.3, 0.5, 0.7, 0.9, 0.95, 0.99, 1)


@pytest.mark.parametrize(
    ("counts", "score", "hybrid"),
    [
        # Newcombe, Statistics in Medicine 17 (1998), 873-890, table II, examples (a), (b), (d):
        # methods 6 (Miettinen and Nurminen) and 10. Both are derived anew below.
        ((56, 70, 48, 80), (0.0528, 0.3382), (0.0524, 0.3339)),
        ((9, 10, 3, 10), (0.1700, 0.8406), (0.1705, 0.8090)),
        ((5, 56, 0, 29), (-0.0326, 0.1933), (-0.0381, 0.1926)),
    ],
)
def test_intervals_agree_with_what_is_published(
    counts: tuple[int, int, int, int], score: tuple[float, float], hybrid: tuple[float, float]
) -> None:
    found = miettinen_nurminen(*counts, corrected=False)
    assert tuple(map(float, found)) == pytest.approx(score, abs=6e-5)
    assert tuple(map(float, newcombe(*counts))) == pytest.approx(hybrid, abs=6e-5)


EXAMPLES = [(56, 70, 48, 80), (9, 10, 3, 10), (5, 56, 1, 29), (40, 400, 70, 350), (3, 7, 6, 9)]


@pytest.mark.parametrize("level", [0.9, 0.95, 0.99])
@pytest.mark.parametrize("counts", [*EXAMPLES, (5, 56, 0, 29), (0, 10, 0, 20), (10, 10, 0, 10)])
def test_newcombe_is_that_of_statsmodels(counts: tuple[int, int, int, int], level: float) -> None:
    expected = confint_proportions_2indep(
        *counts, method="newcomb", compare="diff", alpha=1 - level
    )
    assert tuple(map(float, newcombe(*counts, level))) == pytest.approx(expected, abs=1e-12)


def _score(x: int, m: int, y: int, k: int, d: float) -> float:
    """The statistic from its definition: the likelihood is maximised by root finding."""

    def slope(q: float) -> float:
        p = q + d
        return x / p - (m - x) / (1 - p) + y / q - (k - y) / (1 - q)

    edge = 1e-14
    q = optimize.brentq(slope, max(0.0, -d) + edge, min(1.0, 1 - d) - edge, xtol=1e-16, rtol=1e-15)
    p = q + d
    variance = (p * (1 - p) / m + q * (1 - q) / k) * (m + k) / (m + k - 1)
    return float((x / m - y / k - d) / np.sqrt(variance))


@pytest.mark.parametrize("level", [0.9, 0.95, 0.99])
@pytest.mark.parametrize("counts", EXAMPLES)
def test_miettinen_and_nurminen_solve_the_score_equation(
    counts: tuple[int, int, int, int], level: float
) -> None:
    """An independent derivation: neither the cubic equation nor bisection is used."""
    x, m, y, k = counts
    z, seen = float(stats.norm.ppf(0.5 + level / 2)), x / m - y / k
    ends = ((-1 + 1e-9, seen, z), (seen, 1 - 1e-9, -z))
    expected = [
        optimize.brentq(lambda d, want=want: _score(*counts, d) - want, low, high, xtol=1e-14)
        for low, high, want in ends
    ]
    found = miettinen_nurminen(*counts, level, corrected=False)
    assert tuple(map(float, found)) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("d", [-0.6, -0.2, 0.05, 0.3])
@pytest.mark.parametrize("counts", [(5, 20, 9, 22), (0, 10, 3, 12), (8, 8, 1, 30)])
def test_the_variance_is_taken_where_the_likelihood_is_greatest(
    counts: tuple[int, int, int, int], d: float
) -> None:
    x, m, y, k = counts

    def surprise(q: float) -> float:
        p = q + d
        terms = ((x, p), (m - x, 1 - p), (y, q), (k - y, 1 - q))
        return -sum(float(special.xlogy(a, b)) for a, b in terms)

    inner = (max(0.0, -d) + 1e-12, min(1.0, 1 - d) - 1e-12)
    q = optimize.minimize_scalar(
        surprise, bounds=inner, method="bounded", options={"xatol": 1e-12}
    ).x
    variance = ((q + d) * (1 - q - d) / m + q * (1 - q) / k) * (m + k) / (m + k - 1)
    expected = (x / m - y / k - d) / np.sqrt(variance)
    values = [np.asarray(float(v)) for v in counts]
    assert float(score_statistic(*values, d)) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize(("m", "k"), [(1, 1), (2, 3), (6, 6), (5, 40), (20, 20), (10, 100)])
def test_the_corrected_interval_covers_whatever_the_truth(m: int, k: int) -> None:
    x, y = (a.ravel() for a in np.meshgrid(np.arange(m + 1.0), np.arange(k + 1.0)))
    low, high = miettinen_nurminen(x, m, y, k)
    for p, q in product(RATES, RATES):
        covered = (low <= p - q + 1e-9) & (p - q <= high + 1e-9)
        chances = stats.binom.pmf(x, m, p) * stats.binom.pmf(y, k, q)
        assert chances[covered].sum() >= 0.95 - 1e-6


def test_the_published_interval_alone_would_not() -> None:
    x, y = (a.ravel() for a in np.meshgrid(np.arange(11.0), np.arange(11.0)))
    low, high = miettinen_nurminen(x, 10, y, 10, corrected=False)
    covered = (low <= 0.985) & (high >= 0.985)
    chances = stats.binom.pmf(x, 10, 0.99) * stats.binom.pmf(y, 10, 0.005)
    assert chances[covered].sum() < 0.88


@pytest.mark.parametrize("likeness", [0.1, 0.5])
@pytest.mark.parametrize(
    ("worlds", "p", "q"), [(10, 0.1, 0.5), (20, 0.02, 0.02), (40, 0.5, 0.5), (5, 0.9, 0.2)]
)
def test_the_clustered_interval_covers_what_it_says(
    worlds: int, p: float, q: float, likeness: float
) -> None:
    """2,000 campaigns each, four epochs in worlds of their own; 93.5% is three errors below 95%."""
    rng, s = np.random.default_rng(7), 1 / likeness - 1
    size = np.full(worlds, 4)
    rows = []
    for _ in range(2000):
        x, y = (rng.binomial(4, rng.beta(r * s, (1 - r) * s, worlds)) for r in (p, q))
        own, other = effective_n(x, size), effective_n(y, size)
        rows.append((x.mean() / 4 * own, own, y.mean() / 4 * other, other))
    low, high = miettinen_nurminen(*np.array(rows).T)
    assert np.mean((low <= p - q) & (p - q <= high)) >= 0.935


@pytest.mark.parametrize("counts", [(0, 10, 0, 12), (10, 10, 0, 10), (1, 1, 0, 1), (3, 3, 4, 4)])
def test_extremes_have_intervals_and_no_nan(counts: tuple[int, int, int, int]) -> None:
    x, m, y, k = counts
    low, high = (float(v) for v in miettinen_nurminen(*counts))
    assert -1 <= low <= x / m - y / k <= high <= 1
    assert high - low > 0.1
    assert 0 <= score_test(*counts) <= 1
    assert 0 < fisher(*counts) <= 1


def test_equal_groups_give_no_evidence() -> None:
    assert score_test(5, 20, 5, 20) == pytest.approx(1)
    assert fisher(5, 20, 5, 20) == pytest.approx(1)
    assert score_test(19, 20, 2, 20) < 1e-4
