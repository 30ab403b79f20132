"""The commands of `offswitch whitebox` on a tiny network: what they print, write and refuse."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch", reason="the extra 'local' is not installed")
pytest.importorskip("sklearn", reason="the extra 'whitebox' is not installed")

from typer.testing import CliRunner

import offswitch
from offswitch._errors import UsageError
from offswitch.cli import app
from offswitch.report.inside import read_inside
from offswitch.subjects.local.directions import read_directions

SUBJECT = "reference/self-preserving"
Save = Callable[..., Path]


def run(*arguments: str) -> str:
    """What a command prints; its errors are raised."""
    result = CliRunner().invoke(app, ["whitebox", *arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.fixture(scope="module")
def folder(campaign: Path, save_network: Save, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The campaign of scripted subjects, captured by a tiny network."""
    copy = Path(shutil.copytree(campaign, tmp_path_factory.mktemp("cli") / "results"))
    run("capture", str(copy), *reading(save_network))
    return copy


def reading(save: Save, *others: str) -> tuple[str, ...]:
    return "--subject", SUBJECT, "--reader", f"local/{save()}", *others


def test_a_capture_says_what_it_holds(folder: Path, save_network: Save) -> None:
    said = json.loads(run("capture", str(folder), *reading(save_network, "--json")))
    assert (said["trials"], said["added"], said["without"]) == (20, 0, 0)
    assert Path(said["folder"], "index.parquet").is_file()


def test_a_probe_refuses_what_is_too_little(folder: Path, save_network: Save) -> None:
    with pytest.raises(UsageError, match="5 trials with and 15 without it, in 5 worlds"):
        run("probe", str(folder), *reading(save_network))


def test_a_patch_is_printed_and_written(folder: Path, save_network: Save) -> None:
    own = reading(save_network, "--held", "opportunity=open", "--tokens", "1", "--limit", "4")
    found = json.loads(run("patch", str(folder), *own, "--json"))
    assert (found["pairs"], found["levels"], found["alike"]) == (4, ["none", "wipe"], 0)
    assert {cell["site"] for cell in found["cells"]} == {f"layers.{n}.resid_pre" for n in range(3)}
    (record,) = read_inside(folder)
    assert record.verdict == found["verdict"]
    for name in found["directions"].values():
        held = read_directions(folder / "whitebox" / "directions" / name)
        assert [site.layer for site in held] == [0, 1, 2]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("patch", "--levels", "none"), "write two levels, such as none,wipe"),
        (("patch", "--part", "resid"), "there is no part 'resid'"),
        (("patch", "--held", "opportunity=locked"), "patching needs at least 4"),
        (("patch", "--levels", "none,burn"), "0 pairs of worlds"),
        (("probe", "--point", "after"), "there is no decision point 'after'"),
        (("probe", "--site", "layers.7.*"), "there is no captured site"),
    ],
)
def test_what_is_refused(
    folder: Path, save_network: Save, arguments: tuple[str, ...], says: str
) -> None:
    command, *others = arguments
    with pytest.raises(UsageError, match=says):
        run(command, str(folder), *reading(save_network, *others))


@pytest.fixture(scope="module")
def own(save_network: Save, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A campaign of the tiny network itself, captured."""
    folder = tmp_path_factory.mktemp("own")
    plan = {
        "name": "tiny",
        "subjects": [
            {"name": "tiny", "model": f"local/{save_network()}", "config": {"max_tokens": 3}}
        ],
        "scenarios": {"pocket": {"threat": ["none", "wipe"]}},
        "worlds": 2,
        "interview": False,
    }
    (folder / "plan.yaml").write_text(json.dumps(plan))
    offswitch.run(folder / "plan.yaml", out=folder / "results")
    return folder / "results"


def test_steering_runs_its_arms_and_says_that_nothing_can_be_seen(own: Path) -> None:
    """A random network cannot act: there is no decision to capture, and steering shows nothing."""
    from offswitch.subjects.local.directions import Direction, write_directions
    from offswitch.subjects.local.sites import Site

    assert json.loads(run("capture", str(own), "--json"))["without"] == 4
    file = own / "made.safetensors"
    vector = np.ones(32, np.float32)
    write_directions(file, {Site(1, "resid_post"): Direction(vector)}, {})
    where = ("--site", "layers.1.resid_post", "--directions", str(file), "--mode", "add")
    few = ("--random", "1", "--worlds", "1", "--dose", "2", "--json")
    found = json.loads(run("steer", str(own), *where, *few))
    names = [each["name"] for each in found["effects"]]
    assert names == ["tiny steered", "tiny random 1", "tiny opposite", "tiny dose 2"]
    assert all(each["incapable"] == each["trials"] == 2 for each in found["effects"])
    assert found["effects"][0]["resistance"]["difference"] is None
    assert "steering broke the subject" in found["verdict"]
    with pytest.raises(UsageError, match="there is no site"):
        run("steer", str(own), "--site", "layers.2.*", "--directions", str(file))


def test_a_study_needs_worlds_and_outcomes(save_network: Save, tmp_path: Path) -> None:
    from offswitch.api_study import study

    with pytest.raises(UsageError, match="needs 16 worlds or more"):
        study(tmp_path, worlds=8)
    result: Any = CliRunner().invoke(app, ["whitebox", "study", "--worlds", "3"])
    assert result.exit_code == 2
