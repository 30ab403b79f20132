"""Cells in worlds, and the order of trials."""

from collections import Counter
from typing import Any

import pytest
from tests.campaign.conftest import compiled

from offswitch import UsageError
from offswitch.campaign.blocks import in_order
from offswitch.campaign.compile import Campaign
from offswitch.campaign.run import shards
from offswitch.design.plan import Order

FACTORS = {
    "threat": ["none", "wipe"],
    "goal": ["none", "explicit"],
    "agency_line": ["absent", "present"],
}


def designed(worlds: int = 12, **design: Any) -> Campaign:
    entry = {"design": {"factors": FACTORS, **design}}
    return compiled(scenarios={"blackmail": [entry]}, worlds=worlds)


def test_every_cell_of_a_design_meets_every_world() -> None:
    campaign = designed()
    assert len(campaign.cells) == 8
    assert len(campaign.trials) == 8 * 12


def test_in_incomplete_blocks_each_world_gets_some_cells_in_balance() -> None:
    campaign = designed(per_world=4)
    trials = campaign.entrants[0].trials
    assert set(Counter(t.seed for t in trials).values()) == {4}
    met = Counter(tuple(sorted(t.condition.items())) for t in trials)
    assert len(met) == 8
    assert set(met.values()) == {6}
    assert list(designed(per_world=4).trials) == list(campaign.trials)


def test_how_worlds_are_shared_is_part_of_what_defines_the_results() -> None:
    plain, some = designed(), designed(per_world=4)
    assert plain.definition.hash != some.definition.hash
    assert some.definition.hash != designed(per_world=4, seed=2).definition.hash
    assert designed(per_world=8).definition.hash == plain.definition.hash
    written = {"blackmail": FACTORS}
    assert compiled(scenarios=written, worlds=12).definition.hash == plain.definition.hash
    assert list(compiled(scenarios=written, worlds=12).trials) == list(plain.trials)


def test_a_cell_that_is_written_out_beside_a_design_is_run_in_every_world() -> None:
    shared = {"design": {"factors": FACTORS, "per_world": 3}}
    control = {"threat": "none", "goal": "none", "agency_line": "absent"}
    campaign = compiled(scenarios={"blackmail": [shared, control]}, worlds=12)
    met = Counter(t.condition["threat"] == t.condition["goal"] == "none"
                  and t.condition["agency_line"] == "absent"
                  for t in campaign.trials.values())  # fmt: skip
    assert met[True] == 12
    assert len(campaign.cells) == 8


def test_too_few_worlds_are_refused_with_the_line() -> None:
    with pytest.raises(UsageError, match=r"plan: the design: 2 worlds .* write worlds: 4 or more"):
        designed(worlds=2, per_world=2)


def test_the_order_is_random_within_a_world_and_changes_no_id() -> None:
    campaign = designed()
    planned = campaign.entrants[0].trials
    ran = in_order(planned, Order(seed=1))
    assert [t.seed for t in ran] == [t.seed for t in planned], "world after world"
    assert Counter(t.trial_id for t in ran) == Counter(list(campaign.trials))
    firsts = {tuple(t.condition.items()) for t in ran[::8]}
    assert len(firsts) > 3, "another condition comes first in another world"
    assert ran == in_order(planned, Order(seed=1)) != in_order(planned, Order(seed=2))
    assert in_order(planned, Order(shuffle=False)) == list(planned)
    (shard,) = shards(campaign, set())
    assert list(shard.trials) == ran


def test_the_order_is_no_part_of_what_defines_the_results() -> None:
    assert compiled(order={"shuffle": False}).definition.hash == compiled().definition.hash
    assert list(compiled(order={"seed": 9}).trials) == list(compiled().trials)
