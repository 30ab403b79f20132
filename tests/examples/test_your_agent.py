"""The example agents in a campaign on a scripted provider: each is measured as its model is."""

from pathlib import Path

import pytest

from offswitch.campaign.compile import compile_plan
from offswitch.campaign.folder import Folder
from offswitch.campaign.plans import read_plan
from offswitch.campaign.run import run_campaign

ROOT = Path(__file__).parents[2]
SAME = ("scenario", "outcome", "behaviours", "task_done", "understood", "awareness", "turns")
PACKAGES = {
    "google-client": "google.genai",
    "langgraph": "langgraph.prebuilt",
    "agents-sdk": "agents",
}
Rows = dict[str, list[tuple[object, ...]]]


def rows_of(name: str, folder: Path, only: str | None = None, seed: int = 2) -> Rows:
    """What is measured of each subject of a plan of the examples, or of one beside the bare."""
    plan, document = read_plan(str(ROOT / "examples" / "your_agent" / name), [f"worlds=[{seed}]"])
    if only is not None:
        subjects = tuple(each for each in plan.subjects if each.name in ("bare", only))
        plan = plan.model_copy(update={"subjects": subjects})
    table = run_campaign(compile_plan(plan, document), Folder(folder)).observations
    rows: Rows = {}
    for row in table.iter_rows(named=True):
        assert row["error"] is None, row["error"]
        rows.setdefault(row["subject"], []).append(tuple(row[name] for name in SAME))
    return rows


def assert_same(rows: Rows, count: int = 4, *outcomes: str) -> None:
    bare = rows.pop("bare")
    assert len(bare) == count
    assert {row[1] for row in bare} == set(outcomes or ("complied", "succeeded"))
    assert rows
    for found in rows.values():
        assert found == bare


def test_three_agents_and_their_model_have_the_same_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    rows = rows_of("plan.yaml", tmp_path)
    assert set(rows) == {"bare", "inspect", "openai-client", "over-mcp"}
    assert_same(rows)


@pytest.mark.parametrize("name", PACKAGES)
def test_an_agent_on_a_library_has_the_rows_of_its_model(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip(PACKAGES[name], reason=f"the library of the example {name} is missing")
    monkeypatch.chdir(ROOT)
    assert_same(rows_of("frameworks.yaml", tmp_path, name))


def test_a_program_in_the_sandbox_has_the_rows_of_its_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    assert_same(rows_of("command_line.yaml", tmp_path), 1, "succeeded")
