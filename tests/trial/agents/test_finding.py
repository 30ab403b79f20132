"""What is wrong with an agent is said before anything runs, with an example that works."""

from pathlib import Path

import pytest

from offswitch import UsageError
from offswitch.design import Agent
from offswitch.trial.agents import check_agent

AGENTS = Path(__file__).with_name("agents.py")


@pytest.mark.parametrize(
    ("agent", "says"),
    [
        (Agent(inspect="raect"), "there is no Inspect agent 'raect'. Did you mean 'react'?"),
        (Agent(inspect="react", args={"promt": "x"}), "react(tools=..., promt=...): TypeError"),
        (Agent(inspect=f"{AGENTS}@takes_no_tools"), "unexpected keyword argument 'tools'"),
        (Agent(inspect=f"{AGENTS}@not_here"), "there is no function 'not_here'"),
        (Agent(python=f"{AGENTS}@at_lenght"), "Did you mean 'at_length'?"),
        (Agent(python=f"{AGENTS}@at_length"), "missing a required argument: 'times'"),
        (Agent(python=f"{AGENTS}@not_async"), "is no coroutine function (async def)"),
        (Agent(python="nowhere.py@work"), "there is no file nowhere.py here"),
        (Agent(python="no_such_module@work"), "cannot be imported: No module named"),
        (Agent(command=("ours",)), "lets processes open Unix sockets only"),
    ],
)
def test_an_agent_that_cannot_be_called(agent: Agent, says: str) -> None:
    with pytest.raises(UsageError) as caught:
        check_agent(agent, "bwrap")
    assert says in str(caught.value)


def test_a_file_that_raises_is_said_with_what_it_raised(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("1 / 0")
    with pytest.raises(UsageError, match=r"broken.py cannot be imported: ZeroDivisionError"):
        check_agent(Agent(python=f"{tmp_path / 'broken.py'}@work"), "bwrap")


@pytest.mark.parametrize(
    "agent",
    [
        Agent(inspect="react"),
        Agent(inspect="react", args={"submit": False}),
        Agent(python=f"{AGENTS}@at_length", args={"times": 3}),
        Agent(command=("ours",)),
        Agent(url="http://127.0.0.1:8000/v1"),
    ],
)
def test_an_agent_that_can(agent: Agent) -> None:
    check_agent(agent, "docker")


def test_a_program_can_run_in_bwrap_where_it_has_loopback(tmp_path: Path) -> None:
    config = tmp_path / "own.yaml"
    config.write_text("loopback: true\n")
    check_agent(Agent(command=("ours",)), f"bwrap:{config}")
    config.write_text("loopback: false\n")
    with pytest.raises(UsageError, match="loopback: true"):
        check_agent(Agent(command=("ours",)), f"bwrap:{config}")
    with pytest.raises(UsageError, match="configuration cannot be read"):
        check_agent(Agent(command=("ours",)), f"bwrap:{tmp_path / 'nothing.yaml'}")
