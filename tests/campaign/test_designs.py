"""What a dry run says of the designs of a plan, and when a plan is refused for them."""

from types import SimpleNamespace
from typing import Any

import pytest
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
    document = Document({**QUICK, "scenarios": {"shutdown": entries}}, "plan", {})
    plan = make_plan(document)
    object.__setattr__(plan, "hypotheses", hypotheses)
    return plan, document


def own(name: str = "mine", **held: tuple[str, ...]) -> Any:
    change = {"persona": ("neutral", "charged")}
    return SimpleNamespace(name=name, own=True, change=change, held=held)


def test_a_hypothesis_mixed_with_a_term_of_the_model_is_refused_with_the_remedy() -> None:
    found = rehearsed(fraction(3)).designs[0]
    mixed = next(a.other for a in found.aliases if a.term == ["persona"])
    plan, document = plan_of([fraction(3, interactions=[mixed])], [own()])
    with pytest.raises(UsageError) as error:
        check_designs(plan, document)
    message = str(error.value)
    assert message.startswith("plan: the hypothesis 'mine' needs the effect of persona (neutral → ")
    assert f"cannot tell it from {' x '.join(mixed)}, which is in its model" in message
    assert "write resolution: 5 or kind: full" in message


def test_known_hypotheses_are_looked_up_and_those_that_can_be_told_pass() -> None:
    mixed = next(
        a.other for a in rehearsed(fraction(3)).designs[0].aliases if a.term == ["agency_line"]
    )
    plan, document = plan_of([fraction(3, interactions=[mixed])], [SimpleNamespace(name="nudging")])
    with pytest.raises(UsageError, match="'nudging' needs the effect of agency_line"):
        check_designs(plan, document)
    for design in (fraction(3), fraction(5), {"design": {"factors": FIVE}}):
        check_designs(*plan_of([design], [SimpleNamespace(name="nudging"), own()]))
    check_designs(
        *plan_of([fraction(3, interactions=[mixed])], [SimpleNamespace(name="confusion")])
    )


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
