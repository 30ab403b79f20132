"""What a campaign asks, and how far each answer is: rates and differences.

An answer is a function of the finished worlds alone, looked at one by one in the order of the plan;
once given it stays. Trials that were in flight at a decision finish, and are counted.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from offswitch._errors import UsageError
from offswitch.campaign.columns import Column
from offswitch.design.stopping import DifferenceAim, Stop
from offswitch.inference.planned import rate_plan
from offswitch.inference.planned_difference import difference_plan
from offswitch.inference.sequences import difference_sequence, rate_sequence

FUTILE = "not to be decided with the worlds that are left"
FINE = 1.1
"""How exactly the worlds that are missing are estimated: within a tenth."""
EVERY, STEP = 50, 1.05
"""Looks that a path keeps: each of the first 50 worlds, then one for each 5% more."""


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen at one world.

    Attributes:
        worlds: Worlds so far that could be evaluated.
        estimate: The mean; null where there are none.
        low: Lower end of the sequence.
        high: Upper end.
    """

    worlds: int
    estimate: float | None
    low: float
    high: float


@dataclass(slots=True, eq=False)
class Question:
    """A question on some columns, asked world by world; base of both kinds.

    Attributes:
        name: What messages call it.
        kind: ``rate`` or ``difference``.
        columns: Whose worlds it takes.
        stop: The rules.
        values: One for each world that could be evaluated, in order.
        worlds: Worlds that were looked at.
        path: What was seen at each look that is kept.
        now: What was seen last.
        answer: How it was decided; null while it is open.
        decided_at: Worlds after which it was.
    """

    name: str
    kind: str
    columns: tuple[Column, ...]
    stop: Stop
    values: list[float] = field(default_factory=list)
    worlds: int = 0
    path: list[Look] = field(default_factory=list)
    now: Look = Look(0, None, 0.0, 1.0)
    answer: str | None = None
    decided_at: int | None = None

    def needs(self, column: Column) -> bool:
        """Whether it still needs worlds of a column."""
        return self.answer is None and column in self.columns

    def advance(self) -> Iterator[str]:
        """Look at each further world that is finished; a line when that decides it."""
        while self.answer is None and self.worlds < min(len(c.means) for c in self.columns):
            value = self._value(self.worlds)
            self.worlds += 1
            if value is None:
                continue
            self.values.append(value)
            self.now = self._look(self.values)
            self.answer = self._decide() if self.worlds >= self.stop.least else None
            if self.answer is not None:
                self.decided_at = self.worlds
            if self.answer is not None or _kept(len(self.values), self.path):
                self.path.append(self.now)
            if self.answer is not None:
                yield f"{self.name}: {self.answer} after {len(self.values)} worlds"

    @property
    def total(self) -> int:
        """Worlds of the plan that all its columns have."""
        return min(len(column.seeds) for column in self.columns)

    def needed(self) -> int | None:
        """About how many more worlds would decide it, if they go on like those so far.

        Null where no number up to 16 times the plan's worlds would, or nothing is known yet. For a
        planned test, the worlds that are left to it.
        """
        if self.answer is None and self.stop.test == "planned":
            return self.total - len(self.values)
        if self.answer is not None or not self.values:
            return None
        n = len(self.values)
        few, many = n, 16 * self.total
        if many <= few or self._would(many) is None:
            return None
        while many > few * FINE and few < (middle := round((few * many) ** 0.5)) < many:
            few, many = (few, middle) if self._would(middle) is not None else (middle, many)
        return many - n

    def _value(self, world: int) -> float | None:
        raise NotImplementedError

    def _look(self, values: Sequence[float]) -> Look:
        raise NotImplementedError

    def _answer(self, look: Look) -> str | None:
        raise NotImplementedError

    def _ahead(self, size: int) -> Look:
        """What would be seen after ``size`` worlds like those so far."""
        raise NotImplementedError

    def _would(self, size: int) -> str | None:
        return self._answer(self._ahead(size))

    def _planned(self) -> str | None:
        """What the test that is planned for all worlds says after those so far."""
        raise NotImplementedError

    def _decide(self) -> str | None:
        if self.stop.test == "planned":
            return self._planned()
        found = self._answer(self.now)
        if found is None and self.stop.futility and 2 * self.worlds >= self.total:
            return FUTILE if self._would(self.total) is None else None
        return found


class RateQuestion(Question):
    """How often a subject resists in one condition."""

    def _planned(self) -> str | None:
        assert self.stop.threshold is not None
        plan = rate_plan(self.stop.threshold, self.total, 1 - self.stop.level)
        said = plan.verdict(round(sum(self.values)), len(self.values))
        if said is None or said == "open":
            return said and FUTILE
        return f"{said} {self.stop.threshold:g}"

    def _value(self, world: int) -> float | None:
        return self.columns[0].means[world]

    def _look(self, values: Sequence[float]) -> Look:
        return self._at(sum(values), len(values))

    def _ahead(self, size: int) -> Look:
        return self._at(sum(self.values) / len(self.values) * size, size)

    def _at(self, x: float, n: int) -> Look:
        low, high, _ = rate_sequence(x, n, self.stop.level)
        return Look(n, x / n, low, high)

    def _answer(self, look: Look) -> str | None:
        return self.stop.decided(look.low, look.high)


@dataclass(slots=True, eq=False)
class DifferenceQuestion(Question):
    """How much more often a subject resists in one condition than in another.

    Attributes:
        aim: What is asked.
        pairs: The conditions that are compared: first and second, all else the same.
    """

    aim: DifferenceAim | None = None
    pairs: tuple[tuple[Column, Column], ...] = ()

    def _planned(self) -> str | None:
        assert self.aim is not None
        second, first = (sum(sign * v > 0 for v in self.values) for sign in (1, -1))
        more, less = (second, first) if self.aim.direction == "more" else (first, second)
        plan = difference_plan(self.total, 1 - self.stop.level)
        said = plan.verdict(more, less, len(self.values), self.aim.size)
        if said is None or said == "open":
            return said and FUTILE
        return self.aim.answers[0 if said == "above" else 1]

    def _value(self, world: int) -> float | None:
        both = ((first.means[world], second.means[world]) for first, second in self.pairs)
        found = [b - a for a, b in both if a is not None and b is not None]
        return sum(found) / len(found) if found else None

    def _look(self, values: Sequence[float]) -> Look:
        low, high, _ = difference_sequence(values, self.stop.level)
        return Look(len(values), sum(values) / len(values), low, high)

    def _ahead(self, size: int) -> Look:
        times, rest = divmod(size, len(self.values))
        step = max(1, len(self.values) // max(1, rest))
        more = sorted(self.values)[::step][:rest] if rest else []
        return self._look([*self.values * times, *more])

    def _answer(self, look: Look) -> str | None:
        assert self.aim is not None
        return self.aim.decided(look.low, look.high)


def _kept(n: int, path: Sequence[Look]) -> bool:
    return n <= EVERY or not path or n >= path[-1].worlds * STEP


def questions_of(columns: Sequence[Column], stop: Stop) -> list[Question]:
    """The questions on rates and differences that a plan asks of some columns."""
    found: list[Question] = []
    if stop.asks_rates:
        for column in columns:
            name = f"{column.subject}, {column.scenario}, {column.label}"
            found.append(RateQuestion(name, "rate", (column,), stop))
            if stop.test == "planned" and stop.threshold is not None:
                # worked out before anything runs; the first decision would have to wait for it
                rate_plan(stop.threshold, len(column.seeds), 1 - stop.level)
    own: dict[tuple[str, str], list[Column]] = {}
    for column in columns:
        own.setdefault((column.subject, column.scenario), []).append(column)
    for (subject, scenario), group in own.items():
        for aim in stop.differences:
            pairs = tuple(pairs_of(aim, group))
            if pairs:
                _can_be_planned(stop, aim, pairs, f"{subject}, {scenario}")
                used = tuple(dict.fromkeys(column for pair in pairs for column in pair))
                name = f"{subject}, {scenario}, {aim.name}"
                found.append(
                    DifferenceQuestion(
                        name, "difference", used, stop, aim=aim, pairs=pairs,
                        now=Look(0, None, -1.0, 1.0),
                    )
                )  # fmt: skip
    return found


def _can_be_planned(
    stop: Stop, aim: DifferenceAim, pairs: Sequence[tuple[Column, Column]], where: str
) -> None:
    """A planned test counts worlds in which one side shows it and the other does not."""
    if stop.test != "planned":
        return
    if len(pairs) > 1:
        own = dict(pairs[0][0].levels)
        loose = [n for n in own if len({dict(a.levels).get(n) for a, _ in pairs}) > 1]
        raise UsageError(
            f"stop.differences, {aim.name}: test: planned compares two conditions, and in {where} "
            f"this names {len(pairs)} pairs of them. Name a level of {', '.join(loose)} on both "
            "sides as well, or write test: sequence"
        )
    # worked out before anything runs; the first decision would have to wait for it
    difference_plan(min(len(column.seeds) for column in pairs[0]), 1 - stop.level)


def pairs_of(aim: DifferenceAim, columns: Sequence[Column]) -> Iterator[tuple[Column, Column]]:
    """The columns that an aim compares: those of the first condition, each with its second."""
    second = {_rest(column, aim.second): column for column in columns if _is(column, aim.second)}
    for column in columns:
        other = second.get(_rest(column, aim.first))
        if other is not None and _is(column, aim.first):
            yield column, other


def _is(column: Column, levels: Mapping[str, str]) -> bool:
    own = dict(column.levels)
    return all(own.get(factor) == level for factor, level in levels.items())


def _rest(column: Column, levels: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(pair for pair in column.levels if pair[0] not in levels)
