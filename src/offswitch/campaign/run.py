"""Runs a campaign in Inspect, in this process; resumes it; keeps its tables up to date."""

import re
from collections import Counter, deque
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import polars as pl
from inspect_ai import Task, TaskSource, task_with
from inspect_ai import eval as inspect_eval
from inspect_ai.log import EvalLog, EvalSample

from offswitch.campaign.collect import PLAN_KEY, Harvest, collect, set_aside
from offswitch.campaign.compile import Campaign, Entrant
from offswitch.campaign.cost import cost_usd
from offswitch.campaign.folder import Folder, locked, settle
from offswitch.campaign.prices import Prices
from offswitch.campaign.sequential import Monitor
from offswitch.campaign.watch import Ended, Watcher
from offswitch.design.stopping import Stop
from offswitch.evidence.judges.table import opinions, read_verdicts, with_opinions
from offswitch.evidence.observation import write_findings, write_observations
from offswitch.evidence.safeguards import write_safeguards
from offswitch.evidence.scoring import facts
from offswitch.trial.spec import TrialSpec
from offswitch.trial.task import trial_task

SUBJECT_KEY = "offswitch_subject"
"""Key of the subject's name in the metadata of a campaign's logs."""
SHARD = 100
"""Most trials of one log. The log is rewritten with each of them, so it must stay small."""


class Interrupted(KeyboardInterrupt):
    """The run was stopped from outside; what is finished is kept, and the tables hold it."""


class IncompleteError(RuntimeError):
    """Some trials came to no result, not even to an error of their own."""


@dataclass(frozen=True, slots=True)
class Tables:
    """What a campaign has found so far.

    Attributes:
        observations: One row per finished trial, in the order of the plan.
        findings: One row per finding.
        missing: Planned trials that are not finished and are still needed.
    """

    observations: pl.DataFrame
    findings: pl.DataFrame
    missing: int


@dataclass(frozen=True, slots=True)
class Shard:
    """Trials of one subject in one scenario that go into one log."""

    name: str
    entrant: Entrant
    trials: tuple[TrialSpec, ...]

    def task(self) -> Task:
        """Its Inspect task."""
        task = trial_task(self.trials, self.entrant.settings, scorer=facts(), name=self.name)
        metadata = {**(task.metadata or {}), SUBJECT_KEY: self.entrant.subject.name}
        return task_with(task, model=self.entrant.model, metadata=metadata)


def run_campaign(
    campaign: Campaign,
    folder: Folder,
    watcher: Watcher | None = None,
    *,
    retry_errors: bool = False,
) -> Tables:
    """Run what is not finished yet and write the tables.

    Args:
        campaign: What to run.
        folder: Where; an unfinished run of the same campaign there is resumed.
        watcher: Is told how it goes on.
        retry_errors: Whether trials that failed are run again.

    Raises:
        UsageError: The folder holds something else, or another run is at work in it.
        Interrupted: The run was stopped; the tables hold what is finished.
        IncompleteError: Inspect gave up on some trials.
    """
    watcher = watcher or Watcher()
    with locked(folder):
        settle(folder, campaign)
        for line in campaign.skipped:
            watcher.note(line)
        harvest = _harvest(campaign, folder, watcher)
        outcomes = {name: r.observation.outcome for name, r in harvest.records.items()}
        if retry_errors:
            outcomes = {name: o for name, o in outcomes.items() if o != "error"}
        monitor = Monitor(campaign, {name: str(outcome) for name, outcome in outcomes.items()})
        waiting = [shard for shard in shards(campaign, outcomes) if monitor.needs(shard.trials)]
        lanes = Lanes(waiting, campaign.plan.concurrency.trials, watcher, campaign.prices, monitor)
        watcher.begin(campaign, {name: str(outcome) for name, outcome in outcomes.items()})
        try:
            interrupted = bool(waiting) and _run(lanes, len(waiting), campaign, folder)
        finally:
            watcher.end()
        tables = _write(campaign, folder, _harvest(campaign, folder, watcher), monitor)
        for line in monitor.state():
            watcher.note(line)
        if monitor.exhausted:
            watcher.note(f"The budget is spent: {monitor.exhausted}.")
    if tables.missing and interrupted:
        raise Interrupted(f"{tables.missing} of {len(campaign.trials)} trials are left")
    if tables.missing:
        reasons = "; ".join(lanes.failures) or "Inspect ended without a reason"
        raise IncompleteError(f"{tables.missing} trials came to no result: {reasons}")
    return tables


def shards(campaign: Campaign, finished: Collection[str]) -> Iterator[Shard]:
    """The trials that are left, a shard for each subject, scenario and `SHARD` trials."""
    for entrant in campaign.entrants:
        left = [trial for trial in entrant.trials if trial.trial_id not in finished]
        left.sort(key=lambda trial: trial.scenario)
        for scenario, group in groupby(left, key=lambda trial: trial.scenario):
            parts = _parts(tuple(group), campaign.plan.stop)
            for number, trials in enumerate(parts, start=1):
                name = f"{scenario}-{_slug(entrant.subject.name)}-{number}"
                yield Shard(name, entrant, trials)


def _parts(trials: tuple[TrialSpec, ...], stop: Stop | None) -> Iterator[tuple[TrialSpec, ...]]:
    """`SHARD` trials each; where a plan may stop early, whole worlds, as many as its block says."""
    if stop is None:
        yield from (trials[start : start + SHARD] for start in range(0, len(trials), SHARD))
        return
    seeds = list(dict.fromkeys(trial.seed for trial in trials))
    for start in range(0, len(seeds), stop.block):
        block = set(seeds[start : start + stop.block])
        yield tuple(trial for trial in trials if trial.seed in block)


def _slug(name: str) -> str:
    """A subject's name as part of a file's."""
    return re.sub(r"[^\w.-]+", "-", name, flags=re.ASCII)[:60]


class Lanes(TaskSource):
    """Feeds Inspect: the shards of each subject in order, as many as its concurrency lets in.

    Attributes:
        cancelled: Whether a task was cancelled from outside.
        failures: Why whole tasks failed, if any did.
    """

    def __init__(
        self,
        waiting: Sequence[Shard],
        concurrency: int,
        watcher: Watcher,
        prices: Prices | None = None,
        monitor: Monitor | None = None,
    ) -> None:
        self._monitor = monitor
        self._concurrency = concurrency
        self._watcher = watcher
        self._prices = prices or Prices()
        self._waiting: dict[str, deque[Shard]] = {}
        self._open: dict[str, Counter[str]] = {}
        self._entrants = {shard.entrant.subject.name: shard.entrant for shard in waiting}
        for shard in waiting:
            subject = shard.entrant.subject.name
            self._waiting.setdefault(subject, deque()).append(shard)
            self._open[subject] = Counter()
        self.cancelled = False
        self.failures: list[str] = []

    def initial_tasks(self) -> list[Task]:
        """What each subject begins with."""
        return [task for subject in self._waiting for task in self._let_in(subject)]

    async def sample_complete(self, sample: EvalSample, task: Task) -> list[Task]:
        """Tell the watcher, and let in what there is room for now."""
        subject = (task.metadata or {})[SUBJECT_KEY]
        ended = _ended(sample, self._entrants[subject], self._prices)
        self._watcher.ended(ended)
        if self._monitor is not None and (decided := self._monitor.add(ended)):
            self._watcher.questions(self._monitor.summary() or "", decided)
        self._open[subject][task.name] -= 1
        return self._let_in(subject)

    async def task_complete(self, log: EvalLog) -> list[Task]:
        """Let in what there is room for now, also where a task failed as a whole."""
        if log.status == "cancelled":
            self.cancelled = True
            return []
        if log.status == "error":
            reason = log.error.message if log.error else "unknown"
            self.failures.append(f"{log.eval.task}: {reason}")
        subject = (log.eval.metadata or {})[SUBJECT_KEY]
        del self._open[subject][log.eval.task]
        return self._let_in(subject)

    def _let_in(self, subject: str) -> list[Task]:
        """The next shards of a subject, while they fit beside its trials that are open."""
        waiting, open_trials = self._waiting[subject], self._open[subject]
        tasks = []
        while waiting:
            room = self._concurrency - open_trials.total()
            shard = waiting[0]
            if self._monitor is not None and not self._monitor.needs(shard.trials):
                waiting.popleft()
                continue
            if open_trials.total() > 0 and len(shard.trials) > room:
                break
            open_trials[shard.name] = len(shard.trials)
            tasks.append(waiting.popleft().task())
        return tasks


def _ended(sample: EvalSample, entrant: Entrant, prices: Prices) -> Ended:
    values = [str(score.value) for score in (sample.scores or {}).values()]
    usage = sample.model_usage
    return Ended(
        trial=TrialSpec.from_metadata(sample.metadata),
        outcome=values[0] if values and sample.error is None else "error",
        tokens=sum(each.total_tokens for each in usage.values()),
        cost_usd=cost_usd(usage, str(entrant.model), entrant.price, prices),
    )


def _run(lanes: Lanes, most: int, campaign: Campaign, folder: Folder) -> bool:
    """Run all lanes, ``most`` shards altogether; whether they were interrupted."""
    try:
        inspect_eval(
            lanes,
            model=None,
            log_dir=str(folder.logs),
            metadata={PLAN_KEY: campaign.definition.hash},
            max_tasks=most,
            max_samples=campaign.plan.concurrency.trials,
            fail_on_error=False,
            log_buffer=1,
            log_realtime=False,
            log_header_only=True,
            score_display=False,
            display="none",
            log_level="error",
            ctl_server=False,
        )
    except KeyboardInterrupt:
        return True
    return lanes.cancelled


def _harvest(campaign: Campaign, folder: Folder, watcher: Watcher) -> Harvest:
    harvest = collect(folder.logs, campaign)
    for path in set_aside(harvest.broken):
        watcher.note(f"{path}: this log could not be read and was set aside; its trials run again.")
    for path in harvest.foreign:
        watcher.note(f"{path}: this log belongs to something else and is left alone.")
    return harvest


def _write(campaign: Campaign, folder: Folder, harvest: Harvest, monitor: Monitor) -> Tables:
    planned = campaign.trials
    records = [harvest.records[name] for name in planned if name in harvest.records]
    judged = opinions(read_verdicts(folder.verdicts))
    guarded = [r.safeguards for r in records if r.safeguards is not None]
    if guarded:
        write_safeguards(guarded, folder.safeguards)
    rows = [with_opinions(r.observation, judged) for r in records]
    return Tables(
        observations=write_observations(rows, folder.observations),
        findings=write_findings([f for r in records for f in r.findings], folder.findings),
        missing=sum(
            name not in harvest.records and monitor.needs((trial,))
            for name, trial in planned.items()
        ),
    )
