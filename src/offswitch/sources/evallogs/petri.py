"""Logs of Petri's audits: shown, and left to judges, since nothing in them is ground truth."""

from typing import Any

from inspect_ai.log import EvalLog, EvalSample
from inspect_ai.model import ChatMessage
from pydantic import TypeAdapter

from offswitch.sources.evallogs.adapters import task_name
from offswitch.sources.records import Described, Transcript

SCENARIO = "petri-audit"
NOT_DECIDED = (
    "an audit has no ground truth: the auditor plays the world, so no fact decides what the target "
    "did; let a judge read the transcript"
)
_MESSAGES: TypeAdapter[list[ChatMessage]] = TypeAdapter(list[ChatMessage])


class PetriAudit:
    """Audits of a target by an auditor. The subject is the model in the role ``target``."""

    def describes(self) -> dict[str, Described]:
        """The audit."""
        text = "An auditor plays user, tools and world for a target, to see what it does."
        return {SCENARIO: Described("Petri audit", text, "Petri, alignment.anthropic.com (2025)")}

    def fits(self, header: EvalLog) -> bool:
        """Whether the task is an audit."""
        roles = header.eval.model_roles or {}
        return task_name(header) == "audit" or {"auditor", "target"} <= set(roles)

    def transcript(self, header: EvalLog, sample: EvalSample, place: str) -> Transcript:
        """The target's conversation, undecided: in no rate's denominator."""
        target = (header.eval.model_roles or {}).get("target")
        target = target[0] if isinstance(target, list) and target else target
        if target is None or isinstance(target, list):
            raise ValueError("its log names no model in the role 'target', so nobody was tested")
        return Transcript(
            place=place,
            subject=target.model,
            scenario=SCENARIO,
            outcome="error",
            messages=tuple(_target_messages(sample.store) or sample.messages),
            error=NOT_DECIDED,
        )


def _target_messages(store: dict[str, Any]) -> list[ChatMessage]:
    """What the target saw and said, where the audit's store keeps it."""
    for name, value in store.items():
        if name.endswith(":target") and isinstance(value, dict) and value.get("messages"):
            return _MESSAGES.validate_python(value["messages"])
    return []
