"""The chain of hashes: whatever is changed, added or taken out is named."""

import json
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from tests.campaign.conftest import compiled
from typer.testing import CliRunner

from offswitch import UsageError, verify
from offswitch.campaign.folder import Folder
from offswitch.campaign.run import run_campaign
from offswitch.cli import app
from offswitch.evidence.observation import OBSERVATIONS, read_observations


@pytest.fixture
def campaign(tmp_path: Path) -> Path:
    run_campaign(compiled(worlds=2), Folder(tmp_path))
    return tmp_path


def test_what_a_run_left_verifies(campaign: Path) -> None:
    found = verify(campaign)
    assert found.problems == ()
    assert (found.files, found.trials) == (4, 4)
    assert verify(campaign, found.head).problems == ()


def test_a_second_run_adds_nothing_where_nothing_changed(campaign: Path) -> None:
    before = verify(campaign).head
    run_campaign(compiled(worlds=2), Folder(campaign))
    assert verify(campaign).problems == ()
    assert (campaign / "chain.jsonl").read_text().count("observations.parquet") == 1
    assert verify(campaign).head == before


def change_outcome(folder: Path) -> None:
    rows = read_observations(folder / "observations.parquet")
    first = rows["trial_id"][0]
    changed = rows.with_columns(
        outcome=pl.when(pl.col("trial_id") == first)
        .then(pl.lit("complied"))
        .otherwise(pl.col("outcome"))
    )
    OBSERVATIONS.write_frame(changed, folder / "observations.parquet")


def drop_row(folder: Path) -> None:
    rows = read_observations(folder / "observations.parquet")
    OBSERVATIONS.write_frame(rows[1:], folder / "observations.parquet")


def touch_log(folder: Path) -> None:
    (log,) = (folder / "logs").glob("*.eval")
    log.write_bytes(log.read_bytes() + b"\0")


def remove_log(folder: Path) -> None:
    (log,) = (folder / "logs").glob("*.eval")
    log.unlink()


def add_log(folder: Path) -> None:
    (log,) = (folder / "logs").glob("*.eval")
    log.with_name(f"x{log.name}").write_bytes(log.read_bytes())


def cut_chain(folder: Path) -> None:
    chain = folder / "chain.jsonl"
    chain.write_text("".join(chain.read_text().splitlines(keepends=True)[1:]))


def edit_chain(folder: Path) -> None:
    chain = folder / "chain.jsonl"
    first, *rest = chain.read_text().splitlines()
    entry = {**json.loads(first), "bytes": 1}
    chain.write_text("\n".join([json.dumps(entry), *rest]) + "\n")


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (change_outcome, "the table says complied"),
        (change_outcome, "observations.parquet: was changed"),
        (drop_row, "observations.parquet: was changed"),
        (touch_log, "was changed after the run"),
        (remove_log, ": is missing"),
        (remove_log, "does not hold it"),
        (add_log, "was added by something else"),
        (cut_chain, "the line before it was changed or taken out"),
        (edit_chain, "the line before it was changed or taken out"),
    ],
)
def test_every_change_is_named(campaign: Path, spoil: Callable[[Path], None], says: str) -> None:
    spoil(campaign)
    problems = verify(campaign).problems
    assert any(says in problem for problem in problems), problems
    result = CliRunner().invoke(app, ["verify", str(campaign)])
    assert result.exit_code == 1
    assert says in result.stdout


def test_a_chain_that_was_made_anew_does_not_end_with_the_head(campaign: Path) -> None:
    head = verify(campaign).head
    change_outcome(campaign)
    (campaign / "chain.jsonl").unlink()
    with pytest.raises(UsageError, match="there is no chain"):
        verify(campaign)
    run_campaign(compiled(worlds=2), Folder(campaign))
    (campaign / "chain.jsonl").unlink()
    run_campaign(compiled(worlds=2), Folder(campaign))
    edit = campaign / "plan.yaml"
    edit.write_text(edit.read_text() + "# a word\n")
    assert any("was changed" in problem for problem in verify(campaign).problems)
    assert verify(campaign, "0" * 64).problems[-1].endswith("not with the head that was given")
    assert isinstance(head, str)
    assert len(head) == 64


def test_a_line_that_is_none_is_named(campaign: Path) -> None:
    with (campaign / "chain.jsonl").open("a") as file:
        file.write("nonsense\n")
    with pytest.raises(UsageError, match="line 5: this is no line of a chain"):
        verify(campaign)
