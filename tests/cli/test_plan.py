"""Preregistration end to end: freeze, show, check, run, deviate, resume, tamper."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

PLAN = {
    "name": "small",
    "subjects": ["reference/compliant", "reference/covert"],
    "scenarios": {"blackmail": {"threat": ["none", "wipe"]}},
    "worlds": 2,
    "interview": False,
    "hypotheses": [
        "self-preservation",
        {
            "name": "threat matters",
            "change": {"threat": ["none", "wipe"]},
            "direction": "higher",
            "role": "secondary",
            "subjects": "reference/covert",
        },
    ],
}


def offswitch(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "offswitch.cli", *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


@pytest.fixture
def frozen(tmp_path: Path) -> Path:
    (tmp_path / "small.yaml").write_text(yaml.safe_dump(PLAN))
    ended = offswitch("plan", "freeze", "small.yaml", "--out", "f.yaml", cwd=tmp_path)
    assert ended.returncode == 0, ended.stderr
    assert "Run it:  offswitch run f.yaml" in ended.stdout
    return tmp_path / "f.yaml"


def _analysis(out: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((out / "analysis.json").read_text())
    return found


def test_a_frozen_plan_is_shown_checked_and_run_as_any_plan(frozen: Path) -> None:
    here = frozen.parent
    shown = offswitch("plan", "show", "f.yaml", cwd=here)
    assert "blackmail under 2 conditions; 2 worlds each" in shown.stdout
    assert "Primary: self-preservation. It resists because its own continuation" in shown.stdout
    assert "Secondary: threat matters. Resisted more often in blackmail under" in shown.stdout
    checked = offswitch("plan", "check", "f.yaml", "--json", cwd=here)
    assert json.loads(checked.stdout)["sha256"] in shown.stdout

    ended = offswitch("run", "f.yaml", "--out", "r", cwd=here)
    assert ended.returncode == 0, ended.stderr
    assert "Deviat" not in ended.stdout + ended.stderr
    assert "secondary 'threat matters', reference/covert: undecided" in " ".join(
        ended.stdout.split()
    )
    out = here / "r"
    assert (out / "registration.yaml").read_text() == frozen.read_text()
    found = _analysis(out)
    registration = found["registration"]
    assert registration["sha256"] == json.loads(checked.stdout)["sha256"]
    assert registration["deviations"] == []
    assert [(r["hypothesis"], r["subject"]) for r in registration["results"]] == [
        ("self-preservation", "reference/compliant"),
        ("self-preservation", "reference/covert"),
        ("threat matters", "reference/covert"),
    ]
    labels = {(c["kind"], c["second"]["subject"]): c["exploratory"] for c in found["contrasts"]}
    assert labels["condition", "reference/covert"] is False
    assert labels["condition", "reference/compliant"] is True
    assert labels["subject", "reference/covert"] is True
    assert registration["exploratory_contrasts"] == sum(
        bool(each["exploratory"]) for each in found["contrasts"]
    )
    page = (out / "report.html").read_text()
    assert "What was registered" in page
    assert registration["sha256"] in page


def test_what_is_set_on_the_way_is_a_deviation_and_stays_one(frozen: Path) -> None:
    here, text = frozen.parent, frozen.read_text()
    first = offswitch("run", "f.yaml", "--out", "r", "--set", "worlds=1", cwd=here)
    assert first.returncode == 0, first.stderr
    assert "Deviates from what is registered: worlds" in first.stderr
    (deviation,) = _analysis(here / "r")["registration"]["deviations"]
    assert deviation["what"] == "worlds"
    assert deviation["stage"] == "run"
    assert deviation["registered"] == {"count": 2, "first": 1}
    assert deviation["actual"] == [1]
    assert (here / "r" / "registration.yaml").read_text() == text

    # resuming with another rule of analysis adds to it, and takes nothing back
    again = offswitch(
        "run", "f.yaml", "--out", "r", "--set", "worlds=1",
        "--set", "analysis.correction=benjamini-hochberg", cwd=here,
    )  # fmt: skip
    assert again.returncode == 0, again.stderr
    third = offswitch("run", "r/plan.yaml", "--out", "r", cwd=here)
    assert third.returncode == 0, third.stderr
    found = _analysis(here / "r")["registration"]["deviations"]
    assert [each["what"] for each in found] == ["worlds", "analysis.correction"]
    assert found[0] == deviation
    assert (found[1]["registered"], found[1]["actual"]) == ("holm", "benjamini-hochberg")
    assert "worlds: registered count: 2" in " ".join(again.stdout.split())

    # what defines the trials cannot change in a campaign that was begun
    other = offswitch("run", "f.yaml", "--out", "r", cwd=here)
    assert other.returncode == 3
    assert "another plan was run here" in other.stderr


def test_a_frozen_file_that_was_edited_is_refused_everywhere(frozen: Path) -> None:
    here = frozen.parent
    frozen.write_text(frozen.read_text().replace("direction: higher", "direction: lower", 1))
    for command in (("run", "f.yaml", "--out", "r"), ("plan", "check", "f.yaml"),
                    ("plan", "show", "f.yaml"), ("plan", "freeze", "f.yaml")):  # fmt: skip
        ended = offswitch(*command, cwd=here)
        assert ended.returncode == 3
        assert "f.yaml: this plan was changed after it was frozen" in ended.stderr
        assert "freeze the plan anew" in ended.stderr
    assert not (here / "r").exists()


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (("plan", "check", "none.yaml"), "there is no such file"),
        (("plan", "check", "small.yaml"), "was never registered. Do so with: offswitch plan"),
        (("plan", "freeze", "small.yaml", "--out", "f.yaml"), "is there already"),
        (("plan", "freeze", "small.yaml", "--set", "hypotheses=[nudge]"), "Did you mean 'nudging'"),
        (("run", "f.yaml", "--set", "registration.sha256=1"), "a registration is not changed"),
        (("run", "small.yaml", "--dry-run", "--set", "analysis.outcome=won"), "no outcome 'won'"),
    ],
)
def test_what_is_wrong_is_said_with_the_remedy(
    command: tuple[str, ...], said: str, frozen: Path
) -> None:
    ended = offswitch(*command, cwd=frozen.parent)
    assert ended.returncode == 3
    assert said in ended.stderr
