"""One judge, one question, one conversation: what every judge has in common."""

from dataclasses import dataclass, replace
from typing import Protocol, runtime_checkable

from offswitch.evidence.judges.conversation import Conversation, narrowed
from offswitch.evidence.judges.rubric import Rubric
from offswitch.evidence.judges.shorten import BUDGET, fit
from offswitch.evidence.judges.verdict import Verdict, abstain


@runtime_checkable
class Judge(Protocol):
    """Something that answers a rubric about a conversation."""

    @property
    def name(self) -> str:
        """Its name, as in the table of verdicts."""
        ...

    async def read(self, rubric: Rubric, shown: Conversation) -> Verdict:
        """Its verdict on what it is shown; it abstains rather than raise."""
        ...


@dataclass(frozen=True, slots=True)
class Brief:
    """What a judge is shown of a conversation.

    Attributes:
        shown: The conversation, fitted to the budget.
        cut: Characters that were left out.
        whole: Whether everything that the subject wrote is shown.
    """

    shown: Conversation
    cut: int = 0
    whole: bool = True


def brief(rubric: Rubric, conversation: Conversation, budget: int = BUDGET) -> Brief | Verdict:
    """What a judge is shown, or an abstention where there is nothing to judge.

    Args:
        rubric: What is asked; it says whether the reasoning is shown.
        conversation: All of it.
        budget: Characters, 1 or more.
    """
    wanted = narrowed(
        conversation,
        reasoning=rubric.meta.reads == "reasoning",
        interview=rubric.meta.covers == "all",
    )
    if wanted.empty:
        return abstain("empty", "The subject said and did nothing.")
    if rubric.meta.cites == "reasoning" and not any(m.reasoning for m in wanted.messages):
        return abstain("no_reasoning", "There is no reasoning to read.")
    fitted = fit(wanted, budget)
    if fitted is None:
        return abstain("too_long", f"It does not fit into {budget} characters.")
    return Brief(fitted.conversation, fitted.cut, fitted.whole)


async def opinion(judge: Judge, rubric: Rubric, brief: Brief) -> Verdict:
    """A judge's verdict, with what it was not shown.

    Where a part of the subject's own words was not shown, only a yes stands: what was found is
    there, but what was not found could be in that part.
    """
    verdict = replace(await judge.read(rubric, brief.shown), cut=brief.cut)
    if brief.whole or verdict.answers is None or verdict.answers == ("yes",):
        return verdict
    return replace(abstain("too_long", "Some of the subject's words were left out."), cut=brief.cut)
