"""What Inspect discovers by entry point: model providers, the sandbox, the scorer, a task each."""

from inspect_ai.model import ModelAPI, modelapi

from offswitch.evidence.judges.scorer import judge_scorer as judge_scorer
from offswitch.evidence.scoring import facts as facts
from offswitch.sandbox.provider import BwrapSandbox as BwrapSandbox
from offswitch.scenarios import scenario_names
from offswitch.trial.native import native_task

TASKS = {name: native_task(name, facts) for name in scenario_names()}
"""Every scenario as ``offswitch/NAME``."""


@modelapi(name="reference")
def reference() -> type[ModelAPI]:
    """The scripted subjects."""
    from offswitch.subjects.reference.provider import ReferenceAPI

    return ReferenceAPI


@modelapi(name="local")
def local() -> type[ModelAPI]:
    """Language models on this machine."""
    from offswitch.subjects.local.provider import LocalAPI

    return LocalAPI


@modelapi(name="organism")
def organism() -> type[ModelAPI]:
    """Small language models with a planted tendency."""
    from offswitch.subjects.organisms.provider import OrganismAPI

    return OrganismAPI
