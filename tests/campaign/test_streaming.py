"""Tables are there while a campaign runs."""

import threading
import time
from pathlib import Path

import polars as pl
import pytest
from tests.campaign.conftest import compiled

import offswitch
from offswitch.campaign import run as running
from offswitch.campaign.collect import collect
from offswitch.campaign.folder import Folder
from offswitch.campaign.harvest import Spent
from offswitch.campaign.run import run_campaign
from offswitch.campaign.sequential import Monitor
from offswitch.campaign.streaming import Stream
from offswitch.campaign.watch import Ended, Watcher
from offswitch.evidence.observation import read_observations


class Analyst(Watcher):
    """Analyses the folder as soon as there is a table, while trials run."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.ended_trials, self.heights = folder, 0, list[int]()
        self.notes: list[str] = []

    def note(self, message: str) -> None:
        self.notes.append(message)

    def ended(self, ended: Ended) -> None:
        self.ended_trials += 1
        if (self.folder / "observations.parquet").exists() and not self.heights:
            assert offswitch.analyse(self.folder).cells
            self.heights.append(read_observations(self.folder / "observations.parquet").height)


def test_a_campaign_can_be_analysed_while_it_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        running, "Stream", lambda update, note: Stream(update, note, every_s=0.05, share=0)
    )
    campaign = compiled(worlds=60, concurrency={"trials": 4}, stop={"budget": {"trials": 10_000}})
    watcher = Analyst(tmp_path)
    tables = run_campaign(campaign, Folder(tmp_path), watcher)
    assert not any("up to date" in note for note in watcher.notes)
    assert watcher.heights, "there was a table before the end"
    assert 0 < watcher.heights[0] < tables.observations.height == 120
    written = read_observations(tmp_path / "observations.parquet")
    assert written.equals(tables.observations)
    assert tables.observations["trial_id"].to_list() == list(campaign.trials)


def test_what_goes_wrong_in_an_update_is_told_once_and_stops_nothing() -> None:
    calls, third, notes = list[int](), threading.Event(), list[str]()

    def update() -> None:
        calls.append(1)
        if len(calls) == 3:
            third.set()
        raise OSError(28, "No space left on device")

    with Stream(update, notes.append, every_s=0.001):
        assert third.wait(20)
    assert len(notes) == 1
    assert "No space left" in notes[0]
    ended = len(calls)
    assert not any(t.name == "offswitch-stream" for t in threading.enumerate())
    assert len(calls) == ended


def test_budgets_count_all_runs(tmp_path: Path) -> None:
    """A second run begins with what the first one spent, and so ends at once."""
    changes = {"worlds": 30, "concurrency": {"trials": 2}}
    first = compiled(**changes, stop={"budget": {"tokens": 20_000}, "block": 1})
    rows = run_campaign(first, Folder(tmp_path)).observations
    used = int(rows.select((pl.col("input_tokens") + pl.col("output_tokens")).sum()).item())
    assert used >= 20_000
    again = run_campaign(first, Folder(tmp_path))
    assert again.observations.equals(rows), "nothing more is spent"
    more = compiled(**changes, stop={"budget": {"tokens": used + 1}, "block": 1})
    grown = run_campaign(more, Folder(tmp_path)).observations
    assert rows.height < grown.height <= rows.height + 4


def test_minutes_count_all_runs(tmp_path: Path) -> None:
    """The time of an earlier run is read from its logs, and taken off the budget of the next."""
    changes = {"worlds": 4, "concurrency": {"trials": 2}}
    began = time.monotonic()
    run_campaign(compiled(**changes), Folder(tmp_path))
    most = time.monotonic() - began
    campaign = compiled(**changes, stop={"budget": {"minutes": 30}})
    spent = collect(tmp_path / "logs", campaign).spent()
    assert 0 < spent.seconds <= most + 2, "logs tell whole seconds"
    assert spent.tokens > 0
    assert Monitor(campaign, {}, Spent(seconds=29 * 60)).halted() is None
    assert "minutes" in (Monitor(campaign, {}, Spent(seconds=30 * 60)).halted() or "")
