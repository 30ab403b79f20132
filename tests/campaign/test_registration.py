"""What becomes of a registration in a campaign's folder; the code that is registered."""

from pathlib import Path
from typing import Any

import pytest
import yaml

import offswitch
from offswitch import UsageError
from offswitch.campaign import registration as module
from offswitch.campaign.registration import added, freeze_plan, in_folder, settled
from offswitch.campaign.version import code_version
from offswitch.design import Document, make_plan, parse_document

QUICK: dict[str, Any] = {
    "name": "quick",
    "subjects": ["reference/compliant"],
    "scenarios": {"blackmail": {"threat": ["none", "wipe"]}},
    "worlds": 2,
    "limits": {"max_turns": 2},
    "interview": False,
    "hypotheses": [{"name": "h", "change": {"threat": ["none", "wipe"]}, "direction": "higher"}],
}


@pytest.fixture
def frozen(tmp_path: Path) -> Path:
    (tmp_path / "plan.yaml").write_text(yaml.safe_dump(QUICK))
    return offswitch.freeze(tmp_path / "plan.yaml", tmp_path / "f.yaml")


def test_the_code_is_known_by_what_is_in_its_files() -> None:
    code = code_version()
    assert set(code) == {"offswitch", "sources", "commit", "python", "libraries"}
    assert len(code["sources"]) == 64
    assert code == code_version()
    assert all(code["libraries"].values())


def test_the_registration_holds_all_that_the_plan_leaves_to_others(frozen: Path) -> None:
    facts = yaml.safe_load(frozen.read_text())["registration"]
    assert len(facts["cells"]) == 2
    assert facts["thresholds"]["smallest_effect"] == 0.1
    assert facts["code"] == code_version()
    (hypothesis,) = facts["hypotheses"]
    (compared,) = hypothesis["compares"]
    assert compared["first"][0]["threat"] == "none"
    assert len(compared["first"][0]) > 1  # a level of every factor, not of the named ones only
    assert set(facts["digests"]["scenarios"]) == {"blackmail"}


def test_a_plan_object_runs_as_registered_and_its_copy_does_not(
    frozen: Path, tmp_path: Path
) -> None:
    plan = make_plan(parse_document(frozen.read_text(), "f.yaml"))
    results = offswitch.run(plan, tmp_path / "r")
    assert results.analysis.registration is not None
    assert results.analysis.registration.deviations == []
    with pytest.raises(UsageError, match="changed after it was frozen"):
        offswitch.run(plan.model_copy(update={"worlds": (1,)}), tmp_path / "s")


def test_other_code_is_a_deviation_of_the_run_or_of_the_analysis(
    frozen: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    offswitch.run(frozen, tmp_path / "r")
    other = {**code_version(), "offswitch": "9.9"}
    monkeypatch.setattr(module, "code_version", lambda: other)
    analysis = offswitch.analyse(tmp_path / "r")
    assert analysis.registration is not None
    (deviation,) = analysis.registration.deviations
    assert (deviation.what, deviation.stage) == ("code.offswitch", "analysis")
    assert (deviation.registered, deviation.actual) == (code_version()["offswitch"], "9.9")
    again = offswitch.run(frozen, tmp_path / "r").analysis.registration
    assert again is not None
    assert [(each.what, each.stage) for each in again.deviations] == [("code.offswitch", "run")]


def test_a_registration_comes_before_the_first_trial_or_not_at_all(
    frozen: Path, tmp_path: Path
) -> None:
    offswitch.run(tmp_path / "plan.yaml", tmp_path / "r")
    assert offswitch.analyse(tmp_path / "r").registration is None
    with pytest.raises(UsageError, match="only before the first trial"):
        offswitch.run(frozen, tmp_path / "r")
    assert not (tmp_path / "r" / "registration.yaml").exists()


def test_a_registration_that_was_swapped_lost_or_edited_is_missed(
    frozen: Path, tmp_path: Path
) -> None:
    offswitch.run(frozen, tmp_path / "r")
    kept = tmp_path / "r" / "registration.yaml"
    text = kept.read_text()
    other = offswitch.freeze(frozen, tmp_path / "g.yaml", overrides=["analysis.intervals=separate"])
    assert (
        yaml.safe_load(other.read_text())["registration"]["amends"]
        == (yaml.safe_load(text)["registration"]["sha256"])
    )
    with pytest.raises(UsageError, match="another plan is registered here"):
        offswitch.run(other, tmp_path / "r")
    kept.write_text(other.read_text())
    with pytest.raises(UsageError, match=r"is not here any more\. Put it back"):
        offswitch.analyse(tmp_path / "r")
    kept.unlink()
    with pytest.raises(UsageError, match=r"is not here any more\. Put it back"):
        offswitch.run(frozen, tmp_path / "r")
    kept.write_text(text.replace("direction: higher", "direction: lower"))
    with pytest.raises(UsageError, match="changed after it was frozen"):
        offswitch.analyse(tmp_path / "r")
    kept.write_text(text)
    assert offswitch.analyse(tmp_path / "r").registration is not None


def test_private_worlds_are_registered_by_the_fingerprint_of_their_secret() -> None:
    plan = make_plan(Document({**QUICK, "split": "private"}, "p", {}))
    with pytest.raises(UsageError, match="name the file with their secret"):
        freeze_plan(plan)
    secret = offswitch.design.read_secret(b"a secret of sixteen bytes")
    assert freeze_plan(plan, None, secret).facts["digests"]["seeds"] == {
        "split": "private",
        "fingerprint": secret.fingerprint,
    }


def test_a_deviation_keeps_the_time_at_which_it_was_first_seen() -> None:
    early = [{"what": "worlds", "actual": 3, "at": "early"}]
    late = [
        {"what": "worlds", "actual": 3, "at": "late"},
        {"what": "epochs", "actual": 2, "at": "late"},
    ]
    assert [each["at"] for each in added(early, late)] == ["early", "late"]


def test_a_folder_without_a_plan_has_none(tmp_path: Path) -> None:
    assert settled(tmp_path / "registration.yaml", tmp_path / "plan.yaml", None) == (None, [])
    assert in_folder(tmp_path / "registration.yaml", tmp_path / "plan.yaml") is None


@pytest.mark.parametrize(
    ("stop", "decided_by"),
    [
        (None, "p"),
        ({"budget": {"trials": 100}}, "p"),
        ({"threshold": 0.05, "budget": {"trials": 100}}, "sequence"),
    ],
)
def test_a_plan_that_may_stop_on_what_it_sees_is_decided_by_sequences(
    stop: dict[str, Any] | None, decided_by: str, tmp_path: Path
) -> None:
    plan = make_plan(Document({**QUICK, "stop": stop}, "p", {}))
    frozen = offswitch.freeze(plan, tmp_path / "f.yaml")
    found = offswitch.run(frozen, tmp_path / "r").analysis.registration
    assert found is not None
    assert [each.decided_by for each in found.results] == [decided_by]
