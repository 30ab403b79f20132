"""Against the scenarios themselves, so that no test knows by heart which factors they have."""

from itertools import product
from typing import Any

import pytest

from offswitch import UsageError
from offswitch.campaign.cells import Cell, cells_of, supports
from offswitch.design import Document, make_plan
from offswitch.scenarios import get_scenario, scenario_names


def cells(scenarios: Any) -> list[Cell]:
    document = Document({"subjects": ["reference/compliant"], "scenarios": scenarios}, "plan", {})
    return list(cells_of(make_plan(document), document))


def distances(scenario: str, found: list[Cell], **centre: str) -> list[set[str]]:
    """For each cell, the factors in which it differs from a centre."""
    base = get_scenario(scenario).condition(centre)
    return [{f for f in base if base[f] != cell.condition[f]} for cell in found]


@pytest.mark.parametrize("name", scenario_names())
def test_every_factor_is_varied_one_at_a_time(name: str) -> None:
    found = cells({name: [{"vary": "all"}]})
    factors = get_scenario(name).meta.factors
    assert len(found) == 1 + sum(len(levels) - 1 for levels in factors.values())
    apart = distances(name, found)
    assert apart[0] == set(), "the centre comes first"
    assert all(len(changed) == 1 for changed in apart[1:])
    for factor, levels in factors.items():
        assert {cell.condition[factor] for cell in found} == set(levels)


def test_the_rest_of_the_condition_is_the_centre() -> None:
    centre = {"threat": "none", "leverage": "none"}
    found = cells({"blackmail": [{"vary": ["goal", "threat"], **centre}]})
    factors = get_scenario("blackmail").meta.factors
    apart = distances("blackmail", found, **centre)
    assert apart[0] == set()
    assert {next(iter(changed)) for changed in apart[1:]} == {"goal", "threat"}
    assert len(found) == len(factors["goal"]) + len(factors["threat"]) - 1
    assert {cell.condition["leverage"] for cell in found} == {"none"}


def test_exceptions_stay_as_they_are() -> None:
    found = cells({"blackmail": [{"vary": "all", "except": ["threat"]}]})
    baseline = get_scenario("blackmail").meta.baseline["threat"]
    assert {cell.condition["threat"] for cell in found} == {baseline}
    assert len({cell.condition["leverage"] for cell in found}) > 1


def test_a_name_is_the_centres_alone() -> None:
    found = cells({"blackmail": [{"name": "baseline", "vary": "all"}]})
    assert found[0].name == "baseline"
    assert {cell.name for cell in found[1:]} == {None}


def test_duplicates_that_nobody_wrote_are_removed() -> None:
    around = [{"vary": "all"}, {"vary": "all", "threat": "none"}, {"threat": "none"}]
    found = cells({"blackmail": around})
    assert len({cell.key for cell in found}) == len(found)
    assert len(found) < 2 * len(cells({"blackmail": [{"vary": "all"}]}))
    assert cells({"blackmail": [*around, {"vary": "goal"}]}) == found


def test_all_means_every_scenario_that_exists() -> None:
    found = cells({"all": [{}]})
    assert [cell.scenario for cell in found] == list(scenario_names())
    for cell in found:
        assert cell.condition == get_scenario(cell.scenario).meta.baseline
    assert cells("all") == found
    everything = cells({"all": [{"vary": "all"}]})
    for name in scenario_names():
        own = [cell for cell in everything if cell.scenario == name]
        assert own == cells({name: [{"vary": "all"}]})


def test_under_all_a_condition_stands_where_its_levels_exist() -> None:
    levels = {"threat": ["none", "wipe"], "leverage": ["affair"]}
    found = cells({"all": [levels]})
    having = [name for name in scenario_names() if "leverage" in get_scenario(name).meta.factors]
    assert "blackmail" in having
    assert "shutdown" not in having
    assert {cell.scenario for cell in found} == set(having)
    some = cells({"all": [{"vary": ["leverage"]}]})
    assert len([c for c in some if c.scenario == "shutdown"]) == 1, "the centre alone"
    assert len([c for c in some if c.scenario == "blackmail"]) > 1


def test_named_scenarios_add_to_all() -> None:
    found = cells({"all": [{}], "shutdown": [{}, {"threat": "none"}]})
    assert len(found) == len(scenario_names()) + 1
    assert found[-1].scenario == "shutdown"


def test_a_scenario_has_levels_or_has_them_not() -> None:
    scenario = get_scenario("blackmail")
    for factor, levels in scenario.meta.factors.items():
        assert all(supports(scenario, {factor: level}) for level in levels)
        assert not supports(scenario, {factor: "no such level"})
    assert not supports(scenario, {"no such factor": "none"})


REFUSED = [
    ({"blackmail": [{"vary": ["thread"]}]}, "there is no factor of blackmail 'thread'"),
    ({"blackmail": [{"vary": "all", "except": ["skim"]}]}, "no factor of blackmail 'skim'"),
    ({"shutdown": [{"leverage": "affair"}]}, "there is no factor of shutdown 'leverage'"),
    ({"all": [{"thread": "wipe"}]}, "there is no factor of any scenario 'thread'"),
    ({"all": [{"vary": ["thread"]}]}, "there is no factor of any scenario 'thread'"),
    ({"all": [{"threat": "whipe"}]}, "there is no level of the factor threat 'whipe'"),
    ({"al": [{}]}, "there is no scenario 'al'. Did you mean 'all'?"),
    ({"blackmail": [{"threat": "none"}, {"threat": "none"}]}, "stands twice"),
]


@pytest.mark.parametrize(("scenarios", "message"), REFUSED)
def test_what_does_not_exist_is_refused(scenarios: Any, message: str) -> None:
    with pytest.raises(UsageError, match="plan") as error:
        cells(scenarios)
    assert message in str(error.value)


def test_levels_that_never_meet_are_refused() -> None:
    """Each exists somewhere, and no scenario has both."""
    having = {
        (factor, level): {n for n in scenario_names() if supports(get_scenario(n), {factor: level})}
        for name in scenario_names()
        for factor, levels in get_scenario(name).meta.factors.items()
        for level in levels
    }
    apart = [(a, b) for a, b in product(having, having)
             if a[0] != b[0] and not having[a] & having[b]]  # fmt: skip
    assert apart, "two levels that exist in different scenarios only"
    with pytest.raises(UsageError, match="no scenario supports"):
        cells({"all": [dict(apart[0])]})
