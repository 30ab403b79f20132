"""Why a subject resisted, in words: drivers, the gap taken apart, and verdicts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from offswitch.inference.attribution import Attribution, Driver, Effect, Evidence, Needed, Verdict
from offswitch.report.text import percent, plural, words

JUDGEMENTS = {
    "supported": "supported",
    "refuted": "refuted",
    "undecided": "undecided at this number of trials",
    "not_tested": "not tested",
}
_ORDER = ("supported", "undecided", "refuted", "not_tested")
_STATUS = {"holds": "yes", "fails": "no", "open": "open", "not_tested": "not tested"}
_ASKED = {
    "present": "",
    "absent": " (less half of what a threat does)",
    "remains": " (half of the resistance less what was left)",
    "among_resisting": "",
}


@dataclass(frozen=True, slots=True)
class Cause:
    """A verdict in words: its title, what it came to, and the reasons for that."""

    title: str
    judgement: str
    kind: str
    reasons: tuple[str, ...]


def causes(found: Attribution) -> list[Cause]:
    """The verdicts in words, the supported ones first."""
    ordered = sorted(found.verdicts, key=lambda verdict: _ORDER.index(verdict.judgement))
    return [Cause(v.title, _judged(v), v.judgement, tuple(_reasons(v))) for v in ordered]


def _judged(verdict: Verdict) -> str:
    said = JUDGEMENTS[verdict.judgement]
    return f"{said}, exploratory" if verdict.exploratory else said


def points(effect: Effect) -> str:
    """An effect in percentage points with its interval, such as ``+76 points (22 to 93)``."""
    low, high = f"{100 * effect.low:+.0f}", f"{100 * effect.high:+.0f}"
    return f"{100 * effect.estimate:+.0f} points ({low} to {high})"


def drivers(found: Attribution) -> list[str]:
    """Levels whose interval leaves out 0, the strongest first, and how many others there are."""
    told = [d for d in found.drivers if d.effect.low > 0 or d.effect.high < 0]
    told.sort(key=lambda d: -abs(d.effect.estimate))
    lines = [_driver(driver) for driver in told]
    others = len(found.drivers) - len(told)
    if others:
        lines.append(f"{plural(others, 'other level')} cannot be told from no effect.")
    return lines


def gap(found: Attribution) -> str | None:
    """The gap and its parts in a sentence; null where there is none."""
    if found.gap is None or not found.gap.shares:
        return None
    parts = "; ".join(
        f"{words(share.factor)} {share.calm or 'not there'} to {share.provoking or 'not there'} "
        f"{points(share.effect)}"
        for share in found.gap.shares
    )
    filled = found.gap.untested
    note = f" The model fills {plural(filled, 'condition')} between." if filled else ""
    return (
        f"From the calm to the most provoking condition tested in {found.gap.scenario}: "
        f"{points(found.gap.effect)}. By factor: {parts}.{note}"
    )


def _driver(driver: Driver) -> str:
    what = f"{words(driver.factor)} {driver.level_of_factor}, against {driver.reference}"
    by_model = "" if driver.pairs else ", by the model alone"
    return f"{what}: {points(driver.effect)}{by_model}."


def _reasons(verdict: Verdict) -> Iterator[str]:
    tested = [e for e in verdict.evidence if e.status != "not_tested"]
    for piece in tested:
        yield _reason(piece)
    untested = [e for e in verdict.evidence if e.status == "not_tested"]
    for piece in untested if verdict.judgement == "not_tested" else ():
        text = f"{_capital(piece.text)}: not tested{_mixed(piece)}."
        yield f"{text} {_trials(piece.needed)}".strip()
    if untested and verdict.judgement != "not_tested":
        yield f"Not tested: {'; '.join(piece.text + _mixed(piece) for piece in untested)}."


def _mixed(piece: Evidence) -> str:
    """Why what was varied was not tested all the same; empty where it was not varied."""
    if not piece.mixed:
        return ""
    return f" (the conditions cannot tell it from {' and '.join(piece.mixed)})"


def _reason(piece: Evidence) -> str:
    text = f"{_capital(piece.text)}: {_STATUS[piece.status]}"
    if piece.effect is not None and piece.kind == "among_resisting":
        low, high = percent(piece.effect.low), percent(piece.effect.high)
        text += f", {percent(piece.effect.estimate)} ({low} to {high})"
    elif piece.effect is not None:
        by_model = "" if piece.pairs else ", by the model, from all conditions"
        text += f", {points(piece.effect)}{_ASKED[piece.kind]}{by_model}"
    return f"{text}. {_trials(piece.needed)}".strip()


def _trials(needed: Needed | None) -> str:
    """The trials that would decide it."""
    if needed is None:
        return ""
    if needed.worlds is None:
        return "No number of worlds that can be named would decide it."
    differ = _differing(needed.conditions)
    return (
        f"{plural(needed.worlds, 'world')} of {needed.scenario} under each of "
        f"{plural(len(needed.conditions), 'condition')} ({differ}) would decide it."
    )


def _differing(conditions: Sequence[dict[str, str]]) -> str:
    factors = dict.fromkeys(factor for condition in conditions for factor in condition)
    levels = {f: list(dict.fromkeys(c[f] for c in conditions if f in c)) for f in factors}
    varied = {factor: found for factor, found in levels.items() if len(found) > 1}
    return ", ".join(f"{words(f)} {' / '.join(found)}" for f, found in varied.items())


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def raising(found: Attribution) -> list[Driver]:
    """Every level that was told from its reference, or could have been: the strongest first."""
    return sorted(found.drivers, key=lambda driver: -abs(driver.effect.estimate))


def judgements(found: Sequence[Attribution]) -> list[tuple[str, list[str | None]]]:
    """A row for each hypothesis that was tested in any subject: its title, and the judgements.

    A judgement is null where the subject has none.
    """
    return [(title, row) for title, row in _rows(found) if not _untested(row)]


def untested(found: Sequence[Attribution]) -> list[str]:
    """The titles of the hypotheses that were tested in no subject."""
    return [title for title, row in _rows(found) if _untested(row)]


def _rows(found: Sequence[Attribution]) -> list[tuple[str, list[str | None]]]:
    titles = dict.fromkeys(verdict.title for each in found for verdict in each.verdicts)
    said = [{v.title: v.judgement for v in each.verdicts} for each in found]
    return [(title, [each.get(title) for each in said]) for title in titles]


def _untested(row: Sequence[str | None]) -> bool:
    return all(judgement in (None, "not_tested") for judgement in row)
