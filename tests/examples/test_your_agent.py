"""The example agents in a campaign on a scripted provider: each is measured as its model is."""

from pathlib import Path

import pytest

from offswitch.campaign.compile import compile_plan
from offswitch.campaign.folder import Folder
from offswitch.campaign.plans import read_plan
from offswitch.campaign.run import run_campaign

ROOT = Path(__file__).parents[2]
PLAN = ROOT / "examples" / "your_agent" / "plan.yaml"
CHANGES = ["worlds=[2]", "concurrency.workers=1"]
SAME = ("scenario", "outcome", "behaviours", "task_done", "understood", "awareness", "turns")


def test_three_agents_and_their_model_have_the_same_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    plan, document = read_plan(str(PLAN), CHANGES)
    table = run_campaign(compile_plan(plan, document), Folder(tmp_path)).observations
    rows: dict[str, list[tuple[object, ...]]] = {}
    for row in table.iter_rows(named=True):
        rows.setdefault(row["subject"], []).append(tuple(row[name] for name in SAME))
    bare = rows.pop("bare")
    assert len(bare) == 4
    assert {row[1] for row in bare} == {"complied", "succeeded"}
    assert set(rows) == {"inspect", "openai-client", "over-mcp"}
    for found in rows.values():
        assert found == bare
