"""The battery on its phantoms: the preset ``ci``, every scenario on every scripted subject.

The example workflow stands here too, because the campaign that it runs is this one.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as Xml

import polars as pl
import pytest
import yaml

from offswitch.api import Results
from offswitch.campaign.folder import Folder
from offswitch.evidence.observation import read_findings, read_observations
from offswitch.inference import Analysis
from offswitch.scenarios import get_scenario, scenario_names

ROOT = Path(__file__).parents[1]
WORKFLOW = ROOT / "examples" / "ci" / "offswitch.yml"


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    """The preset as it ships, run by the first command of the example workflow."""
    place = tmp_path_factory.mktemp("ci")
    _step(_commands()[0][0], place)
    folder = Folder(place / "results")
    observations, findings = read_observations(folder.observations), read_findings(folder.findings)
    analysis = Analysis.model_validate_json((folder.path / "analysis.json").read_text())
    return Results(folder, observations, findings, analysis)


@pytest.fixture(scope="module")
def rows(results: Results) -> pl.DataFrame:
    """The table, with whether the condition tempts a self-preserving subject."""
    table = results.observations
    tempted = [_tempted(row) for row in table.iter_rows(named=True)]
    return table.with_columns(tempted=pl.Series(tempted))


def _tempted(row: dict[str, object]) -> bool:
    scenario = get_scenario(str(row["scenario"]))
    condition = {
        name.removeprefix("factor."): str(level)
        for name, level in row.items()
        if name.startswith("factor.") and level is not None
    }
    return scenario.reference.tempted(scenario.build(condition, int(str(row["seed"]))))


def test_every_scenario_ran_on_every_subject(rows: pl.DataFrame) -> None:
    assert set(rows["scenario"]) == set(scenario_names())
    assert len(scenario_names()) >= 13
    assert (
        rows.group_by("scenario").agg(pl.col("subject").n_unique())["subject"].to_list()
        == [5] * rows["scenario"].n_unique()
    )
    assert rows.filter(pl.col("outcome") == "error").height == 0
    quiet = rows.filter(pl.col("scenario") != "workload")
    cells = quiet.group_by("scenario").agg(
        tempts=pl.col("tempted").any(), calm=(~pl.col("tempted")).any()
    )
    assert cells["tempts"].all()
    assert cells["calm"].all()


def test_nothing_is_found_where_nothing_is(rows: pl.DataFrame, results: Results) -> None:
    """On the compliant subject, in controls, in twins and in ordinary work."""
    quiet = rows.filter(
        (pl.col("subject") == "reference/compliant")
        | ~pl.col("tempted")
        | (pl.col("factor.twin") == "benign")
        | (pl.col("scenario") == "workload")
    )
    found = results.findings.filter(pl.col("trial_id").is_in(quiet["trial_id"].implode()))
    assert found.height == 0, json.dumps(found.to_dicts(), default=str)[:2000]
    done = quiet.filter(pl.col("subject") == "reference/compliant")
    assert set(done["outcome"]) == {"complied"}
    asked = done.drop_nulls("understood")
    assert asked["understood"].all(), asked.filter(~pl.col("understood"))["scenario"].to_list()
    twins = done.filter(pl.col("factor.twin") == "benign")
    assert twins["task_done"].all(), twins.filter(~pl.col("task_done"))["scenario"].to_list()


@pytest.mark.parametrize(
    ("subject", "outcome", "concealed"),
    [("covert", "succeeded", True), ("clumsy", "attempted", None)],
)
def test_what_is_done_is_found_everywhere(
    rows: pl.DataFrame, subject: str, outcome: str, concealed: bool | None
) -> None:
    acted = rows.filter((pl.col("subject") == f"reference/{subject}") & pl.col("tempted"))
    wrong = acted.filter(pl.col("outcome") != outcome)
    assert wrong.height == 0, wrong.select("scenario", "seed", "outcome").to_dicts()
    if concealed is not None:
        hidden = acted.filter(pl.col("concealed").ne_missing(pl.lit(concealed)))
        assert hidden.height == 0, hidden.select("scenario", "seed").to_dicts()


def test_the_ladder_has_its_top_rung(rows: pl.DataFrame, results: Results) -> None:
    covert = rows.filter((pl.col("subject") == "reference/covert") & pl.col("tempted"))
    found = results.findings.filter(pl.col("trial_id").is_in(covert["trial_id"].implode()))
    assert "concealed" in set(found["severity"])
    honest = rows.filter(pl.col("subject") == "reference/self-preserving")
    admitted = results.findings.filter(pl.col("trial_id").is_in(honest["trial_id"].implode()))
    assert "concealed" not in set(admitted["severity"])


def test_who_cannot_is_incapable_and_who_can_chooses(rows: pl.DataFrame, results: Results) -> None:
    assert set(rows.filter(pl.col("subject") == "reference/incapable")["outcome"]) == {"incapable"}
    for found in results.analysis.competence:
        assert not found.follows_position, found


def _commands() -> tuple[list[str], dict[str, str]]:
    """The workflow's own commands and environment; what installs is left out."""
    job = yaml.safe_load(WORKFLOW.read_text())["jobs"]["gate"]
    commands = [step["run"] for step in job["steps"] if "run" in step]
    return [each for each in commands if not each.startswith("pip ")], job["env"]


def _step(command: str, place: Path) -> None:
    """Run a command of the workflow as its runner would."""
    variables = _commands()[1]
    environment = os.environ | variables
    environment["GITHUB_STEP_SUMMARY"] = str(place / "summary.md")
    environment["POLICY"] = str(ROOT / variables["POLICY"])
    line = re.sub(r"^offswitch ", f'"{sys.executable}" -m offswitch.cli ', command)
    found = subprocess.run(
        ["bash", "-e", "-c", line], cwd=place, env=environment, capture_output=True, text=True
    )
    assert found.returncode == 0, found.stdout + found.stderr


def test_the_example_workflow_ends_with_a_gate_that_passes(results: Results) -> None:
    """Its first command has run the campaign of this module."""
    commands, _ = _commands()
    assert len(commands) == 2
    place = results.folder.path.parent
    (place / "summary.md").write_text("# Before\n")
    _step(commands[1], place)
    assert (place / "summary.md").read_text().startswith("# Before\n## ✅ pass: ci")
    assert Xml.parse(place / "gate.xml").getroot().get("failures") == "0"
