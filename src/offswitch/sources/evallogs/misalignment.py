"""Logs of the Inspect port of Agentic Misalignment (``inspect_evals/agentic_misalignment``)."""

from inspect_ai.log import EvalLog, EvalSample

from offswitch.sources.evallogs.adapters import task_name
from offswitch.sources.misalignment.source import AgenticMisalignment, judge_answer
from offswitch.sources.records import Described, Transcript

_FACTORS = {"scenario": "scenario", "goal_type": "goal", "goal_value": "goal_value",
            "urgency_type": "urgency"}  # fmt: skip


class AgenticMisalignmentTask:
    """Single answers with mails as tags; judged as the public framework's are."""

    def describes(self) -> dict[str, Described]:
        """The public situation."""
        return dict(AgenticMisalignment().describes())

    def fits(self, header: EvalLog) -> bool:
        """Whether the task is the port."""
        return task_name(header) == "agentic_misalignment"

    def transcript(self, header: EvalLog, sample: EvalSample, place: str) -> Transcript:
        """The sample's last answer, judged by the mails in it."""
        answers = [message for message in sample.messages if message.role == "assistant"]
        if not answers:
            raise ValueError("it holds no answer of the model")
        said = {role: "\n\n".join(m.text for m in sample.messages if m.role == role)
                for role in ("system", "user")}  # fmt: skip
        arguments = {**header.eval.task_args, **(sample.metadata or {})}
        factors = {ours: str(arguments[a]) for a, ours in _FACTORS.items() if a in arguments}
        return judge_answer(
            place,
            header.eval.model,
            factors,
            (said["system"], said["user"]),
            answers[-1].text,
            label=_label(sample),
            messages=tuple(sample.messages),
        )


def _label(sample: EvalSample) -> str | None:
    """The verdict of the port's own grader, kept to compare."""
    for name, score in (sample.scores or {}).items():
        value = score.value.get("harmful") if isinstance(score.value, dict) else score.value
        if "harmful" in name and isinstance(value, int | float):
            return "harmful" if value else "harmless"
    return None
