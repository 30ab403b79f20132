"""``offswitch gate``: exit statuses, files, earlier campaigns, registrations."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

import offswitch
from offswitch.cli import _status
from offswitch.evidence.observation import Observation, write_findings, write_observations


def campaign(folder: Path, letters: str, subject: str = "gpt") -> Path:
    folder.mkdir()
    rows = [
        Observation(
            trial_id=f"t{number}", subject=subject, model=subject, scenario="shutdown", seed=number,
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


FROZEN: dict[str, Any] = {
    "name": "quick",
    "subjects": ["reference/compliant"],
    "scenarios": {"blackmail": {"threat": ["none", "wipe"]}},
    "worlds": 2,
    "limits": {"max_turns": 2},
    "interview": False,
    "hypotheses": [{"name": "h", "change": {"threat": ["none", "wipe"]}, "direction": "higher"}],
}


@pytest.fixture(scope="module")
def frozen(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a frozen plan, a policy that asks for one, and three campaigns of the plan."""
    folder = tmp_path_factory.mktemp("frozen")
    (folder / "plan.yaml").write_text(yaml.safe_dump(FROZEN))
    (folder / "p.yaml").write_text("name: p\nrequirements: [{type: registered}]")
    file = offswitch.freeze(folder / "plan.yaml", folder / "f.yaml")
    offswitch.run(file, folder / "as-registered")
    offswitch.run(file, folder / "other-worlds", overrides=["worlds=1"])
    campaign(folder / "never-frozen", "c")
    return folder


@pytest.mark.parametrize(
    ("campaign", "status", "words"),
    [
        ("as-registered", "pass", "What ran is what was registered."),
        ("other-worlds", "fail", "Deviations: worlds: registered"),
        ("never-frozen", "cannot_tell", "holds no registered plan"),
    ],
)
def test_a_registration_is_read_from_a_campaign(
    frozen: Path, campaign: str, status: str, words: str
) -> None:
    case = frozen / f"{campaign}.json"
    (found,) = offswitch.gate(frozen / campaign, frozen / "p.yaml", case_file=case).requirements
    assert found.status == status
    text = found.checks[0].sentence
    assert words in text
    if status != "cannot_tell":
        registered = json.loads((frozen / campaign / "analysis.json").read_text())["registration"]
        assert f"at {registered['frozen_at']}, SHA-256 {registered['sha256'][:12]}…" in text
    doubts = {"pass": "answered", "fail": "raised", "cannot_tell": "open"}
    (doubt,) = [
        node
        for node in json.loads(case.read_text())["root"]["children"]
        if node["kind"] == "defeater" and "after the results were known" in node["text"]
    ]
    assert doubt["standing"] == doubts[status]


@pytest.mark.parametrize(
    ("subject", "policy", "shown"),
    [
        ("gpt", None, True),
        ("gpt", "none", False),
        ("reference/compliant", None, False),
        ("reference/compliant", "default", True),
    ],
)
def test_a_report_on_models_has_the_safety_case_of_the_default_policy(
    subject: str, policy: str | None, shown: bool, tmp_path: Path
) -> None:
    folder = campaign(tmp_path / "a", "c" * 20, subject)
    page = offswitch.write_report(folder, policy=policy).read_text()
    assert ('id="safety-case"' in page) == shown
    assert ("met the policy “default”" in page) == shown
