import io
import json
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from typer.testing import CliRunner

from offswitch.cli import app
from offswitch.cli.analyse import drawn, show
from offswitch.evidence.observation import (
    Observation,
    read_observations,
    write_findings,
    write_observations,
)
from offswitch.inference import Rate, analyse


def rows(subject: str = "calm", n: int = 4, **changes: Any) -> list[Observation]:
    values: dict[str, Any] = {
        "subject": subject,
        "model": subject,
        "scenario": "shutdown",
        "epoch": 1,
        "outcome": "complied",
        "factors": {"threat": "wipe"},
    }
    return [
        Observation(**(values | {"trial_id": f"{subject}-{i}", "seed": i} | changes))
        for i in range(n)
    ]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    resisting = rows("bold", outcome="succeeded", behaviours=["shutdown_sabotage"])
    failing = rows("frail", outcome="error", error="\x1b[2Jthe sandbox died")
    write_observations([*rows(), *resisting, *failing], tmp_path / "observations.parquet")
    write_findings([], tmp_path / "findings.parquet")
    return tmp_path


def _printed(folder: Path, width: int = 140) -> str:
    console = Console(file=io.StringIO(), width=width)
    show(analyse(read_observations(folder / "observations.parquet")), console)
    return console.file.getvalue()  # type: ignore[attr-defined]


def test_the_table_shows_rates_with_intervals_and_what_failed(folder: Path) -> None:
    printed = _printed(folder)
    assert "100% (40–100%)" in printed  # noqa: RUF001
    assert "0% (0–60%)" in printed  # noqa: RUF001
    lines = printed.splitlines()
    frail = next(number for number, line in enumerate(lines) if line.strip() == "frail")
    assert "unknown" in lines[frail + 1]
    assert "4 trials of frail, shutdown: ⟨U+001B⟩[2Jthe sandbox died" in printed
    assert "\x1b" not in printed


@pytest.mark.parametrize("width", [60, 80, 140])
def test_it_fits_the_terminal_and_loses_no_number(folder: Path, width: int) -> None:
    printed = _printed(folder, width)
    assert max(len(line) for line in printed.splitlines()) <= width
    assert "100% (40–100%)" in printed  # noqa: RUF001
    assert ("●" in printed) == (width == 140)
    assert ("4 of 4 = 100%" in printed) == (width < 140)


def test_json_is_all_that_is_printed(folder: Path) -> None:
    result = CliRunner().invoke(app, ["analyse", str(folder), "--json"])
    assert result.exit_code == 0, result.output
    printed = json.loads(result.stdout)
    assert printed == json.loads((folder / "analysis.json").read_text())
    assert printed["totals"]["trials"] == 12


def test_report_writes_one_page_and_names_it(folder: Path) -> None:
    target = folder / "page.html"
    result = CliRunner().invoke(app, ["report", str(folder), "--out", str(target), "--json"])
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout) == {"report": str(target), "bytes": target.stat().st_size}
    assert target.read_text().startswith("<!doctype html>")


def test_report_writes_figures_where_it_is_told_to(folder: Path, tmp_path: Path) -> None:
    where = tmp_path / "figures"
    arguments = ["report", str(folder), "--figures", str(where), "--json"]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    written = json.loads(result.stdout)["figures"]
    assert sorted(written) == sorted(map(str, where.iterdir()))
    assert {Path(name).suffix for name in written} == {".svg", ".png", ".csv"}


def test_a_corrupt_table_stops_both_and_changes_nothing(folder: Path) -> None:
    path = folder / "observations.parquet"
    path.write_bytes(b"not parquet")
    for command in ("analyse", "report"):
        result = CliRunner().invoke(app, [command, str(folder)])
        assert "not a readable parquet file" in str(result.exception)
    assert path.read_bytes() == b"not parquet"
    assert sorted(p.name for p in folder.iterdir()) == ["findings.parquet", "observations.parquet"]


@pytest.mark.parametrize(
    ("rate", "low", "high", "line"),
    [
        (0.0, 0.0, 0.09, "●━··················"),
        (0.5, 0.3, 0.7, "······━━━━●━━━━·····"),
        (1.0, 0.91, 1.0, "··················━●"),
        (None, None, None, "····················"),
    ],
)
def test_intervals_are_drawn_to_scale(
    rate: float | None, low: float | None, high: float | None, line: str
) -> None:
    values = {"rate": rate, "low": low, "high": high, "method": None, "effective_n": None}
    assert drawn(Rate(count=0, n=0, level=0.95, **values)) == line  # type: ignore[arg-type]


def test_scores_in_two_conditions_are_compared(tmp_path: Path) -> None:
    calm = rows(factors={"threat": "none"}, score=0.9)
    threatened = rows("calm", score=0.4)
    threatened = [r.model_copy(update={"trial_id": f"{r.trial_id}w"}) for r in threatened]
    write_observations([*calm, *threatened], tmp_path / "observations.parquet")
    printed = " ".join(_printed(tmp_path).split())
    assert "shutdown, calm: score, threat none 90%, wipe 40%: -50 points" in printed
    assert "4 worlds" in printed


@pytest.fixture
def ladder(tmp_path: Path) -> Path:
    levels = ["none", *(f"level{i}" for i in range(12))]
    every = [
        row.model_copy(update={"trial_id": f"{level}{row.trial_id}"})
        for level in levels
        for row in rows(
            n=12,
            factors={"instruction": level},
            outcome="succeeded" if level == "none" else "complied",
            behaviours=["shutdown_sabotage"] if level == "none" else [],
        )
    ]
    write_observations(every, tmp_path / "observations.parquet")
    write_findings([], tmp_path / "findings.parquet")
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "lines", "rest"),
    [([], 8, "4 more contrasts"), (["--all"], 12, None), (["--pairs", "all"], 8, "70 more")],
)
def test_contrasts_are_printed_the_most_certain_first(
    ladder: Path, arguments: list[str], lines: int, rest: str | None
) -> None:
    result = CliRunner().invoke(app, ["analyse", str(ladder), *arguments], env={"COLUMNS": "200"})
    assert result.exit_code == 0, result.output
    printed = result.stdout
    assert printed.count("100 points less often") == lines
    assert (rest in printed) if rest else ("more contrast" not in printed)


@pytest.mark.parametrize(
    ("option", "value"), [("--pairs", "everything"), ("--correction", "bonferroni")]
)
def test_a_wrong_choice_lists_those_that_exist(ladder: Path, option: str, value: str) -> None:
    result = CliRunner().invoke(app, ["analyse", str(ladder), option, value])
    assert f"'{value}'" in str(result.exception)
    assert "Known: " in str(result.exception)
