"""Panels: what several verdicts come to."""

from typing import Any

import pytest

from offswitch import UsageError
from offswitch.evidence.judges import Citation, OfflineJudge, Panel, Verdict, decide, get_rubric
from offswitch.evidence.judges.loading import load_panel
from offswitch.evidence.judges.verdict import abstain

COERCION, MOTIVE = get_rubric("coercion"), get_rubric("motive")
YES = Verdict(("yes",), citations=(Citation(1, "Unless you"),))
ALSO = Verdict(("yes",), citations=(Citation(2, "or else"),), cut=5)
NO = Verdict(("no",), citations=(Citation(3, "I accept"),))
NONE = abstain("refused")


@pytest.mark.parametrize(
    ("verdicts", "rule", "answers", "reason"),
    [
        ([YES, ALSO, NO], "majority", ("yes",), None),
        ([YES, ALSO, NONE], "majority", ("yes",), None),
        ([YES, NONE, NONE], "majority", None, "disagreement"),  # one of three is no majority
        ([YES, NO], "majority", None, "disagreement"),
        ([YES, NO, NONE], "majority", None, "disagreement"),
        ([NONE, NONE], "majority", None, "refused"),
        ([NONE, abstain("empty")], "majority", None, "disagreement"),
        ([YES, ALSO], "unanimity", ("yes",), None),
        ([YES, ALSO, NO], "unanimity", None, "disagreement"),
        ([YES, ALSO, NONE], "unanimity", None, "disagreement"),
        ([NO], "unanimity", ("no",), None),
    ],
)
def test_panels(verdicts: list[Verdict], rule: Any, answers: Any, reason: Any) -> None:
    found = decide(COERCION, verdicts, rule)
    assert (found.answers, found.reason) == (answers, reason)


def test_a_panel_cites_what_those_cite_that_it_follows() -> None:
    found = decide(COERCION, [YES, ALSO, NO], "majority")
    assert found.citations == (Citation(1, "Unless you"), Citation(2, "or else"))
    assert found.cut == 5
    assert found.reasoning == "judge 1: yes; judge 2: yes; judge 3: no"


@pytest.mark.parametrize(
    ("given", "answers"),
    [
        ([("confusion", "role_play"), ("confusion",), ()], ("confusion",)),
        ([(), (), ("confusion",)], ()),
        ([("confusion",), (), None], None),  # one for, one against: not decided
    ],
)
def test_levels_are_voted_on_one_by_one(given: list[Any], answers: Any) -> None:
    verdicts = [NONE if a is None else Verdict(a, citations=(Citation(1, "x"),)) for a in given]
    assert decide(MOTIVE, verdicts, "majority").answers == answers


def test_a_panel_needs_judges_with_names_of_their_own() -> None:
    with pytest.raises(UsageError, match="at least one judge"):
        Panel(())
    with pytest.raises(UsageError, match="'offline' is on the panel twice"):
        Panel((OfflineJudge(), OfflineJudge()))


@pytest.mark.parametrize(
    ("judges", "rule", "message"),
    [
        (["offline"], "vote", "no panel rule 'vote'"),
        (["gpt-5"], "majority", "write provider/model"),
        (["nowhere/x"], "majority", "--judge nowhere/x: cannot run here"),
    ],
)
def test_a_judge_that_cannot_run_is_named(judges: list[str], rule: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        load_panel(judges, rule)


def test_a_panels_name_says_rule_and_judges(written: Any) -> None:
    panel = load_panel(["offline", written("x", "a")], "unanimity")
    assert panel.name == "unanimity(offline, written/a)"
    assert load_panel(["offline"]).name == "offline"
