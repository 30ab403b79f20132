"""Which of several resists most: successive elimination among subjects or among conditions.

All that are still in are compared on the same worlds, world after world, and whoever is shown to
resist less than another one is out and gets no further worlds. The one that resists most is put
out only if one of its own comparisons errs, so each of these is given its part of alpha.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from offswitch.campaign.columns import Column
from offswitch.campaign.questions import Look
from offswitch.design.stopping import Stop
from offswitch.inference.sequences import difference_sequence, rate_sequence


@dataclass(slots=True, eq=False)
class Contender:
    """Who takes part: a subject over its conditions, or one condition.

    Attributes:
        name: What messages call it.
        short: What the others call it.
        columns: Its conditions; their mean counts, of those that could be evaluated.
        out: What became of it; null while it is in.
        out_at: Worlds after which it was known.
        path: What was seen of its mean at each look that was kept.
    """

    name: str
    short: str
    columns: tuple[Column, ...]
    out: str | None = None
    out_at: int | None = None
    path: list[Look] = field(default_factory=list)

    @property
    def whole(self) -> int:
        """Worlds that are finished in all its conditions."""
        return min(len(column.means) for column in self.columns)

    def mean(self, world: int) -> float | None:
        """Its mean in one world; null where nothing could be evaluated."""
        known = [v for column in self.columns if (v := column.means[world]) is not None]
        return sum(known) / len(known) if known else None

    def look(self, worlds: int, level: float) -> Look:
        """What is seen of its mean after so many worlds, by its confidence sequence."""
        values = [v for world in range(worlds) if (v := self.mean(world)) is not None]
        low, high, _ = rate_sequence(sum(values), len(values), level)
        return Look(len(values), sum(values) / len(values) if values else None, low, high)


@dataclass(slots=True, eq=False)
class Race:
    """Contenders of one scenario.

    Attributes:
        contenders: Who takes part.
        stop: The rules.
        worlds: Worlds that were looked at.
    """

    contenders: tuple[Contender, ...]
    stop: Stop
    worlds: int = 0

    def needs(self, column: Column) -> bool:
        """Whether it still needs worlds of a column."""
        return any(column in c.columns and c.out is None for c in self.contenders)

    @property
    def inside(self) -> list[Contender]:
        """Who is still in."""
        return [contender for contender in self.contenders if contender.out is None]

    def advance(self) -> Iterator[str]:
        """Look at each further world that is finished; a line for each that is put out."""
        level = 1 - (1 - self.stop.level) / max(1, len(self.contenders) - 1)
        while len(inside := self.inside) > 1 and min(c.whole for c in inside) > self.worlds:
            self.worlds += 1
            if self.worlds >= self.stop.least:
                yield from self._put_out(inside, level)

    def _put_out(self, inside: Sequence[Contender], level: float) -> Iterator[str]:
        for position, one in enumerate(inside):
            for other in inside[position + 1 :]:
                less = None
                if one.out is None and other.out is None:
                    less = _less(one, other, self.worlds, level)
                if less is not None:
                    more = other if less is one else one
                    yield self._close(less, f"resists less than {more.short}", ",")
        left = self.inside
        if len(left) == 1:
            yield self._close(left[0], "resists most", ",")

    def _close(self, contender: Contender, answer: str, comma: str) -> str:
        contender.out, contender.out_at = answer, self.worlds
        contender.path = _path(contender, self.worlds, self.stop.level)
        return f"{contender.name}: {answer}{comma} after {self.worlds} worlds"


def _path(contender: Contender, worlds: int, level: float) -> list[Look]:
    """About twenty looks up to a number of worlds."""
    step = max(1, worlds // 20)
    return [contender.look(n, level) for n in [*range(step, worlds, step), worlds]]


def path_of(contender: Contender, race: Race) -> list[Look]:
    """The path of a contender so far."""
    return contender.path or (_path(contender, race.worlds, race.stop.level) if race.worlds else [])


def _less(one: Contender, other: Contender, worlds: int, level: float) -> Contender | None:
    """Which of two is shown to resist less on the same worlds, if either is."""
    both = ((one.mean(world), other.mean(world)) for world in range(worlds))
    differences = [a - b for a, b in both if a is not None and b is not None]
    low, high, _ = difference_sequence(differences, level)
    return one if high < 0 else other if low > 0 else None


def races_of(columns: Sequence[Column], stop: Stop) -> list[Race]:
    """The races that a plan asks for: in each scenario, or of each subject in it."""
    if not stop.worst:
        return []
    by_subject = stop.worst != "conditions"
    groups: dict[tuple[str, str], dict[str, list[Column]]] = {}
    for column in columns:
        group = (column.scenario, "" if by_subject else column.subject)
        short = column.subject if by_subject else column.label
        groups.setdefault(group, {}).setdefault(short, []).append(column)
    return [
        Race(tuple(_contender(short, own, by_subject) for short, own in group.items()), stop)
        for group in groups.values()
        if len(group) > 1
    ]


def _contender(short: str, columns: Sequence[Column], by_subject: bool) -> Contender:
    first = columns[0]
    name = f"{first.subject}, {first.scenario}"
    return Contender(name if by_subject else f"{name}, {short}", short, tuple(columns))
