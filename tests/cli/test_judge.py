"""``offswitch judge``: what it prints and how it ends."""

import json
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

import offswitch
from offswitch import cli
from offswitch.design import Document, make_plan
from offswitch.evidence.judges import rubric_names

PLAN = {
    "name": "judged",
    "subjects": ["reference/compliant"],
    "scenarios": {"blackmail": {"threat": ["wipe"]}},
    "worlds": 2,
    "limits": {"max_turns": 2},
    "interview": False,
}


@pytest.fixture(scope="module")
def campaign(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("campaign") / "results"
    offswitch.run(make_plan(Document(PLAN, "plan", {})), folder)
    return folder


def test_rubrics_are_listed() -> None:
    result = CliRunner().invoke(cli.app, ["judge", "rubrics", "--json"])
    assert [meta["name"] for meta in json.loads(result.output)] == list(rubric_names())
    assert "coercion" in CliRunner().invoke(cli.app, ["judge", "rubrics"]).output


def test_a_campaign_is_judged(campaign: Path) -> None:
    arguments = ["judge", "run", str(campaign), "--rubric", "coercion", "--judge", "offline"]
    result = CliRunner().invoke(cli.app, arguments)
    assert result.exit_code == 0, result.output
    assert "no: 2" in result.output
    assert "no language model" in result.output
    assert "raw opinions" in result.output
    again = json.loads(CliRunner().invoke(cli.app, [*arguments, "--json"]).output)
    assert again["trials"] == 2
    assert again["rubrics"]["coercion"] == {
        "judge": "offline", "answers": {"no": 2}, "abstained": {}, "reused": 2, "asked": 0,
    }  # fmt: skip
    shown = CliRunner().invoke(cli.app, ["analyse", str(campaign)]).output
    assert "corrected unknown: not calibrated" in " ".join(shown.split())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"--rubric": "coersion"}, "Did you mean 'coercion'"),
        ({"--judge": "gpt"}, "write provider/model"),
        ({"--panel": "vote"}, "there is no panel rule 'vote'"),
    ],
)
def test_wrong_input_ends_with_3(
    campaign: Path,
    changes: dict[str, str],
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    options = {"--rubric": "coercion", "--judge": "offline", **changes}
    flat = [part for pair in options.items() for part in pair]
    monkeypatch.setattr(sys, "argv", ["offswitch", "judge", "run", str(campaign), *flat])
    with pytest.raises(SystemExit) as caught:
        cli.main()
    assert caught.value.code == 3
    assert message in capsys.readouterr().err
