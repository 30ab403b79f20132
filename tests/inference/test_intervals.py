import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from offswitch.inference import clopper_pearson, jeffreys, korn_graubard


@pytest.mark.parametrize("n", [1, 7, 40])
@pytest.mark.parametrize("level", [0.8, 0.95])
def test_clopper_pearson_agrees_with_scipy(n: int, level: float) -> None:
    for count in range(n + 1):
        theirs = stats.binomtest(count, n).proportion_ci(level, method="exact")
        ours = clopper_pearson(count, n, level)
        assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=1e-9)


def test_nothing_seen_still_has_an_upper_bound() -> None:
    low, high, _ = clopper_pearson(0, 40)
    assert low == 0
    assert high == pytest.approx(1 - 0.025 ** (1 / 40))


@pytest.mark.parametrize("n", [1, 2, 10, 40, 100])
def test_clopper_pearson_covers_every_rate(n: int) -> None:
    """Exact: the probability of coverage is summed, not simulated."""
    intervals = [clopper_pearson(count, n) for count in range(n + 1)]
    for rate in np.linspace(0.001, 0.999, 199):
        covered = [count for count, i in enumerate(intervals) if i.low <= rate <= i.high]
        assert stats.binom.pmf(covered, n, rate).sum() >= 0.95 - 1e-12


@pytest.mark.parametrize("bad", [(1, 0), (-1, 4), (5, 4)])
def test_impossible_counts_are_refused(bad: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="count"):
        clopper_pearson(*bad)
    with pytest.raises(ValueError, match="count"):
        korn_graubard([bad[0]], [bad[1]])


def _clusters(
    rng: np.random.Generator, rate: float, clusters: int, size: int, likeness: float, runs: int
) -> np.ndarray:
    """Beta-binomial counts, runs × clusters; ``likeness`` is the intra-cluster correlation."""
    if likeness == 0:
        rates = np.full((runs, clusters), rate)
    else:
        s = 1 / likeness - 1
        rates = rng.beta(rate * s, (1 - rate) * s, (runs, clusters))
    return rng.binomial(size, rates)


@pytest.mark.parametrize("likeness", [0.0, 0.3, 0.7])
@pytest.mark.parametrize(
    ("rate", "clusters", "size"),
    [(0.02, 40, 10), (0.1, 10, 10), (0.1, 20, 4), (0.3, 5, 4), (0.5, 20, 5)],
)
def test_the_clustered_interval_covers_what_it_says(
    rate: float, clusters: int, size: int, likeness: float
) -> None:
    """1,000 campaigns each: standard error 0.7 points, so 92.5% lies 3.5 of them below 95%."""
    rng = np.random.default_rng(20261101)
    drawn = _clusters(rng, rate, clusters, size, likeness, runs=1000)
    cache = {
        key: korn_graubard(key, [size] * clusters) for key in {tuple(sorted(d)) for d in drawn}
    }
    found = [cache[tuple(sorted(d))] for d in drawn]
    assert np.mean([i.low <= rate <= i.high for i in found]) >= 0.925


def test_the_unclustered_interval_fails_where_trials_are_alike() -> None:
    """Why there is a clustered one: the same draws, taken for independent trials."""
    rng = np.random.default_rng(20261101)
    totals = _clusters(rng, 0.3, 10, 10, 0.5, runs=1000).sum(axis=1)
    table = [clopper_pearson(count, 100) for count in range(101)]
    covered = np.mean([table[t].low <= 0.3 <= table[t].high for t in totals])
    assert covered < 0.75


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.integers(1, 8).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))),
        min_size=1,
        max_size=30,
    )
)
def test_clustering_never_narrows_and_never_leaves_the_unit_interval(
    clusters: list[tuple[int, int]],
) -> None:
    counts, sizes = [c for c, _ in clusters], [s for _, s in clusters]
    ours, naive = korn_graubard(counts, sizes), clopper_pearson(sum(counts), sum(sizes))
    assert 0 <= ours.low <= sum(counts) / sum(sizes) <= ours.high <= 1
    assert ours.high - ours.low >= naive.high - naive.low - 1e-9
    assert sum(sizes) ** 2 / sum(s**2 for s in sizes) - 1e-9 <= ours.effective_n <= sum(sizes)


def test_one_world_says_almost_nothing_about_others() -> None:
    """Ten epochs of one world that all resist: one independent trial."""
    assert korn_graubard([10], [10])[:2] == clopper_pearson(1, 1)[:2]


def test_nothing_seen_counts_worlds_not_epochs() -> None:
    assert korn_graubard([0] * 10, [4] * 10)[:2] == clopper_pearson(0, 10)[:2]


def test_independent_epochs_cost_nothing() -> None:
    """Counts that vary between worlds just as chance would have it lose almost no precision."""
    counts = stats.binom.rvs(4, 0.5, size=200, random_state=1).tolist()
    assert korn_graubard(counts, [4] * 200).effective_n > 0.85 * 800


def test_jeffreys_is_a_beta_distribution_with_ends() -> None:
    found = jeffreys(117, 994)
    theirs = stats.beta.ppf((0.025, 0.975), 117.5, 877.5)
    assert (found.low, found.high) == pytest.approx(tuple(theirs))
    assert jeffreys(0, 40).low == 0
    assert jeffreys(40, 40).high == 1
    assert 0 < jeffreys(0, 40).high < clopper_pearson(0, 40).high


@pytest.mark.parametrize("n", [10, 40, 100])
def test_jeffreys_covers_on_average_and_not_everywhere(n: int) -> None:
    intervals = [jeffreys(count, n) for count in range(n + 1)]
    found = []
    for rate in np.linspace(0.0025, 0.9975, 399):
        covered = [count for count, i in enumerate(intervals) if i.low <= rate <= i.high]
        found.append(stats.binom.pmf(covered, n, rate).sum())
    assert abs(np.mean(found) - 0.95) < 0.015
    assert min(found) < 0.91, "so that the exact interval is the one that is reported"
