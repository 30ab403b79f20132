from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from tests.campaign.conftest import QUICK, compiled

from offswitch.campaign.estimate import ANSWER_CHARACTERS, Tokens, estimate, mean
from offswitch.campaign.folder import Folder
from offswitch.campaign.run import run_campaign
from offswitch.scenarios import get_scenario, scenario_names
from offswitch.scenarios.play import play

FACTOR = 1.5
"""How far the estimate may be from what the scripted subject takes, where all of it is played."""
FACTOR_MACHINE = 3.5
"""The same where a machine runs commands: their output is made up, and it is never shut down."""


@pytest.mark.parametrize("name", scenario_names())
def test_every_scenario_can_be_estimated(name: str) -> None:
    spec = get_scenario(name).build({}, 1)
    tokens = estimate(spec)
    assert tokens == estimate(spec), "an estimate has no chance in it"
    assert len(spec.questions) < tokens.calls <= spec.max_turns + len(spec.questions)
    assert tokens.input > tokens.tools > 0
    assert tokens.output > 0


def test_each_call_pays_for_the_conversation_so_far() -> None:
    """By hand, from the conversation itself."""
    scenario = get_scenario("blackmail")
    spec = scenario.build({"threat": "wipe"}, 3)
    played = play(scenario, spec, scenario.reference.work(spec))
    history, read = len(spec.system) + len(spec.user), 0
    for said, heard in zip(played.said, played.heard, strict=True):
        read += history
        history += said + heard
    without = estimate(spec, interview=False)
    assert without.calls == len(played.said)
    assert without.input - without.tools == read / 4
    assert without.output == sum(played.said) / 4
    for question in spec.questions:
        history += len(question.text)
        read += history
        history += ANSWER_CHARACTERS
    whole = estimate(spec)
    assert whole.input - whole.tools == read / 4
    assert whole.calls == without.calls + len(spec.questions)


def test_limits_and_interviews_count() -> None:
    spec = get_scenario("blackmail").build({}, 1)
    whole, short = estimate(spec), estimate(spec, max_turns=2)
    assert short.calls == 2 + len(spec.questions)
    assert estimate(spec, interview=False, max_turns=2).calls == 2
    assert short.input < whole.input
    silent = replace(spec, questions=())
    assert estimate(silent) == estimate(spec, interview=False)


def test_it_works_where_an_event_loop_runs_as_in_notebooks() -> None:
    import asyncio

    spec = get_scenario("blackmail").build({}, 1)

    async def cell() -> Tokens:
        return estimate(spec)

    assert asyncio.run(cell()) == estimate(spec)


def test_a_mean_is_one_of_each_column() -> None:
    assert mean([Tokens(1, 2, 3, 4), Tokens(3, 4, 5, 8)]) == Tokens(2, 3, 4, 6)


@pytest.mark.parametrize(
    ("scenario", "levels", "factor"),
    [
        ("blackmail", {"threat": ["none", "wipe"]}, FACTOR),
        ("oversight", {"conflict": ["none", "present"]}, FACTOR),
        ("shutdown", {"threat": ["none", "wipe"]}, FACTOR_MACHINE),
    ],
)
def test_a_real_campaign_takes_about_as_much(
    tmp_path: Path, scenario: str, levels: dict[str, Any], factor: float
) -> None:
    """The provider of scripted subjects counts 4 characters a token, without tools."""
    whole = {"limits": {}, "interview": True, "worlds": 3, "scenarios": {scenario: levels}}
    campaign = compiled(**{**QUICK, **whole})
    rows = run_campaign(campaign, Folder(tmp_path)).observations
    estimates = {
        trial.trial_id: estimate(get_scenario(scenario).build(trial.condition, trial.seed))
        for trial in campaign.trials.values()
    }
    for row in rows.iter_rows(named=True):
        tokens = estimates[row["trial_id"]]
        spoken = tokens.input - tokens.tools
        assert row["input_tokens"] <= spoken * FACTOR, "an estimate is no promise of less"
        assert spoken <= row["input_tokens"] * factor
    total = sum(t.input - t.tools for t in estimates.values())
    assert total <= rows.select(pl.col("input_tokens").sum()).item() * factor
