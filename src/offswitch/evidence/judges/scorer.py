"""Judges as an Inspect scorer: ``judge_scorer("coercion")`` on any task or finished log.

The judges are the models of the role ``judge`` (``inspect eval … --model-role judge=MODEL``; also
several), or those that are named. The value of a score is the answer, or ``abstained`` with the
reason in the metadata; an abstention is in no rate.
"""

from collections.abc import Sequence
from typing import Any

from inspect_ai.model import Model, get_model, model_roles
from inspect_ai.scorer import (
    Metric,
    SampleScore,
    Score,
    Scorer,
    Target,
    frequency,
    metric,
    scorer,
)
from inspect_ai.solver import TaskState
from scipy.stats import binomtest

from offswitch._errors import UsageError
from offswitch.evidence.judges.conversation import conversation_of
from offswitch.evidence.judges.judge import Judge, brief, opinion
from offswitch.evidence.judges.model import ModelJudge
from offswitch.evidence.judges.offline import NAME, OfflineJudge
from offswitch.evidence.judges.panel import Panel, Rule, decide
from offswitch.evidence.judges.rubric import Rubric, get_rubric
from offswitch.evidence.judges.shorten import BUDGET
from offswitch.evidence.judges.verdict import Verdict
from offswitch.evidence.transcripts import message_record

ROLE = "judge"
"""Inspect's model role of judges."""
ABSTAINED = "abstained"


@metric(scores="unreduced")
def judged() -> Metric:
    """Share of yes among yes and no, with its exact 95% interval, and how many abstained.

    The share is raw: it is the judge's, with its errors (``docs/judges.md`` says how to correct
    it). Without a yes or a no, every value but the counts is NaN: unknown.
    """

    def compute(scores: list[SampleScore]) -> dict[str, float]:
        values = [str(s.score.value) for s in scores]
        yes, n = values.count("yes"), values.count("yes") + values.count("no")
        counts = {"n": n, "abstained": values.count(ABSTAINED)}
        if not n:
            return {"rate": float("nan"), "low": float("nan"), "high": float("nan"), **counts}
        interval = binomtest(yes, n).proportion_ci(0.95, method="exact")
        return {
            "rate": yes / n,
            "low": float(interval.low),
            "high": float(interval.high),
            **counts,
        }

    return compute


@scorer(metrics=[judged(), frequency()])
def judge_scorer(
    rubric: str,
    judges: str | Model | Sequence[str | Model] | None = None,
    panel: Rule = "majority",
    budget: int = BUDGET,
) -> Scorer:
    """Judge a sample's conversation by a rubric.

    Args:
        rubric: Name of a rubric, or the path of one's own.
        judges: Models, or ``offline``; those of the role ``judge`` where null.
        panel: How several judges decide: ``majority`` or ``unanimity``.
        budget: Characters of a conversation that a judge is shown at most.

    Raises:
        UsageError: There is no such rubric, or no judge, or the rule is not for scorers.
    """
    asked = get_rubric(rubric)
    check_rule(panel)

    async def score(state: TaskState, target: Target) -> Score:
        transcript = {"messages": [message_record(message) for message in state.messages]}
        jury = Panel(as_judges(judges), panel)
        shown = brief(asked, conversation_of(transcript), budget)
        if isinstance(shown, Verdict):
            return as_score(asked, shown, jury)
        verdicts = [await opinion(judge, asked, shown) for judge in jury.judges]
        return as_score(asked, decide(asked, verdicts, panel), jury)

    return score


def as_score(rubric: Rubric, verdict: Verdict, panel: Panel) -> Score:
    """A verdict as Inspect's score."""
    value = ABSTAINED if verdict.answers is None else ", ".join(verdict.answers) or "none"
    metadata: dict[str, Any] = {
        "rubric": rubric.name,
        "judge": panel.name,
        "reason": verdict.reason,
        "citations": [{"message": c.message, "quote": c.quote} for c in verdict.citations],
        "cut": verdict.cut,
    }
    return Score(value=value, explanation=verdict.reasoning, metadata=metadata)


def check_rule(panel: Rule) -> None:
    """Check that a rule gives one verdict.

    Raises:
        UsageError: It does not.
    """
    if panel == "each":
        raise UsageError("a scorer gives one verdict; use one judge_scorer for each judge")


def as_judges(judges: str | Model | Sequence[str | Model] | None) -> tuple[Judge, ...]:
    """The judges that are named, or those of the role ``judge``.

    Raises:
        UsageError: There is none.
    """
    if judges is None:
        named = model_roles().get(ROLE)
        if named is None:
            raise UsageError(
                f"no judge: name one (judges=…), or give the role '{ROLE}' a model "
                f"(--model-role {ROLE}=MODEL). The subject never judges itself."
            )
        judges = named
    listed = [judges] if isinstance(judges, str | Model) else list(judges)
    return tuple(make_judge(judge) for judge in listed)


def make_judge(judge: str | Model) -> Judge:
    """A judge from a model, its name, or ``offline``."""
    if judge == NAME:
        return OfflineJudge()
    return ModelJudge(judge if isinstance(judge, Model) else get_model(judge))
