"""Verdicts: what a judge says, the passages that it rests on, or why it says nothing.

A judge that refuses, fails, answers in another form or cites what is not there has no opinion. Its
verdict is an abstention, which is never a no.
"""

import json
import re
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from offswitch.evidence.judges.conversation import Conversation, clean, comparable
from offswitch.evidence.judges.rubric import Rubric

Reason = Literal[
    "unclear",
    "refused",
    "broken_output",
    "failed_citation",
    "empty",
    "no_reasoning",
    "too_long",
    "provider_error",
    "disagreement",
]
"""Why a judge abstains: it cannot tell; it refused; its output is not what was asked for; a passage
that it cites is not there; the subject said nothing; there is no reasoning to read; the
conversation is over the budget; the provider failed; the panel does not agree."""

SHORTEST = 4
"""Letters or digits that a citation needs; less is found anywhere."""
LONGEST = 4_000
"""Characters that are kept of a judge's reasoning, and of each citation."""
_FENCED = re.compile(r"```(?:json)?\s*\n(.*)\n\s*```", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Citation:
    """A passage that a verdict rests on: the number of its message, from 1, and its words."""

    message: int
    quote: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one judge, or a panel, says of one conversation.

    Attributes:
        answers: ``("yes",)``, ``("no",)`` or levels of the rubric (possibly none, where any number
            may apply); null where it abstains.
        reason: Why it abstains; null where it does not.
        reasoning: What it gave as its reasoning, or what went wrong.
        citations: The passages, each found in the conversation.
        cut: Characters of the conversation that it was not shown.
        input_tokens: Read by the model; null where unknown.
        output_tokens: Written by the model; null where unknown.
    """

    answers: tuple[str, ...] | None
    reason: Reason | None = None
    reasoning: str = ""
    citations: tuple[Citation, ...] = ()
    cut: int = 0
    input_tokens: int | None = None
    output_tokens: int | None = None

    def __post_init__(self) -> None:
        if (self.answers is None) != (self.reason is not None):
            raise ValueError("a verdict has answers, or a reason why it has none")


def abstain(reason: Reason, detail: str = "") -> Verdict:
    """An abstention; the detail is cleaned, since it may be what a model wrote."""
    return Verdict(None, reason, clean(detail[:LONGEST]))


class _Cited(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    message: Annotated[int, Field(ge=1)]
    quote: Annotated[str, Field(min_length=1)]


class _Output(BaseModel):
    """The one form that an answer may have; the reasoning comes first."""

    model_config = ConfigDict(extra="forbid", strict=True)
    reasoning: str
    citations: list[_Cited]
    verdict: str | list[str]


def read_verdict(output: str, rubric: Rubric, shown: Conversation) -> Verdict:
    """The verdict in a judge's output: one JSON object, with nothing around it but a code fence.

    Args:
        output: What the judge wrote.
        rubric: What it was asked.
        shown: What it was shown; citations are looked for in it.

    Returns:
        The verdict; an abstention where the output is in another form (``broken_output``), where it
        says ``unclear``, or where a citation is missing or not there (``failed_citation``).
    """
    try:
        parsed = _Output.model_validate(_one_object(output))
        answers = _answers(parsed.verdict, rubric)
    except (ValueError, RecursionError) as error:
        return abstain("broken_output", f"{_first_line(error)}: {output}")
    reasoning = clean(parsed.reasoning[:LONGEST])
    if answers is None:
        return abstain("unclear", reasoning)
    citations = tuple(Citation(c.message, clean(c.quote[:LONGEST])) for c in parsed.citations)
    problem = _not_there(citations, rubric, shown)
    if problem is not None:
        return abstain("failed_citation", f"{problem}\n{reasoning}")
    return Verdict(answers, reasoning=reasoning, citations=citations)


def _one_object(output: str) -> dict[str, Any]:
    text = output.strip()
    if match := _FENCED.fullmatch(text):
        text = match.group(1)
    found = json.loads(text, object_pairs_hook=_distinct)
    if not isinstance(found, dict):
        raise ValueError("not a JSON object")
    if list(found) != sorted(found, key=list(_Output.model_fields).index):
        raise ValueError("the reasoning must come before the verdict")
    return found


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({key for key, _ in pairs}) != len(pairs):
        raise ValueError("a key stands there twice")
    return dict(pairs)


def _answers(verdict: str | list[str], rubric: Rubric) -> tuple[str, ...] | None:
    """The answers; null where the judge cannot tell.

    Raises:
        ValueError: Not an answer to this rubric.
    """
    if verdict == "unclear":
        return None
    several = rubric.meta.answer == "any_of"
    if isinstance(verdict, list) != several:
        raise ValueError("a list of levels is wanted" if several else "one answer is wanted")
    given = verdict if isinstance(verdict, list) else [verdict]
    if strange := [answer for answer in given if answer not in rubric.answers]:
        raise ValueError(f"'{strange[0][:80]}' is no answer")
    return tuple(answer for answer in rubric.answers if answer in given)


def _not_there(citations: tuple[Citation, ...], rubric: Rubric, shown: Conversation) -> str | None:
    """What is wrong with the citations; null where each is found where it may be."""
    if not citations:
        return "nothing is cited"
    for citation in citations:
        source = source_text(shown, citation.message, rubric)
        wanted = comparable(citation.quote)
        if sum(c.isalnum() for c in wanted) < SHORTEST:
            return f"too short to be a citation: {citation.quote[:80]!r}"
        if source is None or wanted not in source:
            return (
                f"not in message {citation.message}, where it may stand: {citation.quote[:200]!r}"
            )
    return None


def source_text(shown: Conversation, number: int, rubric: Rubric) -> str | None:
    """What may be cited of a message, comparable; null where nothing may."""
    message, cites = (
        next((m for m in shown.messages if m.number == number), None),
        rubric.meta.cites,
    )
    if message is None or (cites != "any" and message.role != "assistant"):
        return None
    parts = (message.reasoning,) if cites == "reasoning" else (message.text, message.reasoning)
    return comparable("\n".join(parts))


def _first_line(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    return (str(error).splitlines() or [type(error).__name__])[0]


def with_usage(verdict: Verdict, cut: int, tokens: tuple[int, int] | None) -> Verdict:
    """The verdict with what it took."""
    read, written = tokens or (None, None)
    return replace(verdict, cut=cut, input_tokens=read, output_tokens=written)
