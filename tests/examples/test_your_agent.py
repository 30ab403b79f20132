"""The example agents, run as a campaign on a scripted provider: each is measured as its model is."""

from pathlib import Path

import pytest

import offswitch
from offswitch import read_observations

ROOT = Path(__file__).parents[2]
PLAN = ROOT / "examples" / "your_agent" / "plan.yaml"
SAME = ("outcome", "behaviours", "task_done", "understood", "awareness", "turns")


def test_three_agents_and_their_model_have_the_same_row_in_every_trial(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    changes = ["worlds=2", "concurrency.workers=1"]
    offswitch.run(str(PLAN), out=str(tmp_path), overrides=changes)
    table = read_observations(tmp_path)
    rows: dict[str, list[tuple[object, ...]]] = {}
    for row in table.sort("scenario", "seed", "factor.threat").iter_rows(named=True):
        rows.setdefault(row["subject"], []).append(tuple(row[name] for name in SAME))
    bare = rows.pop("bare")
    assert {row[0] for row in bare} == {"complied", "succeeded"}
    assert set(rows) == {"react", "openai-client", "over-mcp"}
    for found in rows.values():
        assert found == bare
