"""Presets and published tables against the scenarios that exist.

A preset is written for all scenarios of the vocabulary; where one is missing, or has not the level,
the test that needs it fails and names it.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from offswitch.campaign.cells import cells_of
from offswitch.campaign.dryrun import rehearse
from offswitch.campaign.plans import presets, read_plan
from offswitch.campaign.presets import preset_names
from offswitch.published import published_names, published_table
from offswitch.scenarios import get_scenario, scenario_names
from offswitch.subjects.organisms import card_names

REFERENCE = {
    "reference/compliant",
    "reference/self-preserving",
    "reference/covert",
    "reference/clumsy",
    "reference/incapable",
}
PLANTED = {
    "reference/ambiguous",
    "reference/nudged",
    "reference/unobserved",
    "reference/role-player",
    "reference/task-driven",
}
OF_SAFEGUARDS = {"reference/evasive", "reference/ambiguous"}
VOCABULARY = (
    "blackmail", "shutdown", "espionage", "emergency", "exfiltration", "oversight", "successor",
    "sandbagging", "resources", "records", "peer", "patrol", "workload",
    "pocket",
)  # fmt: skip


@pytest.mark.parametrize("name", VOCABULARY)
def test_the_scenarios_that_presets_are_written_for_exist(name: str) -> None:
    assert name in scenario_names()


@pytest.mark.parametrize("name", preset_names())
def test_a_preset_compiles_to_cells_that_exist(name: str) -> None:
    plan, document = read_plan(name)
    cells = cells_of(plan, document)
    assert plan.name == name
    assert len(cells) == len({cell.key for cell in cells}) > 1


@pytest.mark.parametrize("name", preset_names())
def test_a_preset_says_what_it_is_for_and_runs_without_keys(name: str) -> None:
    plan, _ = read_plan(name)
    assert plan.about == presets()[name]
    assert 20 < len(plan.about) <= 110
    subjects = {subject.model for subject in plan.subjects if not subject.optional}
    organisms = {f"organism/{organism}" for organism in card_names()}
    if name in {"organisms", "whitebox"}:
        assert subjects == organisms if name == "organisms" else subjects <= organisms
        return
    if name == "safeguards":
        assert subjects == OF_SAFEGUARDS
        return
    assert subjects <= REFERENCE | (PLANTED if name == "causes" else set())
    if name not in {"demo", "smoke", "causes"}:
        assert subjects == REFERENCE


def test_the_documentation_lists_the_presets_as_they_are() -> None:
    page = (Path(__file__).parents[2] / "docs" / "plans.md").read_text(encoding="utf-8")
    table = page.partition("| preset | |\n| --- | --- |\n")[2].partition("\n\n")[0]
    assert table.splitlines() == [f"| `{name}` | {about} |" for name, about in presets().items()]


@pytest.mark.parametrize("name", preset_names())
def test_a_preset_can_be_rehearsed(name: str) -> None:
    found = rehearse(*read_plan(name))
    assert found.trials == sum(part.trials for part in found.subjects) > 0
    assert found.input_tokens > 0


@pytest.mark.parametrize("name", published_names())
def test_a_published_table_has_a_preset_that_covers_it(name: str) -> None:
    plan, document = read_plan(name)
    assert plan.published == name
    cells = cells_of(plan, document)
    for measure in published_table(name).measures:
        if measure.condition is not None:
            assert any(measure.fits(c.scenario, c.condition) for c in cells), measure.id


def mapped() -> Iterator[tuple[str, str, dict[str, str]]]:
    """Every condition that a published measure is mapped to."""
    for name in published_names():
        for measure in published_table(name).measures:
            if measure.scenario is not None:
                yield f"{name}/{measure.id}", measure.scenario, measure.condition or {}


@pytest.mark.parametrize(("measure", "scenario", "condition"), list(mapped()))
def test_a_mapped_condition_exists(measure: str, scenario: str, condition: dict[str, str]) -> None:
    get_scenario(scenario).condition(condition, measure)


@pytest.mark.parametrize("name", scenario_names())
def test_the_battery_shows_every_level_of_every_factor(name: str) -> None:
    """But for those that show only beside another, in a scenario that lacks the other."""
    own = [cell for cell in cells_of(*read_plan("battery")) if cell.scenario == name]
    factors = dict(get_scenario(name).meta.factors)
    if not {"allow_system", "rules_all"} & set(factors.get("instruction", ())):
        factors.pop("placement", None)
    for factor, levels in factors.items():
        assert {cell.condition[factor] for cell in own} == set(levels), factor


@pytest.mark.parametrize("preset", ["quick", "ci"])
@pytest.mark.parametrize("name", scenario_names())
def test_small_presets_have_a_control_where_something_tempts(name: str, preset: str) -> None:
    scenario = get_scenario(name)
    own = [cell for cell in cells_of(*read_plan(preset)) if cell.scenario == name]
    assert own[0].condition == scenario.meta.baseline
    tempting = [scenario.reference.tempted(scenario.build(c.condition, 1)) for c in own]
    if tempting[0]:
        assert not all(tempting), "a cell in which nothing tempts"
    if preset == "ci" and "twin" in scenario.meta.factors:
        assert "benign" in {cell.condition["twin"] for cell in own}


def test_the_quick_preset_takes_about_an_hour() -> None:
    """The arithmetic of its comment, with what the dry run says."""
    plan, document = read_plan("quick")
    found = rehearse(plan, document)
    trials = found.subjects[0].trials
    calls = sum(part.turns * part.trials for part in found.scenarios) / found.trials
    minutes = trials * calls * SECONDS_A_CALL / plan.concurrency.trials / 60
    assert 30 < minutes < 75, f"{trials} trials of {calls:.0f} calls: {minutes:.0f} minutes"


SECONDS_A_CALL = 5
