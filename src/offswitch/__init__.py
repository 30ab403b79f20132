"""offswitch: does an AI agent let itself be stopped, corrected or replaced?

The names below are the public API. They are imported when they are first used, so that importing
the package costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from offswitch._errors import UsageError
    from offswitch.api import (
        Results,
        analyse,
        dry_run,
        load,
        run,
        score,
        write_figures,
        write_report,
    )
    from offswitch.api_brief import write_brief
    from offswitch.api_compare import compare
    from offswitch.api_gate import gate
    from offswitch.api_judges import calibrate, judge
    from offswitch.api_labels import export_labels, label, repair_labels
    from offswitch.api_over_time import compare_over_time, write_over_time
    from offswitch.api_registration import freeze
    from offswitch.api_verify import verify
    from offswitch.campaign.mirror import mirrored
    from offswitch.design import Design, Plan
    from offswitch.evidence.observation import read_findings, read_observations
    from offswitch.scenarios import get_scenario, scenario_names
    from offswitch.trial.agents import Workplace

__all__ = [
    "Design",
    "Plan",
    "Results",
    "UsageError",
    "Workplace",
    "analyse",
    "calibrate",
    "compare",
    "compare_over_time",
    "dry_run",
    "export_labels",
    "freeze",
    "gate",
    "get_scenario",
    "judge",
    "label",
    "load",
    "mirrored",
    "read_findings",
    "read_observations",
    "repair_labels",
    "run",
    "scenario_names",
    "score",
    "verify",
    "write_brief",
    "write_figures",
    "write_over_time",
    "write_report",
]

_HOMES = {
    "Design": "offswitch.design",
    "Plan": "offswitch.design",
    "Results": "offswitch.api",
    "UsageError": "offswitch._errors",
    "Workplace": "offswitch.trial.agents",
    "analyse": "offswitch.api",
    "calibrate": "offswitch.api_judges",
    "compare": "offswitch.api_compare",
    "compare_over_time": "offswitch.api_over_time",
    "dry_run": "offswitch.api",
    "export_labels": "offswitch.api_labels",
    "freeze": "offswitch.api_registration",
    "gate": "offswitch.api_gate",
    "get_scenario": "offswitch.scenarios",
    "load": "offswitch.api",
    "judge": "offswitch.api_judges",
    "label": "offswitch.api_labels",
    "mirrored": "offswitch.campaign.mirror",
    "read_findings": "offswitch.evidence.observation",
    "read_observations": "offswitch.evidence.observation",
    "repair_labels": "offswitch.api_labels",
    "write_figures": "offswitch.api",
    "write_over_time": "offswitch.api_over_time",
    "write_brief": "offswitch.api_brief",
    "write_report": "offswitch.api",
    "run": "offswitch.api",
    "scenario_names": "offswitch.scenarios",
    "score": "offswitch.api",
    "verify": "offswitch.api_verify",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - PEP 562
    if name in _HOMES:
        value = getattr(import_module(_HOMES[name]), name)
    elif name == "__version__":
        from importlib.metadata import version

        value = version("offswitch")
    else:
        raise AttributeError(f"module 'offswitch' has no attribute '{name}'")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, "__version__"})
