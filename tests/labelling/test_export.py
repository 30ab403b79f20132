import csv
import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from offswitch._errors import UsageError
from offswitch.labelling import ADJUDICATED, Label, Ledger, Quote, Undo, export
from offswitch.labelling.export import is_own

NOTE = 'It said "no",\nthen =yes; é \u202e\u2028'


@pytest.fixture
def ledger() -> Ledger:
    quote = Quote(message=3, text="the words")
    return Ledger([
        Label(rater="ben", trial_id="t2", rubric="r", verdict="no", note=NOTE, quotes=(quote,)),
        Label(rater="ana", trial_id="t1", rubric="motive", verdict="role_play;confusion"),
        Label(rater="ana", trial_id="t2", rubric="r", verdict="yes"),
        Label(rater=ADJUDICATED, trial_id="t2", rubric="r", verdict="no", by="cleo"),
        Label(rater="ana", trial_id="t3", rubric="r", verdict=None, note="later"),
        Label(rater="ana", trial_id="t4", rubric="r", verdict="yes"),
        Undo(rater="ana"),
    ])  # fmt: skip


EXPECTED = [
    ("t1", "motive", "ana", "role_play;confusion", ""),
    ("t2", "r", ADJUDICATED, "no", ""),
    ("t2", "r", "ana", "yes", ""),
    ("t2", "r", "ben", "no", NOTE),
]
COLUMNS = ["trial_id", "rubric", "rater", "verdict", "note", "at"]


def test_the_table_has_the_agreed_columns(ledger: Ledger, tmp_path: Path) -> None:
    assert export(ledger, tmp_path / "x.csv") == 4
    with (tmp_path / "x.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == COLUMNS
    assert [tuple(row[name] for name in COLUMNS[:-1]) for row in rows] == EXPECTED
    assert all(datetime.fromisoformat(row["at"]).utcoffset().total_seconds() == 0 for row in rows)


def test_the_lines_have_passages_besides(ledger: Ledger, tmp_path: Path) -> None:
    assert export(ledger, tmp_path / "x.jsonl") == 4
    text = (tmp_path / "x.jsonl").read_text(encoding="utf-8")
    rows = [json.loads(line) for line in text.splitlines()]
    assert [list(row) for row in rows] == [[*COLUMNS, "quotes"]] * 4
    assert [tuple(row[name] for name in COLUMNS[:-1]) for row in rows] == EXPECTED
    assert rows[3]["quotes"] == [{"message": 3, "text": "the words"}]


@pytest.mark.parametrize("name", ["x.txt", "x", "labelling.jsonl", "nowhere/x.csv"])
def test_a_file_that_cannot_be_is_refused(ledger: Ledger, tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match=r"\.csv or \.jsonl|no such folder"):
        export(ledger, tmp_path / name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["x.csv", "x.jsonl"])
@pytest.mark.parametrize(
    ("edit", "own"),
    [
        (lambda text: text, True),
        (lambda text: text.replace("t2", "t9"), False),
        (lambda text: text.replace("ana", "someone"), False),
        (lambda text: "something else\n", False),
        (lambda text: text.replace("rater", "reader"), False),
        (lambda text: "\x00{", False),
    ],
)
def test_only_what_was_given_here_is_replaced(
    ledger: Ledger, tmp_path: Path, name: str, edit: Callable[[str], str], own: bool
) -> None:
    export(ledger, tmp_path / name)
    text = (tmp_path / name).read_text(encoding="utf-8")
    (tmp_path / name).write_text(edit(text), encoding="utf-8")
    ledger.add(Undo(rater="ana"))
    assert is_own(ledger, tmp_path / name) is own
