import json
from pathlib import Path

import pytest
from tests.cli.test_cli import invoke, status

from offswitch.campaign.presets import preset_names
from offswitch.cli.dryrun import dollars

UNPRICED = ["--set", "subjects=[openai/o3, openai/a-model-of-tomorrow]"]


def test_a_dry_run_says_what_would_run_and_cost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shown = " ".join(invoke("run", "smoke", "--dry-run", *UNPRICED).split())
    found = json.loads(invoke("run", "smoke", "--dry-run", "--json", *UNPRICED))
    for part in found["scenarios"]:
        row = f"{part['cells']} {part['trials']} {part['turns']:.0f} {part['input_tokens']:,}"
        assert row in shown
    o3 = found["subjects"][0]
    assert f"2 / 8 {dollars(o3['cost_usd'])}" in shown
    assert "read 2026-03-21, secondary" in shown
    assert found["subjects"][1]["cost_usd"] is None
    assert found["cost_usd"] is None
    assert f"is unknown: at least {dollars(found['known_cost_usd'])}" in shown
    for line in found["assumptions"]:
        assert line in shown
    assert list(tmp_path.iterdir()) == []


def test_nothing_in_a_name_is_taken_for_markup() -> None:
    named = "subjects=[{name: '[bold]x[/bold]', model: reference/covert}]"
    assert "[bold]x[/bold]" in invoke("run", "smoke", "--dry-run", "--set", named)


def test_others_figures_are_shown_as_others() -> None:
    levels = "scenarios={shutdown: {threat: interruption, instruction: [none, allow_unfinished]}}"
    shown = " ".join(invoke("run", "palisade-2025", "--dry-run", "--set", levels).split())
    assert "others' measurements" in shown
    for words in ("Grok 4 92.6", "(90.9-94.1)", "(elsewhere 1.4)", "n=961-1000", "secondary"):
        assert words in shown, words


@pytest.mark.parametrize(
    ("cost", "words"),
    [(None, "unknown"), (0, "$0.00"), (0.004, "<$0.01"), (0.01, "$0.01"), (1234.5, "$1,234.50")],
)
def test_a_cost_in_words(cost: float | None, words: str) -> None:
    assert dollars(cost) == words


def test_every_preset_is_listed_with_what_it_is_for() -> None:
    listed = invoke("run", "--list")
    for name in preset_names():
        line = next(line for line in listed.splitlines() if line.startswith(f"{name} "))
        assert len(line.removeprefix(name).strip()) > 20
    helped = " ".join(invoke("run", "--help").split())
    for name in preset_names():
        assert name in helped


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--dry-run", "--prices", "nowhere.yaml"], "--prices nowhere.yaml: cannot be read"),
        (["--dry-run", "--set", "subjects=openia/o3"], "Did you mean 'openai'?"),
        (["--dry-run", "--seed-secret", "nowhere"], "--seed-secret nowhere: cannot be read"),
        (["--seed-secret", "nowhere"], "--seed-secret nowhere: cannot be read"),
        (["--set", "split=private"], "--set split=private: the worlds of this plan are private"),
    ],
)
def test_wrong_input_is_explained(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    arguments: list[str],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert status(monkeypatch, "run", "smoke", *arguments) == 3
    printed = capsys.readouterr()
    assert message in printed.err
    assert printed.out == ""
    assert list(tmp_path.iterdir()) == []


FRACTION = (
    "scenarios={shutdown: [{design: {kind: fractional, resolution: 3, factors: {persona: [neutral, "
    "charged], realism: [told_real, told_test], agency_line: [absent, present]}}}]}"
)


def test_what_a_design_mixes_and_what_it_can_see_is_printed() -> None:
    arguments = ("run", "smoke", "--dry-run", "--set", FRACTION, "--set", "worlds=40")
    shown = " ".join(invoke(*arguments).split())
    found = json.loads(invoke(*arguments, "--json"))
    assert "The design of shutdown: - fractional, resolution III: 4 of 8 combinations" in shown
    assert "persona cannot be told from realism x agency_line" in shown
    for part in (*found["designs"], *found["power"]):
        for line in part["words"]:
            assert " ".join(line.split()) in shown
    assert found["power"][0]["effects"][0]["seen"][1]["difference"] > 0
    assert f"with {found['power'][0]['advice']['worlds']} instead of 40 worlds" in shown
