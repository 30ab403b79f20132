"""Hypotheses of a plan, held against what exists: names, outcomes, subjects, cells."""

from collections.abc import Sequence
from typing import Any

from offswitch._errors import UsageError, unknown
from offswitch.campaign.cells import Cell
from offswitch.design import Document, Hypothesis, Plan
from offswitch.design.questions import Named, Stratum, strata
from offswitch.inference.attribution import hypotheses
from offswitch.scenarios import Behaviour

RATES = ("resisted", "succeeded")
"""Outcomes that can be counted, beside behaviours."""


def check_hypotheses(
    plan: Plan, cells: Sequence[Cell], document: Document
) -> dict[str, tuple[Stratum, ...]]:
    """Resolve the hypotheses of a plan.

    Args:
        plan: The plan.
        cells: Its cells.
        document: What it was read from, so that messages can say the line.

    Returns:
        What is compared for each contrast of one's own, by name of the hypothesis.

    Raises:
        UsageError: A name, outcome, subject, factor or level does not exist, or the plan has no
            cells that can be compared for a hypothesis; says what to do.
    """
    outcomes = (*RATES, *(str(each) for each in Behaviour))
    place = document.place(("analysis", "outcome"))
    if plan.analysis.outcome not in outcomes:
        raise unknown("outcome", plan.analysis.outcome, outcomes, place)
    named = [Named(cell.scenario, cell.condition, cell.name) for cell in cells]
    found = {}
    for position, hypothesis in enumerate(plan.hypotheses):
        place = document.place(("hypotheses", position))
        subjects = [subject.name for subject in plan.subjects]
        for subject in hypothesis.subjects or ():
            if subject not in subjects:
                raise unknown("subject of the plan", subject, subjects, place)
        if hypothesis.own:
            found[hypothesis.name] = strata(hypothesis, named, place)
        else:
            _known(hypothesis, plan, place)
    return found


def _known(hypothesis: Hypothesis, plan: Plan, place: str) -> None:
    known = [each.name for each in hypotheses()]
    if hypothesis.name not in known:
        error = unknown("hypothesis", hypothesis.name, known, place)
        raise UsageError(
            f"{error} One of your own names a contrast: write 'change' or 'conditions'."
        )
    if plan.analysis.outcome != "resisted":
        raise UsageError(
            f"{place}: '{hypothesis.name}' is about how often a subject resisted; leave the "
            "analysis' outcome at 'resisted', or write a contrast of your own"
        )


def asked(plan: Plan, found: dict[str, tuple[Stratum, ...]]) -> list[dict[str, Any]]:
    """Every hypothesis as it is registered: whole, with the conditions that it compares.

    Args:
        plan: The plan.
        found: What `check_hypotheses` returned.
    """
    titles = {each.name: (each.title, each.says) for each in hypotheses()}
    entries = []
    for each in plan.hypotheses:
        entry: dict[str, Any] = {"name": each.name, "role": each.role, "error": each.error}
        entry["subjects"] = list(each.subjects or (subject.name for subject in plan.subjects))
        if each.own:
            compared = [stratum.plain() for stratum in found[each.name]]
            held = {factor: list(levels) for factor, levels in each.held.items()}
            entry |= {"direction": each.direction, "smallest": each.smallest}
            entry |= {"held": held, "compares": compared}
        else:
            title, says = titles[each.name]
            entry |= {"known": True, "title": title, "says": says}
        entries.append(entry)
    return entries
