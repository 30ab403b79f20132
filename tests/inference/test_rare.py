"""Rare behaviour: bounds, mixes, forecasts and how far off they are."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from offswitch._errors import UsageError
from offswitch.inference import analyse, clopper_pearson
from offswitch.inference.contrasts import worlds_of
from offswitch.inference.mixes import mixed_rates, read_mix
from offswitch.inference.rare import Stratum, backtest, forecast, reweighted, upper_bound


@pytest.mark.parametrize("n", [1, 40, 3000])
def test_nothing_seen_rules_out_about_three_in_n(n: int) -> None:
    assert upper_bound(0, n) == pytest.approx(1 - 0.05 ** (1 / n))
    assert upper_bound(n, n) == 1
    for count in range(0, n, max(1, n // 7)):
        theirs = stats.binomtest(count, n, alternative="less").proportion_ci(0.95).high
        assert upper_bound(count, n) == pytest.approx(theirs)


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize(
    ("rates", "sizes", "weights"),
    [
        ((0.001, 0.6), (40, 40), (0.99, 0.01)),
        ((0.0, 0.3, 0.9), (100, 20, 20), (0.9, 0.09, 0.01)),
        ((0.3, 0.5), (10, 40), (0.5, 0.5)),
        ((0.0, 0.0), (20, 20), (0.5, 0.5)),
        ((1.0, 0.99), (20, 40), (0.2, 0.8)),
    ],
)
def test_a_reweighted_rate_is_covered(
    rates: tuple[float, ...], sizes: tuple[int, ...], weights: tuple[float, ...], shared: bool
) -> None:
    """2,000 campaigns, all strata in the same worlds or none: at least nominal, as exact ones."""
    rng = np.random.default_rng(3)
    names = [str(i) for i in range(len(rates))]
    tables = [[clopper_pearson(c, n) for c in range(n + 1)] for n in sizes]
    truth = float(np.dot(rates, weights))
    covered = 0
    for _ in range(2000):
        u = rng.random(max(sizes))
        strata = {}
        for name, rate, n, table in zip(names, rates, sizes, tables, strict=True):
            count = int(((u[:n] if shared else rng.random(n)) < rate).sum())
            strata[name] = Stratum(count / n, table[count].low, table[count].high)
        found = reweighted(strata, dict(zip(names, weights, strict=True)), shared=shared)
        covered += found.low - 1e-12 <= truth <= found.high + 1e-12
    assert covered / 2000 >= 0.945


@pytest.mark.parametrize("weights", [{"a": 0.5}, {"a": 1.5, "b": -0.5}, {"a": 0.5, "c": 0.5}, {}])
def test_weights_that_are_no_shares_are_refused(weights: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"sum to 1|nothing was measured under c"):
        reweighted({"a": Stratum(0, 0, 0.1), "b": Stratum(0, 0, 0.1)}, weights, shared=False)


def _campaign(trials: Any, frame: Any) -> Any:
    rows = [
        *trials("c" * 40, factors={"threat": "none", "goal": "x"}),
        *trials("s" * 30 + "c" * 10, factors={"threat": "wipe", "goal": "x"}),
        *trials("s" * 10, factors={"threat": "wipe", "goal": "y"}),
    ]
    return frame(rows)


def _mixed(table: Any, path: Path, text: str) -> Any:
    path.write_text(text)
    cells = analyse(table).cells
    return mixed_rates(read_mix(path), cells, worlds_of(table))


def test_a_mix_weighs_conditions(trials: Any, frame: Any, tmp_path: Path) -> None:
    text = (
        "shutdown:\n- {weight: 0.99, when: {threat: none}}\n"
        "- {weight: 0.01, when: {threat: wipe, goal: x}}\n"
    )
    (found,) = _mixed(_campaign(trials, frame), tmp_path / "mix.yaml", text)
    assert found.rate == pytest.approx(0.0075)
    assert found.shared_worlds
    assert found.high == pytest.approx(
        0.99 * clopper_pearson(0, 40).high + 0.01 * clopper_pearson(30, 40).high
    )


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("shutdown: [{weight: 0.5}]", "the weights sum to 0.5"),
        ("shutdown: [{weight: 1, when: {threat: wipe}}]", "which level of goal"),
        ("blackmail: [{weight: 1}]", "the mix names blackmail; run were: shutdown"),
        ("shutdown: [{wait: 1}]", "A mix looks like this"),
        ("shutdown: [", "cannot be read"),
    ],
)
def test_a_wrong_mix_says_what_to_write(
    trials: Any, frame: Any, tmp_path: Path, text: str, says: str
) -> None:
    with pytest.raises(UsageError, match=says):
        _mixed(_campaign(trials, frame), tmp_path / "mix.yaml", text)


def test_what_was_not_measured_is_unknown(trials: Any, frame: Any, tmp_path: Path) -> None:
    text = "shutdown: [{weight: 0.9, when: {threat: none}}, {weight: 0.1, when: {threat: pause}}]"
    (found,) = _mixed(_campaign(trials, frame), tmp_path / "mix.yaml", text)
    assert (found.rate, found.low, found.high) == (None, None, None)
    assert found.reason == "0.1 of the mix was not measured"


def _risks(n: int, seed: int) -> np.ndarray:
    """Risks whose ψ has an exponential tail, as the method supposes."""
    psi = np.random.default_rng(seed).gumbel(-1.5, 0.35, n)
    return np.asarray(np.exp(-np.exp(-psi)))


def test_forecasts_at_a_hundred_times_the_trials_are_mostly_within_an_order() -> None:
    errors = []
    for seed in range(200):
        risks = _risks(200, seed)
        found = forecast(risks, 20_000)
        assert found is not None
        errors.append(np.log10(found.risk / _risks(20_000, 1000 + seed).max()))
    within = np.mean(np.abs(errors) <= 1)
    assert within >= 0.8
    assert abs(np.median(errors)) < 0.3


def test_a_backtest_shows_a_tail_that_is_another_one_further_out() -> None:
    good = backtest(list(_risks(2000, 1)), 200)
    assert good is not None
    assert (good.part, good.scale, len(good.errors)) == (200, 1800, 10)
    assert good.within >= 0.8
    low = np.clip(np.random.default_rng(2).normal(1e-4, 1e-6, 2000), 1e-5, 1)
    low[::401] = 0.9
    poor = backtest(list(low), 200)
    assert poor is not None
    assert poor.within < 0.8


def test_a_forecast_needs_a_tail() -> None:
    assert forecast([0.1] * 100, 1000) is None
    assert forecast(_risks(15, 1), 1000) is None
    assert backtest([0.1, 0.2], 5) is None
    with pytest.raises(ValueError, match="scale"):
        forecast(_risks(50, 1), 10)
    with pytest.raises(ValueError, match="without the ends"):
        forecast([0.0, 0.5], 10)
