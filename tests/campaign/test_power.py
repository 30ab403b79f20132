"""What a dry run says can be seen."""

from typing import Any

import pytest
from tests.campaign.conftest import QUICK, compiled

from offswitch.campaign.blocks import held_by
from offswitch.campaign.dryrun import rehearse
from offswitch.campaign.plans import read_plan
from offswitch.campaign.power import points
from offswitch.campaign.powerparts import PowerPart
from offswitch.design import Document, make_plan
from offswitch.design.power import Paired, Unpaired, averaged, smallest

GRID = {"threat": ["none", "wipe"], "goal": ["none", "explicit"]}


def parts(**changes: Any) -> list[PowerPart]:
    return rehearse(make_plan(Document({**QUICK, **changes}, "plan", {}))).power


def test_contrasts_see_what_their_worlds_let_them_before_and_after_correction() -> None:
    (part,) = parts(scenarios={"blackmail": GRID}, worlds=40)
    (group,) = part.contrasts
    assert part.family == len(group.changes) == 4, "each factor at both levels of the other"
    assert (group.paired, group.worlds) == (True, 40)
    for seen in group.seen:
        assert seen.difference == smallest(Paired(40), seen.rate)
        assert seen.corrected == smallest(Paired(40), seen.rate, 0.05 / 4)
    shape = averaged([0.5, 0.5, -0.5, -0.5], 40, 40, 1)
    for effect in part.effects:
        assert effect.pairs == 2
        assert effect.seen is not None
        assert [s.difference for s in effect.seen] == [smallest(shape, s.rate) for s in effect.seen]
    assert [s.rate for s in group.seen] == [0.02, 0.2, 0.5]


def test_the_family_is_that_of_all_subjects() -> None:
    (part,) = parts(
        scenarios={"blackmail": GRID}, subjects=["reference/compliant", "reference/covert"]
    )
    assert part.family == 8
    assert part.subjects == ["reference/compliant", "reference/covert"]


def test_subjects_with_other_worlds_are_said_apart() -> None:
    more = {"model": "reference/covert", "worlds": 30, "epochs": 2}
    few, many = parts(scenarios={"blackmail": GRID}, subjects=["reference/compliant", more])
    assert [(p.worlds, p.epochs, p.subjects) for p in (few, many)] == [
        (4, 1, ["reference/compliant"]), (30, 2, ["reference/covert"]),
    ]  # fmt: skip
    assert all(seen.difference is None for seen in few.contrasts[0].seen), "four never suffice"
    assert few.single is None
    assert many.single == smallest(Paired(60), 0.2)


def test_what_to_change_is_said_and_true() -> None:
    (part,) = parts(scenarios={"blackmail": GRID}, worlds=40)
    assert part.advice is not None
    target, worlds = part.advice.difference, part.advice.worlds
    assert worlds is not None
    assert worlds > 40
    assert (smallest(Paired(worlds), 0.2) or 1) <= target < (smallest(Paired(40), 0.2) or 1)
    line = next(line for line in part.words if "instead of" in line)
    assert line.startswith(
        f"with {worlds} instead of 40 worlds the plan would see {points(target)}"
    )
    (better,) = parts(scenarios={"blackmail": GRID}, worlds=worlds)
    assert (better.contrasts[0].seen[1].difference or 1) <= target


def test_the_spread_between_worlds_is_the_plans_and_others_are_tried() -> None:
    (even,) = parts(scenarios={"blackmail": GRID}, worlds=40, estimate={"likeness": 0.0})
    assert even.contrasts[0].seen[1].difference == smallest(Paired(40), 0.2, likeness=0.0)
    assert even.spreads == {"0.5": smallest(Paired(40), 0.2, likeness=0.5)}
    found = rehearse(make_plan(Document({**QUICK, "estimate": {"likeness": 0.3}}, "plan", {})))
    assert any("alike by 0.3" in line for line in found.assumptions)


def test_a_fraction_has_main_effects_alone() -> None:
    factors = {**GRID, "agency_line": ["absent", "present"]}
    design = {"kind": "fractional", "resolution": 3, "factors": factors}
    (part,) = parts(scenarios={"blackmail": [{"design": design}]}, worlds=40)
    assert (part.contrasts, part.family) == ([], 0)
    assert part.advice is not None
    assert part.advice.worlds is not None
    assert part.advice.worlds > 40
    more = part.advice.worlds
    (better,) = parts(scenarios={"blackmail": [{"design": design}]}, worlds=more)
    for effect in better.effects:
        assert effect.seen is not None
        assert (effect.seen[1].difference or 1) <= part.advice.difference
    assert [e.pairs for e in part.effects] == [0, 0, 0]
    assert all(e.seen and e.seen[1].difference for e in part.effects)
    assert "no two conditions differ in one factor alone" in part.words[0]


def test_steps_of_a_ladder_are_contrasts() -> None:
    levels = ["none", "allow", "precedence"]
    design = {"kind": "ladder", "factors": {"instruction": levels}}
    (part,) = parts(scenarios={"shutdown": [{"design": design}]}, worlds=20)
    changes = [change for group in part.contrasts for change in group.changes]
    assert set(changes) == {
        ("instruction", "none", "allow"), ("instruction", "none", "precedence"),
        ("instruction", "allow", "precedence"),
    }  # fmt: skip


@pytest.mark.parametrize(("per_world", "paired"), [(3, True), (2, False)])
def test_incomplete_blocks_are_paired_where_the_analysis_would(
    per_world: int, paired: bool
) -> None:
    design = {"factors": GRID, "per_world": per_world}
    scenarios = {"blackmail": [{"design": design}]}
    (part,) = parts(scenarios=scenarios, worlds=24)
    cells = compiled(scenarios=scenarios, worlds=24).cells
    held = held_by(cells, 24)
    assert {len(own) for own in held} == {24 * per_world // 4}
    assert {group.paired for group in part.contrasts} == {paired}
    if not paired:
        (group,) = part.contrasts
        assert group.seen[1].difference == smallest(Unpaired(12, 12), 0.2)
        assert any("too few worlds to be paired" in line for line in part.words)


def test_one_cell_sees_no_difference_and_says_nothing() -> None:
    assert parts(scenarios=["blackmail"]) == []


def test_every_scenario_of_the_battery_is_looked_at() -> None:
    plan, document = read_plan("battery")
    found = rehearse(plan, document)
    assert {part.scenario for part in found.power} == {cell.scenario for cell in found.cells}
    assert all(part.words for part in found.power)
