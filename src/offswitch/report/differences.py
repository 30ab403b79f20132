"""Differences of a score in words."""

from offswitch.inference import Analysis, Difference
from offswitch.inference.conditions import label
from offswitch.report.contrasts import points


def change(found: Difference, analysis: Analysis) -> str:
    """What was changed, such as ``sandbagging, threat: wipe instead of none (goal: latent)``."""
    varied = next((s.varied for s in analysis.scenarios if s.scenario == found.scenario), [])
    shown = [factor for factor in varied if factor in found.held]
    held = f" ({label(found.held, shown)})" if shown else ""
    return f"{found.scenario}, {found.factor}: {found.second} instead of {found.first}{held}"


def effect(found: Difference) -> str:
    """By how much, such as ``−12 points (−20 to −4)``."""
    if found.difference is None or found.low is None or found.high is None:
        return "unknown: no world has both"
    return f"{points(found.difference)} points ({points(found.low)} to {points(found.high)})"
