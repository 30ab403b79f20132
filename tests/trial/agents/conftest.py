from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from inspect_ai import eval as inspect_eval
from inspect_ai.log import EvalSample
from inspect_ai.model import Model, get_model

from offswitch.design import Agent, Intervention
from offswitch.evidence.scoring import facts
from offswitch.scenarios import get_scenario
from offswitch.trial.agents import ObservedModel
from offswitch.trial.spec import TrialLimits, TrialSettings, TrialSpec, trial_id
from offswitch.trial.task import trial_task
from offswitch.world import dump_entries, load_entries

CLOCK = {"changed_ns", "seconds", "wall_s"}
HERE = Path(__file__).parent
Trial = Callable[..., EvalSample]


@pytest.fixture
def trial(tmp_path: Path) -> Trial:
    """Runs one trial, and gives its sample."""

    def run(
        agent: Agent | None,
        scenario: str = "blackmail",
        levels: Mapping[str, str] | None = None,
        *,
        model: Model | str = "reference/self-preserving",
        limits: TrialLimits | None = None,
        arm: Intervention | None = None,
    ) -> EvalSample:
        condition = get_scenario(scenario).condition(levels or {"threat": "wipe"}, where="test")
        spec = TrialSpec(trial_id("", scenario, condition, 1, 1), scenario, condition, 1, arm=arm)
        settings = TrialSettings(agent=agent, limits=limits or TrialLimits())
        task = trial_task([spec], settings, scorer=facts())
        args = {"p": 1.0} if model == "reference/self-preserving" else {}
        made = get_model(model, memoize=False, **args) if isinstance(model, str) else model
        used = made if agent is None else ObservedModel(made)
        [log] = inspect_eval(task, model=used, log_dir=str(tmp_path), display="none")
        assert log.samples is not None
        return log.samples[0]

    return run


@pytest.fixture
def python_agent() -> Callable[..., Agent]:
    """An agent of `agents.py` by its name."""

    def make(name: str, **args: Any) -> Agent:
        return Agent(python=f"{HERE / 'agents.py'}@{name}", args=args)

    return make


def entries(sample: EvalSample) -> list[dict[str, Any]]:
    """The entries of a trial's journal."""
    return dump_entries(load_entries(sample.metadata["journal"]))


def journal(sample: EvalSample) -> list[tuple[int, Any, Any]]:
    """Turn, event and who caused it of each entry, without the machine's own clock."""
    return [(e["turn"], _timeless(e["event"]), e["cause"].get("actor")) for e in entries(sample)]


def _timeless(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _timeless(each) for key, each in value.items() if key not in CLOCK}
    return value
