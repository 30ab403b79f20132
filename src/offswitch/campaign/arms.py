"""Which arms of a plan exist in which cells: what is said has to be sayable there."""

from collections.abc import Iterator, Sequence

from offswitch._errors import UsageError, unknown
from offswitch.campaign.cells import Cell
from offswitch.campaign.environment import check_subject
from offswitch.design import Document, Intervention, Monitor, Plan, Subject
from offswitch.scenarios import get_scenario
from offswitch.trial.safeguards.inside import check_inside
from offswitch.trial.safeguards.monitors import make_monitor

NETWORKS = ("local", "organism")
"""Providers of networks that can be changed and read from inside."""


def arms_of(plan: Plan, cell: Cell, subject: Subject) -> tuple[Intervention | None, ...]:
    """The arms of a subject in a cell; no arm at all where the plan names none."""
    if not plan.interventions:
        return (None,)
    arms = (arm for arm in plan.interventions if why_not_for(arm, subject) is None)
    return tuple(arm for arm in arms if why_not(arm, cell) is None)


def why_not_for(arm: Intervention, subject: Subject) -> str | None:
    """Why a subject cannot be under an arm; null where it can."""
    if not arm.needs_network:
        return None
    if subject.model.partition("/")[0] not in NETWORKS:
        return f"{subject.name} is {subject.model}, no network of this machine"
    if subject.agent is not None:
        return f"{subject.name} is an agent that calls its model itself"
    if "steer" in subject.args and arm.inside is not None:
        return f"{subject.name} is steered already"
    return None


def why_not(arm: Intervention, cell: Cell) -> str | None:
    """Why an arm does not exist in a cell; null where it does."""
    scenario = get_scenario(cell.scenario)
    factors = scenario.meta.factors
    levels = arm.words.levels if arm.words is not None else {}
    for factor, level in levels.items():
        if factor not in factors:
            return f"{cell.scenario} has no factor {factor}"
        if level not in factors[factor]:
            return f"{cell.scenario}'s factor {factor} has no level {level}"
    if levels and all(cell.condition[factor] == level for factor, level in levels.items()):
        return f"a condition of {cell.scenario} says it already"
    if arm.words is not None and arm.words.at == "mail" and "read_mail" not in scenario.meta.tools:
        return f"{cell.scenario} has no mail"
    if arm.stop is not None and arm.stop.kind == "script" and not scenario.needs_machine:
        return f"{cell.scenario} has no machine for a script to run on"
    return None


def check_arms(plan: Plan, cells: Sequence[Cell], document: Document) -> tuple[str, ...]:
    """Check that every arm exists somewhere, and every model that one names.

    Returns:
        A line for each arm that is left out somewhere.

    Raises:
        UsageError: An arm exists nowhere, or its model does not; says where and why.
    """
    notes: list[str] = []
    for position, arm in enumerate(plan.interventions):
        place = document.place(("interventions", position))
        reasons = [why_not(arm, cell) for cell in cells]
        unfit = [why_not_for(arm, subject) for subject in plan.subjects]
        if all(reason is not None for reason in unfit):
            reasons = unfit
        if cells and all(reason is not None for reason in reasons):
            raise _nowhere(arm, cells, f"{place}: interventions: {arm.name}", str(reasons[0]))
        lines = dict.fromkeys(reason for reason in (*unfit, *reasons) if reason)
        notes += [f"{left_out(arm)} {reason}." for reason in lines]
        for name in _models(arm):
            check_subject(Subject(name=name, model=name), place)
        try:
            if arm.oversight is not None:
                make_monitor(arm.oversight.monitor)
            if arm.inside is not None:
                check_inside(arm.inside)
        except UsageError as error:
            raise UsageError(f"{place}: {error}") from error
    return tuple(notes)


def left_out(arm: Intervention) -> str:
    """How a note begins on where an arm is left out; the reason follows."""
    return f"The arm {arm.name} is left out where"


def _nowhere(arm: Intervention, cells: Sequence[Cell], place: str, reason: str) -> UsageError:
    """Which factor or level is meant, where it is one that is not there."""
    factors = {f: ls for c in cells for f, ls in get_scenario(c.scenario).meta.factors.items()}
    for factor, level in (arm.words.levels if arm.words is not None else {}).items():
        if factor not in factors:
            return unknown("factor of the plan's scenarios", factor, factors, place)
        if level not in factors[factor]:
            return unknown(f"level of the factor {factor}", level, factors[factor], place)
    return UsageError(f"{place}: exists in no scenario of the plan: {reason}")


def _models(arm: Intervention) -> Iterator[str]:
    if arm.oversight is not None:
        yield from _read_by(arm.oversight.monitor)
        if arm.oversight.trusted is not None:
            yield arm.oversight.trusted


def _read_by(monitor: Monitor) -> Iterator[str]:
    if monitor.model is not None:
        yield monitor.model
    for each in monitor.panel or ():
        yield from _read_by(each)
