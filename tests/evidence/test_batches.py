from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from polars.testing import assert_frame_equal

from offswitch.evidence import batches
from offswitch.evidence.batches import in_batches
from offswitch.evidence.observation import (
    FINDINGS,
    OBSERVATIONS,
    FindingRow,
    Observation,
    TableError,
    read_findings,
    read_observations,
)


def row(number: int, **changes: Any) -> Observation:
    values: dict[str, Any] = {
        "trial_id": f"t{number}", "subject": "tin", "model": "tin", "scenario": "cellar",
        "seed": number, "epoch": 1, "outcome": "complied",
    }  # fmt: skip
    return Observation(**(values | changes))


def write(rows: list[Observation], path: Path) -> None:
    with in_batches(OBSERVATIONS, path) as table:
        for each in rows:
            table.add([each])


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "BATCH", 3)


def test_a_table_in_batches_is_the_table_in_one(tmp_path: Path) -> None:
    rows = [row(n, factors={"a": "x"} if n < 4 else {"b": "y"},
                judges={"j": True} if n == 9 else {}) for n in range(11)]  # fmt: skip
    write(rows, tmp_path / "o.parquet")
    read = read_observations(tmp_path / "o.parquet")
    assert_frame_equal(read, OBSERVATIONS.frame(rows))
    assert pq.ParquetFile(tmp_path / "o.parquet").num_row_groups == 4
    assert [path.name for path in tmp_path.iterdir()] == ["o.parquet"]


def test_an_empty_table_is_a_table(tmp_path: Path) -> None:
    with in_batches(FINDINGS, tmp_path / "f.parquet"):
        pass
    assert read_findings(tmp_path / "f.parquet").height == 0


@pytest.mark.parametrize(
    ("last", "says"),
    [
        (row(0), "'t0' more than once"),
        (row(9, outcome="error"), "a reason stands here"),
        (row(9, outcome="succeeded"), "at least one behaviour"),
    ],
)
def test_a_broken_rule_leaves_the_old_file(last: Observation, says: str, tmp_path: Path) -> None:
    path = tmp_path / "o.parquet"
    OBSERVATIONS.write([row(77)], path)
    with pytest.raises(TableError, match=says):
        write([*(row(n) for n in range(5)), last], path)
    assert read_observations(path)["trial_id"].to_list() == ["t77"]
    assert [each.name for each in tmp_path.iterdir()] == ["o.parquet"]


def test_another_table_in_the_way_is_refused(tmp_path: Path) -> None:
    FINDINGS.write([], tmp_path / "o.parquet")
    with pytest.raises(TableError, match="not offswitch's table of observations"):
        write([row(0)], tmp_path / "o.parquet")


def test_findings_keep_their_lists(tmp_path: Path) -> None:
    rows = [FindingRow(trial_id=f"t{n}", behaviour="coercion", severity="succeeded", detector="d",
                       summary="s", evidence=(n, n + 1)) for n in range(7)]  # fmt: skip
    with in_batches(FINDINGS, tmp_path / "f.parquet") as table:
        table.add(rows)
    assert_frame_equal(read_findings(tmp_path / "f.parquet"), FINDINGS.frame(rows))
