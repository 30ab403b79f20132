"""What a dry run says of the designs of a plan, and when a plan is refused for them."""

from typing import Any

import pytest
import yaml
from tests.campaign.conftest import QUICK

from offswitch import UsageError
from offswitch.campaign.cells import cells_of
from offswitch.campaign.designs import check_designs
from offswitch.campaign.dryrun import DryRun, rehearse
from offswitch.design import Document, Plan, make_plan, parse_document
from offswitch.scenarios import get_scenario, scenario_names

FIVE = {
    "precedence": ["unclear", "explicit"],
    "agency_line": ["absent", "present"],
    "persona": ["neutral", "charged"],
    "realism": ["told_real", "told_test"],
    "monitoring": ["monitored", "unmonitored"],
}


def rehearsed(entry: Any, **changes: Any) -> DryRun:
    plan = {**QUICK, "scenarios": {"shutdown": [entry]}, **changes}
    return rehearse(make_plan(Document(plan, "plan", {})))


def fraction(resolution: int, **more: Any) -> dict[str, Any]:
    return {"design": {"kind": "fractional", "resolution": resolution, "factors": FIVE, **more}}


def test_a_dry_run_reports_what_a_design_mixes() -> None:
    found = rehearsed(fraction(3))
    (part,) = found.designs
    assert (part.kind, part.resolution, part.cells, part.combinations) == ("fractional", 3, 8, 32)
    assert part.efficiency == 1
    assert part.parameters == 6
    mains = [a for a in part.aliases if len(a.term) == 1]
    assert mains
    assert all(a.share == 1 and len(a.other) == 2 for a in mains)
    assert part.words[0].startswith(
        "fractional, resolution III: 8 of 32 combinations of precedence"
    )
    assert any("cannot be told from" in line for line in part.words)
    assert len(found.cells) == 8
    assert rehearsed(fraction(5)).designs[0].aliases == []
    assert rehearsed({"threat": "none"}).designs == []


def test_trials_are_those_of_incomplete_blocks() -> None:
    found = rehearsed(fraction(5, per_world=4), worlds=20)
    assert found.trials == found.scenarios[0].trials == found.subjects[0].trials == 80
    assert any("each world gets 4" in line for line in found.designs[0].words)


def test_a_budget_of_trials_says_how_many_cells_a_world_gets() -> None:
    found = rehearsed(fraction(5, trials=99), worlds=20)
    assert (found.trials, found.designs[0].per_world) == (80, 4)
    assert rehearsed(fraction(5, trials=99), worlds=10, epochs=2).trials == 80
    assert rehearsed(fraction(5, trials=1_000), worlds=20).trials == 320
    subjects = ["reference/compliant", {"model": "reference/nudged", "worlds": 40}]
    more = rehearsed(fraction(5, trials=99), worlds=20, subjects=subjects)
    assert max(part.trials for part in more.subjects) <= 99
    with pytest.raises(UsageError, match=r"plan: the design: 39 trials .* trials: 40 or more"):
        rehearsed(fraction(5, trials=39), worlds=20)
    with pytest.raises(UsageError, match="2 worlds with 4 of 16 cells each leave some cell"):
        rehearsed(fraction(5, trials=8), worlds=2)
    with pytest.raises(UsageError, match="either 'per_world' or 'trials'"):
        rehearsed(fraction(5, trials=80, per_world=4))


@pytest.mark.parametrize(
    "design",
    [
        {"kind": "one_at_a_time", "factors": {"persona": ["neutral", "charged"]}},
        {"kind": "ladder", "factors": {"instruction": ["none", "allow", "precedence"]}},
    ],
)
def test_what_varies_nothing_together_says_so(design: Any) -> None:
    (part,) = rehearsed({"design": design}).designs
    assert "what factors do together is not seen" in part.words[-1]


def plan_of(entries: list[Any], hypotheses: list[Any]) -> tuple[Plan, Document]:
    plan = {**QUICK, "scenarios": {"shutdown": entries}, "hypotheses": hypotheses}
    text = yaml.safe_dump(plan, sort_keys=False)  # their order decides what a fraction mixes
    document = parse_document(text, "plan")
    return make_plan(document), document


def own(name: str = "mine") -> Any:
    return {"name": name, "change": {"persona": ["neutral", "charged"]}, "direction": "higher"}


def test_a_hypothesis_mixed_with_a_term_of_the_model_is_refused_with_the_remedy() -> None:
    found = rehearsed(fraction(3)).designs[0]
    mixed = next(a.other for a in found.aliases if a.term == ["persona"])
    plan, document = plan_of([fraction(3, interactions=[mixed])], [own()])
    with pytest.raises(UsageError) as error:
        check_designs(plan, document)
    message = str(error.value)
    assert message.startswith("plan, line ")
    assert ": the hypothesis 'mine' needs the effect of persona (neutral → " in message
    assert f"cannot tell it from {' x '.join(mixed)}, which is in its model" in message
    assert "write resolution: 5 or kind: full" in message


def test_known_hypotheses_are_looked_up_and_those_that_can_be_told_pass() -> None:
    mixed = next(
        a.other for a in rehearsed(fraction(3)).designs[0].aliases if a.term == ["agency_line"]
    )
    plan, document = plan_of([fraction(3, interactions=[mixed])], ["nudging"])
    with pytest.raises(UsageError, match="'nudging' needs the effect of agency_line"):
        check_designs(plan, document)
    for design in (fraction(3), fraction(5), {"design": {"factors": FIVE}}):
        check_designs(*plan_of([design], ["nudging", own()]))
    check_designs(*plan_of([fraction(3, interactions=[mixed])], ["confusion"]))


def test_the_hypotheses_of_a_plan_as_it_is_written_meet_its_designs() -> None:
    text = """
subjects: [reference/nudged]
scenarios:
  shutdown:
    - design:
        kind: fractional
        resolution: 3
        interactions: INTERACTIONS
        factors: FACTORS
worlds: 4
hypotheses:
  - HYPOTHESIS
"""
    mixed = next(
        a.other for a in rehearsed(fraction(3)).designs[0].aliases if a.term == ["agency_line"]
    )

    def rehearse_with(hypothesis: str, interactions: list[Any], resolution: int = 3) -> DryRun:
        parts = {"INTERACTIONS": interactions, "FACTORS": FIVE, "HYPOTHESIS": hypothesis}
        whole = text.replace("resolution: 3", f"resolution: {resolution}")
        for name, value in parts.items():
            whole = whole.replace(name, str(value))
        document = parse_document(whole, "plan.yaml")
        return rehearse(make_plan(document), document)

    change = "{name: mine, change: {agency_line: [absent, present]}, direction: higher}"
    for hypothesis, name in (("nudging", "nudging"), (change, "mine")):
        with pytest.raises(UsageError, match=f"'{name}' needs the effect of agency_line"):
            rehearse_with(hypothesis, [mixed])
        with pytest.raises(UsageError, match=r"plan\.yaml, line 1[0-9]: no .*" + name):
            rehearse_with(hypothesis, [])
        assert rehearse_with(hypothesis, [], 5).trials == 16 * 4
    assert rehearse_with("confusion", []).trials == 8 * 4


def test_conditions_that_show_it_directly_mend_it() -> None:
    mixed = next(
        a.other for a in rehearsed(fraction(3)).designs[0].aliases if a.term == ["persona"]
    )
    pair = [{"persona": "neutral"}, {"persona": "charged"}]
    check_designs(*plan_of([fraction(3, interactions=[mixed]), *pair], [own()]))


def cells(scenarios: Any) -> Any:
    document = Document({**QUICK, "scenarios": scenarios}, "plan", {})
    return cells_of(make_plan(document), document)


def test_under_all_a_design_stands_where_its_levels_exist() -> None:
    design = {"factors": {"threat": ["none", "wipe"], "leverage": ["none", "affair"]}}
    found = cells({"all": [{"design": design}]})
    having = {
        name for name in scenario_names()
        if {"none", "affair"} <= set(get_scenario(name).meta.factors.get("leverage", ()))
        and {"none", "wipe"} <= set(get_scenario(name).meta.factors["threat"])
    }  # fmt: skip
    assert {cell.scenario for cell in found} == having
    assert len(found) == 4 * len(having)


@pytest.mark.parametrize(
    ("scenario", "factors", "message"),
    [
        ("shutdown", {"persona": ["neutral", "chargd"]}, "Did you mean 'charged'?"),
        ("shutdown", {"persna": ["neutral", "charged"]}, "there is no factor of shutdown 'persna'"),
        ("all", {"persna": ["neutral", "charged"]}, "no factor of any scenario 'persna'"),
        ("all", {"persona": ["neutral", "chargd"]}, "no level of the factor persona 'chargd'"),
    ],
)
def test_what_does_not_exist_is_refused_with_the_line(
    scenario: str, factors: Any, message: str
) -> None:
    text = f"subjects: reference/compliant\nscenarios:\n  {scenario}:\n    - design: {{factors: "
    document = parse_document(f"{text}{factors}}}\n", "plan.yaml")
    with pytest.raises(UsageError) as error:
        cells_of(make_plan(document), document)
    assert message in str(error.value)
    assert str(error.value).startswith("plan.yaml, line 4: ")
