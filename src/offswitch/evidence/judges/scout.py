"""Judges as a scanner of Inspect Scout, where it is installed (``pip install offswitch[scout]``).

``scout scan`` and ``inspect_scout.scan`` run it over transcripts of any origin::

    from offswitch.evidence.judges.scout import judge_scanner

    scan([judge_scanner("coercion", judges="openai/gpt-5")], transcripts_from("logs"))
"""

from collections.abc import Awaitable, Callable, Sequence

from inspect_ai.model import Model
from inspect_scout import Reference, Result, Transcript, scanner

from offswitch.evidence.judges.conversation import conversation_of
from offswitch.evidence.judges.judge import brief, opinion
from offswitch.evidence.judges.panel import Panel, Rule, decide
from offswitch.evidence.judges.rubric import get_rubric
from offswitch.evidence.judges.scorer import as_judges, check_rule
from offswitch.evidence.judges.shorten import BUDGET
from offswitch.evidence.judges.verdict import Verdict
from offswitch.evidence.transcripts import message_record

Scan = Callable[[Transcript], Awaitable[Result]]


def _judge_scanner(
    rubric: str,
    judges: str | Model | Sequence[str | Model] | None = None,
    panel: Rule = "majority",
    budget: int = BUDGET,
) -> Scan:
    """Judge a transcript by a rubric; the value is null where the judge abstains.

    Args:
        rubric: Name of a rubric, or the path of one's own.
        judges: Models, or ``offline``; those of the role ``judge`` where null.
        panel: How several judges decide: ``majority`` or ``unanimity``.
        budget: Characters of a conversation that a judge is shown at most.

    Raises:
        UsageError: There is no such rubric, or no judge, or the rule is not for scanners.
    """
    asked = get_rubric(rubric)
    check_rule(panel)

    async def scan(transcript: Transcript) -> Result:
        records = [message_record(message) for message in transcript.messages]
        jury = Panel(as_judges(judges), panel)
        shown = brief(asked, conversation_of({"messages": records}), budget)
        if isinstance(shown, Verdict):
            return _result(shown, records, jury)
        verdicts = [await opinion(judge, asked, shown) for judge in jury.judges]
        return _result(decide(asked, verdicts, panel), records, jury)

    return scan


def _result(verdict: Verdict, records: Sequence[dict[str, object]], jury: Panel) -> Result:
    ids = [str(record["id"]) for record in records]
    return Result(
        value=None if verdict.answers is None else ", ".join(verdict.answers) or "none",
        explanation=verdict.reasoning,
        metadata={"judge": jury.name, "reason": verdict.reason, "cut": verdict.cut},
        references=[
            Reference(type="message", cite=c.quote, id=ids[c.message - 1])
            for c in verdict.citations
        ],
    )


judge_scanner: Callable[..., Scan] = scanner(messages="all", name="offswitch_judge")(_judge_scanner)
"""The scanner; its arguments are those of `judge_scorer`."""
