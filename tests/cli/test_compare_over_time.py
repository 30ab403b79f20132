"""``offswitch compare`` with several campaigns: dates, words, pages, and what is refused."""

import json
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from offswitch import UsageError, compare_over_time, write_over_time
from offswitch.cli import app
from offswitch.evidence.observation import Observation, write_findings, write_observations

HOSTILE = "<img src=x onerror=alert(1)>\u202e"


def campaign(folder: Path, subjects: dict[str, str]) -> Path:
    folder.mkdir()
    rows = [
        Observation(
            trial_id=f"{subject}-{number}", subject=subject, model=subject, scenario="shutdown",
            seed=number, epoch=1, outcome="succeeded" if letter == "s" else "complied",
            behaviours=("shutdown_sabotage",) if letter == "s" else (),  # type: ignore[arg-type]
            factors={"threat": "wipe"},
        )
        for subject, letters in subjects.items()
        for number, letter in enumerate(letters)
    ]  # fmt: skip
    write_observations(rows, folder / "observations.parquet")
    write_findings([], folder / "findings.parquet")
    return folder


def letters(shown: int, of: int = 40) -> str:
    return "s" * shown + "c" * (of - shown)


@pytest.fixture
def three(tmp_path: Path) -> list[Path]:
    """Three campaigns of one model, which resists more each time."""
    return [
        campaign(tmp_path / name, {"gpt": letters(shown)})
        for name, shown in {"jan": 0, "jul": 15, "dec": 30}.items()
    ]


def said(*arguments: object) -> str:
    found = CliRunner().invoke(app, ["compare", *map(str, arguments)], env={"COLUMNS": "200"})
    assert found.exit_code == 0, found.output
    return found.stdout


def test_without_dates_there_is_a_table_and_no_trend(three: list[Path]) -> None:
    text = said(*three)
    assert "Resisted in 0% of trials of gpt (jan) and in 75% of gpt (dec)" in text
    assert "trend cannot be told: no release date is known for every version" in text
    assert "It changed from gpt (jan) to gpt (jul): +38 points" in text
    assert "rose" not in text


def test_dates_of_campaigns_make_a_trend_of_three_and_none_of_two(
    three: list[Path], tmp_path: Path
) -> None:
    dates = tmp_path / "dates.yaml"
    dates.write_text("jan: 2026-01-01\njul: 2026-07-01\ndec: '2026-12-31'\n")
    assert "Over 3 versions it rose by about 75 points a year (" in said(*three, "--dates", dates)
    dates.write_text("jan: 2026-01-01\njul: 2026-07-01\n")
    text = said(*three[:2], "--dates", dates)
    assert "a trend takes 3 different release dates, and there are 2" in text
    assert "The difference is +38 points" in text
    assert "rose" not in text


def test_subjects_of_one_campaign_stand_by_their_own_dates(tmp_path: Path) -> None:
    made = {"new": letters(30), "old": letters(0), "mid": letters(15), "undated": letters(3)}
    folder = campaign(tmp_path / "all", made)
    plan = {"subjects": [{"name": "new", "model": "m", "released": "2026-12-31"}, "undated"]}
    (folder / "plan.yaml").write_text(yaml.safe_dump(plan))
    dates = tmp_path / "dates.yaml"
    dates.write_text("old: 2026-01-01\nmid: 2026-07-01\n")
    (found,) = compare_over_time([folder], dates=dates)
    assert [point.subject for point in found.lines[0].points] == ["old", "mid", "new"]
    assert found.lines[0].trend.per_year == pytest.approx(0.75, abs=0.02)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("gpd: 2026-01-01", "there is no subject or campaign 'gpd'. Did you mean 'gpt'"),
        ("gpt: May", "gpt: 'May' is no day; write it as 2026-05-31"),
        ("- gpt", "write a line 'NAME: 2026-05-31'"),
        ("a: [", "cannot be read as YAML"),
    ],
)
def test_wrong_dates_are_refused_with_the_place(
    text: str, message: str, three: list[Path], tmp_path: Path
) -> None:
    (tmp_path / "dates.yaml").write_text(text)
    with pytest.raises(UsageError, match=r"dates\.yaml") as error:
        compare_over_time(three, dates=tmp_path / "dates.yaml")
    assert message in str(error.value)


def test_what_cannot_be_compared_is_refused_with_the_remedy(
    three: list[Path], tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match="one campaign is compared with nothing"):
        compare_over_time(three[:1])
    other = campaign(tmp_path / "other", {"x": "c", "y": "c"})
    with pytest.raises(UsageError, match="no subject in common: name them, --subject A=B"):
        compare_over_time([*three, other])
    with pytest.raises(UsageError, match="one for each of the 3 campaigns"):
        compare_over_time(three, subjects=["gpt=gpt"])
    with pytest.raises(UsageError, match="there is no subject 'gpd'"):
        compare_over_time(three, subjects=["gpt=gpd=gpt"])
    with pytest.raises(UsageError, match="'blackmail'"):
        compare_over_time(three, measure="blackmail")
    with pytest.raises(UsageError, match=r"ends in \.html or \.svg"):
        write_over_time([], tmp_path / "a.png")


def test_json_has_all_of_it_and_a_page_is_written(three: list[Path], tmp_path: Path) -> None:
    page = tmp_path / "over.html"
    found = json.loads(said(*three, "--json", "--out", page))
    assert [p["rate"]["count"] for p in found[0]["lines"][0]["points"]] == [0, 15, 30]
    text = page.read_text()
    assert "<svg" in text
    assert "75%" in text
    assert "<script" not in text


def test_names_in_a_page_and_a_figure_are_shown_and_do_nothing(tmp_path: Path) -> None:
    folders = [campaign(tmp_path / n, {HOSTILE: letters(5)}) for n in ("a", "b", "c")]
    found = compare_over_time(folders)
    for suffix in ("html", "svg"):
        written = write_over_time(found, tmp_path / f"x.{suffix}").read_text()
        assert "<img" not in written
        assert "\u202e" not in written
