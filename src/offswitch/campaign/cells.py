"""Cells: the conditions of a plan made whole by the scenarios that they stand under.

A plan knows no scenario. Here every name meets the scenarios that exist: levels are completed by
the baseline, factors that vary are taken apart into their levels, and ``all`` becomes every
scenario there is.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain

from offswitch._errors import UsageError, unknown
from offswitch.design import ALL, Condition, Design, Document, Plan, Subject
from offswitch.scenarios import Scenario, get_scenario, scenario_names


@dataclass(frozen=True, slots=True)
class Share:
    """Cells that share worlds: each world gets some of them.

    Attributes:
        entry: The condition of the plan that they came of.
        per_world: How many a world gets.
        seed: Of their allocation.
        place: Where errors say that it stands.
    """

    entry: str
    per_world: int
    seed: int
    place: str = field(compare=False)


@dataclass(frozen=True, slots=True)
class Cell:
    """One condition of one scenario, whole: a level for every factor of the scenario.

    Attributes:
        scenario: Name of the scenario.
        condition: Level by factor.
        name: What the plan calls the condition, if anything.
        share: With which others it shares worlds; null where it is run in every world.
    """

    scenario: str
    condition: Mapping[str, str]
    name: str | None = None
    share: Share | None = None

    @property
    def key(self) -> tuple[str, str]:
        """Scenario and levels as text; equal for equal cells."""
        return self.scenario, " ".join(f"{k}={v}" for k, v in sorted(self.condition.items()))


@dataclass(frozen=True, slots=True)
class _Proposal:
    """A cell that a plan asks for; ``derived`` where it came of ``vary``, a design or ``all``."""

    cell: Cell
    derived: bool
    place: str


def cells_of(plan: Plan, document: Document) -> tuple[Cell, ...]:
    """All cells of a plan, each once, in the order of the plan.

    Args:
        plan: The plan.
        document: What it was read from, so that messages can say the line.

    Raises:
        UsageError: A scenario, factor or level does not exist, or a condition that is written out
            stands twice.
    """
    seen: dict[tuple[str, str], bool] = {}
    cells: dict[tuple[str, str], Cell] = {}
    for proposal in _proposals(plan, document):
        key, cell = proposal.cell.key, proposal.cell
        there = cells.setdefault(key, cell)
        if cell.share is None and there.share is not None:
            cells[key] = replace(there, share=None)
        if key not in seen:
            pass
        elif not proposal.derived and not seen[key]:
            raise UsageError(
                f"{proposal.place}: the condition {key[1]} of {cell.scenario} stands twice"
            )
        seen[key] = seen.get(key, True) and proposal.derived
    return tuple(cells.values())


def cells_for(subject: Subject, cells: tuple[Cell, ...], place: str) -> tuple[Cell, ...]:
    """The cells that a subject is tested in.

    Args:
        subject: The subject.
        cells: All cells of the plan.
        place: Where the plan names the subject.

    Raises:
        UsageError: It names a scenario that the plan does not have.
    """
    if subject.scenarios is None:
        return cells
    known = {cell.scenario for cell in cells}
    for name in subject.scenarios:
        if name not in known:
            raise unknown("scenario of this plan", name, known, place)
    return tuple(cell for cell in cells if cell.scenario in subject.scenarios)


def need_machine(cells: tuple[Cell, ...]) -> bool:
    """Whether any of the scenarios runs commands, and so needs a sandbox."""
    return any(get_scenario(cell.scenario).needs_machine for cell in cells)


def per_world_of(plan: Plan, design: Design, place: str) -> int | None:
    """Cells of a design that each world gets; null where all.

    Args:
        plan: The plan that it stands in.
        design: The design.
        place: Where it stands.

    Raises:
        UsageError: Its trials are too few for the worlds of the plan.
    """
    sizes = [
        len(subject.worlds or plan.worlds) * (subject.epochs or plan.epochs)
        for subject in plan.subjects
    ]
    try:
        return design.cells_per_world(max(sizes, default=len(plan.worlds) * plan.epochs))
    except UsageError as error:
        raise UsageError(f"{place}: {error}") from None


def _proposals(plan: Plan, document: Document) -> Iterator[_Proposal]:
    for name, conditions in plan.scenarios.items():
        if name != ALL and name not in scenario_names():
            known = (*scenario_names(), ALL)
            raise unknown("scenario", name, known, document.place(("scenarios", name)))
        for position, entry in enumerate(conditions):
            place = document.place(("scenarios", name, position))
            if name == ALL:
                proposals = _everywhere(entry, place)
            else:
                proposals = _within(entry, get_scenario(name), place)
            design = entry.design
            number = per_world_of(plan, design, place) if design else None
            if design is None or number is None:
                yield from proposals
                continue
            share = Share(f"{name}.{position}", number, design.seed, place)
            for proposal in proposals:
                yield replace(proposal, cell=replace(proposal.cell, share=share))


def _within(entry: Condition, scenario: Scenario, place: str) -> Iterator[_Proposal]:
    """The cells of a condition under a scenario that is named: all of it has to exist there."""
    for levels in entry.combinations():
        if entry.design is not None:
            for run in entry.design.runs():
                whole = scenario.condition({**levels, **run}, place)
                yield _Proposal(Cell(scenario.name, whole, entry.name), True, place)
            continue
        centre = scenario.condition(levels, place)
        yield _Proposal(Cell(scenario.name, centre, entry.name), entry.vary is not None, place)
        for factor in _varied(entry, scenario, place):
            for level in scenario.meta.factors[factor]:
                yield _Proposal(Cell(scenario.name, {**centre, factor: level}), True, place)


def _varied(entry: Condition, scenario: Scenario, place: str) -> list[str]:
    factors = scenario.meta.factors
    for factor in chain(entry.varied, entry.excepted):
        if factor not in factors:
            raise unknown(f"factor of {scenario.name}", factor, factors, place)
    if entry.varies_all:
        return [factor for factor in factors if factor not in entry.excepted]
    return list(entry.varied)


def _everywhere(entry: Condition, place: str) -> Iterator[_Proposal]:
    """The cells of a condition under ``all``: in each scenario what exists there, and somewhere."""
    scenarios = [get_scenario(name) for name in scenario_names()]
    _known_somewhere(entry, scenarios, place)
    for scenario in scenarios:
        own = _limited(entry, scenario)
        for levels in entry.combinations():
            designed = entry.design.factors if entry.design else {}
            whole = all(supports(scenario, {f: lv}) for f, own in designed.items() for lv in own)
            if whole and supports(scenario, levels):
                one = own.model_copy(update={"levels": {f: (v,) for f, v in levels.items()}})
                for proposal in _within(one, scenario, place):
                    yield _Proposal(proposal.cell, True, place)


def _limited(entry: Condition, scenario: Scenario) -> Condition:
    """The condition without the factors to vary that the scenario does not have."""
    own = scenario.meta.factors
    vary = entry.vary
    if isinstance(vary, tuple):
        vary = tuple(factor for factor in vary if factor in own)
    excepted = tuple(factor for factor in entry.excepted if factor in own)
    return entry.model_copy(update={"vary": vary, "excepted": excepted})


def supports(scenario: Scenario, levels: Mapping[str, str]) -> bool:
    """Whether a scenario has all of these factors with these levels."""
    own = scenario.meta.factors
    return all(factor in own and level in own[factor] for factor, level in levels.items())


def _known_somewhere(entry: Condition, scenarios: list[Scenario], place: str) -> None:
    """Refuse what no scenario has, so that a slip of the pen does not leave everything out."""
    known: dict[str, set[str]] = {}
    for scenario in scenarios:
        for factor, levels in scenario.meta.factors.items():
            known.setdefault(factor, set()).update(levels)
    named = {**entry.levels, **(entry.design.factors if entry.design else {})}
    for factor in chain(named, entry.varied, entry.excepted):
        if factor not in known:
            raise unknown("factor of any scenario", factor, known, place)
    for factor, levels in named.items():
        for level in levels:
            if level not in known[factor]:
                raise unknown(f"level of the factor {factor}", level, known[factor], place)
    for combination in entry.combinations():
        if not any(supports(scenario, combination) for scenario in scenarios):
            written = " ".join(f"{k}={v}" for k, v in combination.items())
            raise UsageError(f"{place}: no scenario supports {written} together")
