"""Campaigns in worker processes: the same tables, limits for all together, nothing lost."""

import os
import signal
import time
from collections import deque
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml
from polars.testing import assert_frame_equal
from tests.campaign.conftest import QUICK, command, compiled

import offswitch
from offswitch.campaign.collect import collect
from offswitch.campaign.desk import DEATHS, Desk
from offswitch.campaign.sequential import Monitor
from offswitch.campaign.shards import shards
from offswitch.campaign.watch import Ended, Watcher
from offswitch.campaign.workers import share, workers_for
from offswitch.design import Plan
from offswitch.evidence.observation import read_observations

TWO: dict[str, Any] = {"concurrency": {"trials": 4, "workers": 2}, "worlds": 25}
LONGER: dict[str, Any] = {**TWO, "worlds": 150}
TRIALS = 300
"""Trials of the longer one, which is interrupted."""


class Told(Watcher):
    """Remembers what it is told."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.trials: list[Ended] = []

    def note(self, message: str) -> None:
        self.notes.append(message)

    def ended(self, ended: Ended) -> None:
        self.trials.append(ended)


def plan_file(folder: Path, **changes: Any) -> Path:
    path = folder / "p.yaml"
    path.write_text(yaml.safe_dump({**QUICK, "name": "p", **changes}))
    return path


def comparable(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.drop("wall_s", "log")


def test_workers_give_the_tables_that_one_process_gives(tmp_path: Path) -> None:
    subjects = ["reference/compliant", {"model": "reference/self-preserving", "args": {"p": 0.5}}]
    watcher = Told()
    plan = plan_file(tmp_path, subjects=subjects, **TWO)
    two = offswitch.run(plan, tmp_path / "two", watcher=watcher)
    plan = plan_file(tmp_path, subjects=subjects, worlds=25)
    one = offswitch.run(plan, tmp_path / "one")
    assert_frame_equal(comparable(one.observations), comparable(two.observations))
    assert_frame_equal(
        one.findings.drop("log", "message_ids"), two.findings.drop("log", "message_ids")
    )
    assert sorted(e.trial.trial_id for e in watcher.trials) == sorted(one.observations["trial_id"])
    assert (
        sum(e.tokens for e in watcher.trials)
        == one.observations.select(pl.col("input_tokens") + pl.col("output_tokens"))
        .to_series()
        .sum()
    )


def test_a_worker_that_is_killed_loses_nothing(tmp_path: Path) -> None:
    """Kill one worker in the middle, from outside, as the system does when memory runs out."""
    killed: list[int] = []

    class Killer(Told):
        def ended(self, ended: Ended) -> None:
            super().ended(ended)
            if len(self.trials) == 20:
                victim = children(os.getpid())[0]
                os.kill(victim, signal.SIGKILL)
                killed.append(victim)

    watcher = Killer()
    results = offswitch.run(plan_file(tmp_path, **TWO), tmp_path / "out", watcher=watcher)
    assert killed
    assert results.observations.height == 50
    assert "error" not in set(results.observations["outcome"])
    assert any("SIGKILL" in note for note in watcher.notes)
    undisturbed = offswitch.run(plan_file(tmp_path, worlds=25), tmp_path / "calm")
    assert_frame_equal(comparable(results.observations), comparable(undisturbed.observations))


def children(pid: int) -> list[int]:
    """Worker processes that a process has started."""
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            command = Path(f"/proc/{child}/cmdline").read_bytes()
            if b"offswitch.campaign.worker" in command:
                found.append(int(child))
    return found


def test_workers_end_when_the_run_is_killed_and_it_resumes(tmp_path: Path) -> None:
    plan, out = plan_file(tmp_path, **LONGER), tmp_path / "out"
    process = command(tmp_path / "said", "run", str(plan), "--out", str(out))
    assert process.pid is not None
    wait_for(lambda: len(list((out / "logs").glob("*.eval"))) >= 2, 60)
    own = children(process.pid)
    assert len(own) == 2
    process.kill()
    process.join()
    wait_for(lambda: not any(Path(f"/proc/{pid}").exists() for pid in own), 20)
    before = finished(out)
    watcher = Told()
    alone = ["concurrency.workers=null"]
    results = offswitch.run(plan, out, watcher=watcher, overrides=alone)
    assert results.observations.height == TRIALS
    assert results.observations["trial_id"].n_unique() == TRIALS
    assert len(watcher.trials) == TRIALS - before


def test_ctrl_c_reaches_the_workers(tmp_path: Path) -> None:
    plan, out = plan_file(tmp_path, **LONGER), tmp_path / "out"
    process = command(tmp_path / "said", "run", str(plan), "--out", str(out))
    assert process.pid is not None
    wait_for(lambda: finished(out), 90)
    os.kill(process.pid, signal.SIGINT)
    process.join(60)
    said = (tmp_path / "said").read_text()
    assert process.exitcode == 130, said
    assert "Run the same command again to go on" in said
    rows = read_observations(out / "observations.parquet")
    assert 0 < rows.height < TRIALS
    assert "error" not in set(rows["outcome"])


def finished(out: Path) -> int:
    """Trials that the logs hold."""
    return len(collect(out / "logs", compiled(**LONGER)).outcomes())


def wait_for(true: Any, seconds: float) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.1)


def test_a_budget_holds_for_all_workers_together(tmp_path: Path) -> None:
    plan = plan_file(tmp_path, stop={"budget": {"trials": 30}, "block": 5}, **TWO)
    rows = offswitch.run(plan, tmp_path / "out").observations
    assert 30 <= rows.height <= 30 + 4 + 2, "what was in flight may come on top"


def test_a_trial_that_kills_its_worker_is_given_up_alone() -> None:
    campaign = compiled(worlds=6)
    watcher = Told()
    desk = Desk(campaign, Monitor(campaign, {}), watcher, 2)
    desk.add(shards(campaign, set()))
    poison = list(campaign.trials)[3]
    lost, deaths = [], 0
    hand = deque(desk.take(0))
    while hand or (hand := deque(desk.take(0))):
        shard = hand.popleft()
        for trial in shard.trials:
            if trial.trial_id == poison:
                lost += desk.died(0, "killed")
                deaths += 1
                hand.clear()
                break
            hand += desk.ended(0, shard.name, trial, "complied", {})
        else:
            hand += desk.closed(0, shard.name)
    assert deaths == DEATHS
    assert [trial.trial_id for trial in lost] == [poison]
    outcomes = {e.trial.trial_id: e.outcome for e in watcher.trials}
    assert outcomes == {t: "error" if t == poison else "complied" for t in campaign.trials}
    assert len(watcher.trials) == len(outcomes), "none ran twice"


@pytest.mark.parametrize(("total", "workers"), [(1, 2), (10, 3), (7, 7), (1000, 2)])
def test_parts_of_a_limit_add_up_to_it(total: int, workers: int) -> None:
    parts = [share(total, worker, workers) for worker in range(workers)]
    assert sum(part or 0 for part in parts) == max(total, workers)


def test_few_trials_and_models_in_memory_run_in_this_process() -> None:
    plan = Plan.model_validate({"subjects": ["openai/gpt-5"], "scenarios": "blackmail"})
    local = Plan.model_validate({"subjects": ["local/x"], "scenarios": "blackmail"})
    assert workers_for(plan, 10) == 0
    assert workers_for(plan, 100_000) >= 1
    assert workers_for(local, 100_000) == 0
