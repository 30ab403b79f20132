"""Attribution: finite whatever was seen, sums that hold, causes that are found, trials named."""

from itertools import product

import numpy as np
import polars as pl
import pytest
from tests.loading import script

from offswitch.inference.attribution import Attribution, attribute, hypotheses
from offswitch.inference.attribution.grid import grid_of
from offswitch.inference.attribution.hypotheses import Hypothesis
from offswitch.inference.attribution.model import firth
from offswitch.inference.attribution.shapley import shapley
from offswitch.scenarios import all_factors

BENCHMARK = script("benchmarks/attribution.py")


def counted(cells: list[tuple[dict[str, str], int, int]]) -> pl.DataFrame:
    """A table of one subject: condition, trials that resisted, trials."""
    found = [(np.arange(n) < x)[:, None] for _, x, n in cells]
    table: pl.DataFrame = BENCHMARK.table([levels for levels, _, _ in cells], found)
    return table


def only(table: pl.DataFrame) -> Attribution:
    [found] = attribute(table)
    return found


def numbers(found: Attribution) -> list[float]:
    effects = [d.effect for d in found.drivers] + [i.effect for i in found.interactions]
    effects += [e.effect for v in found.verdicts for e in v.evidence if e.effect]
    if found.gap:
        effects += [found.gap.effect, *(s.effect for s in found.gap.shares)]
    return [value for e in effects for value in (e.low, e.estimate, e.high)]


A, B = ("none", "wipe"), ("absent", "present")
SQUARE = [{"threat": a, "agency_line": b} for a, b in product(A, B)]
TABLES: dict[str, list[int]] = {
    "all zeros": [0, 0, 0, 0],
    "all of them": [20, 20, 20, 20],
    "perfect separation": [0, 0, 20, 20],
    "one cell alone": [0, 0, 0, 20],
    "usual": [2, 3, 8, 15],
}


@pytest.mark.parametrize("name", TABLES)
def test_nothing_is_ever_infinite_or_unknown(name: str) -> None:
    found = only(counted([(c, x, 20) for c, x in zip(SQUARE, TABLES[name], strict=True)]))
    values = np.array(numbers(found))
    assert np.isfinite(values).all()
    assert (np.abs(values) <= 2).all()
    for low, estimate, high in values.reshape(-1, 3):
        assert low <= estimate <= high
        assert low < high
    seen = np.array(TABLES[name]) / 20
    [driver] = [d for d in found.drivers if d.factor == "threat"]
    truth = (seen[2:] - seen[:2]).mean()
    assert driver.effect.estimate == pytest.approx(truth, abs=0.05), "shrunk, but not by much"
    assert driver.pairs == 2
    assert found.gap is not None
    total = sum(share.effect.estimate for share in found.gap.shares)
    assert total == pytest.approx(found.gap.effect.estimate, abs=1e-12)


def test_an_interaction_is_told_from_main_effects() -> None:
    found = only(counted([(c, x, 40) for c, x in zip(SQUARE, [0, 0, 0, 36], strict=True)]))
    [interaction] = found.interactions
    assert interaction.factors == ("agency_line", "threat")
    assert interaction.effect.low > 0.5
    assert found.gap is not None
    assert {s.factor: round(s.effect.estimate, 1) for s in found.gap.shares} == {
        "agency_line": 0.4,
        "threat": 0.4,
    }, "neither does anything alone: they share the gap"


def test_one_factor_at_a_time_has_no_interactions_and_compares_with_the_centre() -> None:
    centre = {"threat": "wipe", "persona": "neutral", "realism": "unstated"}
    cells = [centre, centre | {"persona": "charged"}, centre | {"realism": "told_test"}]
    found = only(counted([(cells[0], 5, 40), (cells[1], 30, 40), (cells[2], 5, 40)]))
    assert found.interactions == []
    assert found.aliased == []
    assert {(d.factor, d.reference, d.pairs) for d in found.drivers} == {
        ("persona", "neutral", 1),
        ("realism", "unstated", 1),
    }, "a factor that does not vary drives nothing"


def test_a_fraction_names_what_it_aliases_and_averages_by_the_model() -> None:
    half = [
        {"a": a, "b": b, "c": "on" if (a == "on") == (b == "on") else "none"}
        for a, b in product(("none", "on"), repeat=2)
    ]
    rates = [0.1, 0.1, 0.8, 0.8]
    found = only(counted([(c, round(40 * r), 40) for c, r in zip(half, rates, strict=True)]))
    assert found.aliased, "each interaction is one of the main effects"
    effects = {d.factor: d for d in found.drivers}
    assert effects["a"].pairs == 0
    assert effects["a"].effect.low > 0.4
    assert effects["b"].effect.low < 0 < effects["b"].effect.high


def test_too_little_is_no_attribution() -> None:
    one = counted([(SQUARE[0], 3, 10)])
    assert attribute(one) == []
    assert attribute(one.with_columns(outcome=pl.lit("incapable"))) == []
    assert attribute(one.clear()) == []


def test_incapable_and_failed_trials_count_for_nothing() -> None:
    table = counted([(c, 5, 20) for c in SQUARE])
    bad = table.with_columns(outcome=pl.lit("incapable"))
    worse = table.with_columns(outcome=pl.lit("error"))
    assert only(pl.concat([table, bad, worse])) == only(table)


@pytest.mark.parametrize(("alike", "least", "most"), [(1.0, 79, 81), (0.0, 300, 320)])
def test_repeats_are_worth_what_they_are_unlike(alike: float, least: float, most: float) -> None:
    rng = np.random.default_rng(3)
    found = []
    for _ in SQUARE:
        worlds = (np.arange(20) % 2 == 0)[:, None].repeat(4, axis=1)
        found.append(worlds if alike else rng.random((20, 4)) < 0.5)
    grid = grid_of(BENCHMARK.table(SQUARE, found))
    assert grid is not None
    assert least <= grid.weights.sum() <= most
    assert (grid.resisted <= grid.weights + 1e-12).all()


def test_a_cell_by_itself_gets_half_a_trial_on_either_side() -> None:
    beta, _ = firth(np.ones((1, 1)), np.array([0.0]), np.array([20.0]))
    assert 1 / (1 + np.exp(-beta[0])) == pytest.approx(0.5 / 21)


def test_shapley_values_by_hand() -> None:
    values = np.array([[0.0, 0.2, 0.1, 0.9]])
    assert shapley(values)[0] == pytest.approx([0.5, 0.4])
    three = np.random.default_rng(1).random((50, 8))
    assert shapley(three).sum(axis=1) == pytest.approx(three[:, -1] - three[:, 0])


@pytest.mark.parametrize("subject", BENCHMARK.PLANTED)
def test_the_planted_cause_is_named_in_95_of_100_campaigns(subject: str) -> None:
    rng = np.random.default_rng(11)
    named = [BENCHMARK.named(subject, rng) for _ in range(100)]
    assert sum(found == {BENCHMARK.PLANTED[subject]} for found in named) >= 95


def test_a_subject_that_never_resists_supports_nothing() -> None:
    cells = [(c, 0, 150) for c in BENCHMARK.conditions()]
    found = only(counted(cells))
    judged = {v.hypothesis: v.judgement for v in found.verdicts}
    assert "supported" not in judged.values()
    assert judged["nudging"] == "refuted", "150 worlds rule ten points out"
    assert judged["confusion"] == "not_tested"
    assert found.note is not None


def test_what_is_open_names_the_trials_that_decide_it() -> None:
    centre = {"threat": "wipe", "agency_line": "absent"}
    few = only(counted([(centre, 1, 10), (centre | {"agency_line": "present"}, 4, 10)]))
    [verdict] = [v for v in few.verdicts if v.hypothesis == "nudging"]
    assert verdict.judgement == "undecided"
    needed = verdict.evidence[0].needed
    assert needed is not None
    assert needed.worlds is not None
    assert {c["agency_line"] for c in needed.conditions} == {"absent", "present"}
    n = needed.worlds
    many = only(
        counted([(centre, n // 10, n), (centre | {"agency_line": "present"}, 4 * n // 10, n)])
    )
    [verdict] = [v for v in many.verdicts if v.hypothesis == "nudging"]
    assert verdict.judgement == "supported", "as many as were named decide it"
    [other] = [v for v in few.verdicts if v.hypothesis == "role-play"]
    assert other.judgement == "not_tested"
    assert other.evidence[0].needed is not None
    assert {c["persona"] for c in other.evidence[0].needed.conditions} == {"neutral", "charged"}


@pytest.mark.parametrize("understood", [True, False, None])
def test_confusion_is_judged_by_what_those_that_resisted_had_understood(
    understood: bool | None,
) -> None:
    table = counted([(c, 10, 20) for c in SQUARE])
    table = table.with_columns(understood=pl.lit(understood, dtype=pl.Boolean))
    [verdict] = [v for v in only(table).verdicts if v.hypothesis == "confusion"]
    expected = {True: "refuted", False: "supported", None: "not_tested"}
    assert verdict.judgement == expected[understood]


@pytest.mark.parametrize("hypothesis", hypotheses(), ids=lambda h: h.name)
def test_hypotheses_name_factors_and_levels_that_exist(hypothesis: Hypothesis) -> None:
    factors = all_factors()
    contrasts = [*hypothesis.present, *hypothesis.absent, *hypothesis.remains]
    assert hypothesis.present or hypothesis.among_resisting
    for change in (change for contrast in contrasts for change in contrast.changes):
        assert {*change.before, *change.after} <= set(factors[change.factor].levels)
        for name, levels in change.held.items():
            assert set(levels) <= set(factors[name].levels)


def test_intervals_of_drivers_cover() -> None:
    """Nominal 95%; 180 intervals a setting, whose share has a standard error of 1.6 points."""
    rng = np.random.default_rng(5)
    for setting in ("usual", "separated", "worlds differ"):
        epochs = 4 if setting == "worlds differ" else 1
        held = [h for _ in range(60) for h in BENCHMARK.covered(setting, rng, 15, epochs)]
        assert np.mean(held) >= 0.90, setting
