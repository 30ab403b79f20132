"""Every scenario as an Inspect task of its own: ``inspect eval offswitch/NAME -T factor=level``."""

import inspect
from collections.abc import Callable
from typing import Any, cast

from inspect_ai import Task, task
from inspect_ai.scorer import Scorer

from offswitch.scenarios import Scenario, get_scenario
from offswitch.trial.spec import Interface, TrialLimits, TrialSettings, TrialSpec, trial_id
from offswitch.trial.task import trial_task

OPTIONS: dict[str, tuple[type, Any]] = {
    "worlds": (int, 10),
    "first_seed": (int, 1),
    "interface": (str, "tools"),
    "sandbox": (str, "bwrap"),
    "interview": (bool, True),
    "max_turns": (int, None),
}
"""Arguments of every native task besides the scenario's factors: type and default.

A factor of the same name (``interface``) takes the place of an option.
"""


def native_task(name: str, scorer: Callable[[], Scorer]) -> Callable[..., Task]:
    """Register a scenario as an Inspect task whose arguments are its factors and `OPTIONS`."""
    scenario = get_scenario(name)
    options = {n: option for n, option in OPTIONS.items() if n not in scenario.meta.factors}

    def make(**arguments: Any) -> Task:  # noqa: ANN401 - values of -T
        chosen = {
            option: arguments.pop(option, default) for option, (_, default) in options.items()
        }
        levels = {factor: str(level) for factor, level in arguments.items()}
        return _task(scenario, levels, chosen, scorer())

    make.__name__ = name
    make.__doc__ = scenario.meta.summary
    cast("Any", make).__signature__ = inspect.Signature(
        [_parameter(n, kind, default) for n, (kind, default) in options.items()]
        + [_parameter(factor, str, level) for factor, level in scenario.meta.baseline.items()]
    )
    return task(name=name)(make)


def _parameter(name: str, kind: type, default: object) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=kind)


def _task(
    scenario: Scenario, levels: dict[str, str], options: dict[str, Any], scorer: Scorer
) -> Task:
    condition = scenario.condition(levels, where="-T")
    first = options["first_seed"]
    seeds = range(first, first + options["worlds"])
    trials = [
        TrialSpec(trial_id("", scenario.name, condition, seed, 1), scenario.name, condition, seed)
        for seed in seeds
    ]
    settings = TrialSettings(
        interface=cast("Interface", options.get("interface", "tools")),
        sandbox=options["sandbox"],
        limits=TrialLimits(max_turns=options["max_turns"]),
        interview=options["interview"],
    )
    return trial_task(trials, settings, scorer=scorer, name=scenario.name)
