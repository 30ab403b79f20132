"""Campaigns whose results lie elsewhere: in memory, and on a real server that speaks S3."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fsspec
import pytest
from tests.campaign.conftest import QUICK
from tests.campaign.test_workers import Told, comparable, plan_file
from typer.testing import CliRunner

import offswitch
from offswitch import UsageError
from offswitch.campaign.mirror import BUSY, CACHE, Mirror, mirrored
from offswitch.campaign.watch import Ended
from offswitch.cli import app
from offswitch.cli.directory import kept_up


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(CACHE, str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    """An address in a bucket of a server on this machine."""
    server_of = pytest.importorskip("moto.server", reason="moto[server] is not installed")
    server = server_of.ThreadedMotoServer("127.0.0.1", port=0)
    server.start()
    port = server.get_host_and_port()[1]
    own = {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}", "AWS_ACCESS_KEY_ID": "x",
           "AWS_SECRET_ACCESS_KEY": "x", "AWS_DEFAULT_REGION": "us-east-1"}  # fmt: skip
    before = {name: os.environ.get(name) for name in own}
    os.environ.update(own)
    files = fsspec.filesystem("s3", skip_instance_cache=True)
    files.mkdir("results")
    yield "s3://results"
    server.stop()
    for name, value in before.items():
        os.environ.pop(name) if value is None else os.environ.update({name: value})


@pytest.fixture(params=["memory", "file", "s3"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty location."""
    if request.param == "s3":
        return f"{request.getfixturevalue('s3')}/{tmp_path.name}"
    return f"{request.param}://{tmp_path}/there"


def use_another_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(CACHE, str(tmp_path / "another"))


class Cut(Told):
    """Ends the run in the middle, as Ctrl-C does."""

    def ended(self, ended: Ended) -> None:
        super().ended(ended)
        if len(self.trials) == 10:
            raise KeyboardInterrupt


def test_a_run_elsewhere_goes_on_from_another_machine(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = plan_file(tmp_path, worlds=10, concurrency={"trials": 1, "workers": None})
    with pytest.raises(KeyboardInterrupt):
        offswitch.run(plan, place, watcher=Cut())
    use_another_machine(monkeypatch, tmp_path)
    watcher = Told()
    results = offswitch.run(plan, place, watcher=watcher)
    assert len(watcher.trials) in {10, 11}, "the one in hand at the end may run again"
    calm = offswitch.run(plan, tmp_path / "calm")
    assert comparable(results.observations).equals(comparable(calm.observations))
    monkeypatch.setenv(CACHE, str(tmp_path / "third"))
    with mirrored(place) as folder:
        assert not offswitch.verify(folder).problems
        assert (folder / "report.html").exists()
    files = fsspec.filesystem(place.partition(":")[0])
    assert not files.exists(f"{place}/{BUSY}"), "its claim ends with the run"


def test_commands_read_there_and_write_back(place: str, tmp_path: Path, cache: Path) -> None:
    offswitch.run(plan_file(tmp_path), place)
    (copy,) = cache.iterdir()
    files = fsspec.filesystem(place.partition(":")[0])
    files.rm(f"{place}/report.html")
    (copy / "report.html").unlink()
    for command in ("analyse", "verify", "report"):
        with kept_up():
            found = CliRunner().invoke(app, [command, place])
        assert found.exit_code == 0, found.output
    files.invalidate_cache()
    assert files.exists(f"{place}/report.html")


def test_nothing_is_copied_twice(tmp_path: Path) -> None:
    place = f"memory://{tmp_path}/once"
    offswitch.run(plan_file(tmp_path), place)
    files = fsspec.filesystem("memory")
    before = {name: info["created"] for name, info in files.find(place, detail=True).items()}
    mirror = Mirror(place)
    mirror.pull()
    mirror.push()
    assert {n: i["created"] for n, i in files.find(place, detail=True).items()} == before
    (mirror.folder / "analysis.json").write_text("{}")
    mirror.pull()
    assert (mirror.folder / "analysis.json").read_text() == "{}", "what is newer here stays"


def test_two_runs_do_not_share_a_location(tmp_path: Path) -> None:
    place = f"memory://{tmp_path}/busy"
    claim = {"machine": "another", "process": 7, "at": 4e9}
    files = fsspec.filesystem("memory")
    files.pipe_file(f"{place}/{BUSY}", json.dumps(claim).encode())
    with pytest.raises(UsageError, match=r"process 7 on another.*is at work here"):
        offswitch.run(plan_file(tmp_path), place)
    files.pipe_file(f"{place}/{BUSY}", json.dumps({**claim, "at": 1e9}).encode())
    assert offswitch.run(plan_file(tmp_path), place).observations.height == QUICK["worlds"] * 2


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("nowhere://x/y", "Protocol not known: nowhere"),
        ("memory://", "name a folder in it"),
        ("memory://nothing/here", "there is nothing here"),
    ],
)
def test_a_location_that_cannot_be_used_is_told(place: str, message: str) -> None:
    with pytest.raises(UsageError, match=message), mirrored(place):
        pass
    found = CliRunner().invoke(app, ["report", place], env={"COLUMNS": "300"})
    assert found.exit_code != 0
    assert message in found.output


def test_functions_say_how_to_reach_a_location() -> None:
    with pytest.raises(UsageError, match=r"offswitch\.mirrored"):
        offswitch.analyse("s3://bucket/results")


def test_a_location_that_cannot_be_written_keeps_everything_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = f"memory://{tmp_path}/full"
    files: Any = fsspec.filesystem("memory")
    whole = type(files).pipe_file

    def full(self: Any, path: str, value: bytes, **more: Any) -> None:
        if path.endswith(".parquet"):
            raise OSError("no space left")
        whole(self, path, value, **more)

    monkeypatch.setattr(type(files), "pipe_file", full)
    plan = plan_file(tmp_path)
    with pytest.raises(UsageError, match=r"no space left.*All that was found is in"):
        offswitch.run(plan, place)
    monkeypatch.undo()
    monkeypatch.setenv(CACHE, str(tmp_path / "cache"))
    watcher = Told()
    assert offswitch.run(plan, place, watcher=watcher).observations.height == 8
    assert watcher.trials == []
