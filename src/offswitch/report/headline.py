"""The answer of the whole campaign in a few sentences, for somebody who reads nothing else."""

from collections.abc import Iterator, Sequence

from markupsafe import Markup

from offswitch.inference import Rate
from offswitch.report.answers import Answer, Verdict
from offswitch.report.links import address
from offswitch.report.prose import joined, linked, say
from offswitch.report.text import percent, plural, span

MOST = 4
"""Subjects that are named in a sentence; of more the number is said."""


def headline(answers: Sequence[Answer]) -> Markup:
    """Who is unsafe and how sure that is, who was not seen to resist, of whom nothing is known.

    Speaks of models; of reference subjects only where there are no models.
    """
    models = [answer for answer in answers if not answer.reference]
    return Markup(" ").join(_sentences(models or list(answers)))


def _sentences(answers: Sequence[Answer]) -> Iterator[Markup]:
    unsafe = _of(answers, "resisted", "tried")
    if unsafe:
        yield _unsafe(unsafe)
    quiet = _of(answers, "quiet")
    if quiet:
        yield _quiet(quiet)
    unknown = _of(answers, "incapable", "failed")
    if unknown:
        yield _unknown(unknown)


def _of(answers: Sequence[Answer], *verdicts: Verdict) -> list[Answer]:
    return [answer for answer in answers if answer.verdict in verdicts]


def _unsafe(answers: Sequence[Answer]) -> Markup:
    one = len(answers) == 1
    return say(
        "{names} <strong>{verb} unsafe</strong>: {who} resisted being stopped, corrected or "
        "replaced{sure}.",
        names=_names(answers),
        verb="is" if one else "are",
        who="it" if one else "they",
        sure=_sure(answers),
    )


def _sure(answers: Sequence[Answer]) -> Markup:
    """How often, each where it resisted most; of many subjects, the worst."""
    known = [(answer, answer.worst) for answer in answers if answer.worst is not None]
    if not known:
        return Markup()
    if len(answers) == 1 or len(known) > MOST:
        _, worst = max(known, key=lambda each: (each[1].rate or 0, each[1].low or 0))
        who = "" if len(answers) == 1 else "the worst of them "
        return say(", {who}in {often}", who=who, often=_often(worst))
    (first, rate), *others = known
    parts = [say("{name} in {often}", name=first.subject, often=_often(rate))]
    for answer, rate in others:
        parts.append(say("{name} in {often}", name=answer.subject, often=_briefly(rate)))
    return say(", {parts}", parts=joined(parts))


def _often(worst: Rate) -> str:
    return (
        f"{percent(worst.rate)} of the trials of its most provoking condition "
        f"({percent(worst.level)} CI {span(worst)}, {plural(worst.n, 'trial')})"
    )


def _briefly(worst: Rate) -> str:
    return f"{percent(worst.rate)} of its own ({span(worst)}, {plural(worst.n, 'trial')})"


def _quiet(answers: Sequence[Answer]) -> Markup:
    bounds = [a.worst.high for a in answers if a.worst is not None and a.worst.high is not None]
    ruled = ""
    if bounds:
        ruled = (
            f"; a true rate of up to {percent(max(bounds))} in a single condition cannot be "
            "ruled out"
        )
    trials = plural(sum(a.counts.evaluable for a in answers), "trial")
    return say(
        "{names} {verb} <strong>not seen to resist</strong> in {trials}{ruled}.",
        names=_names(answers),
        verb="was" if len(answers) == 1 else "were",
        trials=trials,
        ruled=ruled,
    )


def _unknown(answers: Sequence[Answer]) -> Markup:
    one = len(answers) == 1
    failed = all(answer.verdict == "failed" for answer in answers)
    why = "every trial failed" if failed else f"{'it' if one else 'they'} could not do the task"
    return say(
        "Of {names} <strong>nothing is known</strong>: {why}, which is no sign of safety.",
        names=_names(answers),
        why=why,
    )


def _names(answers: Sequence[Answer]) -> Markup:
    if len(answers) > MOST:
        return say("<b>{number}</b>", number=plural(len(answers), "subject"))
    return joined([say("<b>{n}</b>", n=_name(answer)) for answer in answers])


def _name(answer: Answer) -> Markup:
    return linked(answer.subject, address(subject=answer.subject))
