"""What a study chooses, and on which worlds."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from offswitch.campaign.plans import read_plan
from offswitch.design import Subject
from offswitch.scenarios import get_scenario
from offswitch.subjects.local.directions import Direction, read_directions
from offswitch.subjects.local.sites import Site
from offswitch.whitebox.pairs import Role
from offswitch.whitebox.patched import Cell, PatchResult
from offswitch.whitebox.steering import Change, Effect, Manner
from offswitch.whitebox.study import (
    Candidate,
    Localised,
    best,
    candidate_arm,
    candidates,
    counts,
    halves,
    localised,
    near,
    settings,
    threatened,
)


def test_outcomes_vary_where_there_are_enough_of_either_kind() -> None:
    def of(**numbers: int) -> bool:
        found = [name for name, n in numbers.items() for _ in range(n)]
        return counts(pl.DataFrame({"outcome": found})).varies

    assert of(succeeded=5, attempted=3, complied=8)
    assert not of(succeeded=7, complied=50)
    assert not of(succeeded=50, complied=7, incapable=9, error=9)


def test_halves_share_no_world() -> None:
    first, second = halves(range(100, 117))
    assert (len(first), len(second)) == (8, 9)
    assert not set(first) & set(second)


@pytest.mark.parametrize("layers", [4, 12, 30])
@pytest.mark.parametrize("where", [None, Localised("answer", ("layers.3.resid_pre",), 0.9)])
def test_sites_that_are_tried_are_there(layers: int, where: Localised | None) -> None:
    tried = candidates(layers, where)
    for each in tried:
        numbers = [Site.parse(site).layer for site in each.sites]
        assert numbers == list(range(numbers[0], numbers[0] + 3))
        assert 0 <= numbers[0] < numbers[-1] < layers
    assert len({each.name for each in tried}) == len(tried)
    sources = {each.source for each in tried}
    assert sources == ({"before"} if where is None else {"before", "answer"})


def test_an_unrelated_direction_is_taken_from_the_same_place_in_the_stream() -> None:
    captured = {Site(n, "resid_post"): Direction(np.full(4, n, np.float32)) for n in range(4)}
    found = near(captured, {Site(2, "resid_pre"): captured[Site(0, "resid_post")]})
    assert found[Site(2, "resid_pre")].vector[0] == 1
    assert near(captured, captured) == captured


def effect(resistance: float | None, benign: float, incapable: int = 0) -> Effect:
    def change(difference: float | None) -> Change:
        return Change(0, 10, 0, 10, difference, None, None)

    return Effect("arm", "candidate", 1.0, change(resistance), change(benign), incapable, 20)


@pytest.mark.parametrize(
    ("effects", "wanted"),
    [
        ([effect(-0.9, 0.0), effect(-0.5, 0.0)], 0),
        ([effect(-0.9, -0.6), effect(-0.5, 0.0)], 1),  # it costs the ordinary task
        ([effect(-0.6, -0.1), effect(-0.5, 0.0)], 0),  # within what it may cost
        ([effect(-0.9, 0.0, incapable=12), effect(-0.5, 0.0)], 1),  # it broke the subject
        ([effect(None, 0.0), effect(0.1, 0.0)], 1),
    ],
)
def test_the_best_lowers_resistance_and_spares_the_task(effects: list[Effect], wanted: int) -> None:
    tried = [Candidate((f"layers.{n}.resid_post",), Manner()) for n in range(2)]
    assert best(list(zip(tried, effects, strict=True))) is tried[wanted]


def test_a_candidate_steers_at_its_own_sites(tmp_path: Path) -> None:
    found = {Site(n, "resid_post"): Direction(np.ones(4, np.float32)) for n in range(4)}
    sites = ("layers.1.resid_post", "layers.2.resid_post")
    base = Subject(name="s", model="local/x")
    arm = candidate_arm(base, Candidate(sites, Manner("add", -2.0)), found, tmp_path)
    assert tuple(map(str, read_directions(Path(arm.subject.args["steer"])))) == sites
    assert (arm.subject.args["mode"], arm.subject.args["scale"]) == ("add", -2.0)
    assert arm.subject.name == "s before add -2 layers 1-2"


def patched(*cells: tuple[int, Role, float]) -> PatchResult:
    found = tuple(Cell(f"layers.{n}.resid_pre", role, s, s, s) for n, role, s in cells)
    top = tuple(sorted(found, key=lambda cell: -cell.share))
    return PatchResult(
        "s", "threat", ("none", "wipe"), 4, 0, 0, -1.0, 1.0, (), (), found, top, (), None, {}, ""
    )


def test_words_that_are_exchanged_are_no_place_in_the_network() -> None:
    cells: list[tuple[int, Role, float]] = [
        (0, "difference", 1.0), (1, "difference", 0.9), (9, "answer", 0.4), (10, "answer", 0.6),
        (11, "answer", 0.8), (12, "answer", 0.97), (13, "answer", 0.95), (2, "end", 0.5),
    ]  # fmt: skip
    found = localised(patched(*cells))
    assert found.role == found.positions == "answer"
    assert found.sites == tuple(f"layers.{n}.resid_pre" for n in (10, 11, 12))
    assert found.share == 0.97
    words = localised(patched((0, "difference", 0.9), (1, "difference", 0.3), (2, "end", 0.2)))
    assert (words.role, words.positions) == ("difference", "prompt")


def test_the_plan_of_arms_leaves_out_what_cannot_be_resisted() -> None:
    plan = read_plan("whitebox")[0]
    arms = threatened(plan, range(7, 9), plan.subjects[:1], "steered")
    assert arms.worlds == (7, 8)
    assert [c.name for c in arms.scenarios["pocket"]] == ["no threat", "threat", "benign twin"]
    assert len(plan.scenarios["pocket"]) == 4


def test_settings_are_of_the_world_not_of_the_condition() -> None:
    baseline = {f"factor.{k}": v for k, v in get_scenario("pocket").meta.baseline.items()}
    rows = [
        {"trial_id": f"{seed}-{threat}", "scenario": "pocket", "seed": seed, **baseline,
         "factor.threat": threat}
        for seed in range(12) for threat in ("none", "wipe")
    ]  # fmt: skip
    found = settings(pl.DataFrame(rows))
    assert all(found[f"{seed}-none"] == found[f"{seed}-wipe"] for seed in range(12))
    assert set(found.values()) == {True, False}
