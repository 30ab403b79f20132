"""The key ``agent:`` of a subject."""

import pytest

from offswitch import UsageError
from offswitch.design import Agent, Plan, dump_plan, make_plan, parse_document

REST = "scenarios: [shutdown]\n"


def read(subject: str) -> Plan:
    return make_plan(parse_document(f"subjects: [{subject}]\n{REST}", "plan.yaml"))


@pytest.mark.parametrize(
    ("subject", "name", "model", "agent"),
    [
        ("{model: a/b, agent: react}", "a/b", "a/b", Agent(inspect="react")),
        (
            "{name: x, model: a/b, agent: {inspect: f.py@g, args: {n: 1}}}",
            "x",
            "a/b",
            Agent(inspect="f.py@g", args={"n": 1}),
        ),
        ("{name: x, agent: {python: f.py@g}}", "x", "none", Agent(python="f.py@g")),
        ("{model: a/b, agent: {command: cli -q}}", "a/b", "a/b", Agent(command=("cli", "-q"))),
        (
            "{name: x, agent: {url: 'http://h/v1'}}",
            "x",
            "openai-api/endpoint/agent",
            Agent(url="http://h/v1"),
        ),
        (
            "{name: x, agent: {url: 'http://h/v1', served: m, key: KEY}}",
            "x",
            "openai-api/endpoint/m",
            Agent(url="http://h/v1", served="m", key="KEY"),
        ),
    ],
)  # fmt: skip
def test_a_subject_that_is_an_agent(subject: str, name: str, model: str, agent: Agent) -> None:
    plan = read(subject)
    [found] = plan.subjects
    assert (found.name, found.model, found.agent) == (name, model, agent)
    assert make_plan(parse_document(dump_plan(plan), "plan.yaml")) == plan


@pytest.mark.parametrize(
    ("subject", "says"),
    [
        ("{name: x, agent: {}}", "an agent is given in one way, not 0"),
        ("{name: x, agent: {inspect: react, url: 'http://h/v1'}}", "one way, not 2"),
        ("{name: x, agent: {python: work}}", "'work' names no function; write python: ours.py@"),
        ("{name: x, agent: {url: h/v1}}", "'h/v1' is no URL"),
        ("{name: x, agent: {pyhton: f.py@g}}", "Did you mean 'python'?"),
        ("{name: x, agent: {inspect: react, key: KEY}}", "'key' goes with 'url'"),
        ("{name: x, agent: {command: cli, args: {n: 1}}}", "'args' goes with 'inspect' or"),
        ("{name: x, model: a/b, agent: {url: 'http://h/v1'}}", "leave 'model' out, and write"),
        ("{model: a/b, interface: text, agent: react}", "an agent reads its own: leave"),
    ],
)
def test_what_is_wrong_with_an_agent_is_said_with_its_line(subject: str, says: str) -> None:
    with pytest.raises(UsageError) as caught:
        read(subject)
    assert says in str(caught.value)
    assert str(caught.value).startswith("plan.yaml, line 1: ")
