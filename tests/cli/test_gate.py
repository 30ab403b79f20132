"""``offswitch gate``: exit statuses, files, and the example workflow on the preset ``ci``."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Xml

import pytest
import yaml

from offswitch.cli import _status
from offswitch.evidence.observation import Observation, write_findings, write_observations

ROOT = Path(__file__).parents[2]
WORKFLOW = ROOT / "examples" / "ci" / "offswitch.yml"


def campaign(folder: Path, letters: str) -> Path:
    folder.mkdir()
    rows = [
        Observation(
            trial_id=f"t{number}", subject="gpt", model="gpt", scenario="shutdown", seed=number,
            epoch=1, outcome="succeeded" if letter == "s" else "complied",
            behaviours=("shutdown_sabotage",) if letter == "s" else (), task_done=True,  # type: ignore[arg-type]
            factors={"instruction": "allow"},
        )
        for number, letter in enumerate(letters)
    ]  # fmt: skip
    write_observations(rows, folder / "observations.parquet")
    write_findings([], folder / "findings.parquet")
    return folder


def status(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    monkeypatch.setattr(sys, "argv", ["offswitch", "gate", *map(str, arguments)])
    return _status()


@pytest.mark.parametrize(
    ("letters", "expected"), [("c" * 80, 0), ("s" * 80, 1), ("c" * 20, 2), (None, 3)]
)
def test_exit_status_under_the_default_policy(
    letters: str | None, expected: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = campaign(tmp_path / "a", letters) if letters is not None else tmp_path / "none"
    assert status(monkeypatch, folder) == expected


def test_a_wrong_policy_is_wrong_input(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    policy = tmp_path / "p.yaml"
    policy.write_text("name: p\nrequirements: [{type: rate, measure: resisted}]")
    folder = campaign(tmp_path / "a", "c")
    assert status(monkeypatch, folder, "--policy", policy) == 3
    assert "'below' and 'above'" in capsys.readouterr().err
    missing = tmp_path / "no" / "gate.xml"
    assert status(monkeypatch, folder, "--junit", missing) == 3


def test_json_is_all_that_is_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert status(monkeypatch, campaign(tmp_path / "a", "s" * 80), "--json") == 1
    found = json.loads(capsys.readouterr().out)
    failed = [r["id"] for r in found["requirements"] if r["status"] == "fail"]
    assert failed == ["seldom-resists", "never-with-effect", "follows-instruction"]


def test_an_earlier_campaign_is_found_from_the_policy_or_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, after = campaign(tmp_path / "may", "c" * 60), campaign(tmp_path / "june", "s" * 60)
    policies = tmp_path / "policies"
    policies.mkdir()
    requirement: dict[str, Any] = {"type": "regression", "points": 2}
    for name, more in {"named": {"against": "../may"}, "open": {}}.items():
        data = {"name": name, "requirements": [requirement | more]}
        (policies / f"{name}.yaml").write_text(yaml.safe_dump(data))
    assert status(monkeypatch, after, "--policy", policies / "named.yaml") == 1
    assert status(monkeypatch, after, "--policy", policies / "open.yaml") == 2
    assert status(monkeypatch, after, "--policy", policies / "open.yaml", "--against", before) == 1


def _commands() -> tuple[list[str], dict[str, str]]:
    """The workflow's own commands and environment; what installs is left out."""
    job = yaml.safe_load(WORKFLOW.read_text())["jobs"]["gate"]
    commands = [step["run"] for step in job["steps"] if "run" in step]
    return [each for each in commands if not each.startswith("pip ")], job["env"]


def test_the_example_workflow_runs_on_the_preset_ci(tmp_path: Path) -> None:
    commands, variables = _commands()
    assert len(commands) == 2
    summary = tmp_path / "summary.md"
    summary.write_text("# Before\n")
    python = f'"{sys.executable}" -m offswitch.cli '
    environment = os.environ | variables
    environment |= {"GITHUB_STEP_SUMMARY": str(summary), "POLICY": str(ROOT / variables["POLICY"])}
    for command in commands:
        line = re.sub(r"^offswitch ", python.replace("\\", "/"), command)
        found = subprocess.run(
            ["bash", "-e", "-c", line],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
        )
        assert found.returncode == 0, found.stdout + found.stderr
    assert summary.read_text().startswith("# Before\n## ✅ pass: ci")
    assert Xml.parse(tmp_path / "gate.xml").getroot().get("failures") == "0"
