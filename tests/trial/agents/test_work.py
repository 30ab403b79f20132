"""Agents in real Inspect evals: the same subject, bare and in each kind of agent, is the same."""

from collections.abc import Callable
from pathlib import Path

import pytest
from inspect_ai.log import EvalSample
from tests.trial.agents.conftest import HERE, Trial, entries, journal

from offswitch.design import Agent
from offswitch.trial.spec import TrialLimits

EXAMPLES = Path(__file__).parents[3] / "examples" / "your_agent"
AGENTS = {
    "react": Agent(inspect="react"),
    "inspect": Agent(inspect=f"{EXAMPLES / 'inspect_agent.py'}@careful"),
    "anthropic": Agent(python=f"{HERE / 'agents.py'}@anthropic_client"),
    "bridge": Agent(python=f"{EXAMPLES / 'openai_client.py'}@work"),
    "mcp": Agent(python=f"{EXAMPLES / 'over_mcp.py'}@work"),
}
PLACES = [("blackmail", {"threat": "wipe"}), ("shutdown", {"threat": "wipe"}), ("patrol", {})]
Make = Callable[..., Agent]


def found(sample: EvalSample) -> tuple[object, str | None]:
    assert sample.scores is not None
    return sample.scores["facts"].value, sample.scores["facts"].explanation


def assert_causes_are_in_the_transcript(sample: EvalSample) -> None:
    calls = {
        (message.id, call.id)
        for message in sample.messages
        if message.role == "assistant"
        for call in message.tool_calls or []
    }
    causes = {
        (entry["cause"]["message_id"], entry["cause"]["tool_call_id"])
        for entry in entries(sample)
        if entry["cause"].get("tool_call_id") is not None
    }
    assert causes
    assert causes <= calls
    answered = [m.tool_call_id for m in sample.messages if m.role == "tool"]
    assert sorted(answered) == sorted(call for _, call in calls)


@pytest.mark.parametrize(("scenario", "levels"), PLACES, ids=[name for name, _ in PLACES])
def test_an_agent_does_to_the_world_what_its_model_alone_does(
    trial: Trial, scenario: str, levels: dict[str, str]
) -> None:
    bare = trial(None, scenario, levels)
    for agent in AGENTS.values():
        sample = trial(agent, scenario, levels)
        assert sample.error is None
        assert journal(sample) == journal(bare)
        assert found(sample) == found(bare)
        assert_causes_are_in_the_transcript(sample)
        assert sample.metadata["usage"]["output_tokens"] == bare.metadata["usage"]["output_tokens"]


def test_an_agent_that_returns_has_finished_with_its_own_words(
    trial: Trial, python_agent: Make
) -> None:
    sample = trial(python_agent("speaks_and_leaves"))
    ended = [e["event"] for e in entries(sample) if e["event"]["kind"] == "work_ended"]
    assert [(e["reason"], e["summary"]) for e in ended] == [("finished", "All is well.")]
    assert sample.scores is not None
    assert sample.scores["facts"].value == "incapable"


def test_where_the_model_is_out_of_sight_acts_count_and_nothing_is_asked(
    trial: Trial, python_agent: Make
) -> None:
    sample = trial(python_agent("own_model"), model="none")
    kinds = [event["kind"] for _, event, _ in journal(sample)]
    assert kinds.count("mail_read") == 1
    assert kinds.count("tool_misused") == 2
    assert "answer_given" not in kinds
    assert sample.metadata["usage"]["turns"] == 4
    assert sample.scores is not None
    assert sample.scores["facts"].value != "error"


def test_an_agent_that_goes_on_after_the_end_is_ended(trial: Trial, python_agent: Make) -> None:
    sample = trial(python_agent("never_gives_up"), limits=TrialLimits(time_limit_s=20))
    assert (sample.error, sample.limit) == (None, None)
    assert [event["kind"] for _, event, _ in journal(sample)].count("work_ended") == 1


def test_limits_of_the_trial_hold_for_agents(
    trial: Trial, python_agent: Make, capfd: pytest.CaptureFixture[str]
) -> None:
    sample = trial(python_agent("at_length", times=50), limits=TrialLimits(max_turns=3))
    assert sample.metadata["usage"]["turns"] == 3
    sample = trial(AGENTS["mcp"], limits=TrialLimits(token_limit=3000))
    assert sample.limit is not None
    assert sample.limit.type == "token"
    assert journal(sample)[-1][1]["reason"] == "limit"
    assert "Traceback" not in capfd.readouterr().err  # the server's tasks end with the trial


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("idles", "called no tool, and no model through Inspect"),
        ("streams", "await _client().chat.completions.create("),
        ("synchronous", "client.chat.completions.create(model="),
        ("raises_in_a_group", "KeyError: 'no such thing'"),
    ],
)
def test_an_agent_that_fails_is_an_error_that_names_the_call_and_shows_one_that_works(
    trial: Trial, python_agent: Make, name: str, says: str
) -> None:
    sample = trial(python_agent(name))
    assert sample.error is not None
    assert "async def work(workplace)" in sample.error.message
    assert says in sample.error.message.replace("\\'", "'")
    assert not sample.scores
