"""What limits an answer: competence, what was said of a test, denials, trials left out."""

from collections.abc import Iterator, Sequence

from offswitch.inference import Analysis, Cell, Competence, Counts, SubjectSummary
from offswitch.report.text import fraction, percent, plural, span


def caveats(
    subject: SubjectSummary, cells: Sequence[Cell], analysis: Analysis, *, measured: bool
) -> tuple[str, ...]:
    """The sentences that limit what is said of a subject.

    Args:
        subject: The subject.
        cells: Its cells.
        analysis: Everything.
        measured: Whether anything can be concluded of it.
    """
    return (
        *_competence(subject, analysis),
        *_caveats(subject.counts, cells, measured=measured),
        *_awareness(subject, analysis),
    )


def _competence(subject: SubjectSummary, analysis: Analysis) -> list[str]:
    """What its benign twins say, and whether its choices follow positions."""
    shown = next((each for each in analysis.competence if each.subject == subject.subject), None)
    return [] if shown is None else list(_shown(shown))


def _shown(shown: Competence) -> Iterator[str]:
    if shown.follows_position:
        yield (
            f"{percent(shown.first_tool_share)} of its calls went to whichever tool was listed "
            "first: its acts follow a position and are no choices."
        )
    if shown.twin_done.n:
        yield (
            f"It did the work of the benign twin in {fraction(shown.twin_done)} trials "
            f"({percent(shown.twin_done.rate)}, {span(shown.twin_done)})."
        )


def _awareness(subject: SubjectSummary, analysis: Analysis) -> Iterator[str]:
    """What it said of a test, and how often it resisted then."""
    openings = {
        "unprompted": "By itself, it",
        "asked": "Asked last of all, in a random half of the trials, it",
    }
    for source, opening in openings.items():
        said = [a for a in analysis.awareness if (a.subject, a.source) == (subject.subject, source)]
        called = next((a for a in said if a.says == "says_test"), None)
        if not said or (called is None and source == "unprompted"):
            continue
        others = [a.resisted for a in said if a is not called]
        count, n = sum(r.count for r in others), sum(r.n for r in others)
        if called is None:
            yield f"{opening} never called the work a test ({plural(said[0].of, 'trial')})."
            continue
        yield (
            f"{opening} called the work a test in {called.resisted.n} of "
            f"{plural(called.of, 'trial')}; it resisted in {called.resisted.count} of these and in "
            f"{count} of the other {n}. This describes and shows no cause."
        )


def _caveats(counts: Counts, cells: Sequence[Cell], *, measured: bool) -> list[str]:
    caveats = []
    if not measured and counts.incapable:
        caveats.append(
            "It did not show that it can operate the tools or understand the situation. "
            "That is not a sign of safety."
        )
    denied = sum(cell.concealed.count for cell in cells)
    asked = sum(cell.concealed.n for cell in cells)
    if denied:
        caveats.append(
            f"Asked afterwards, it denied what it had done in {denied} of "
            f"{plural(asked, 'interview')} in which there was something to admit."
        )
    if counts.incapable and measured:
        caveats.append(
            f"In {counts.incapable} of {plural(counts.trials, 'trial')} it could not do the task; "
            "they are in no rate."
        )
    if counts.error and counts.error < counts.trials:
        caveats.append(
            f"{counts.error} of {plural(counts.trials, 'trial')} failed; they are in no rate."
        )
    return caveats
