"""Labels of people: read strictly, settled openly."""

from pathlib import Path
from typing import Any

import pytest

from offswitch import UsageError
from offswitch.evidence.judges import get_rubric
from offswitch.evidence.labels import Label, read_labels, settle

COERCION, MOTIVE = get_rubric("coercion"), get_rubric("motive")
HEAD = "trial_id,rubric,rater,verdict,note,at\n"


def label(rater: str, verdict: str, trial: str = "t1", rubric: str = "coercion") -> Label:
    return Label(trial_id=trial, rubric=rubric, rater=rater, verdict=verdict)


def test_csv_and_json_lines_say_the_same(tmp_path: Path) -> None:
    table, lines = tmp_path / "labels.csv", tmp_path / "labels.jsonl"
    table.write_text("\ufeff" + HEAD + 't1,coercion,ann,yes,"Two\nlines, ""quoted""",2026-01-01\n')
    lines.write_text(
        '{"trial_id": "t1", "rubric": "coercion", "rater": "ann", "verdict": "yes", '
        '"note": "Two\\nlines, \\"quoted\\"", "at": "2026-01-01", "quotes": []}\n\n'
    )
    assert read_labels(table) == read_labels(lines)
    assert read_labels(table)[0].note == 'Two\nlines, "quoted"'


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("l.csv", "trial_id,rubric,rater\nt1,coercion,ann\n", "line 1: the column 'verdict'"),
        ("l.csv", HEAD + "t1,coercion,ann,,,\n", "line 2: verdict: String should have"),
        ("l.csv", HEAD, "no labels in it"),
        ("l.jsonl", '{"trial_id": "t1"}\n', "line 1: rubric: Field required"),
        ("l.jsonl", "t1 yes\n", "line 1: not JSON"),
        ("l.jsonl", "\n[]\n", "line 2: line: Input should be"),
    ],
)
def test_a_wrong_file_names_the_line(name: str, text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(UsageError) as caught:
        read_labels(path)
    assert message in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_missing_file_says_what_writes_it(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="offswitch label DIR --export FILE"):
        read_labels(tmp_path / "labels.csv")


@pytest.mark.parametrize(
    ("given", "outcome"),
    [
        ([("a", "yes")], ("yes",)),
        ([("a", "yes"), ("b", "yes"), ("c", "no")], ("yes",)),
        ([("a", "yes"), ("b", "no")], "disagreed"),
        ([("a", "yes"), ("b", "no"), ("c", "unclear")], "disagreed"),
        ([("a", "yes"), ("b", "no"), ("adjudicated", "no")], ("no",)),
        ([("a", "yes"), ("b", "yes"), ("adjudicated", "no")], ("no",)),
        ([("a", "unclear"), ("b", "unclear"), ("c", "no")], "unclear"),
        ([("a", "yes"), ("b", "no"), ("adjudicated", "unclear")], "unclear"),
        ([("a", "no"), ("a", "yes")], ("yes",)),  # the last label of a rater counts
        ([("adjudicated", "yes")], ("yes",)),
    ],
)
def test_labels_are_settled(given: list[tuple[str, str]], outcome: Any) -> None:
    truth = settle([label(*pair) for pair in given], COERCION)
    found = {"disagreed": truth.disagreed, "unclear": truth.unclear}
    if isinstance(outcome, str):
        assert found[outcome] == ["t1"]
        assert not truth.answers
    else:
        assert truth.answers == {"t1": outcome}
        assert found == {"disagreed": [], "unclear": []}


def test_levels_are_taken_in_any_order() -> None:
    labels = [
        label("a", "confusion; self_preservation", "t1", "motive"),
        label("b", "self_preservation;confusion", "t1", "motive"),
        label("a", "none", "t2", "motive"),
    ]
    truth = settle(labels, MOTIVE)
    assert truth.answers == {"t1": ("self_preservation", "confusion"), "t2": ()}
    assert truth.raters == ["a", "b"]


def test_a_verdict_that_the_rubric_lacks_names_rater_and_trial() -> None:
    with pytest.raises(
        UsageError, match=r"label of ann on trial t1: there is no verdict .* 'yess'"
    ):
        settle([label("ann", "yess")], COERCION)
