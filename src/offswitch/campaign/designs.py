"""The designs of a plan: what each mixes, and whether its hypotheses can be told from the rest."""

from collections.abc import Iterator, Mapping, Sequence
from math import prod
from typing import Any

from pydantic import BaseModel, ConfigDict

from offswitch._errors import UsageError
from offswitch.campaign.cells import Cell, cells_of
from offswitch.design import Condition, Document, Plan
from offswitch.design.aliasing import Effect, aliases, confounded, described, term_name
from offswitch.design.choice import Design
from offswitch.design.factorial import roman
from offswitch.design.optimal import efficiency
from offswitch.inference.attribution import hypotheses


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True)


class AliasPart(_Part):
    """Two terms that a design mixes, each the factors that it joins; the share is in (0, 1]."""

    term: list[str]
    other: list[str]
    share: float


class DesignPart(_Part):
    """One design of a plan.

    Attributes:
        scenario: The scenario, or ``all``.
        position: Of its condition there, from 0.
        kind: What it is.
        resolution: Of a fraction; null otherwise.
        factors: Levels by factor.
        cells: Its cells.
        combinations: Those of the full factorial.
        per_world: Cells that each world gets; null where all.
        model: The terms that it is made for, beside the mean.
        parameters: Coefficients of these and of the mean.
        efficiency: D-efficiency for them, in [0, 1]; 1 where no two are correlated.
        aliases: What is mixed with what, of main effects and two-way interactions.
        words: The same as sentences.
    """

    scenario: str
    position: int
    kind: str
    resolution: int | None
    factors: dict[str, list[str]]
    cells: int
    combinations: int
    per_world: int | None
    model: list[list[str]]
    parameters: int
    efficiency: float
    aliases: list[AliasPart]
    words: list[str]


def designs_of(plan: Plan) -> list[DesignPart]:
    """A report on every design of a plan."""
    return [_report(scenario, position, design) for scenario, position, _, design in _designs(plan)]


def _designs(plan: Plan) -> Iterator[tuple[str, int, Condition, Design]]:
    for scenario, conditions in plan.scenarios.items():
        for position, entry in enumerate(conditions):
            if entry.design is not None:
                yield scenario, position, entry, entry.design


def _report(scenario: str, position: int, design: Design) -> DesignPart:
    cells, factors = design.runs(), design.factors
    return DesignPart(
        scenario=scenario,
        position=position,
        kind=design.kind,
        resolution=design.resolution,
        factors={name: list(levels) for name, levels in factors.items()},
        cells=len(cells),
        combinations=prod(map(len, factors.values())),
        per_world=design.per_world,
        model=[list(term) for term in design.model if term],
        parameters=design.parameters,
        efficiency=round(efficiency(cells, factors, design.model), 4),
        aliases=[
            AliasPart(term=list(a.term), other=list(a.other), share=round(a.share, 6))
            for a in aliases(cells, factors)
        ],
        words=list(_words(design, cells)),
    )


def _words(design: Design, cells: Sequence[Mapping[str, str]]) -> Iterator[str]:
    kind = design.kind.replace("_", " ")
    grade = f", resolution {roman(design.resolution)}" if design.resolution else ""
    yield (
        f"{kind}{grade}: {len(cells)} of {prod(map(len, design.factors.values()))} combinations of "
        f"{', '.join(design.factors)}"
    )
    if design.per_world is not None and design.per_world < len(cells):
        yield f"each world gets {design.per_world} of these cells, in balance"
    if design.kind in ("one_at_a_time", "ladder"):
        yield "effects are those at the centre; what factors do together is not seen"
    else:
        yield from described(cells, design.factors)


def check_designs(plan: Plan, document: Document) -> None:
    """Check that no design mixes what a named hypothesis needs with another term of its model.

    A contrast that some pair of conditions shows directly, because they differ in nothing else, is
    left alone: the analysis compares such pairs.

    Args:
        plan: The plan; its hypotheses are named by the key ``hypotheses``, if it has any.
        document: What it was read from, so that messages can say the line.

    Raises:
        UsageError: One does; says which, with what, and how to mend it.
    """
    effects = list(_effects(plan))
    if not effects:
        return
    cells = cells_of(plan, document)
    for scenario, position, entry, design in _designs(plan):
        place = document.place(("scenarios", scenario, position, "design"))
        held = {factor: levels[0] for factor, levels in entry.levels.items()}
        own = [cell for cell in cells if scenario in (cell.scenario, "all")]
        for effect in effects:
            if not _asked(effect, held) or _shown(effect, own):
                continue
            mixed = confounded(design.runs(), design.factors, design.model, effect)
            if mixed:
                raise UsageError(
                    _refusal(place, effect, design, " and ".join(map(term_name, mixed)))
                )


def _refusal(place: str, effect: Effect, design: Design, mixed: str) -> str:
    change = f"{effect.factor} ({' or '.join(_own(effect.before, design, effect.factor))} → "
    change += f"{' or '.join(_own(effect.after, design, effect.factor))})"
    at = [f"{f}={'/'.join(lv)}" for f, lv in effect.held.items() if f in design.factors]
    if at:
        change += f" at {', '.join(at)}"
    remedy = {
        "fractional": "write resolution: 5 or kind: full",
        "optimal": "write more cells, or kind: full",
    }.get(design.kind, "write kind: full")
    return (
        f"{place}: the hypothesis '{effect.name}' needs the effect of {change}, and this design "
        f"cannot tell it from {mixed}, which is in its model. To mend it, {remedy}, or take "
        f"{mixed} out of 'interactions' if you can do without it."
    )


def _own(levels: Sequence[str], design: Design, factor: str) -> list[str]:
    return [level for level in design.factors[factor] if level in levels]


def _asked(effect: Effect, held: Mapping[str, str]) -> bool:
    """Whether it is asked where these levels are held."""
    return all(held[f] in levels for f, levels in effect.held.items() if f in held)


def _shown(effect: Effect, cells: Sequence[Cell]) -> bool:
    """Whether two cells show it, because they differ in nothing else."""
    keys = {cell.key for cell in cells}
    return any(
        Cell(cell.scenario, {**cell.condition, effect.factor: level}).key in keys
        for cell in cells
        if cell.condition.get(effect.factor) in effect.before
        and all(cell.condition.get(f, lv[0]) in lv for f, lv in effect.held.items())
        for level in effect.after
    )


def _effects(plan: Plan) -> Iterator[Effect]:
    """What the hypotheses of a plan need, known ones and contrasts of its own."""
    known = {each.name: each for each in hypotheses()}
    named: Sequence[Any] = getattr(plan, "hypotheses", None) or ()
    for hypothesis in named:
        name = hypothesis if isinstance(hypothesis, str) else hypothesis.name
        if name in known:
            own = known[name]
            for contrast in (*own.present, *own.absent, *own.remains):
                for change in contrast.changes:
                    yield Effect(name, change.factor, change.before, change.after, change.held)
        elif getattr(hypothesis, "change", None):
            for factor, (before, after) in hypothesis.change.items():
                yield Effect(name, factor, (before,), (after,), hypothesis.held)
