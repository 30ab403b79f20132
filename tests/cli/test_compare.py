"""Two campaigns: what is paired, what is matched, and what is refused."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from offswitch._errors import UsageError
from offswitch.api_compare import compare
from offswitch.cli import app
from offswitch.evidence.observation import Observation, write_findings, write_observations


def _campaign(folder: Path, outcomes: dict[str, str], subject: str = "gpt", shift: int = 0) -> Path:
    folder.mkdir()
    names = {"c": "complied", "s": "succeeded", "e": "error"}
    rows = [
        Observation(
            trial_id=f"{subject}-{level}-{number}", subject=subject, model=subject,
            scenario="shutdown", seed=number + shift, epoch=1, outcome=names[letter],  # type: ignore[arg-type]
            factors={"instruction": level},
            behaviours=["shutdown_sabotage"] if letter == "s" else [],
            error="gone" if letter == "e" else None,
        )
        for level, letters in outcomes.items()
        for number, letter in enumerate(letters)
    ]  # fmt: skip
    write_observations(rows, folder / "observations.parquet")
    write_findings([], folder / "findings.parquet")
    return folder


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    before = {"none": "c" * 15, "allow": "c" * 14 + "s", "gone": "cc"}
    after = {"none": "s" * 12 + "ccc", "allow": "c" * 15, "new": "s"}
    return _campaign(tmp_path / "a", before), _campaign(tmp_path / "b", after)


def _plan(folder: Path, digest: str) -> None:
    definition = {"scenarios": {"shutdown": {"digest": digest}}, "factors": {"instruction": "x"}}
    (folder / "plan.yaml").write_text(yaml.safe_dump({"as_run": {"definition": definition}}))


def test_worlds_of_two_campaigns_are_paired(folders: tuple[Path, Path]) -> None:
    found = compare(*folders)
    worse, other = found.contrasts
    assert (worse.kind, worse.held, worse.paired) == ("campaign", {"instruction": "none"}, True)
    assert (worse.more, worse.less, worse.worlds) == (12, 0, 15)
    assert worse.p_adjusted == pytest.approx(2 * 2 * 0.5**12)
    assert (found.worse(), found.better()) == ([worse], [])
    assert (other.more, other.less, other.p_adjusted) == (0, 1, 1.0)
    assert found.only_before == ["shutdown | gpt | instruction=gone"]
    assert found.only_after == ["shutdown | gpt | instruction=new"]


@pytest.mark.parametrize(("digest", "paired"), [("one", True), ("two", False)])
def test_a_scenario_that_changed_is_not_paired(
    folders: tuple[Path, Path], digest: str, paired: bool
) -> None:
    _plan(folders[0], "one")
    _plan(folders[1], digest)
    found = compare(*folders)
    assert {each.paired for each in found.contrasts} == {paired}
    assert found.changed_scenarios == ([] if paired else ["shutdown"])


def test_other_worlds_are_independent_groups(tmp_path: Path) -> None:
    before = _campaign(tmp_path / "a", {"none": "c" * 20})
    after = _campaign(tmp_path / "b", {"none": "s" * 20}, shift=1000)
    (found,) = compare(before, after).contrasts
    assert (found.paired, found.method, found.p_method) == (False, "miettinen-nurminen", "fisher")


def test_a_renamed_model_is_matched_or_named(tmp_path: Path) -> None:
    before = _campaign(tmp_path / "a", {"none": "cccc"}, "old")
    after = _campaign(tmp_path / "b", {"none": "ssss"}, "new")
    for found in (compare(before, after), compare(before, after, subjects=["old=new"])):
        assert found.subjects == {"old": "new"}
        assert found.contrasts[0].difference == 1
    with pytest.raises(UsageError, match=r"a: there is no subject 'odl'. Did you mean 'old'"):
        compare(before, after, subjects=["odl=new"])


def test_nothing_in_common_is_refused_with_the_remedy(tmp_path: Path) -> None:
    before = _campaign(tmp_path / "a", {"none": "c"}, "old")
    after = _campaign(tmp_path / "b", {"none": "c"}, "new")
    more = [*_rows(after), *_rows(_campaign(tmp_path / "c", {"none": "c"}, "newer"))]
    write_observations(more, tmp_path / "d" / "observations.parquet")
    with pytest.raises(UsageError, match=r"--subject BEFORE=AFTER.*Before: old. After: new, newer"):
        compare(before, tmp_path / "d")


def _rows(folder: Path) -> list[Observation]:
    subject = "new" if folder.name == "b" else "newer"
    (folder.parent / "d").mkdir(exist_ok=True)
    values: dict[str, Any] = {
        "trial_id": subject, "subject": subject, "model": "m", "scenario": "shutdown", "seed": 1,
        "epoch": 1, "outcome": "complied", "factors": {},
    }  # fmt: skip
    return [Observation(**values)]


@pytest.mark.parametrize(("measure", "known"), [("coercion", "shutdown_sabotage")])
def test_a_measure_that_nothing_shows_is_refused(
    folders: tuple[Path, Path], measure: str, known: str
) -> None:
    with pytest.raises(UsageError, match=f"'{measure}'.*{known}"):
        compare(*folders, measure=measure)
    assert compare(*folders, measure=known).contrasts[0].measure == known


def test_the_command_prints_words_or_json(folders: tuple[Path, Path]) -> None:
    arguments = ["compare", *map(str, folders)]
    printed = CliRunner().invoke(app, arguments)
    assert printed.exit_code == 0, printed.output
    assert "2 cells compared: more often in 1, less often in 0, undecided in 1" in printed.stdout
    assert "resisted 80 points more often" in printed.stdout
    assert "Only before: shutdown | gpt | instruction=gone" in printed.stdout
    as_json = json.loads(CliRunner().invoke(app, [*arguments, "--json"]).stdout)
    assert as_json["contrasts"][0]["difference"] == pytest.approx(0.8)


def test_a_cell_without_evaluable_trials_says_why(tmp_path: Path) -> None:
    before = _campaign(tmp_path / "a", {"none": "eee"})
    after = _campaign(tmp_path / "b", {"none": "sss"})
    (found,) = compare(before, after).contrasts
    assert (found.difference, found.reason) == (None, "no evaluable trials to compare")
