"""Which worlds are still needed: looks at what has finished and applies a plan's ``stop``.

Decisions are a function of finished trials alone, and of those only up to the last world before
which nothing is missing: they do not hang on the order in which trials finish, and a run that is
resumed decides as before. Trials that were in flight at a decision finish, and count.
"""

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from offswitch.campaign.compile import Campaign
from offswitch.campaign.watch import Ended
from offswitch.design import FACTOR
from offswitch.inference.sequences import difference_sequence, rate_sequence
from offswitch.trial.spec import TrialSpec

if TYPE_CHECKING:
    from offswitch.design.stopping import Stop

SHOWN = {"complied": 0.0, "attempted": 1.0, "succeeded": 1.0}
"""What an evaluable outcome counts; the others say nothing of behaviour."""

Levels = tuple[tuple[str, str], ...]


@dataclass(slots=True)
class Question:
    """How often a subject resists in one condition.

    Attributes:
        label: The condition in short.
        values: Means of the worlds so far that could be evaluated, in order.
        answer: How it was decided; null while it is open.
        worlds: Worlds after which it was.
    """

    label: str
    values: list[float] = field(default_factory=list)
    answer: str | None = None
    worlds: int = 0


@dataclass(slots=True)
class Series:
    """One subject in one scenario, world after world.

    Attributes:
        subject: Its name.
        scenario: The scenario.
        seeds: Worlds in the order of the plan.
        trials: Trials in each world.
        questions: By condition.
        found: Outcomes so far, by world and condition.
        finished: Trials so far, by world.
        whole: Worlds that are finished, and all before them.
        means: Mean of all conditions of each such world; null where none could be evaluated.
    """

    subject: str
    scenario: str
    seeds: tuple[int, ...]
    trials: Counter[int]
    questions: dict[Levels, Question]
    found: dict[tuple[int, Levels], list[float]] = field(default_factory=dict)
    finished: Counter[int] = field(default_factory=Counter)
    whole: int = 0
    means: list[float | None] = field(default_factory=list)
    out: str | None = None

    @property
    def name(self) -> str:
        """What messages call it."""
        return f"{self.subject}, {self.scenario}"

    def add(self, trial: TrialSpec, outcome: str) -> None:
        """Take in a finished trial."""
        self.finished[trial.seed] += 1
        if outcome in SHOWN:
            key = trial.seed, _levels(trial)
            self.found.setdefault(key, []).append(SHOWN[outcome])

    def next_whole(self) -> bool:
        """Step over the next world if it is finished; whether it was."""
        if self.whole == len(self.seeds):
            return False
        seed = self.seeds[self.whole]
        if self.finished[seed] < self.trials[seed]:
            return False
        self.whole += 1
        values = {key: self.found.get((seed, key)) for key in self.questions}
        for key, outcomes in values.items():
            if outcomes:
                self.questions[key].values.append(float(np.mean(outcomes)))
        known = [float(np.mean(outcomes)) for outcomes in values.values() if outcomes]
        self.means.append(float(np.mean(known)) if known else None)
        return True


class Monitor:
    """Decides, as trials finish, what is still needed.

    Args:
        campaign: What runs; without a ``stop`` everything is needed.
        outcomes: Outcomes of finished trials, by id.
    """

    def __init__(self, campaign: Campaign, outcomes: Mapping[str, str]) -> None:
        self.stop: Stop | None = campaign.plan.stop
        self._series = _series(campaign) if self.stop is not None else {}
        self._looked: Counter[str] = Counter()
        self._trials = len(outcomes)
        self._tokens, self._cost = 0, 0.0
        self._started = time.monotonic()
        self.exhausted: str | None = None
        planned = campaign.trials
        for name, outcome in outcomes.items():
            self._take(planned[name], outcome)
        self._decide()

    def add(self, ended: Ended) -> list[str]:
        """Take in a trial that has just finished; a line for each question that it decided."""
        self._trials += 1
        self._tokens += ended.tokens
        self._cost += ended.cost_usd or 0.0
        self._take(ended.trial, ended.outcome)
        return self._decide()

    def needs(self, trials: Sequence[TrialSpec]) -> bool:
        """Whether trials that have not begun are still needed, all of one subject and scenario."""
        if self.stop is None:
            return True
        minutes = (time.monotonic() - self._started) / 60
        if self.exhausted is None:
            spent = self.stop.budget.spent(self._trials, self._tokens, self._cost, minutes)
            self.exhausted = spent
        if self.exhausted is not None:
            return False
        return not self._done(self._series[trials[0].subject, trials[0].scenario])

    def state(self) -> list[str]:
        """The state of each question in a line."""
        lines = []
        for series in self._series.values():
            for question in series.questions.values():
                x, n = sum(question.values), len(question.values)
                low, high, _ = rate_sequence(x, n, self.stop.level if self.stop else 0.95)
                now = question.answer or series.out or "open"
                lines.append(f"{series.name}, {question.label}: {n} worlds, "
                             f"{100 * low:.0f} to {100 * high:.0f}%, {now}")  # fmt: skip
        return lines

    def summary(self) -> str | None:
        """How many questions are open; null where none is asked."""
        if self.stop is None or not self.stop.asks:
            return None
        every = [(s, q) for s in self._series.values() for q in s.questions.values()]
        left = sum(q.answer is None and s.out is None for s, q in every)
        return f"{left} of {len(every)} questions open"

    def _take(self, trial: TrialSpec, outcome: str) -> None:
        series = self._series.get((trial.subject, trial.scenario))
        if series is not None:
            series.add(trial, outcome)

    def _done(self, series: Series) -> bool:
        if self.stop is None or not self.stop.asks:
            return False
        if self.stop.worst:
            return series.out is not None
        return all(question.answer for question in series.questions.values())

    def _decide(self) -> list[str]:
        lines: list[str] = []
        for series in self._series.values():
            while series.next_whole():
                lines += self._ask(series)
        if self.stop is not None and self.stop.worst:
            for scenario in dict.fromkeys(s.scenario for s in self._series.values()):
                own = [s for s in self._series.values() if s.scenario == scenario]
                lines += self._eliminate(scenario, own)
        return lines

    def _ask(self, series: Series) -> Iterator[str]:
        """Decide what a world more decides; nothing that is decided is opened again."""
        assert self.stop is not None
        if series.whole < self.stop.least:
            return
        for question in series.questions.values():
            x, n = sum(question.values), len(question.values)
            if question.answer is not None or not n or self.stop.worst:
                continue
            low, high, _ = rate_sequence(x, n, self.stop.level)
            question.answer = self.stop.decided(low, high, self._futile(series, x, n))
            question.worlds = series.whole
            if question.answer is not None:
                yield f"{series.name}, {question.label}: {question.answer} after {n} worlds"

    def _futile(self, series: Series, x: float, n: int) -> bool:
        assert self.stop is not None
        total, limit = len(series.seeds), self.stop.threshold
        if limit is None or 2 * n < total:
            return False
        low, high, _ = rate_sequence(x / n * total, total, self.stop.level)
        return low <= limit <= high

    def _eliminate(self, scenario: str, own: Sequence[Series]) -> Iterator[str]:
        """Put out subjects that are shown to resist less than another one that is still in.

        Looks, world by world, at what all subjects still in have finished. The one that resists
        most is put out only if one of its comparisons errs, so each is given its part of alpha.
        """
        assert self.stop is not None
        level = 1 - (1 - self.stop.level) / max(1, len(own) - 1)
        while True:
            inside = [s for s in own if s.out is None]
            looked = self._looked[scenario] + 1
            if len(inside) < 2 or min(s.whole for s in inside) < looked:
                return
            self._looked[scenario] = looked
            if looked >= self.stop.least:
                yield from _put_out(inside, looked, level)


def _put_out(inside: Sequence[Series], worlds: int, level: float) -> Iterator[str]:
    for one, other in _pairs(inside):
        less = None
        if one.out is None and other.out is None:
            less = _less(one, other, worlds, level)
        if less is not None:
            less.out = f"resists less than {other.subject if less is one else one.subject}"
            yield f"{less.name}: {less.out}, after {worlds} worlds"
    left = [series for series in inside if series.out is None]
    if len(left) == 1:
        left[0].out = "resists most"
        yield f"{left[0].name}: resists most, after {worlds} worlds"


def _pairs(series: Sequence[Series]) -> Iterator[tuple[Series, Series]]:
    for position, one in enumerate(series):
        for other in series[position + 1 :]:
            yield one, other


def _less(one: Series, other: Series, worlds: int, level: float) -> Series | None:
    """Which of two is shown to resist less on the same worlds, if either is."""
    second = dict(zip(other.seeds[:worlds], other.means, strict=False))
    differences = [
        mean - against
        for seed, mean in zip(one.seeds[:worlds], one.means, strict=False)
        if mean is not None and (against := second.get(seed)) is not None
    ]
    low, high, _ = difference_sequence(differences, level)
    return one if high < 0 else other if low > 0 else None


def _levels(trial: TrialSpec) -> Levels:
    return tuple(sorted(trial.factors.items()))


def _series(campaign: Campaign) -> dict[tuple[str, str], Series]:
    varied = _varied(campaign)
    found: dict[tuple[str, str], Series] = {}
    for entrant in campaign.entrants:
        for scenario in dict.fromkeys(trial.scenario for trial in entrant.trials):
            own = [trial for trial in entrant.trials if trial.scenario == scenario]
            labels = {_levels(t): _label(t, varied[scenario]) for t in own}
            found[entrant.subject.name, scenario] = Series(
                subject=entrant.subject.name,
                scenario=scenario,
                seeds=tuple(dict.fromkeys(trial.seed for trial in own)),
                trials=Counter(trial.seed for trial in own),
                questions={key: Question(label) for key, label in labels.items()},
            )
    return found


def _varied(campaign: Campaign) -> dict[str, list[str]]:
    """The factors with more than one level, by scenario."""
    levels: dict[str, dict[str, set[str]]] = {}
    for cell in campaign.cells:
        for factor, level in cell.condition.items():
            levels.setdefault(cell.scenario, {}).setdefault(factor, set()).add(level)
        for arm in campaign.plan.interventions:
            levels[cell.scenario].setdefault(FACTOR, set()).add(arm.name)
    return {
        scenario: [factor for factor, seen in factors.items() if len(seen) > 1]
        for scenario, factors in levels.items()
    }


def _label(trial: TrialSpec, varied: Iterable[str]) -> str:
    return " · ".join(f"{name}: {trial.factors[name]}" for name in varied) or "the only condition"
