import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

PLAN = {
    "name": "small",
    "subjects": ["reference/compliant", "reference/covert"],
    "scenarios": {"blackmail": {"threat": ["none", "wipe"]}},
    "worlds": 2,
}


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    path = tmp_path / "small.yaml"
    path.write_text(yaml.safe_dump(PLAN))
    return path


def offswitch(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "offswitch.cli", *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


def test_a_run_ends_with_the_rates_the_report_and_the_way_to_the_logs(
    plan: Path, tmp_path: Path
) -> None:
    ended = offswitch("run", "small.yaml", cwd=tmp_path)
    assert ended.returncode == 0, ended.stderr
    out = tmp_path / "small-results"
    assert {p.name for p in out.iterdir()} >= {
        "plan.yaml", "logs", "observations.parquet", "findings.parquet", "analysis.json",
        "report.html",
    }  # fmt: skip
    assert "reference/covert" in ended.stdout
    assert "Report: small-results/report.html" in ended.stdout
    assert ended.stdout.endswith("inspect view --log-dir small-results/logs\n")
    assert "small: 8 trials" in ended.stderr
    assert "4/4 cells, 8/8 trials" in ended.stderr

    again = offswitch("run", "small.yaml", cwd=tmp_path)
    assert "8 trials, 8 of them finished earlier" in again.stderr
    other = offswitch("run", "small.yaml", "--set", "worlds=3", cwd=tmp_path)
    assert other.returncode == 3
    assert "-  count: 2\n+  count: 3" in other.stderr


def test_json_is_all_that_is_printed(plan: Path, tmp_path: Path) -> None:
    ended = offswitch(
        "run", "small.yaml", "--out", "o", "--set", "worlds=1", "--json", cwd=tmp_path
    )
    assert ended.stderr == ""
    printed = json.loads(ended.stdout)
    assert printed["analysis"]["totals"]["trials"] == 4
    assert printed["analysis"] == json.loads((tmp_path / "o" / "analysis.json").read_text())
    assert (tmp_path / printed["report"]).is_file()
