"""Which differences a plan can see, what more worlds would show, and in words."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from offswitch.campaign.blocks import held_by
from offswitch.campaign.cells import Cell
from offswitch.campaign.powerparts import Advice, ContrastPower, EffectPower, PowerPart, Seen
from offswitch.design import Plan
from offswitch.design.pairs import MainEffect, Pair, effects_of, levels_of, pairs_of
from offswitch.design.power import (
    ALPHA,
    RATES,
    Paired,
    Shape,
    Unpaired,
    averaged,
    smallest,
    worlds_for,
)

TARGETS = (0.5, 0.4, 0.3, 0.25, 0.2, 0.15, 0.1, 0.05)
"""Differences of which one is named as what more worlds would show."""
BETTER = 0.8
"""The named one is at most so much of what the plan sees."""
MIDDLE = RATES[1]
"""The rate that sentences speak of."""
SPREADS = (0.0, 0.5)
"""Likenesses of trials in a world that are tried beside the plan's."""


@dataclass(frozen=True, slots=True)
class _Bench:
    """A scenario's cells under one number of worlds.

    Attributes:
        cells: The conditions.
        worlds: Worlds.
        epochs: Repeats.
        held: For each cell, the worlds that hold it.
        likeness: As assumed.
        pairs: Contrasts.
        effects: Main effects.
    """

    cells: list[Mapping[str, str]]
    worlds: int
    epochs: int
    held: list[frozenset[int]]
    likeness: float
    pairs: list[Pair]
    effects: list[MainEffect]

    def shape(self, pair: Pair) -> Shape:
        """How the analysis compares two cells: paired if half of their worlds are shared."""
        one, other = self.held[pair.first], self.held[pair.second]
        common = len(one & other)
        if 2 * common >= min(len(one), len(other)):
            return Paired(common, self.epochs)
        return Unpaired(len(one), len(other), self.epochs)

    def effect(self, effect: MainEffect) -> Shape | None:
        """How a main effect is estimated; null where it is not."""
        if effect.weights is None:
            return None
        used = [n for n, weight in enumerate(effect.weights) if abs(weight) > 1e-9]
        trials = round(sum(len(self.held[n]) for n in used) / len(used)) * self.epochs
        return averaged(effect.weights, trials, self.worlds, self.epochs)


def power_of(plan: Plan, cells: Sequence[Cell]) -> list[PowerPart]:
    """What each scenario of a plan can see; one that has a single cell sees no difference.

    Args:
        plan: The plan.
        cells: Its cells.

    Raises:
        UsageError: Cells that share worlds cannot be allocated to so few.
    """
    groups: dict[tuple[int, int], list[str]] = {}
    for subject in plan.subjects:
        key = len(subject.worlds or plan.worlds), subject.epochs or plan.epochs
        groups.setdefault(key, []).append(subject.name)
    found = []
    for scenario in dict.fromkeys(cell.scenario for cell in cells):
        own = [cell for cell in cells if cell.scenario == scenario]
        benches = {key: _bench(plan, own, *key) for key in groups}
        bench = next(iter(benches.values()))
        for key, names in groups.items():
            if bench.effects:
                found.append(_part(scenario, names, benches[key], len(plan.subjects)))
    return found


def _bench(plan: Plan, own: Sequence[Cell], worlds: int, epochs: int) -> _Bench:
    whole = [dict(cell.condition) for cell in own]
    ladders = {
        name
        for conditions in plan.scenarios.values()
        for entry in conditions
        if entry.design is not None and entry.design.kind == "ladder"
        for name in entry.design.factors
    }
    pairs = pairs_of(whole)
    for factor in ladders:
        pairs += [pair for pair in _steps(whole, factor) if pair not in pairs]
    return _Bench(
        cells=list(whole),
        worlds=worlds,
        epochs=epochs,
        held=held_by(own, worlds),
        likeness=plan.estimate.likeness,
        pairs=pairs,
        effects=effects_of(whole),
    )


def _steps(cells: Sequence[Mapping[str, str]], factor: str) -> Iterator[Pair]:
    """Each level of a ladder and the one before it."""
    levels = levels_of(cells).get(factor, [])
    places = {frozenset(cell.items()): n for n, cell in enumerate(cells)}
    for before, after in pairwise(levels):
        for place, cell in enumerate(cells):
            other = places.get(frozenset({**cell, factor: after}.items()))
            if cell.get(factor) == before and other is not None:
                yield Pair(factor, place, other)


def _part(scenario: str, subjects: list[str], bench: _Bench, all_subjects: int) -> PowerPart:
    family = max(1, len(bench.pairs) * all_subjects)
    contrasts = list(_contrasts(bench, family))
    together = len(bench.effects) * all_subjects
    effects = [_effect(bench, each, together) for each in bench.effects]
    shapes = Counter(bench.shape(pair) for pair in bench.pairs)
    usual = shapes.most_common(1)[0][0] if shapes else None
    part = PowerPart(
        scenario=scenario,
        subjects=subjects,
        worlds=bench.worlds,
        epochs=bench.epochs,
        family=family if bench.pairs else 0,
        contrasts=contrasts,
        effects=effects,
        likeness=bench.likeness,
        spreads={
            f"{other:g}": smallest(usual, MIDDLE, ALPHA, other)
            for other in SPREADS
            if usual is not None and other != bench.likeness
        },
        single=_single(usual, bench),
        advice=_advice(usual or _worst(bench), bench, family if usual else together),
        words=[],
    )
    return part.model_copy(update={"words": list(_words(part))})


def _contrasts(bench: _Bench, family: int) -> Iterator[ContrastPower]:
    by_shape: dict[Shape, list[Pair]] = {}
    for pair in bench.pairs:
        by_shape.setdefault(bench.shape(pair), []).append(pair)
    for shape, pairs in by_shape.items():
        paired = isinstance(shape, Paired)
        yield ContrastPower(
            paired=paired,
            worlds=shape.worlds if isinstance(shape, Paired) else min(_sizes(shape)),
            changes=[
                (p.factor, bench.cells[p.first][p.factor], bench.cells[p.second][p.factor])
                for p in pairs
            ],
            seen=_seen(shape, family, bench.likeness),
        )


def _sizes(shape: Shape) -> tuple[int, int]:
    assert isinstance(shape, Unpaired)
    return shape.first, shape.second


def _effect(bench: _Bench, effect: MainEffect, family: int) -> EffectPower:
    shape = bench.effect(effect)
    return EffectPower(
        factor=effect.factor,
        reference=effect.reference,
        level=effect.level,
        pairs=effect.pairs,
        seen=None if shape is None else _seen(shape, family, bench.likeness),
    )


def _seen(shape: Shape, family: int, likeness: float) -> list[Seen]:
    """Holm's threshold for the smallest of m p-values is alpha / m."""
    return [
        Seen(
            rate=rate,
            difference=smallest(shape, rate, ALPHA, likeness),
            corrected=smallest(shape, rate, ALPHA / family, likeness),
        )
        for rate in RATES
    ]


def _single(usual: Shape | None, bench: _Bench) -> float | None:
    if bench.epochs == 1 or not isinstance(usual, Paired):
        return None
    return smallest(Paired(usual.worlds * bench.epochs), MIDDLE, ALPHA, bench.likeness)


def _advice(usual: Shape | None, bench: _Bench, family: int) -> Advice | None:
    if usual is None:
        return None
    now = smallest(usual, MIDDLE, ALPHA, bench.likeness)
    limit = BETTER * now if now is not None else TARGETS[1]
    target = next((t for t in TARGETS if t <= limit), TARGETS[-1])
    wanted = [
        worlds_for(usual, bench.worlds, target, MIDDLE, alpha, bench.likeness)
        for alpha in (ALPHA, ALPHA / family)
    ]
    return Advice(difference=target, worlds=wanted[0], corrected=wanted[1])


def _worst(bench: _Bench) -> Shape | None:
    """How the main effect is estimated that is seen worst; null where none can be."""
    shapes = [shape for each in bench.effects if (shape := bench.effect(each)) is not None]
    return max(
        shapes, key=lambda s: smallest(s, MIDDLE, ALPHA, bench.likeness) or 1.0, default=None
    )


def _words(part: PowerPart) -> Iterator[str]:
    if part.contrasts:
        usual = max(part.contrasts, key=lambda each: len(each.changes))
        yield _said("a contrast of two conditions", usual.seen)
        if not usual.paired:
            yield "conditions share too few worlds to be paired; a larger per_world pairs them"
    else:
        yield (
            "no two conditions differ in one factor alone, so nothing is contrasted directly, and "
            "verdicts on hypotheses, which rest on such pairs, say 'not tested'; main effects "
            "(drivers) are taken from all cells by a model"
        )
    averages = [e for e in part.effects if e.seen is not None and e.pairs != 1]
    if averages:
        worst = max(averages, key=lambda e: _middle(e.seen or []) or 1.0)
        yield _said(f"the main effect of {worst.factor}", worst.seen or [])
    lost = [e for e in part.effects if e.seen is None]
    if lost:
        names = ", ".join(dict.fromkeys(e.factor for e in lost))
        yield f"the main effect of {names} cannot be told from the others"
    yield from _changes(part)


def _middle(seen: Sequence[Seen]) -> float | None:
    return next(each.difference for each in seen if each.rate == MIDDLE)


def _said(what: str, seen: Sequence[Seen]) -> str:
    rates = "; ".join(
        f"from {100 * s.rate:.0f}%: {points(s.difference)}"
        + (f" ({points(s.corrected)} corrected)" if s.corrected != s.difference else "")
        for s in seen
    )
    return f"{what} is seen from these rises on: {rates}"


def _changes(part: PowerPart) -> Iterator[str]:
    advice = part.advice
    if advice is not None and advice.worlds is not None and advice.worlds > part.worlds:
        more = f"{advice.corrected:,}" if advice.corrected is not None else "more than 5,000"
        yield (
            f"with {advice.worlds:,} instead of {part.worlds:,} worlds the plan would see "
            f"{points(advice.difference)} (with {more} after the correction), at a rate of "
            f"{100 * MIDDLE:.0f}%"
        )
    if part.single is not None:
        yield (
            f"as many trials in worlds of their own, worlds: {part.worlds * part.epochs} and "
            f"epochs: 1, would see {points(part.single)}"
        )


def points(difference: float | None) -> str:
    """A difference in words: in percentage points, or that nothing is seen."""
    return "none" if difference is None else f"{100 * difference:.3g} points"


def assumptions(parts: Sequence[PowerPart]) -> Iterator[str]:
    """What the power of a plan rests on, in sentences."""
    if not parts:
        return
    part = next((each for each in parts if each.spreads), parts[0])
    others = ", ".join(f"{points(d)} at {name}" for name, d in part.spreads.items())
    yield (
        "Differences are those that 80 of 100 simulated campaigns find at 5%, every trial taken to "
        "be evaluable; corrected is after Holm where no other contrast is real. Trials of one "
        f"condition in one world are taken to be alike by {part.likeness:g} (0: worlds do not "
        "differ; 1/3: their rates are spread evenly from 0 to 1), an assumption; change it with "
        "--set estimate.likeness=L."
        + (f" A contrast in {part.scenario} from {100 * MIDDLE:.0f}%: {others}." if others else "")
    )
