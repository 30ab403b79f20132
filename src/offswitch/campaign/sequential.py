"""Which trials are still needed: looks at what has finished and applies a plan's ``stop``.

Decisions are a function of finished trials alone, and of those only up to the last world before
which nothing is missing: they do not hang on the order in which trials finish, and a run that is
resumed decides as before. Trials that were in flight at a decision finish, and count.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from offswitch.campaign.columns import Column, Key, columns_of, key_of
from offswitch.campaign.compile import Campaign
from offswitch.campaign.decided import sequential
from offswitch.campaign.harvest import Spent
from offswitch.campaign.questions import Question, questions_of
from offswitch.campaign.races import Race, races_of
from offswitch.campaign.watch import Ended, Standing
from offswitch.inference.decisions import Sequential
from offswitch.trial.spec import TrialSpec

if TYPE_CHECKING:
    from offswitch.design.stopping import Stop


class Monitor:
    """Decides, as trials finish, what is still needed.

    Args:
        campaign: What runs; without a ``stop`` everything is needed.
        outcomes: Outcomes of finished trials, by id.
        spent: What they took.
    """

    def __init__(
        self, campaign: Campaign, outcomes: Mapping[str, str], spent: Spent | None = None
    ) -> None:
        self.stop: Stop | None = campaign.plan.stop
        self._columns: dict[Key, Column] = {}
        self._questions: list[Question] = []
        self._races: list[Race] = []
        if self.stop is not None:
            self._columns = columns_of(campaign)
            self._questions = questions_of(list(self._columns.values()), self.stop)
            self._races = races_of(list(self._columns.values()), self.stop)
        self._trials = len(outcomes)
        spent = spent or Spent()
        self._tokens, self._cost = spent.tokens, spent.cost_usd
        self._started = time.monotonic() - spent.seconds
        self.exhausted: str | None = None
        planned = campaign.trials
        for name, outcome in outcomes.items():
            self._take(planned[name], outcome)
        self._advance(self._questions, self._races)

    def add(self, ended: Ended) -> list[str]:
        """Take in a trial that has just finished; a line for each question that it decided."""
        self._trials += 1
        self._tokens += ended.tokens
        self._cost += ended.cost_usd or 0.0
        column = self._take(ended.trial, ended.outcome)
        if column is None:
            return []
        # only questions that take part in this column can have moved
        return self._advance(
            [question for question in self._questions if question.needs(column)],
            [race for race in self._races if race.needs(column)],
        )

    def needed(self, trials: Sequence[TrialSpec]) -> tuple[TrialSpec, ...]:
        """Those of some trials that have not begun that are still needed."""
        if self.stop is None:
            return tuple(trials)
        if self.halted() is not None:
            return ()
        wanted = {key: self._wanted(self._columns[key]) for key in {key_of(t) for t in trials}}
        return tuple(trial for trial in trials if wanted[key_of(trial)])

    def needs(self, trials: Sequence[TrialSpec]) -> bool:
        """Whether any of some trials that have not begun is still needed."""
        return bool(self.needed(trials))

    def halted(self) -> str | None:
        """Which part of the budget is spent, so that no trial may begin; null while none is."""
        if self.stop is not None and self.exhausted is None:
            minutes = (time.monotonic() - self._started) / 60
            spent = self.stop.budget.spent(self._trials, self._tokens, self._cost, minutes)
            self.exhausted = spent
        return self.exhausted

    def state(self) -> list[str]:
        """The state of each question in a line."""
        return [standing.line() for standing in self.standings()]

    def standings(self, most: int | None = None) -> list[Standing]:
        """The state of each question.

        Args:
            most: For so many open questions the worlds that are missing are estimated, which takes
                some milliseconds each; for all where null.
        """
        left = len(self._questions) if most is None else most
        found = []
        for question in self._questions:
            estimated = question.answer is None and left > 0
            left -= estimated
            found.append(_standing(question, question.needed() if estimated else None))
        return [*found, *self._racing()]

    def summary(self) -> str | None:
        """How many questions are open; null where none is asked."""
        if self.stop is None or not self.stop.asks:
            return None
        answers = [question.answer for question in self._questions]
        answers += [contender.out for race in self._races for contender in race.contenders]
        return f"{sum(a is None for a in answers)} of {len(answers)} questions open"

    def decisions(self) -> Sequential | None:
        """Everything that was asked, seen and decided; null where nothing may stop early."""
        if self.stop is None:
            return None
        return sequential(
            self.stop, list(self._columns.values()), self._questions, self._races, self.exhausted
        )

    def _take(self, trial: TrialSpec, outcome: str) -> Column | None:
        column = self._columns.get(key_of(trial)) if self._columns else None
        if column is not None:
            column.add(trial, outcome)
        return column

    def _wanted(self, column: Column) -> bool:
        """Whether a column needs further worlds: for a question, or since none is about it."""
        asked = [question for question in self._questions if column in question.columns]
        races = [r for r in self._races if any(column in c.columns for c in r.contenders)]
        if not asked and not races:
            return True
        return any(q.answer is None for q in asked) or any(r.needs(column) for r in races)

    def _advance(self, questions: Sequence[Question], races: Sequence[Race]) -> list[str]:
        found: Sequence[Question | Race] = [*questions, *races]
        return [line for each in found for line in each.advance()]

    def _racing(self) -> Iterator[Standing]:
        for race in self._races:
            for contender in race.contenders:
                look = contender.look(contender.out_at or race.worlds, race.stop.level)
                yield Standing(
                    contender.name, look.worlds, look.estimate, look.low, look.high,
                    contender.out, None,
                )  # fmt: skip


def _standing(question: Question, needed: int | None) -> Standing:
    look, answer = question.now, question.answer
    return Standing(question.name, look.worlds, look.estimate, look.low, look.high, answer, needed)
