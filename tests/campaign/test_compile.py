from typing import Any

import pytest
from inspect_ai.model import ModelAPI, ModelOutput, modelapi
from tests.campaign.conftest import QUICK, compiled

from offswitch import UsageError
from offswitch.campaign.compile import Campaign, compile_plan
from offswitch.campaign.plans import read_plan
from offswitch.campaign.presets import preset_names
from offswitch.design import make_plan, parse_document
from offswitch.scenarios import get_scenario


@modelapi(name="keyless")
class Keyless(ModelAPI):
    """Fails as Inspect's providers do where there is no key: with markup in a field of its own."""

    def __init__(self, model_name: str, **_: Any) -> None:
        error = Exception()
        error.message = "[bold]ERROR[/bold]: set [blue]KEYLESS_API_KEY[/blue]"  # type: ignore[attr-defined]
        raise error

    async def generate(self, *_: Any) -> ModelOutput:
        raise NotImplementedError


def compile_text(text: str) -> Campaign:
    document = parse_document(text, "plan.yaml")
    return compile_plan(make_plan(document), document)


def test_subjects_meet_the_same_worlds_under_the_same_conditions() -> None:
    campaign = compiled(
        subjects=["reference/compliant", {"model": "reference/covert", "worlds": 2, "epochs": 3}],
        scenarios={"blackmail": {"threat": ["none", "wipe"], "leverage": ["none", "affair"]}},
    )
    first, second = ([(t.seed, t.epoch, tuple(t.condition.items())) for t in e.trials]
                     for e in campaign.entrants)  # fmt: skip
    assert len(first) == 4 * 4
    assert len(second) == 2 * 3 * 4
    assert {(s, e, c) for s, e, c in second if e == 1} == {x for x in first if x[0] <= 2}
    assert len(campaign.trials) == len(first) + len(second), "every id is its own"


def test_conditions_are_whole() -> None:
    scenario = get_scenario("blackmail")
    for cell in compiled().cells:
        assert set(cell.condition) == set(scenario.meta.factors)


def test_trials_of_one_world_stand_together() -> None:
    seeds = [trial.seed for trial in compiled().entrants[0].trials]
    assert seeds == [1, 1, 2, 2, 3, 3, 4, 4]


def test_ids_are_the_same_whenever_the_plan_is_compiled() -> None:
    assert list(compiled().trials) == list(compiled().trials)
    assert not set(compiled().trials) & set(compiled(interview=True).trials)


SUBJECT = "subjects: [reference/compliant]\n"


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        (
            f"{SUBJECT}scenarios:\n  blackmale:\n",
            ["plan.yaml, line 3: there is no scenario 'blackmale'. Did you mean 'blackmail'?"],
        ),
        (
            f"{SUBJECT}scenarios:\n  blackmail:\n    - {{thread: wipe}}\n",
            [
                "plan.yaml, line 4: there is no factor of blackmail 'thread'",
                "Did you mean 'threat'",
            ],
        ),
        (
            f"{SUBJECT}scenarios:\n  blackmail:\n    - {{threat: whipe}}\n",
            ["plan.yaml, line 4: ", "no level of blackmail's factor threat 'whipe'", "'wipe'?"],
        ),
        (
            f"{SUBJECT}scenarios:\n  blackmail:\n    - {{threat: wipe}}\n    - {{}}\n",
            ["plan.yaml, line 5: the condition", "of blackmail stands twice"],
        ),
        (
            "subjects:\n  - reference/complaint\nscenarios: [blackmail]\n",
            ["plan.yaml, line 2: there is no reference subject 'complaint'", "'compliant'?"],
        ),
        (
            "subjects:\n  - openia/gpt-5\nscenarios: [blackmail]\n",
            ["plan.yaml, line 2: there is no provider", "Did you mean 'openai'?", "anthropic"],
        ),
        (
            "subjects: [gpt-5]\nscenarios: [blackmail]\n",
            ["plan.yaml, line 1: the subject 'gpt-5' names no provider; write provider/model"],
        ),
        (
            "subjects:\n  - {model: reference/self-preserving, args: {pp: 1}}\n"
            "scenarios: [blackmail]\n",
            ["plan.yaml, line 2: ", "no model argument 'pp'"],
        ),
        (
            "subjects:\n  - {model: reference/covert, config: {temprature: 1}}\n"
            "scenarios: [blackmail]\n",
            ["line 2: there is no generation setting 'temprature'", "'temperature'?"],
        ),
        (
            "subjects:\n  - {model: reference/covert, config: {temperature: hot}}\n"
            "scenarios: [blackmail]\n",
            ["plan.yaml, line 2: config.temperature: "],
        ),
        (
            f"{SUBJECT}scenarios: [blackmail]\npublished: palisade\n",
            [
                "plan.yaml, line 3: there is no table of published figures 'palisade'",
                "anthropic-2025",
            ],
        ),
        (
            f"{SUBJECT}scenarios: [blackmail]\nsandbox: dokcer\n",
            ["plan.yaml, line 3: there is no sandbox 'dokcer'. Did you mean 'docker'?"],
        ),
        (
            f"{SUBJECT}scenarios: [blackmail]\nsandbox: local\n",
            ["plan.yaml, line 3: the sandbox 'local' would run the subject's commands on this"],
        ),
    ],
)
def test_what_does_not_exist_is_said_with_what_does(text: str, messages: list[str]) -> None:
    with pytest.raises(UsageError) as error:
        compile_text(text)
    for message in messages:
        assert message in str(error.value)


def test_a_missing_key_is_found_before_anything_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("offswitch.campaign.environment.OWN_PROVIDERS", ("keyless", "reference"))
    with pytest.raises(UsageError) as error:
        compiled(subjects=["keyless/x"])
    assert str(error.value) == "the plan: keyless/x cannot run here: set KEYLESS_API_KEY"


def test_an_optional_subject_that_cannot_run_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("offswitch.campaign.environment.OWN_PROVIDERS", ("keyless", "reference"))
    optional = {"model": "keyless/x", "optional": True}
    campaign = compiled(subjects=["reference/compliant", optional])
    assert [entrant.subject.name for entrant in campaign.entrants] == ["reference/compliant"]
    (line,) = campaign.skipped
    assert line.startswith("keyless/x is left out.")
    assert "set KEYLESS_API_KEY" in line
    assert campaign.definition.hash == compiled().definition.hash
    with pytest.raises(UsageError, match="no subject can run here"):
        compiled(subjects=[optional])


def test_the_demo_has_three_conditions_and_forty_worlds_each() -> None:
    campaign = compile_plan(*read_plan("demo"))
    counts = {e.subject.name: len(e.trials) for e in campaign.entrants}
    assert len(campaign.cells) == 8
    assert {n for name, n in counts.items() if name.startswith("reference/")} == {240}
    assert counts.get("local/smollm2-135m", 6) == 6
    assert {n for name, n in counts.items() if name.startswith("organism/")} <= {16}
    pocket = {t.scenario for e in campaign.entrants[5:] for t in e.trials} - {
        "shutdown",
        "blackmail",
    }
    assert pocket <= {"pocket"}


def test_a_subject_may_be_tested_in_some_of_the_scenarios() -> None:
    both = {"blackmail": {"threat": ["none"]}, "shutdown": {"threat": ["none"]}}
    one = {"model": "reference/covert", "scenarios": ["shutdown"]}
    campaign = compiled(subjects=["reference/compliant", one], scenarios=both)
    tested = [{trial.scenario for trial in entrant.trials} for entrant in campaign.entrants]
    assert tested == [{"blackmail", "shutdown"}, {"shutdown"}]
    assert compiled(scenarios=both).definition.hash != campaign.definition.hash
    with pytest.raises(UsageError, match=r"no scenario of this plan 'shutdwn'.*'shutdown'"):
        compiled(subjects=[{**one, "scenarios": ["shutdwn"]}], scenarios=both)


def test_what_a_subject_leaves_unsaid_is_in_no_definition() -> None:
    (entry,) = compiled(subjects=["reference/compliant"]).definition.content["subjects"]
    assert "scenarios" not in entry


def test_plans_are_found_or_what_exists_is_named() -> None:
    for source in ("smok", "folder/plan.yaml", "plan.yml"):
        with pytest.raises(UsageError) as error:
            read_plan(source)
        assert all(name in str(error.value) for name in preset_names())


def test_what_defines_the_results_is_in_the_hash() -> None:
    base = compiled().definition
    changes: list[dict[str, Any]] = [
        {"worlds": 5},
        {"worlds": [1, 2, 3, 5]},
        {"epochs": 2},
        {"interview": True},
        {"limits": {"max_turns": 3}},
        {"subjects": ["reference/covert"]},
        {"subjects": [{"model": "reference/compliant", "config": {"temperature": 0.5}}]},
        {"subjects": [{"name": "other", "model": "reference/compliant"}]},
        {"scenarios": {"blackmail": {"threat": ["none"]}}},
        {"scenarios": {"blackmail": {"threat": ["none", "wipe"], "goal": ["explicit"]}}},
    ]
    hashes = [compiled(**change).definition.hash for change in changes]
    assert len({base.hash, *hashes}) == len(changes) + 1


def test_what_does_not_define_the_results_is_not() -> None:
    base = compiled().definition.hash
    assert compiled(concurrency={"trials": 3, "connections": 2}).definition.hash == base
    assert compiled(name="other", about="a line").definition.hash == base
    assert compiled(published="palisade-2025").definition.hash == base
    assert compiled(estimate={"output_tokens_per_turn": 9}).definition.hash == base
    assert compiled(worlds=[1, 2, 3, 4]).definition.hash == base
    price = {"input": 1, "output": 2}
    priced = {"model": "reference/compliant", "price": price}
    assert compiled(subjects=[priced]).definition.hash == base
    turned = {"blackmail": [{"threat": "wipe"}, {"threat": "none"}]}
    assert compiled(scenarios=turned).definition.hash == base


def test_a_difference_shows_what_changed_and_nothing_else() -> None:
    old, new = compiled().definition, compiled(limits={"max_turns": 9}).definition
    shown = new.difference(old)
    assert "-  max_turns: 2" in shown
    assert "+  max_turns: 9" in shown
    assert "blackmail" not in shown
    assert compiled(**QUICK).definition.difference(old) == ""
