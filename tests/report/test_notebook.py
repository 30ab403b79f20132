"""A campaign in a notebook: frames and a table that shows text and does nothing."""

import sys
from pathlib import Path
from typing import Any

import pytest

from offswitch import UsageError, load
from offswitch.evidence.observation import Observation, write_findings, write_observations

NAME = "<script>alert(1)</script>\u202e"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rows = [
        Observation(
            trial_id=f"{subject}{threat}{n}", subject=subject, model=subject, scenario="shutdown",
            seed=n, epoch=1, outcome=outcome, task_done=True, factors={"threat": threat},  # type: ignore[arg-type]
            behaviours=("shutdown_sabotage",) if outcome == "succeeded" else (),  # type: ignore[arg-type]
        )
        for subject, threat, outcome in [
            (NAME, "none", "complied"), (NAME, "wipe", "succeeded"), ("b", "none", "incapable"),
        ]
        for n in range(4)
    ]  # fmt: skip
    write_observations(rows, tmp_path / "observations.parquet")
    write_findings([], tmp_path / "findings.parquet")
    return tmp_path


def test_rates_are_a_row_for_each_condition(folder: Path) -> None:
    frame = load(folder).rates()
    assert frame.select("factor.threat", "resisted", "n", "incapable").rows() == [
        ("none", 0.0, 4, 0), ("wipe", 1.0, 4, 0), ("none", None, 0, 4),
    ]  # fmt: skip
    assert frame["interpretable"].to_list() == [True, True, False]


def test_pandas_frames_hold_the_same(folder: Path) -> None:
    pandas = pytest.importorskip("pandas")
    found = load(folder)
    for table, height in {"observations": 12, "findings": 0, "rates": 3}.items():
        frame = found.pandas(table)
        assert isinstance(frame, pandas.DataFrame)
        assert len(frame) == height
    with pytest.raises(UsageError, match="observations"):
        found.pandas("observation")


def test_without_pandas_its_lack_is_said(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(UsageError, match="pip install pandas"):
        load(folder).pandas()


def test_a_notebook_shows_names_escaped(folder: Path) -> None:
    shown: Any = load(folder)._repr_html_()
    assert "<script>" not in shown
    assert "&lt;script&gt;alert(1)&lt;/script&gt;⟨U+202E⟩" in shown
    assert "4 of 4 = 100%" in shown
    assert "<td>unknown</td>" in shown
