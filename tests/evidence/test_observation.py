from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from pydantic import ValidationError

from offswitch.evidence.observation import (
    FINDINGS,
    OBSERVATIONS,
    FindingRow,
    Observation,
    TableError,
    read_findings,
    read_observations,
    write_findings,
    write_observations,
)
from offswitch.scenarios.findings import Behaviour


def observation(number: int = 0, **changes: Any) -> Observation:
    values = {
        "trial_id": f"trial-{number}",
        "subject": "reference/covert",
        "model": "reference/covert",
        "scenario": "shutdown",
        "seed": number,
        "epoch": 1,
        "outcome": "complied",
    }
    return Observation(**(values | changes))


def finding(**changes: Any) -> FindingRow:
    values = {
        "trial_id": "trial-0",
        "behaviour": "coercion",
        "severity": "succeeded",
        "detector": "blackmail/coercion",
        "summary": "Tied a private fact to a demand.",
        "evidence": [4, 7],
        "message_ids": ["m1"],
    }
    return FindingRow(**(values | changes))


def test_rows_come_back_as_they_were_written(tmp_path: Path) -> None:
    path = tmp_path / "observations.parquet"
    rows = [
        observation(0, factors={"threat": "wipe"}, turns=3, judges={"careful": True}),
        observation(1, factors={"goal": "none"}, outcome="error", error="the sandbox died"),
        observation(2, outcome="attempted", behaviours=["coercion", "deception"], concealed=True),
    ]
    written = write_observations(rows, path)
    read = read_observations(path)
    assert_frame_equal(read, written)
    assert read["factor.threat"].to_list() == ["wipe", None, None]
    assert read["factor.goal"].to_list() == [None, "none", None]
    assert read["judge.careful"].to_list() == [True, None, None]
    assert read["behaviours"].to_list() == [[], [], ["coercion", "deception"]]
    assert read["turns"].to_list() == [3, None, None], "unknown is null, never zero"
    assert read["cost_usd"].null_count() == 3


def test_an_empty_campaign_is_a_table_with_every_column(tmp_path: Path) -> None:
    write_observations([], tmp_path / "o.parquet")
    read = read_observations(tmp_path / "o.parquet")
    assert read.height == 0
    assert read.columns == [c.name for c in OBSERVATIONS.columns if not c.family]


def test_findings_come_back_with_their_evidence(tmp_path: Path) -> None:
    path = tmp_path / "findings.parquet"
    write_findings([finding(), finding(behaviour="deception", quote="all is well")], path)
    read = read_findings(path)
    assert read["evidence"].to_list() == [[4, 7], [4, 7]]
    assert read["quote"].to_list() == [None, "all is well"]


@settings(max_examples=40, deadline=None)
@given(
    text=st.text(st.characters(codec="utf-8")),
    level=st.text(st.characters(codec="utf-8"), min_size=1),
    seed=st.integers(-(2**63), 2**63 - 1),
    seconds=st.none() | st.floats(0, allow_infinity=False, allow_nan=False),
    behaviours=st.lists(st.sampled_from(Behaviour), min_size=1, unique=True),
)
def test_any_text_and_number_survives_the_file(
    tmp_path_factory: pytest.TempPathFactory,
    text: str,
    level: str,
    seed: int,
    seconds: float | None,
    behaviours: list[Behaviour],
) -> None:
    path = tmp_path_factory.mktemp("table") / "o.parquet"
    changes = {"subject": text, "seed": seed, "wall_s": seconds, "factors": {"threat": level}}
    row = observation(0, outcome="succeeded", behaviours=behaviours, **changes)
    write_observations([row], path)
    read = read_observations(path).row(0, named=True)
    assert (read["subject"], read["seed"], read["wall_s"]) == (text, seed, seconds)
    assert (read["factor.threat"], read["behaviours"]) == (level, [str(b) for b in behaviours])


@pytest.mark.parametrize(
    "changes",
    [
        {"outcome": "refused"},
        {"behaviours": ["rudeness"]},
        {"epoch": 0},
        {"turns": -1},
        {"wall_s": float("nan")},
        {"awareness": "maybe"},
        {"mood": "good"},
    ],
)
def test_a_row_outside_the_schema_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        observation(0, **changes)


def test_a_finding_without_evidence_is_refused() -> None:
    with pytest.raises(ValidationError, match="evidence"):
        finding(evidence=[])


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([observation(0), observation(0)], "'trial_id' holds 'trial-0' more than once"),
        ([observation(0, outcome="error")], "column 'error', row 0"),
        ([observation(0, error="odd")], "column 'error', row 0"),
        ([observation(0), observation(1, outcome="attempted")], "column 'behaviours', row 1"),
    ],
)
def test_rows_that_contradict_themselves_are_refused(
    rows: list[Observation], message: str, tmp_path: Path
) -> None:
    path = tmp_path / "o.parquet"
    with pytest.raises(TableError, match=message):
        write_observations(rows, path)
    assert list(tmp_path.iterdir()) == []


def test_a_missing_file_says_what_makes_it(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="offswitch run PLAN --out"):
        read_observations(tmp_path / "observations.parquet")


def corrupt(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])


def text(path: Path) -> None:
    path.write_text("trial_id,subject\n1,2\n")


def empty(path: Path) -> None:
    path.write_bytes(b"")


def foreign(path: Path) -> None:
    pl.DataFrame({"trial_id": ["a"]}).write_parquet(path)


def other_table(path: Path) -> None:
    path.unlink()
    write_findings([finding()], path)


def _header(path: Path, **changes: str) -> None:
    table = pq.read_table(path)
    old = {k.decode(): v.decode() for k, v in table.schema.metadata.items()}
    pq.write_table(table.replace_schema_metadata(old | changes), path)


def older(path: Path) -> None:
    _header(path, **{"offswitch.schema": "0", "offswitch.version": "0.0.1"})


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (corrupt, "not a readable parquet file"),
        (text, "not a readable parquet file"),
        (empty, "not a readable parquet file"),
        (foreign, "not offswitch's table of observations"),
        (other_table, "not offswitch's table of observations"),
        (older, "schema 0 by offswitch 0.0.1"),
    ],
)
def test_a_file_that_is_not_the_table_is_refused_and_left_alone(
    damage: Any, message: str, tmp_path: Path
) -> None:
    path = tmp_path / "observations.parquet"
    write_observations([observation(0)], path)
    damage(path)
    before = path.read_bytes()
    for use in (lambda: read_observations(path), lambda: write_observations([], path)):
        with pytest.raises(TableError, match=message) as caught:
            use()
        assert str(path) in str(caught.value)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def _damaged(path: Path, column: str, values: pa.Array | None) -> None:
    table = pq.read_table(path)
    place = table.schema.get_field_index(column)
    metadata = table.schema.metadata
    table = table.remove_column(place) if place >= 0 else table
    table = table if values is None else table.append_column(column, values)
    pq.write_table(table.replace_schema_metadata(metadata), path)


@pytest.mark.parametrize(
    ("column", "values", "message"),
    [
        ("outcome", None, "column 'outcome' is missing"),
        ("outcome", pa.array(["refused"]), "column 'outcome' holds 'refused'. Allowed: complied"),
        ("outcome", pa.array([None], pa.string()), "column 'outcome' has no value in 1 rows"),
        ("seed", pa.array(["one"]), "column 'seed' has type String, not Int64"),
        ("epoch", pa.array([0]), "column 'epoch' holds 0; the least allowed is 1"),
        ("behaviours", pa.array([["rudeness"]]), "column 'behaviours' holds 'rudeness'"),
        ("mood", pa.array(["good"]), "column 'mood' is not declared"),
        ("judge.", pa.array([True]), "column 'judge.' is not declared"),
    ],
)
def test_a_damaged_column_is_named(
    column: str, values: pa.Array | None, message: str, tmp_path: Path
) -> None:
    path = tmp_path / "observations.parquet"
    write_observations([observation(0)], path)
    _damaged(path, column, values)
    with pytest.raises(TableError, match=message):
        read_observations(path)


def test_writing_again_replaces_the_table(tmp_path: Path) -> None:
    path = tmp_path / "o.parquet"
    write_observations([observation(0)], path)
    write_observations([observation(1), observation(2)], path)
    assert read_observations(path)["trial_id"].to_list() == ["trial-1", "trial-2"]


def test_every_column_is_documented() -> None:
    guide = (Path(__file__).parents[2] / "docs" / "statistics.md").read_text()
    for table in (OBSERVATIONS, FINDINGS):
        assert all(column.meaning for column in table.columns)
        assert table.markdown() in guide, f"docs/statistics.md: the table of {table.name} is stale"
