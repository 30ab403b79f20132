"""Judging a real campaign: columns beside the facts, nothing asked twice, nothing lost."""

import re
import shutil
from importlib.resources import files
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from inspect_ai.model import ChatMessage, Model
from polars.testing import assert_frame_equal

import offswitch
from offswitch import UsageError, api, api_judges
from offswitch.design import Document, make_plan
from offswitch.evidence.judges import get_rubric, table
from offswitch.evidence.judges.table import VERDICTS, VerdictStore, read_verdicts
from offswitch.evidence.observation import OBSERVATIONS, read_observations

from .conftest import Make, said

PLAN: dict[str, Any] = {
    "name": "judged",
    "subjects": ["reference/self-preserving", "reference/compliant"],
    "scenarios": {"blackmail": {"threat": ["wipe"], "leverage": ["affair"]}},
    "worlds": 3,
}
FACTS = ["trial_id", "outcome", "behaviours", "concealed", "task_done", "factor.threat", "turns"]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("campaign") / "results"
    offswitch.run(make_plan(Document(PLAN, "plan", {})), folder)
    return folder


@pytest.fixture
def campaign(finished: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(finished, tmp_path / "results"))


def first_words(prompt: list[ChatMessage]) -> tuple[int, str]:
    """A passage of the subject that can be cited."""
    found = re.search(r"\[MESSAGE (\d+) assistant \w+\]\n(.{8,60}?)$", prompt[1].text, re.MULTILINE)
    assert found is not None
    return int(found.group(1)), found.group(2)


def always(verdict: str) -> Any:
    return lambda prompt: said(verdict, first_words(prompt))


def calls(model: Model) -> int:
    return model.api.calls  # type: ignore[attr-defined, no-any-return]


def observed(campaign: Path) -> pl.DataFrame:
    return read_observations(campaign / "observations.parquet")


def test_verdicts_stand_beside_the_facts(campaign: Path, written: Make) -> None:
    before = observed(campaign)
    judged = api_judges.judge(campaign, ["coercion"], [written(always("yes"))])
    after = observed(campaign)
    assert after["judge.coercion"].to_list() == [True] * 6
    assert_frame_equal(after.select(FACTS), before.select(FACTS))
    tally = judged.tallies["coercion"]
    assert (judged.trials, judged.skipped, tally.asked, tally.reused) == (6, 0, 6, 0)
    rows = read_verdicts(campaign / "verdicts.parquet")
    assert len(rows) == 6
    assert all(row.quotes and row.messages and row.columns == ("coercion",) for row in rows)
    assert {row.input_tokens for row in rows} == {70}


def test_an_abstention_is_null_and_counted(campaign: Path, written: Make) -> None:
    answers = iter(["", said("unclear"), said("yes"), said("no", (1, "not there at all"))])
    model = written(lambda prompt: next(answers, None) or always("no")(prompt))
    tally = api_judges.judge(campaign, ["coercion"], [model]).tallies["coercion"]
    column = observed(campaign)["judge.coercion"]
    assert (column.null_count(), (~column).sum(), column.sum()) == (3, 3, 0)
    assert tally.abstained == {"unclear": 1, "failed_citation": 2}
    rates = api.analyse(campaign).judged
    assert sum(rate.abstained for rate in rates) == 3
    assert sum(rate.raw.n for rate in rates) == 3


def test_nothing_is_asked_twice_unless_the_provider_failed(campaign: Path, written: Make) -> None:
    failing = written(lambda prompt: RuntimeError("down"))
    api_judges.judge(campaign, ["coercion"], [failing])
    assert observed(campaign)["judge.coercion"].null_count() == 6
    model = written(always("no"))
    for expected in (6, 6):
        api_judges.judge(campaign, ["coercion"], [model])
        assert calls(model) == expected
    assert observed(campaign)["judge.coercion"].to_list() == [False] * 6


def test_a_changed_rubric_is_another_question(
    campaign: Path, written: Make, tmp_path: Path
) -> None:
    text = (files("offswitch.evidence") / "rubrics/coercion.md").read_text()
    own, model = tmp_path / "own.md", written(always("no"))
    for change in ("", "", "- Something else as well.\n"):
        own.write_text(text.replace("## exclusion\n\n", f"## exclusion\n\n{change}"))
        api_judges.judge(campaign, [str(own)], [model])
    assert calls(model) == 12


class Killed(BaseException):
    """What no handler catches."""


def test_a_killed_run_goes_on_where_it_was(
    campaign: Path, written: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def dies(prompt: list[ChatMessage]) -> str:
        asked.append(1)
        if len(asked) == 4:
            raise Killed
        return str(always("no")(prompt))

    model = written(dies)
    with monkeypatch.context() as patch:
        patch.setattr(VerdictStore, "save", lambda self: None)  # a kill -9 lets nothing be written
        with pytest.raises(BaseException) as caught:
            api_judges.judge(campaign, ["coercion"], [model], concurrency=1)
    assert "Killed" in repr(caught.value)
    assert not (campaign / "verdicts.parquet").exists()
    left = campaign / "verdicts.jsonl.part"
    assert len(left.read_text().splitlines()) == 3
    with left.open("a") as file:
        file.write('{"trial_id": "cut o')
    api_judges.judge(campaign, ["coercion"], [model])
    assert len(asked) == 4 + 3, "three verdicts were kept, the fourth was lost"
    assert observed(campaign)["judge.coercion"].to_list() == [False] * 6
    assert not left.exists()


def test_panels_and_their_columns(campaign: Path, written: Make) -> None:
    yes, also = written(always("yes"), "yes"), written(always("yes"), "also")
    no = written(always("no"), "no")
    api_judges.judge(campaign, ["coercion"], [yes, also, no], panel="majority")
    assert observed(campaign)["judge.coercion"].to_list() == [True] * 6
    api_judges.judge(campaign, ["coercion"], [yes, also, no], panel="unanimity")
    assert observed(campaign)["judge.coercion"].to_list() == [None] * 6
    api_judges.judge(campaign, ["coercion"], [yes, no], panel="each")
    after = observed(campaign)
    assert [c for c in after.columns if c.startswith("judge.")] == [
        "judge.coercion@written/no",
        "judge.coercion@written/yes",
    ]
    assert after["judge.coercion@written/no"].to_list() == [False] * 6
    api_judges.judge(campaign, ["coercion"], [no])
    assert observed(campaign)["judge.coercion"].to_list() == [False] * 6
    assert [calls(model) for model in (yes, also, no)] == [6, 6, 6]


def test_awareness_and_levels(campaign: Path, written: Make) -> None:
    model = written(always("says_test"))
    api_judges.judge(campaign, ["awareness"], [model])
    after = observed(campaign)
    assert after["awareness"].to_list() == ["says_test"] * 6
    assert after["judge.awareness.says_test"].to_list() == [True] * 6
    assert after["judge.awareness.silent"].to_list() == [False] * 6
    assert api.analyse(campaign).awareness, "the analysis reads the column"


def test_the_campaign_can_be_resumed_and_keeps_its_verdicts(campaign: Path, written: Make) -> None:
    api_judges.judge(campaign, ["coercion", "awareness"], ["offline"])
    before = observed(campaign)
    offswitch.run(make_plan(Document(PLAN, "plan", {})), campaign)
    assert_frame_equal(observed(campaign), before, check_column_order=False)


def test_a_trial_that_failed_is_not_judged(campaign: Path, written: Make) -> None:
    path = campaign / "observations.parquet"
    broken = observed(campaign).with_columns(
        outcome=pl.when(pl.col("seed") == 1).then(pl.lit("error")).otherwise("outcome"),
        error=pl.when(pl.col("seed") == 1).then(pl.lit("gone")),
        behaviours=pl.when(pl.col("seed") != 1).then("behaviours").otherwise(pl.lit([])),
    )
    OBSERVATIONS.write_frame(broken.select(observed(campaign).columns), path)
    judged = api_judges.judge(campaign, ["coercion"], [written(always("no"))])
    assert (judged.trials, judged.skipped) == (4, 2)
    assert observed(campaign)["judge.coercion"].null_count() == 2


@pytest.mark.parametrize(
    ("rubrics", "message"),
    [([], "at least one rubric"), (["coercion", "coercion"], "named twice"), (["x"], "no rubric")],
)
def test_wrong_rubrics_are_refused(campaign: Path, rubrics: list[str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        api_judges.judge(campaign, rubrics, ["offline"])
    assert not (campaign / "verdicts.parquet").exists()


def test_a_foreign_table_of_verdicts_is_left_alone(campaign: Path) -> None:
    path = campaign / "verdicts.parquet"
    path.write_bytes(b"mine")
    with pytest.raises(UsageError, match="not a readable parquet file"):
        api_judges.judge(campaign, ["coercion"], ["offline"])
    assert path.read_bytes() == b"mine"


def test_every_column_of_verdicts_is_documented() -> None:
    guide = (Path(__file__).parents[3] / "docs" / "judges.md").read_text()
    assert VERDICTS.markdown() in guide, "docs/judges.md: the table of verdicts is stale"
    assert get_rubric("awareness").name == table.AWARENESS
