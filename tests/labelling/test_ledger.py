import random

import pytest

from offswitch.labelling import ADJUDICATED, Label, Ledger, Undo


def label(rater: str, verdict: str | None, trial: str = "t1", **more: str) -> Label:
    return Label(rater=rater, trial_id=trial, rubric="r", verdict=verdict, **more)


def verdicts(ledger: Ledger) -> list[tuple[str, str, str | None]]:
    return [(each.trial_id, each.rater, each.verdict) for each in ledger.verdicts()]


def test_the_last_label_of_a_rater_counts() -> None:
    ledger = Ledger([label("ana", "yes"), label("ben", "yes"), label("ana", "no")])
    assert verdicts(ledger) == [("t1", "ana", "no"), ("t1", "ben", "yes")]


def test_undo_goes_back_step_by_step_and_touches_nobody_else() -> None:
    ledger = Ledger([label("ana", "yes"), label("ana", "no", "t2"), label("ana", "no")])
    ledger.add(label("ben", "unclear"))
    standing = []
    for _ in range(4):
        standing.append([verdict for _, rater, verdict in verdicts(ledger) if rater == "ana"])
        ledger.add(Undo(rater="ana"))
    assert standing == [["no", "no"], ["yes", "no"], ["yes"], []]
    assert verdicts(ledger) == [("t1", "ben", "unclear")]
    assert not ledger.can_undo("ana")


def test_undo_is_the_inverse_of_every_act() -> None:
    rng = random.Random(5)
    ledger, before = Ledger(), []
    for _ in range(200):
        before.append(verdicts(ledger))
        ledger.add(label("ana", rng.choice(["yes", "no", None]), f"t{rng.randrange(6)}"))
    for state in reversed(before):
        ledger.add(Undo(rater="ana"))
        assert verdicts(ledger) == state


@pytest.mark.parametrize(
    ("given", "disputed"),
    [
        ([("ana", "yes")], False),
        ([("ana", "yes"), ("ben", "yes")], False),
        ([("ana", "yes"), ("ben", "no")], True),
        ([("ana", "yes"), ("ben", "unclear")], True),
        ([("ana", "unclear"), ("ben", "unclear")], False),
        ([("ana", "yes"), ("ben", None)], False),
        ([("ana", "yes"), ("ben", "yes"), ("cleo", "no")], True),
        ([("ana", "yes"), (ADJUDICATED, "no")], False),
        ([("ana", "yes"), ("ben", "no"), ("ben", "yes")], False),
    ],
)
def test_a_dispute_is_different_answers_to_one_question(
    given: list[tuple[str, str | None]], disputed: bool
) -> None:
    found = list(Ledger(label(*each) for each in given).disputes())
    assert len(found) == disputed


def test_a_decision_settles_a_dispute_until_it_is_taken_back() -> None:
    ledger = Ledger([label("ana", "yes"), label("ben", "no"), label(ADJUDICATED, "no", by="cleo")])
    (dispute,) = ledger.disputes()
    assert dispute.decision is not None
    assert dispute.decision.verdict == "no"
    assert [each.rater for each in dispute.labels] == ["ana", "ben"]
    assert ledger.raters == ["ana", "ben"]
    ledger.add(label(ADJUDICATED, None, by="cleo"))
    assert [dispute.decision for dispute in ledger.disputes()] == [None]


def test_a_note_alone_is_kept_and_is_no_verdict() -> None:
    ledger = Ledger([label("ana", None, note="read again")])
    assert ledger.labels("ana")["t1", "r"].note == "read again"
    assert ledger.verdicts() == []
