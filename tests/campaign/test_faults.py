"""Providers, disks and people that fail in mid-campaign: nothing is lost, nothing is run twice."""

import json
import os
import signal
import time
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml
from polars.testing import assert_frame_equal
from tests.campaign.conftest import QUICK, command
from tests.campaign.flaky import CONFIG, HEALED, WRONG, flaky

import offswitch
from offswitch._errors import UsageError
from offswitch.evidence.observation import read_observations

SUBJECT: dict[str, Any] = {
    "model": "openai-api/flaky/one",
    "name": "served",
    "config": CONFIG,
    "price": {"input": 3.0, "output": 15.0},
}
SERVED: dict[str, Any] = {
    "subjects": [SUBJECT],
    "worlds": 24,
    "limits": {"max_turns": 4},
    "concurrency": {"trials": 48, "connections": 48},
}


def plan_file(folder: Path, **changes: Any) -> Path:
    path = folder / "p.yaml"
    path.write_text(yaml.safe_dump({**QUICK, "name": "p", **changes}))
    return path


def comparable(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.drop("wall_s", "log")


def serve(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("FLAKY_BASE_URL", url)
    monkeypatch.setenv("FLAKY_API_KEY", "none")


def test_a_provider_that_fails_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every failure that a retry heals is healed; the others are rows, and can be run again."""
    plan = plan_file(tmp_path, **SERVED)
    with flaky() as server:
        serve(monkeypatch, server.url)
        calm = offswitch.run(plan, tmp_path / "calm").observations
    assert "error" not in set(calm["outcome"])
    assert calm["cost_usd"].null_count() == 0
    with flaky((*HEALED, *WRONG), share=0.4, seed=1) as server:
        serve(monkeypatch, server.url)
        first = offswitch.run(plan, tmp_path / "faults").observations
        assert set(server.faults) == {*HEALED, *WRONG}, "each of them happened"
        wrong = sum(server.faults[kind] for kind in WRONG)
        rows = offswitch.run(plan, tmp_path / "faults", retry_errors=True).observations
        while "error" in set(rows["outcome"]):  # a trial may meet more than one
            rows = offswitch.run(plan, tmp_path / "faults", retry_errors=True).observations
    failed = first.filter(pl.col("outcome") == "error")
    assert first.height == calm.height
    assert first["trial_id"].n_unique() == calm.height
    assert 0 < failed.height <= wrong
    assert failed["error"].str.len_chars().min() > 10  # type: ignore[operator]
    healed = first.filter(pl.col("outcome") != "error")
    same = calm.filter(pl.col("trial_id").is_in(healed["trial_id"].implode()))
    assert_frame_equal(comparable(healed), comparable(same))
    assert_frame_equal(comparable(rows), comparable(calm))


def test_a_full_disk_loses_nothing_that_was_finished(tmp_path: Path) -> None:
    plan, out = plan_file(tmp_path, worlds=10), tmp_path / "out"
    running = command(tmp_path / "said", "run", str(plan), "--out", str(out), limit=30_000)
    running.join(120)
    assert running.exitcode not in (0, None)
    assert "File too large" in (tmp_path / "said").read_text()
    table = out / "observations.parquet"
    before = read_observations(table).height if table.exists() else 0
    assert before < 20
    rows = offswitch.run(plan, out).observations
    calm = offswitch.run(plan, tmp_path / "calm").observations
    assert_frame_equal(comparable(rows), comparable(calm))


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o555)
    places = [tmp_path / "file" / "out"]
    places.append(Path("/sys/offswitch") if os.geteuid() == 0 else closed / "out")
    for place in places:
        with pytest.raises(UsageError, match="cannot write here") as caught:
            offswitch.run(plan_file(tmp_path), place)
        assert str(place) in str(caught.value)


def test_ctrl_c_twice_ends_at_once_and_keeps_what_is_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = plan_file(tmp_path, worlds=100, concurrency={"trials": 4, "workers": 2})
    out = tmp_path / "out"
    process = command(tmp_path / "said", "run", str(plan), "--out", str(out))
    assert process.pid is not None
    end = time.monotonic() + 90
    while len(list((out / "logs").glob("*.eval"))) < 3:
        assert time.monotonic() < end
        time.sleep(0.1)
    os.kill(process.pid, signal.SIGINT)
    time.sleep(0.3)
    os.kill(process.pid, signal.SIGINT)
    process.join(60)
    assert process.exitcode not in (0, None)
    rows = offswitch.run(plan, out, overrides=["concurrency.workers=null"]).observations
    assert rows.height == 200
    assert rows["trial_id"].n_unique() == 200
    assert "error" not in set(rows["outcome"])
    assert json.loads((out / "analysis.json").read_text())
