"""The command in a process of its own: started, killed, started again, ended, exported."""

import csv
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.cli.test_cli import status
from tests.labelling.conftest import Site

from offswitch.labelling import Label
from offswitch.labelling.desk import Desk
from offswitch.labelling.server import listen
from offswitch.labelling.session import EXPORTS, open_desk, write_exports
from offswitch.labelling.store import NAME


class Command:
    """``offswitch label`` in a process of its own."""

    def __init__(self, folder: Path, *options: str) -> None:
        line = [
            sys.executable,
            "-m",
            "offswitch.cli",
            "label",
            str(folder),
            "--no-browser",
            "--json",
        ]
        self.process = subprocess.Popen([*line, *options], stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.address = json.loads(self.process.stdout.readline())["address"]

    def site(self, desk: Desk) -> Site:
        port, token = self.address.removeprefix("http://127.0.0.1:").strip("/").split("/")
        return Site(desk, int(port), token)

    def rest(self) -> Any:
        assert self.process.stdout is not None
        return json.loads(self.process.stdout.read())

    def end(self, by: signal.Signals) -> int:
        self.process.send_signal(by)
        return self.process.wait(20)


@pytest.fixture
def started() -> Iterator[list[Command]]:
    commands: list[Command] = []
    yield commands
    for command in commands:
        if command.process.poll() is None:
            command.process.kill()
        command.process.wait()
        assert command.process.stdout is not None
        command.process.stdout.close()


def test_labels_survive_a_kill_and_the_work_goes_on(campaign: Path, started: list[Command]) -> None:
    desk = open_desk(campaign)
    started.append(Command(campaign, "--rubric", "resisted"))
    first = started[-1].site(desk)
    for n in range(1, 5):
        first.label("ana", n, "yes")
    started[-1].end(signal.SIGKILL)
    assert not (campaign / "labels.csv").exists()

    started.append(Command(campaign))
    second = started[-1].site(desk)
    assert sorted(second.json("state?rater=ana")["labels"]) == ["1", "2", "3", "4"]
    assert '"name": "resisted"' in second.ask("")[1], "the rubrics that were used are asked again"
    assert '"name": "awareness"' not in second.ask("")[1]
    second.json("undo", {"rater": "ana"})
    assert started[-1].end(signal.SIGTERM) == 0
    with (campaign / "labels.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert {(row["rubric"], row["rater"], row["verdict"]) for row in rows} == {
        ("resisted", "ana", "yes")
    }
    assert [row["trial_id"] for row in rows] == sorted(desk.deck.order("ana")[:3])
    assert len((campaign / "labels.jsonl").read_text().splitlines()) == 3
    assert started[-1].rest() == {"files": [str(campaign / name) for name in EXPORTS]}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["{folder}", "--rubric", "resistd"], "there is no rubric 'resistd'. Did you mean"),
        (["{folder}", "--rater", "adjudicated"], "choose another name"),
        (["{folder}", "--port", "{taken}"], "cannot be used: Address already in use"),
        (["{folder}", "--export", "labels.txt"], "write the name of a .csv or .jsonl file"),
        (["{folder}", "--export", "labels.csv"], "nothing was labelled here"),
        (["{folder}", "--repair"], "there is nothing to repair"),
        (["{folder}", "--sample", "0"], "Invalid value for '--sample'"),
        (["nowhere"], "nowhere: there is no such folder"),
        (["{empty}"], "there is no such file"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_input_is_explained(
    arguments: list[str],
    message: str,
    campaign: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path)
    if message.startswith("write the name"):
        open_desk(campaign).store.append(_label())
    before = {path: path.stat().st_mtime_ns for path in campaign.rglob("*")}
    with listen() as taken:
        known = {"folder": campaign, "taken": taken.getsockname()[1], "empty": tmp_path / "empty"}
        filled = [argument.format(**known) for argument in arguments]
        assert status(monkeypatch, "label", "--no-browser", *filled) == 3
    printed = capsys.readouterr()
    assert message in " ".join(printed.err.split())
    assert "Traceback" not in printed.err
    assert {path: path.stat().st_mtime_ns for path in campaign.rglob("*")} == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["campaign", "empty"]


def _label() -> Label:
    return Label(rater="ana", trial_id="t", rubric="resisted", verdict="yes")


def test_labels_are_exported(
    campaign: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    store = open_desk(campaign).store
    store.append(_label())
    for file, option in (("out.csv", []), ("out.jsonl", ["--json"])):
        target = campaign / file
        arguments = ["label", str(campaign), "--export", str(target), *option]
        assert status(monkeypatch, *arguments) == 0
        printed = capsys.readouterr().out
        assert (json.loads(printed) == {"labels": 1}) if option else "1 labels are in" in printed
        assert "yes" in target.read_text()


def test_damaged_labels_are_named_and_repaired_on_request(
    campaign: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    store = open_desk(campaign).store
    store.append(_label())
    (campaign / NAME).write_bytes(store.path.read_bytes() + b"\x00\n")
    damaged = (campaign / NAME).read_bytes()
    export = ["label", str(campaign), "--export", str(campaign / "x.csv")]
    assert status(monkeypatch, *export) == 3
    assert f"{NAME}, line 2: cannot be read" in capsys.readouterr().err
    assert (campaign / NAME).read_bytes() == damaged
    assert not (campaign / "x.csv").exists()
    assert status(monkeypatch, *export, "--repair") == 0
    assert (campaign / f"{NAME}.damaged-1").read_bytes() == damaged
    assert "yes" in (campaign / "x.csv").read_text()


def test_labels_of_others_are_not_overwritten(
    campaign: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = open_desk(campaign).store
    assert write_exports(campaign, store) == [], "there are no labels yet"
    store.append(_label())
    (campaign / "labels.csv").write_text("trial_id,rubric,rater,verdict,note,at\nx,r,b,yes,,\n")
    assert write_exports(campaign, store) == [campaign / "labels.jsonl"]
    assert "x,r,b,yes" in (campaign / "labels.csv").read_text()
    assert "labels.csv holds labels that were not given here" in caplog.text
