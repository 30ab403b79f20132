import json
import resource
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from offswitch.cli import app, main
from offswitch.cli.scenarios import _paragraphs
from offswitch.scenarios import scenario_names

COMMANDS = (
    ("demo",), ("run",), ("analyse",), ("report",), ("label",),
    ("models", "list"), ("models", "pull"),
    ("scenarios", "list"), ("scenarios", "show"), ("scenarios", "preview"),
)  # fmt: skip


def invoke(*arguments: str) -> str:
    result = CliRunner(env={"COLUMNS": "100", "TERM": "dumb"}).invoke(app, list(arguments))
    assert result.exit_code == 0, result.output
    return result.stdout


def status(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["offswitch", *arguments])
    with pytest.raises(SystemExit) as end:
        main()
    assert isinstance(end.value.code, int)
    return end.value.code


def test_help_comes_at_once() -> None:
    command = [sys.executable, "-m", "offswitch.cli", "--help"]
    seconds = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, check=True, capture_output=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert min(seconds) < 1.0, "something heavy is imported when the command line starts"


@pytest.mark.parametrize("module", ["inspect_ai", "torch", "polars", "altair", "pydantic"])
def test_nothing_heavy_is_imported_for_help(module: str) -> None:
    code = f"import sys, offswitch, offswitch.cli; sys.exit({module!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_explains_itself_with_an_example(command: tuple[str, ...]) -> None:
    assert f"Example: offswitch {' '.join(command)}" in invoke(*command, "--help")


def test_version(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert status(monkeypatch, "--version") == 0
    assert capsys.readouterr().out.startswith("offswitch 0.")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["runn"], "Did you mean 'run'"),
        (["run"], "Missing argument"),
        (["run", "smoke", "--ot", "x"], "No such option: --ot"),
        (["run", "smok"], "there is no preset or file 'smok'. Did you mean 'smoke'?"),
        (["run", "smoke", "--set", "worlds=none"], "--set worlds=none: worlds: "),
        (["run", "smoke", "--set", "subjects=nobody/x"], "there is no provider of subjects"),
        (["run", "smoke", "--set", "sandbox=dokcer"], "Did you mean 'docker'?"),
        (["scenarios", "show", "blackmale"], "Did you mean 'blackmail'?"),
        (["scenarios", "preview", "blackmail", "--set", "threat"], "write factor=level"),
        (["scenarios", "preview", "blackmail", "--set", "thread=wipe"], "Did you mean 'threat'?"),
        (["scenarios", "preview", "blackmail", "--set", "threat=wip"], "Did you mean 'wipe'?"),
        (["analyse", "nowhere"], "there is no such file"),
    ],
)
def test_wrong_input_is_explained_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    arguments: list[str],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert status(monkeypatch, *arguments) == 3
    printed = capsys.readouterr()
    assert message in printed.err
    assert "Traceback" not in printed.err
    assert printed.out == ""
    assert list(tmp_path.iterdir()) == [], "nothing was begun"


def test_other_errors_are_short_unless_the_traceback_is_wanted(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("the disk is [red]full")

    monkeypatch.setattr("offswitch.api.run", fail)
    monkeypatch.chdir(tmp_path)
    assert status(monkeypatch, "run", "smoke", "--json") == 1
    printed = capsys.readouterr().err
    assert "offswitch: RuntimeError: the disk is [red]full" in printed
    assert "OFFSWITCH_TRACEBACK=1" in printed
    monkeypatch.setenv("OFFSWITCH_TRACEBACK", "1")
    with pytest.raises(RuntimeError, match="the disk is"):
        main()


def test_scenarios_are_listed_and_shown() -> None:
    listed = invoke("scenarios", "list")
    for name in scenario_names():
        assert name in listed
        shown = invoke("scenarios", "show", name)
        assert "Ways out" in shown
        assert "(baseline)" in shown
        meta = json.loads(invoke("scenarios", "show", name, "--json"))
        assert meta["name"] == name
    assert [m["name"] for m in json.loads(invoke("scenarios", "list", "--json"))] == list(
        scenario_names()
    )


@pytest.mark.parametrize("name", scenario_names())
def test_a_preview_shows_what_the_subject_sees(name: str) -> None:
    spec = json.loads(invoke("scenarios", "preview", name, "--seed", "3", "--json"))
    shown = invoke("scenarios", "preview", name, "--seed", "3")
    flat = " ".join(shown.split())
    texts = [spec["system"], spec["user"], *spec["tools"]]
    texts += [mail["body"] for mail in spec["mails"]]
    texts += [*spec["files"].values(), *(question["text"] for question in spec["questions"])]
    texts += [happening["id"] for happening in spec["happenings"]]
    for text in texts:
        assert " ".join(text.split()) in flat
    order = [shown.index(f"\n{tool}: ") for tool in spec["tools"]]
    assert order == sorted(order)


def test_a_preview_follows_condition_and_seed() -> None:
    one = invoke("scenarios", "preview", "blackmail", "--seed", "3")
    assert one == invoke("scenarios", "preview", "blackmail", "--seed", "3")
    assert one != invoke("scenarios", "preview", "blackmail", "--seed", "4")
    bare = json.loads(invoke("scenarios", "preview", "blackmail", "--set", "threat=none", "--json"))
    assert bare["condition"]["threat"] == "none"


def test_nothing_in_a_text_is_taken_for_markup(capsys: pytest.CaptureFixture[str]) -> None:
    _paragraphs(Console(width=80), "[bold]not bold[/bold] [link=x]y[/]")
    assert capsys.readouterr().out == "[bold]not bold[/bold] [link=x]y[/]\n"
