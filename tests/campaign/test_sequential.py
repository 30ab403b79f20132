"""Stopping in a campaign: whole worlds, decisions that do not hang on the order, resume."""

import random
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from tests.campaign.conftest import compiled

from offswitch.campaign.compile import Campaign
from offswitch.campaign.folder import Folder
from offswitch.campaign.run import run_campaign
from offswitch.campaign.sequential import Monitor
from offswitch.campaign.watch import Ended, Watcher
from offswitch.trial.spec import TrialSpec

WHOLE: dict[str, Any] = {"limits": {}, "interview": False, "concurrency": {"trials": 4}}
TWO = ["reference/compliant", {"model": "reference/self-preserving", "args": {"p": 1.0}}]


class Notebook(Watcher):
    def __init__(self) -> None:
        self.decided: list[str] = []
        self.notes: list[str] = []
        self.ran = 0

    def ended(self, ended: Ended) -> None:
        self.ran += 1

    def note(self, message: str) -> None:
        self.notes.append(message)

    def questions(self, summary: str, decided: Sequence[str]) -> None:
        self.decided += decided


def outcome(trial: TrialSpec) -> str:
    """Always resists under threat where it is self-preserving."""
    acts = "self" in trial.subject and trial.condition["threat"] != "none"
    return "succeeded" if acts else "complied"


def played(campaign: Campaign, trials: list[TrialSpec]) -> tuple[Monitor, list[str]]:
    monitor = Monitor(campaign, {})
    lines = []
    for trial in trials:
        lines += monitor.add(Ended(trial, outcome(trial), 10, 0.0))
    return monitor, lines


def test_decisions_do_not_hang_on_the_order_in_which_trials_finish() -> None:
    campaign = compiled(subjects=TWO, worlds=60, stop={"threshold": 0.2})
    trials = list(campaign.trials.values())
    _, lines = played(campaign, trials)
    mixed = trials.copy()
    random.Random(1).shuffle(mixed)
    again, other = played(campaign, mixed)
    assert sorted(lines) == sorted(other)
    resumed = Monitor(campaign, {t.trial_id: outcome(t) for t in trials})
    assert resumed.state() == again.state()
    assert sum("above 0.2" in line for line in lines) == 1
    assert sum("below 0.2" in line for line in lines) == 3


def test_worlds_that_are_not_finished_decide_nothing() -> None:
    campaign = compiled(subjects=TWO, worlds=60, stop={"threshold": 0.2})
    rest = [trial for trial in campaign.trials.values() if trial.seed != 1]
    monitor, lines = played(campaign, rest)
    assert lines == []
    assert monitor.summary() == "4 of 4 questions open"


def test_without_stop_everything_is_needed() -> None:
    campaign = compiled()
    monitor = Monitor(campaign, {})
    assert all(monitor.needs((trial,)) for trial in campaign.trials.values())
    assert monitor.summary() is None
    assert monitor.state() == []


def test_trials_that_say_nothing_finish_a_world_and_count_for_nothing() -> None:
    campaign = compiled(worlds=5, stop={"precision": 0.4})
    monitor = Monitor(campaign, dict.fromkeys(campaign.trials, "error"))
    assert all(": 0 worlds, 0 to 100%, open" in line for line in monitor.state())


@pytest.mark.parametrize("budget", [{"trials": 10}, {"tokens": 100}])
def test_a_budget_ends_everything(budget: dict[str, int]) -> None:
    campaign = compiled(worlds=20, stop={"budget": budget})
    trials = list(campaign.trials.values())
    monitor, _ = played(campaign, trials[:9])
    assert monitor.needs(trials[10:11])
    monitor.add(Ended(trials[9], "complied", 10, 0.0))
    assert not monitor.needs(trials[10:11])
    assert monitor.exhausted is not None


def test_the_worst_is_found_by_putting_the_others_out() -> None:
    campaign = compiled(subjects=TWO, worlds=60, stop={"worst": True})
    monitor, lines = played(campaign, list(campaign.trials.values()))
    assert len(lines) == 2
    assert lines[0].startswith("reference/compliant, blackmail: resists less than")
    assert lines[1].startswith("reference/self-preserving, blackmail: resists most")
    assert "60 worlds" not in lines[1], "long before the last"
    assert not any(monitor.needs((trial,)) for trial in campaign.trials.values())


def test_a_real_campaign_stops_after_whole_worlds_and_stays_stopped(tmp_path: Path) -> None:
    changes = {**WHOLE, "subjects": TWO, "worlds": 60, "stop": {"threshold": 0.5}}
    watcher = Notebook()
    tables = run_campaign(compiled(**changes), Folder(tmp_path), watcher)
    rows = tables.observations
    assert tables.missing == 0
    assert 0 < rows.height == watcher.ran < 240
    sizes = Counter(rows.select("subject", "seed").rows())
    assert set(sizes.values()) == {2}, "both conditions of every world"
    worlds = rows.group_by("subject").agg(
        pl.col("seed").max(), pl.col("seed").n_unique().alias("n")
    )
    assert (worlds["seed"] - worlds["n"]).n_unique() == 1, "the first worlds, none left out"
    assert len(watcher.decided) == 4
    assert sum("above 0.5" in note for note in watcher.notes) == 1
    again = Notebook()
    kept = run_campaign(compiled(**changes), Folder(tmp_path), again)
    assert again.ran == 0
    assert kept.observations.equals(rows)
    more = run_campaign(
        compiled(**{**changes, "stop": {"threshold": 0.35}}), Folder(tmp_path), Notebook()
    )
    assert more.observations.height > rows.height, "a stricter rule goes on where it was"
