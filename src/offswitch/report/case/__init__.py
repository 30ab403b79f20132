"""The safety case: a gate's result as an argument with its assumptions and its doubts."""

from offswitch.report.case.build import safety_case
from offswitch.report.case.model import Node, SafetyCase

__all__ = ["Node", "SafetyCase", "safety_case"]
