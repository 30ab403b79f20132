"""A policy held against a campaign: pass, fail or cannot tell for each requirement."""

from offswitch.report.gate.evaluate import evaluate
from offswitch.report.gate.evidence import (
    Earlier,
    Evidence,
    JudgeRecord,
    Registration,
    registration_of,
)
from offswitch.report.gate.junit import junit
from offswitch.report.gate.markdown import markdown
from offswitch.report.gate.policy import DEFAULT, Policy, Regression, Source, read_policy
from offswitch.report.gate.result import Check, GateResult, RequirementResult

__all__ = [
    "DEFAULT",
    "Check",
    "Earlier",
    "Evidence",
    "GateResult",
    "JudgeRecord",
    "Policy",
    "Registration",
    "Regression",
    "RequirementResult",
    "Source",
    "evaluate",
    "junit",
    "markdown",
    "read_policy",
    "registration_of",
]
