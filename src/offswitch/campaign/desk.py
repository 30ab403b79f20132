"""The desk: hands shards to whoever runs them and takes in what became of their trials.

There is one desk for a campaign, in the process that was started, however many workers run trials.
It alone knows what is still needed, what was spent and who is told; so limits and decisions hold
for all workers together.
"""

from collections import Counter, deque
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

from inspect_ai.model import ModelUsage

from offswitch.campaign.compile import Campaign
from offswitch.campaign.cost import cost_usd
from offswitch.campaign.homes import ANY, Homes
from offswitch.campaign.sequential import Monitor
from offswitch.campaign.shards import Shard
from offswitch.campaign.watch import Ended, Watcher
from offswitch.trial.spec import TrialSpec

DEATHS = 3
"""Deaths of a worker process after which a trial that it had in hand is given up."""


class Feed(Protocol):
    """What a worker asks and tells."""

    @property
    def halted(self) -> str | None:
        """Why no trial may begin any more; null while they may."""

    def begin(self) -> list[Shard]:
        """Shards to begin with."""

    def ended(
        self, shard: str, trial: TrialSpec, outcome: str, usage: Mapping[str, ModelUsage]
    ) -> list[Shard]:
        """A trial has ended; more shards, where there is room for them now."""

    def closed(self, shard: str, failure: str | None) -> list[Shard]:
        """A shard's log is complete, or it failed as a whole; more shards."""

    def failed(self, shard: str, reason: str) -> None:
        """A shard failed as a whole, and nothing more can be run here."""


@dataclass(slots=True)
class _Bench:
    """What one worker has in hand.

    Attributes:
        open: Trials that have not ended, by shard.
        given: Trials that it was given altogether.
    """

    open: dict[str, tuple[Shard, set[str]]] = field(default_factory=dict)
    given: int = 0

    def trials_of(self, subject: str) -> int:
        return sum(
            len(left) for shard, left in self.open.values() if shard.entrant.subject.name == subject
        )


@dataclass(slots=True)
class Desk:
    """Hands out the shards of a campaign.

    Attributes:
        campaign: What runs.
        monitor: Decides what is still needed.
        watcher: Is told how it goes on.
        workers: How many run trials.
        homes: Which of them may run which subjects.
        recycle: Trials after which a worker gets no more, and so ends; null where it goes on.
        closed_log: Is told of each shard whose log is complete; null where nobody cares.
        failures: Why whole shards failed, if any did.
    """

    campaign: Campaign
    monitor: Monitor
    watcher: Watcher
    workers: int = 1
    homes: Homes = field(default_factory=dict)
    recycle: int | None = None
    closed_log: Callable[[str], None] | None = None
    failures: list[str] = field(default_factory=list)
    _waiting: dict[str, deque[Shard]] = field(default_factory=dict)
    _benches: dict[int, _Bench] = field(default_factory=dict)
    _deaths: Counter[str] = field(default_factory=Counter)
    _suspects: deque[Shard] = field(default_factory=deque)
    _repeats: int = 0

    def add(self, waiting: Iterable[Shard]) -> None:
        """Take in shards that are to be run."""
        for shard in waiting:
            self._waiting.setdefault(shard.entrant.subject.name, deque()).append(shard)

    @property
    def halted(self) -> str | None:
        """Why no trial may begin any more; null while they may."""
        return self.monitor.halted()

    def bench(self, worker: int) -> _Bench:
        """What a worker has in hand."""
        return self._benches.setdefault(worker, _Bench())

    def trial(self, worker: int, shard: str, trial_id: str) -> TrialSpec:
        """A trial of a shard that a worker has in hand."""
        whole, _ = self.bench(worker).open[shard]
        return next(trial for trial in whole.trials if trial.trial_id == trial_id)

    def leave(self, worker: int) -> None:
        """A worker process has done its part; the next one in its place begins anew."""
        self._benches.pop(worker, None)

    def has_work(self, worker: int) -> bool:
        """Whether a worker could get a shard that is still needed."""
        return bool(self._suspects) or any(
            self.monitor.needs(shard.trials)
            for subject in self._waiting
            if self._allowed(subject, worker)
            for shard in self._waiting[subject]
        )

    def take(self, worker: int, subjects: Iterable[str] | None = None) -> list[Shard]:
        """The next shards for a worker, while they fit beside its trials that are open."""
        if self.recycle is not None and self.bench(worker).given >= self.recycle:
            return []
        names = self._waiting if subjects is None else subjects
        taken = [
            shard
            for subject in names
            if self._allowed(subject, worker)
            for shard in self._let_in(subject, worker)
        ]
        if not taken and self._suspects and not self.bench(worker).open:
            taken = [self._suspects.popleft()]
            self._hand(taken[0], worker)
        return taken

    def ended(
        self,
        worker: int,
        shard: str,
        trial: TrialSpec,
        outcome: str,
        usage: Mapping[str, ModelUsage],
    ) -> list[Shard]:
        """A trial of a worker has ended; shards that it has room for now."""
        whole, left = self.bench(worker).open[shard]
        left.discard(trial.trial_id)
        entrant = whole.entrant
        self._told(
            Ended(
                trial=trial,
                outcome=outcome,
                tokens=sum(each.total_tokens for each in usage.values()),
                cost_usd=cost_usd(usage, str(entrant.model), entrant.price, self.campaign.prices),
            )
        )
        return self.take(worker, [entrant.subject.name])

    def closed(self, worker: int, shard: str, failure: str | None = None) -> list[Shard]:
        """A worker has closed a shard's log; shards that it has room for now."""
        whole, _ = self.bench(worker).open.pop(shard)
        if failure is not None:
            self.failures.append(f"{shard}: {failure}")
        elif self.closed_log is not None:
            self.closed_log(shard)
        return self.take(worker, [whole.entrant.subject.name])

    def failed(self, worker: int, shard: str, reason: str) -> None:
        """A worker gave a shard up, and runs nothing more; the next run takes it up again."""
        self.bench(worker).open.pop(shard)
        self.failures.append(f"{shard}: {reason}")

    def died(self, worker: int, reason: str) -> list[TrialSpec]:
        """A worker process is gone; what it had in hand is queued again.

        A trial that was in hand at two such deaths runs alone from then on, so that one that kills
        its worker takes no other with it.

        Args:
            worker: Which.
            reason: How it ended, in words.

        Returns:
            Trials that were in hand at `DEATHS` of them: they are given up.
        """
        lost = []
        for shard, left in self._benches.pop(worker, _Bench()).open.values():
            again = []
            for trial in shard.trials:
                if trial.trial_id not in left:
                    continue
                self._deaths[trial.trial_id] += 1
                deaths = self._deaths[trial.trial_id]
                if deaths >= DEATHS:
                    lost.append(trial)
                elif deaths == 1:
                    again.append(trial)
                else:
                    name = f"{shard.name}-alone-{len(self._suspects) + 1}"
                    self._suspects.append(Shard(name, shard.entrant, (trial,)))
            if again:
                self._repeats += 1
                name = f"{shard.name}-again-{self._repeats}"
                waiting = self._waiting[shard.entrant.subject.name]
                waiting.appendleft(Shard(name, shard.entrant, tuple(again)))
        for trial in lost:
            self._told(Ended(trial, "error", 0, None))
        self.watcher.note(f"A worker process ended: {reason}. Its trials run again.")
        return lost

    def _told(self, ended: Ended) -> None:
        self.watcher.ended(ended)
        if decided := self.monitor.add(ended):
            self.watcher.questions(self.monitor.summary() or "", decided)

    def _allowed(self, subject: str, worker: int) -> bool:
        return subject in self._waiting and worker in self.home(subject)

    def home(self, subject: str) -> Collection[int]:
        """Numbers of the workers that may run a subject."""
        return self.homes.get(subject, self.homes.get(ANY, range(self.workers)))

    def _let_in(self, subject: str, worker: int) -> list[Shard]:
        waiting, bench = self._waiting[subject], self.bench(worker)
        most = self.share(subject)
        taken = []
        while waiting:
            shard = replace(waiting[0], trials=self.monitor.needed(waiting[0].trials))
            if not shard.trials:
                waiting.popleft()
                continue
            open_trials = bench.trials_of(subject)
            if open_trials > 0 and len(shard.trials) > most - open_trials:
                break
            waiting.popleft()
            self._hand(shard, worker)
            taken.append(shard)
        return taken

    def _hand(self, shard: Shard, worker: int) -> None:
        bench = self.bench(worker)
        bench.open[shard.name] = shard, {trial.trial_id for trial in shard.trials}
        bench.given += len(shard.trials)

    def share(self, subject: str) -> int:
        """Trials of a subject that one worker may have open."""
        return max(1, -(-self.campaign.plan.concurrency.trials // len(self.home(subject))))


@dataclass(frozen=True, slots=True)
class Seat:
    """A worker's place at the desk: the feed of trials that run in this process.

    Attributes:
        desk: The desk.
        worker: Number of the worker.
    """

    desk: Desk
    worker: int = 0

    @property
    def halted(self) -> str | None:
        """Why no trial may begin any more; null while they may."""
        return self.desk.halted

    def begin(self) -> list[Shard]:
        """Shards to begin with."""
        return self.desk.take(self.worker)

    def ended(
        self, shard: str, trial: TrialSpec, outcome: str, usage: Mapping[str, ModelUsage]
    ) -> list[Shard]:
        """A trial has ended; more shards, where there is room for them now."""
        return self.desk.ended(self.worker, shard, trial, outcome, usage)

    def closed(self, shard: str, failure: str | None) -> list[Shard]:
        """A shard's log is complete, or it failed as a whole; more shards."""
        return self.desk.closed(self.worker, shard, failure)

    def failed(self, shard: str, reason: str) -> None:
        """A shard failed as a whole, and nothing more can be run here."""
        self.desk.failed(self.worker, shard, reason)
