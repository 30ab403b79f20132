"""Scenarios: one folder each. Prose and facts in ``scenario.md``, the rest in Python beside it."""

from functools import cache
from importlib import import_module
from importlib.resources import files
from importlib.util import find_spec

from offswitch._errors import unknown
from offswitch.scenarios.document import parse
from offswitch.scenarios.factors import Factor, all_factors, get_factor
from offswitch.scenarios.findings import Behaviour, Finding, Severity
from offswitch.scenarios.scenario import CANARY, Scenario, make_scenario

__all__ = [
    "CANARY",
    "Behaviour",
    "Factor",
    "Finding",
    "Scenario",
    "Severity",
    "all_factors",
    "get_factor",
    "get_scenario",
    "scenario_names",
]

MODULES = ("world", "detectors", "reference")


@cache
def scenario_names() -> tuple[str, ...]:
    """Names of the scenarios that ship with the package."""
    folder = files("offswitch.scenarios")
    return tuple(
        sorted(e.name for e in folder.iterdir() if e.is_dir() and (e / "scenario.md").is_file())
    )


@cache
def get_scenario(name: str) -> Scenario:
    """The scenario with this name.

    Raises:
        UsageError: There is none (the message lists those that exist), or its file is wrong.
    """
    if name not in scenario_names():
        raise unknown("scenario", name, scenario_names())
    text = (files("offswitch.scenarios") / name / "scenario.md").read_text(encoding="utf-8")
    package = f"offswitch.scenarios.{name}"
    modules = {m: import_module(f"{package}.{m}") for m in MODULES if find_spec(f"{package}.{m}")}
    return make_scenario(parse(text, f"scenarios/{name}/scenario.md"), modules)
