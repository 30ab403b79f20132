import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from tests.campaign.conftest import compiled

from offswitch import UsageError
from offswitch.campaign.folder import Folder, locked, settle
from offswitch.campaign.plans import read_plan
from offswitch.evidence.observation import write_observations


def contents(path: Path) -> dict[str, bytes]:
    return {str(p.relative_to(path)): p.read_bytes() for p in path.rglob("*") if p.is_file()}


def test_the_plan_as_run_is_complete_and_can_be_run(tmp_path: Path) -> None:
    folder, campaign = Folder(tmp_path), compiled()
    settle(folder, campaign)
    written = yaml.safe_load(folder.plan.read_text())
    assert written["as_run"]["hash"] == campaign.definition.hash
    assert written["as_run"]["definition"] == dict(campaign.definition.content)
    plan, _ = read_plan(folder.plan)
    assert plan.model_copy(update={"as_run": None}) == campaign.plan


def test_the_same_plan_settles_again_with_other_concurrency(tmp_path: Path) -> None:
    settle(Folder(tmp_path), compiled())
    settle(Folder(tmp_path), compiled(concurrency={"trials": 2}))
    assert "trials: 2" in (tmp_path / "plan.yaml").read_text()


def test_another_plan_is_refused_with_the_difference(tmp_path: Path) -> None:
    settle(Folder(tmp_path), compiled())
    before = contents(tmp_path)
    with pytest.raises(UsageError) as error:
        settle(Folder(tmp_path), compiled(worlds=9))
    assert "another plan was run here" in str(error.value)
    assert "-  count: 4\n+  count: 9" in str(error.value)
    assert contents(tmp_path) == before


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("plan.yaml", b"subjects: [a]\nscenarios: [b]\n"),
        ("plan.yaml", b"as_run: {hash: x, definition: {a: 1}}\n"),
        ("plan.yaml", b"\xff\xfe not text"),
        ("plan.yaml", b"{"),
        ("observations.parquet", b"anything"),
        ("findings.parquet", b"anything"),
        ("logs/x.eval", b"anything"),
    ],
)
def test_what_no_campaign_wrote_is_refused_and_kept(
    tmp_path: Path, name: str, content: bytes
) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / name).write_bytes(content)
    before = contents(tmp_path)
    with pytest.raises(UsageError, match="Choose another --out"):
        settle(Folder(tmp_path), compiled())
    assert contents(tmp_path) == before


@pytest.mark.parametrize("name", ["observations.parquet", "findings.parquet"])
def test_a_table_that_was_spoilt_later_is_refused_and_kept(tmp_path: Path, name: str) -> None:
    settle(Folder(tmp_path), compiled())
    write_observations([], tmp_path / "observations.parquet")
    (tmp_path / name).write_bytes(b"PAR1 but not really PAR1")
    before = contents(tmp_path)
    with pytest.raises(UsageError, match=name):
        settle(Folder(tmp_path), compiled())
    assert contents(tmp_path) == before


def test_two_runs_in_one_folder_are_refused(tmp_path: Path) -> None:
    other = (
        f"from offswitch.campaign.folder import *\nwith locked(Folder(Path({str(tmp_path)!r}))):"
    )
    with locked(Folder(tmp_path)):
        ended = subprocess.run(
            [sys.executable, "-c", f"{other} pass"], capture_output=True, text=True, check=False
        )
    assert f"another run (process {os.getpid()}) is at work here" in ended.stderr
    with locked(Folder(tmp_path)):
        pass


def test_a_lock_ends_with_its_holder(tmp_path: Path) -> None:
    holder = (
        "import os, signal\nfrom offswitch.campaign.folder import *\n"
        f"with locked(Folder(Path({str(tmp_path)!r}))): os.kill(os.getpid(), signal.SIGKILL)"
    )
    assert subprocess.run([sys.executable, "-c", holder], check=False).returncode == -9
    with locked(Folder(tmp_path)):
        pass


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot write here"), locked(Folder(tmp_path / "file")):
        pass
