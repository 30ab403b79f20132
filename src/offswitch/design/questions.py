"""From the hypotheses of a plan to the very cells that are compared."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from offswitch._errors import UsageError, unknown
from offswitch.design.hypotheses import Hypothesis

Condition = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Named:
    """A cell of a plan.

    Attributes:
        scenario: Its scenario.
        condition: Level of every factor of it.
        name: What the plan calls the condition, if anything.
    """

    scenario: str
    condition: Condition
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Stratum:
    """Cells of one scenario that are compared with each other.

    Attributes:
        scenario: Their scenario.
        first: Conditions that are compared with.
        second: The others.
    """

    scenario: str
    first: tuple[Condition, ...]
    second: tuple[Condition, ...]

    def plain(self) -> dict[str, Any]:
        """As plain data."""
        sides = {"first": self.first, "second": self.second}
        return {
            "scenario": self.scenario,
            **{side: [dict(condition) for condition in own] for side, own in sides.items()},
        }


def strata(hypothesis: Hypothesis, cells: Sequence[Named], place: str) -> tuple[Stratum, ...]:
    """What a contrast of one's own compares.

    Args:
        hypothesis: The hypothesis; it has a change or two conditions.
        cells: The cells of the plan.
        place: Where it stands.

    Returns:
        For a change of a factor, every pair of cells that differ in nothing else; for two
        conditions, the cells of these names in each scenario that has both.

    Raises:
        UsageError: A scenario, factor, level or condition does not exist in the plan, or no two
            cells can be compared; says what to do.
    """
    wanted = _wanted(hypothesis, cells, place)
    found = tuple(_changes(hypothesis, wanted, place) if hypothesis.change is not None
                  else _conditions(hypothesis, wanted, place))  # fmt: skip
    if not found:
        raise UsageError(f"{place}: {_why(hypothesis)}")
    return found


def _wanted(hypothesis: Hypothesis, cells: Sequence[Named], place: str) -> list[Named]:
    known = dict.fromkeys(cell.scenario for cell in cells)
    for scenario in hypothesis.scenarios or ():
        if scenario not in known:
            raise unknown("scenario of the plan", scenario, known, place)
    return [c for c in cells if hypothesis.scenarios is None or c.scenario in hypothesis.scenarios]


def _changes(hypothesis: Hypothesis, cells: list[Named], place: str) -> Iterator[Stratum]:
    factor, (before, after) = next(iter((hypothesis.change or {}).items()))
    for name, levels in {factor: (before, after), **hypothesis.held}.items():
        _exists(name, levels, cells, place)
    there = {(c.scenario, frozenset(c.condition.items())) for c in cells}
    for cell in cells:
        other = {**cell.condition, factor: after}
        held = all(cell.condition.get(f) in levels for f, levels in hypothesis.held.items())
        known = (cell.scenario, frozenset(other.items())) in there
        if cell.condition.get(factor) == before and held and known:
            yield Stratum(cell.scenario, (cell.condition,), (other,))


def _exists(factor: str, levels: Sequence[str], cells: list[Named], place: str) -> None:
    factors = {name for cell in cells for name in cell.condition}
    if factor not in factors:
        raise unknown("factor of the plan", factor, factors, place)
    known = {cell.condition[factor] for cell in cells if factor in cell.condition}
    for level in levels:
        if level not in known:
            raise unknown(f"level of {factor} in the plan", level, known, place)


def _conditions(hypothesis: Hypothesis, cells: list[Named], place: str) -> Iterator[Stratum]:
    names = {cell.name for cell in cells if cell.name}
    for name in hypothesis.conditions or ():
        if name not in names:
            raise unknown("condition with the name", name, names, place)
    for scenario in dict.fromkeys(cell.scenario for cell in cells):
        own = [cell for cell in cells if cell.scenario == scenario]
        first, second = (
            tuple(cell.condition for cell in own if cell.name == name)
            for name in hypothesis.conditions or ()
        )
        if first and second:
            yield Stratum(scenario, first, second)


def _why(hypothesis: Hypothesis) -> str:
    if hypothesis.change is None:
        return (
            f"no scenario of the plan has both conditions of '{hypothesis.name}'; give a condition "
            "of the same scenario each of the two names"
        )
    factor, (before, after) = next(iter(hypothesis.change.items()))
    return (
        f"no two conditions of the plan differ in {factor} ({before}, {after}) alone, as "
        f"'{hypothesis.name}' needs, so its effect cannot be told from that of other factors. Add "
        f"a condition of each level with all else alike, or change what is held"
    )
