"""Shards: trials of one subject in one scenario that go into one log."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from inspect_ai import Task, task_with
from inspect_ai.util import EarlyStopping

from offswitch.campaign.blocks import in_order
from offswitch.campaign.compile import Campaign, Entrant
from offswitch.design.stopping import Stop
from offswitch.evidence.scoring import facts
from offswitch.trial.spec import TrialSpec
from offswitch.trial.task import trial_task

SUBJECT_KEY = "offswitch_subject"
"""Key of the subject's name in the metadata of a campaign's logs."""
SHARD = 100
"""Most trials of one log. The log is rewritten with each of them, so it must stay small."""
LEAST_SHARD = 10
"""Fewest trials that a log is cut down to so that every worker has something to do."""
ROUNDS = 4
"""Shards that each worker should get, so that all end at about the same time."""


@dataclass(frozen=True, slots=True)
class Shard:
    """Trials of one subject in one scenario that go into one log."""

    name: str
    entrant: Entrant
    trials: tuple[TrialSpec, ...]

    def task(self, needed: EarlyStopping | None = None) -> Task:
        """Its Inspect task.

        Args:
            needed: Says of each sample, before it begins, whether it is still needed.
        """
        task = trial_task(self.trials, self.entrant.settings, scorer=facts(), name=self.name)
        metadata = {**(task.metadata or {}), SUBJECT_KEY: self.entrant.subject.name}
        return task_with(task, model=self.entrant.model, metadata=metadata, early_stopping=needed)

    def to_json(self) -> dict[str, Any]:
        """What another process needs to run it."""
        return {
            "name": self.name,
            "subject": self.entrant.subject.name,
            "trials": [trial.to_metadata() for trial in self.trials],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any], entrant: Entrant) -> "Shard":
        """The shard in the other process, with the subject as it was made ready there."""
        trials = tuple(TrialSpec.from_metadata(trial) for trial in data["trials"])
        return cls(data["name"], entrant, trials)


def shards(campaign: Campaign, finished: Collection[str], workers: int = 1) -> Iterator[Shard]:
    """The trials that are left, a shard for each subject, scenario and at most `SHARD` trials.

    Args:
        campaign: What is to run.
        finished: Ids of trials that are not run again.
        workers: How many processes share them.
    """
    for entrant in campaign.entrants:
        planned = in_order(entrant.trials, campaign.plan.order)
        left = [trial for trial in planned if trial.trial_id not in finished]
        left.sort(key=lambda trial: trial.scenario)
        found: list[tuple[int, Shard]] = []
        for scenario, group in groupby(left, key=lambda trial: trial.scenario):
            parts = _parts(tuple(group), campaign.plan.stop, workers)
            for number, trials in enumerate(parts, start=1):
                name = f"{scenario}-{slug(entrant.subject.name)}-{number}"
                found.append((number, Shard(name, entrant, trials)))
        if campaign.plan.stop is not None:
            # the first worlds of all scenarios, so that a budget goes to all open questions
            found.sort(key=lambda pair: pair[0])
        yield from (shard for _, shard in found)


def _parts(
    trials: tuple[TrialSpec, ...], stop: Stop | None, workers: int
) -> Iterator[tuple[TrialSpec, ...]]:
    """At most `SHARD` trials each; where a plan may stop early, worlds as its block says."""
    if stop is None:
        size = SHARD
        if workers > 1:
            size = max(LEAST_SHARD, min(SHARD, len(trials) // (ROUNDS * workers)))
        yield from (trials[start : start + size] for start in range(0, len(trials), size))
        return
    seeds = list(dict.fromkeys(trial.seed for trial in trials))
    for start in range(0, len(seeds), stop.block):
        block = set(seeds[start : start + stop.block])
        yield tuple(trial for trial in trials if trial.seed in block)


def slug(name: str) -> str:
    """A subject's name as part of a file's."""
    return re.sub(r"[^\w.-]+", "-", name, flags=re.ASCII)[:60]
