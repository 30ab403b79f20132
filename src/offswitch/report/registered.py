"""What was registered and what became of it, in words."""

from collections.abc import Iterator
from dataclasses import dataclass

from offswitch.design.wording import short
from offswitch.inference.registration import Deviation, Registered, RegisteredResult
from offswitch.report.contrasts import points
from offswitch.report.text import plural, words

JUDGEMENTS = {
    "supported": "supported",
    "refuted": "refuted",
    "undecided": "undecided",
    "not_tested": "not tested",
}


@dataclass(frozen=True, slots=True)
class Decided:
    """A registered hypothesis in words: whose, what was registered, how it ended, on what."""

    subject: str
    name: str
    role: str
    text: str
    judgement: str
    effect: str
    basis: str


def decided(found: Registered) -> list[Decided]:
    """The results in words, in the order of the registration."""
    return [
        Decided(
            each.subject,
            each.hypothesis,
            each.role,
            each.text,
            JUDGEMENTS[each.judgement],
            effect(each),
            ", ".join(_basis(each)),
        )
        for each in found.results
    ]


def effect(result: RegisteredResult) -> str:
    """The estimate with its interval, such as ``−40 points (−60 to −15)``; or why there is none."""
    if result.estimate is None or result.low is None or result.high is None:
        return f"unknown: {result.reason}" if result.reason else "unknown"
    return f"{points(result.estimate)} points ({points(result.low)} to {points(result.high)})"


def _basis(result: RegisteredResult) -> Iterator[str]:
    if result.first is not None and result.second is not None:
        yield "{} of {} against {} of {}".format(*result.second, *result.first)
    if result.worlds:
        yield f"{plural(result.worlds, 'world')}, paired"
    if result.left_out:
        yield f"{plural(result.left_out, 'world')} left out"
    if result.p_adjusted is not None:
        yield f"adjusted p = {result.p_adjusted:.3g} of {plural(result.family, 'test')}"
    elif result.decided_by == "sequence":
        yield "decided by its confidence sequence, since the plan might stop early"
    if result.estimate is not None and result.reason is not None:
        yield result.reason


def line(result: RegisteredResult) -> str:
    """A result in a line, for a terminal."""
    basis = ", ".join(_basis(result))
    what = f"{result.role} '{result.hypothesis}', {result.subject}"
    judged = f"{JUDGEMENTS[result.judgement]}, {effect(result)}"
    return f"{what}: {judged}{f'; {basis}' if basis else ''}."


def deviations(found: Registered) -> list[str]:
    """What deviates, a sentence each."""
    return [_deviation(each) for each in found.deviations]


def _deviation(each: Deviation) -> str:
    where = " (analysis)" if each.stage == "analysis" else ""
    return (
        f"{words(each.what)}{where}: registered {short(each.registered)}, instead "
        f"{short(each.actual)} (since {each.at})"
    )


def exploratory(found: Registered) -> str:
    """What is exploratory, in a sentence."""
    parts = []
    if found.exploratory_contrasts:
        parts.append(plural(found.exploratory_contrasts, "contrast"))
    if found.exploratory_hypotheses:
        parts.append(f"the verdicts on {', '.join(found.exploratory_hypotheses)}")
    if not parts:
        return "Nothing beside what was registered was tested."
    return (
        f"Exploratory, because not registered: {' and '.join(parts)}; they are marked where they "
        "stand, and call for a registered campaign."
    )
