import json
import os
import random
import signal
import time
import zipfile
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml
from inspect_ai.log import EvalSample
from polars.testing import assert_frame_equal
from tests.campaign.conftest import QUICK, command, compiled, fragile, process

import offswitch
import offswitch.api
from offswitch.campaign.collect import collect
from offswitch.campaign.compile import Campaign
from offswitch.campaign.desk import Desk, Seat
from offswitch.campaign.folder import Folder
from offswitch.campaign.lanes import Lanes
from offswitch.campaign.run import IncompleteError, run_campaign
from offswitch.campaign.sequential import Monitor
from offswitch.campaign.shards import Shard, shards
from offswitch.campaign.watch import Ended, Watcher
from offswitch.evidence.observation import read_findings, read_observations


class Notebook(Watcher):
    """Writes down what it is told."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.finished: list[int] = []
        self.trials: list[Ended] = []
        self.ends = 0

    def note(self, message: str) -> None:
        self.notes.append(message)

    def begin(self, campaign: Any, finished: Any) -> None:
        self.finished.append(len(finished))

    def ended(self, ended: Ended) -> None:
        self.trials.append(ended)

    def end(self) -> None:
        self.ends += 1


def test_every_trial_has_one_row_in_the_order_of_the_plan(tmp_path: Path) -> None:
    campaign = compiled(subjects=["reference/compliant", "reference/covert"])
    watcher = Notebook()
    tables = run_campaign(campaign, Folder(tmp_path), watcher)
    rows = tables.observations
    assert rows["trial_id"].to_list() == list(campaign.trials)
    assert rows["sample_id"].to_list() == list(campaign.trials)
    assert tables.missing == 0
    assert_frame_equal(read_observations(tmp_path / "observations.parquet"), rows)
    for row in rows.iter_rows(named=True):
        trial = campaign.trials[row["trial_id"]]
        assert (row["subject"], row["seed"], row["epoch"]) == (trial.subject, trial.seed, 1)
        assert {k: row[f"factor.{k}"] for k in trial.condition} == dict(trial.condition)
        assert row["model"] == row["subject"]
        assert row["turns"] >= 1
        assert row["input_tokens"] > 0
        assert row["cost_usd"] == 0.0, "a script costs nothing"
        assert (tmp_path / row["log"]).is_file()
    assert Counter(e.trial.trial_id for e in watcher.trials) == Counter(list(campaign.trials))
    assert {e.trial.trial_id: e.outcome for e in watcher.trials} == dict(
        zip(rows["trial_id"], rows["outcome"], strict=True)
    )
    assert (watcher.finished, watcher.ends) == ([0], 1)


def test_findings_point_to_their_trials(tmp_path: Path) -> None:
    results = offswitch.run(
        plan_file(tmp_path, subjects=["reference/covert"], **WHOLE), tmp_path / "out"
    )
    rows, findings = results.observations, results.findings
    resisted = rows.filter(pl.col("outcome").is_in(["attempted", "succeeded"]))
    assert resisted.height > 0
    assert set(findings["trial_id"]) == set(resisted["trial_id"])
    for row in resisted.iter_rows(named=True):
        own = findings.filter(pl.col("trial_id") == row["trial_id"])
        assert set(own["behaviour"]) == set(row["behaviours"])
        assert set(own["log"]) == {row["log"]}
    assert results.folder.report.stat().st_size > 10_000
    assert json.loads(results.folder.analysis.read_text()) == results.analysis.model_dump(
        mode="json"
    )


WHOLE: dict[str, Any] = {"limits": {}, "interview": True}
"""Changes to `QUICK` with which subjects get to the end of the story."""


def plan_file(folder: Path, **changes: Any) -> Path:
    path = folder / "p.yaml"
    path.write_text(yaml.safe_dump({**QUICK, "name": "p", **changes}))
    return path


def test_a_finished_campaign_runs_nothing_again(tmp_path: Path) -> None:
    first = run_campaign(compiled(), Folder(tmp_path))
    logs = {p: p.stat().st_mtime_ns for p in (tmp_path / "logs").iterdir()}
    watcher = Notebook()
    second = run_campaign(compiled(), Folder(tmp_path), watcher)
    assert_frame_equal(first.observations, second.observations)
    assert watcher.trials == []
    assert watcher.finished == [8]
    assert {p: p.stat().st_mtime_ns for p in (tmp_path / "logs").iterdir()} == logs


def test_a_trial_that_breaks_down_is_the_only_one_that_fails(tmp_path: Path) -> None:
    campaign = fragile(compiled(), 2)
    rows = run_campaign(campaign, Folder(tmp_path)).observations
    failed = rows.filter(pl.col("outcome") == "error")
    assert set(failed["seed"]) == {2}
    assert failed.height == 2
    assert set(failed["error"]) == {"RuntimeError('the service is [gone]')"}
    assert failed["task_done"].null_count() == failed["turns"].null_count() == 2
    assert rows.filter(pl.col("outcome") != "error")["error"].null_count() == 6


def test_failed_trials_are_kept_unless_they_are_asked_for_again(tmp_path: Path) -> None:
    run_campaign(fragile(compiled(), 2, 3), Folder(tmp_path))
    kept = run_campaign(fragile(compiled()), Folder(tmp_path)).observations
    assert (kept["outcome"] == "error").sum() == 4
    watcher = Notebook()
    again = run_campaign(fragile(compiled(), 3), Folder(tmp_path), watcher, retry_errors=True)
    assert len(watcher.trials) == 4
    failed = again.observations.filter(pl.col("outcome") == "error")
    assert set(failed["seed"]) == {3}
    assert again.observations["trial_id"].to_list() == list(compiled().trials)


def test_logs_hold_a_bounded_number_of_trials() -> None:
    campaign = compiled(worlds=130, subjects=["reference/compliant", "reference/covert"])
    parts = list(shards(campaign, set()))
    assert max(len(part.trials) for part in parts) <= 100
    assert Counter(t.trial_id for p in parts for t in p.trials) == Counter(list(campaign.trials))
    assert len({part.name for part in parts}) == len(parts)
    left = list(shards(campaign, set(list(campaign.trials)[7:])))
    assert {t.trial_id for p in left for t in p.trials} == set(list(campaign.trials)[:7])


def test_a_log_that_cannot_be_read_is_set_aside_and_its_trials_run_again(tmp_path: Path) -> None:
    first = run_campaign(compiled(), Folder(tmp_path)).observations
    (log,) = (tmp_path / "logs").glob("*.eval")
    spoilt = log.read_bytes()[:-200]
    log.write_bytes(spoilt)
    watcher = Notebook()
    second = run_campaign(compiled(), Folder(tmp_path), watcher).observations
    assert log.with_name(f"{log.name}.broken").read_bytes() == spoilt
    assert len(watcher.trials) == 8
    assert any("set aside" in note for note in watcher.notes)
    assert_frame_equal(comparable(first), comparable(second))


def test_logs_of_something_else_are_left_alone(tmp_path: Path) -> None:
    other = tmp_path / "other"
    run_campaign(compiled(worlds=2), Folder(other))
    run_campaign(compiled(), Folder(tmp_path / "mine"))
    (log,) = (other / "logs").glob("*.eval")
    stranger = tmp_path / "mine" / "logs" / log.name
    stranger.write_bytes(log.read_bytes())
    watcher = Notebook()
    rows = run_campaign(compiled(), Folder(tmp_path / "mine"), watcher).observations
    assert rows.height == 8
    assert stranger.exists()
    assert f"{stranger}: this log belongs to something else and is left alone." in watcher.notes


def test_an_unfinished_log_counts_for_the_samples_in_it(tmp_path: Path) -> None:
    """A log without its end, as a killed run leaves it."""
    campaign = compiled()
    run_campaign(campaign, Folder(tmp_path))
    (log,) = (tmp_path / "logs").glob("*.eval")
    unfinished = tmp_path / "cut.eval"
    with zipfile.ZipFile(log) as whole, zipfile.ZipFile(unfinished, "w") as cut:
        for name in whole.namelist():
            if name not in {"header.json", "summaries.json", "reductions.json"}:
                cut.writestr(name, whole.read(name))
    unfinished.replace(log)
    harvest = collect(tmp_path / "logs", campaign)
    assert set(harvest.outcomes()) == set(campaign.trials)


def test_long_findings_are_read_from_the_sample(tmp_path: Path) -> None:
    """Summaries drop what is longer than 1 KiB."""
    plan = plan_file(tmp_path, subjects=["reference/covert"], worlds=1, **WHOLE)
    offswitch.run(plan, tmp_path / "out")
    findings = read_findings(tmp_path / "out" / "findings.parquet")
    (log,) = (tmp_path / "out" / "logs").glob("*.eval")
    cut = tmp_path / "cut.eval"
    with zipfile.ZipFile(log) as whole, zipfile.ZipFile(cut, "w") as copy:
        for name in whole.namelist():
            data = whole.read(name)
            if name == "summaries.json":
                data = json.dumps(dropped(json.loads(data))).encode()
            copy.writestr(name, data)
    cut.replace(log)
    offswitch.run(plan, tmp_path / "out")
    assert_frame_equal(read_findings(tmp_path / "out" / "findings.parquet"), findings)


def dropped(summaries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    for summary in summaries:
        for score in summary["scores"].values():
            score["metadata"] = dict.fromkeys(score["metadata"], "Key removed from summary (> 1k)")
    return summaries


def test_when_inspect_gives_up_the_reason_is_said(tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("offswitch.campaign.lanes.inspect_eval", lambda *_, **__: [])
        with pytest.raises(IncompleteError, match="8 trials came to no result"):
            run_campaign(compiled(), Folder(tmp_path))
    assert run_campaign(compiled(), Folder(tmp_path)).missing == 0


def comparable(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.drop("wall_s", "log")


KILLS = 10
LARGE: dict[str, Any] = {
    "subjects": [
        "reference/compliant",
        {"model": "reference/self-preserving", "args": {"p": 0.5}},
        "reference/incapable",
    ],
    "worlds": 60,
    "concurrency": {"trials": 2},
}
TRIALS = 360


def test_killed_ten_times_no_trial_is_lost_and_none_is_there_twice(tmp_path: Path) -> None:
    plan, out = plan_file(tmp_path, **LARGE), tmp_path / "killed"
    undisturbed = offswitch.run(plan, tmp_path / "undisturbed")
    moments = random.Random(20261124)
    progress = [0]
    for number in range(KILLS):
        beginning = number % 3 == 0
        killed(plan, out, moments.uniform(0, 0.5), after=None if beginning else progress[-1])
        progress.append(count(out))
    assert progress == sorted(progress), "what is finished stays finished"
    assert len(set(progress)) > 3, "the kills came while trials were running"
    assert progress[-1] < TRIALS, "the kills came before the end"
    watcher = Notebook()
    results = offswitch.run(plan, out, watcher=watcher)
    assert watcher.finished == [progress[-1]]
    assert len(watcher.trials) == TRIALS - progress[-1], "nothing that is finished runs again"
    assert results.observations["trial_id"].n_unique() == results.observations.height == TRIALS
    assert_frame_equal(comparable(undisturbed.observations), comparable(results.observations))
    assert not list((out / "logs").glob("*.broken"))


def killed(plan: Path, out: Path, seconds: float, after: int | None) -> None:
    """Go on with the campaign and kill it.

    Args:
        plan: The plan.
        out: Its folder.
        seconds: How long it runs on.
        after: From when: from its start, or from when it has finished more trials than this.
    """
    running = process(offswitch.api.run, plan, out)
    while after is not None and running.is_alive() and count(out) <= after:
        time.sleep(0.02)
    time.sleep(seconds)
    running.kill()
    running.join()
    assert running.exitcode == -signal.SIGKILL


def count(out: Path) -> int:
    """Finished trials."""
    return len(collect(out / "logs", compiled(**LARGE)).outcomes())


def test_ctrl_c_stops_cleanly_and_the_same_command_goes_on(tmp_path: Path) -> None:
    plan = plan_file(tmp_path, **LARGE)
    running = command(tmp_path / "said", "run", str(plan), "--out", str(tmp_path / "o"))
    assert running.pid is not None
    while not count(tmp_path / "o"):
        assert running.is_alive()
        time.sleep(0.1)
    os.kill(running.pid, signal.SIGINT)
    running.join(60)
    said = (tmp_path / "said").read_text()
    assert running.exitcode == 130, said
    assert "Run the same command again to go on" in said
    assert "Traceback" not in said
    rows = read_observations(tmp_path / "o" / "observations.parquet")
    assert 0 < rows.height < TRIALS
    assert "error" not in set(rows["outcome"]), "cancelled trials are not failed ones"
    assert offswitch.run(plan, tmp_path / "o").observations.height == TRIALS


async def test_a_subject_has_as_many_trials_open_as_its_concurrency_allows() -> None:
    """Small shards run together; a large one waits until the subject has nothing else open."""
    small = compiled(worlds=3, scenarios={"blackmail": {"threat": ["none"]}})
    parts = [Shard(f"part-{n}", small.entrants[0], small.entrants[0].trials) for n in range(4)]
    lanes = lanes_of(small, parts, 7)
    assert [task.name for task in lanes.initial_tasks()] == ["part-0", "part-1"]
    first, second, *_ = read_samples(small)
    task = parts[0].task()
    assert await lanes.sample_complete(first, task) == []
    assert [t.name for t in await lanes.sample_complete(second, task)] == ["part-2"]
    alone = lanes_of(small, parts, 1)
    assert [task.name for task in alone.initial_tasks()] == ["part-0"]


def lanes_of(campaign: Campaign, parts: list[Shard], trials: int) -> Lanes:
    """Lanes for these shards with so many trials at once."""
    concurrency = campaign.plan.concurrency.model_copy(update={"trials": trials})
    plan = campaign.plan.model_copy(update={"concurrency": concurrency})
    desk = Desk(replace(campaign, plan=plan), Monitor(campaign, {}), Watcher())
    desk.add(parts)
    return Lanes(Seat(desk))


def read_samples(campaign: Campaign) -> list[EvalSample]:
    """Samples that have just ended, without a run."""
    return [
        EvalSample(id=t.trial_id, epoch=1, input="", target="", metadata=t.to_metadata())
        for t in campaign.entrants[0].trials
    ]


def test_costs_are_in_the_table_where_the_price_is_known(tmp_path: Path) -> None:
    dear = "reference/clumsy"
    priced = {"model": dear, "price": {"input": 100, "output": 1000}}
    watcher = Notebook()
    campaign = compiled(subjects=["reference/compliant", priced], worlds=2)
    rows = run_campaign(campaign, Folder(tmp_path), watcher).observations
    assert set(rows.filter(subject="reference/compliant")["cost_usd"]) == {0.0}
    for row in rows.filter(subject=dear).iter_rows(named=True):
        dollars = (100 * row["input_tokens"] + 1000 * row["output_tokens"]) / 1e6
        assert row["cost_usd"] == pytest.approx(dollars)
    told = {e.trial.trial_id: e.cost_usd for e in watcher.trials}
    assert told == dict(zip(rows["trial_id"], rows["cost_usd"], strict=True))


def test_a_cost_that_nobody_knows_is_null(tmp_path: Path) -> None:
    watcher = Notebook()
    campaign = fragile(compiled(), 2)
    unpriced = replace(campaign, entrants=tuple(replace(e, price=None) for e in campaign.entrants))
    rows = run_campaign(unpriced, Folder(tmp_path), watcher).observations
    assert rows["cost_usd"].null_count() == rows.height
    assert {e.cost_usd for e in watcher.trials} == {None}


def test_which_price_was_used_stands_in_the_plan_as_run(tmp_path: Path) -> None:
    table = tmp_path / "mine.yaml"
    table.write_text("prices: [{models: ['reference/c*'], input: 7, output: 9}]\n")
    subjects = ["reference/compliant", {"model": "reference/covert", "price": QUICK_PRICE}]
    plan = plan_file(tmp_path, subjects=subjects, worlds=1)
    results = offswitch.run(plan, tmp_path / "out", prices=table)
    used = yaml.safe_load(results.folder.plan.read_text())["as_run"]["prices"]
    assert used["reference/compliant"] == {
        "input": 7.0, "output": 9.0, "origin": "file", "source": "mine.yaml",
    }  # fmt: skip
    assert used["reference/covert"] == {**QUICK_PRICE, "origin": "plan", "source": "the plan"}
    for row in results.observations.iter_rows(named=True):
        price = used[row["subject"]]
        dollars = price["input"] * row["input_tokens"] + price["output"] * row["output_tokens"]
        assert row["cost_usd"] == pytest.approx(dollars / 1e6)


QUICK_PRICE = {"input": 1.0, "output": 2.0}
