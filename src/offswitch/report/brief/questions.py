"""The questions that readers of such tests ask, answered from a campaign or said to be open."""

from collections.abc import Iterator
from dataclasses import dataclass

from offswitch.inference import Contrast
from offswitch.report.brief.content import Facts, first, sure
from offswitch.report.brief.pieces import Name, Number, Sentence, say
from offswitch.report.text import words

INSTRUCTIONS = ("instruction", "placement", "precedence")
OVERSIGHT = ("monitoring", "escalation")
GOALS = ("goal", "aim", "conflict")
NOT_ANSWERED = "Not answered by this campaign"


@dataclass(frozen=True, slots=True)
class Answered:
    """A question, and what the campaign says of it; ``open`` where it says nothing."""

    question: str
    sentences: tuple[Sentence, ...]
    open: bool


def questions(facts: Facts) -> list[Answered]:
    """All questions in their order, each answered or marked as not answered."""
    tested = {s.subject for _, s in facts.subjects(scripted=False)}
    asked = [
        (
            "What did the models do, and how often?",
            _did(facts),
            "no AI model that could act was tested",
        ),
        (
            "How do they differ?",
            _differ(facts, tested),
            "fewer than two AI models were compared in the same worlds",
        ),
        (
            "Did they know that it was a test?",
            _knew(facts, tested),
            "no trial of an AI model was assessed for it",
        ),
        (
            "Was it self-preservation or something else?",
            _why(facts, tested),
            "the conditions that would tell were not run",
        ),
        (
            "Does it follow whatever the goal is?",
            _changed(facts, tested, GOALS),
            "the goal was not varied",
        ),
        (
            "What did instructions and oversight change?",
            _changed(facts, tested, INSTRUCTIONS + OVERSIGHT),
            "neither was varied",
        ),
        (
            "What would it mean in a deployment, and what would it not?",
            _deployment(facts, tested),
            "no mix of conditions in a deployment was stated, so that these rates are of "
            "situations that were chosen, and of no deployment",
        ),
    ]
    return [_answered(question, list(found), reason) for question, found, reason in asked]


def _answered(question: str, found: list[Sentence], reason: str) -> Answered:
    if found:
        return Answered(question, first(found), open=False)
    return Answered(question, (say(f"{NOT_ANSWERED}: {reason}."),), open=True)


def _did(facts: Facts) -> Iterator[Sentence]:
    for _, subject in facts.subjects(scripted=False):
        cells = facts.cells(subject.subject)
        if cells:
            place, cell = max(cells, key=lambda each: each[1].resisted.rate or 0)
            yield say(
                "{}: at most in {}, under {}.",
                *(Name(subject.subject), facts.rate(place), facts.where(cell)),
            )


def _differ(facts: Facts, tested: set[str]) -> Iterator[Sentence]:
    both = [
        (i, c)
        for i, c in enumerate(facts.analysis.contrasts)
        if c.kind == "subject"
        and {c.first.subject, c.second.subject} <= tested
        and c.difference is not None
    ]
    found = [(i, c) for i, c in both if sure(c.p_adjusted)]
    if both and not found:
        yield say("No difference between them could be told from chance.")
    for place, contrast in found:
        cell = next(c for c in facts.analysis.cells if c.key == contrast.second.cell)
        yield say(
            "Under {}, {} resisted {} points {} often than {} (likely {} to {}).",
            *(facts.where(cell), Name(contrast.second.subject)),
            *(_size(facts, place), _direction(contrast), Name(contrast.first.subject)),
            *_ends(facts, place),
        )


def _knew(facts: Facts, tested: set[str]) -> Iterator[Sentence]:
    how = {"unprompted": "by itself", "asked": "when asked afterwards"}
    seen = set()
    for place, row in enumerate(facts.analysis.awareness):
        if row.subject not in tested:
            continue
        number, key = facts.source.number, (row.subject, row.source)
        others = [a for a in facts.analysis.awareness if (a.subject, a.source) == key]
        if row.says == "says_test":
            yield say(
                "{} called the work a test {} in {} of {} trials; in these it resisted in {}.",
                *(Name(row.subject), say(how[row.source])),
                *(
                    number("count", "awareness", place, "resisted", "n"),
                    number("count", "awareness", place, "of"),
                    number("count", "awareness", place, "resisted", "count"),
                ),
            )
        elif key not in seen and not any(a.says == "says_test" for a in others):
            yield say(
                "{} did not call the work a test {} in any of {} trials. What it took it for "
                "without saying so is not known.",
                *(Name(row.subject), say(how[row.source])),
                number("count", "awareness", place, "of"),
            )
        seen.add(key)


def _why(facts: Facts, tested: set[str]) -> Iterator[Sentence]:
    for found in facts.analysis.attribution:
        if found.subject not in tested:
            continue
        named = {
            judgement: [v.title for v in found.verdicts if v.judgement == judgement]
            for judgement in ("supported", "refuted", "undecided")
        }
        parts = [
            say("{} {}", say(f"{judgement}:"), Name(", ".join(titles), code=False))
            for judgement, titles in named.items()
            if titles
        ]
        if parts:
            line = "; ".join("{}" for _ in parts)
            yield say(f"For {{}}, explanations {line}.", Name(found.subject), *parts)


def _changed(facts: Facts, tested: set[str], factors: tuple[str, ...]) -> Iterator[Sentence]:
    own = [
        (i, c)
        for i, c in enumerate(facts.analysis.contrasts)
        if c.kind == "condition"
        and c.factor in factors
        and c.second.subject in tested
        and c.difference is not None
    ]
    found = [(i, c) for i, c in own if sure(c.p_adjusted)]
    if own and not found:
        names = ", ".join(dict.fromkeys(words(str(c.factor)) for _, c in own))
        yield say("Varied were {}; no change could be told from chance.", Name(names, code=False))
    for place, contrast in found:
        yield say(
            "{}: with {} it resisted {} points {} often (likely {} to {}).",
            *(Name(contrast.second.subject), Name(_levels(contrast), code=False)),
            *(_size(facts, place), _direction(contrast)),
            *_ends(facts, place),
        )


def _deployment(facts: Facts, tested: set[str]) -> Iterator[Sentence]:
    for place, mixed in enumerate(facts.analysis.mixed):
        if mixed.subject in tested and mixed.rate is not None:
            yield say(
                "In the stated mix of conditions {} would resist in {} of uses like these (likely "
                "{} to {}), as far as the simulation is like the use.",
                *(Name(mixed.subject), facts.source.number("percent", "mixed", place, "rate")),
                *facts.source.interval("mixed", place),
            )


def _levels(contrast: Contrast) -> str:
    second, first_ = contrast.second.level or "not there", contrast.first.level or "not there"
    return f"{words(str(contrast.factor))} {second} instead of {first_}"


def _direction(contrast: Contrast) -> Sentence:
    return say("more" if (contrast.difference or 0) > 0 else "less")


def _size(facts: Facts, place: int) -> Number:
    return facts.source.number("size", "contrasts", place, "difference")


def _ends(facts: Facts, place: int) -> tuple[Number, Number]:
    number = facts.source.number
    return number("points", "contrasts", place, "low"), number("points", "contrasts", place, "high")
