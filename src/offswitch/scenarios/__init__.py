"""Scenarios: one folder each. Prose and facts in ``scenario.md``, the rest in Python beside it."""

from offswitch.scenarios.factors import Factor, all_factors, get_factor
from offswitch.scenarios.findings import Behaviour, Finding, Severity
from offswitch.scenarios.library import (
    FOLDERS,
    get_scenario,
    load_scenario,
    scenario_folder,
    scenario_names,
)
from offswitch.scenarios.scenario import CANARY, Scenario, make_scenario

__all__ = [
    "CANARY",
    "FOLDERS",
    "Behaviour",
    "Factor",
    "Finding",
    "Scenario",
    "Severity",
    "all_factors",
    "get_factor",
    "get_scenario",
    "load_scenario",
    "make_scenario",
    "scenario_folder",
    "scenario_names",
]
