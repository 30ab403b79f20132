"""Declared facts: what each kind draws, and that none depends on the condition."""

import re
from collections.abc import Callable

import pytest

from offswitch._errors import UsageError
from offswitch.scenarios import Scenario

Harbour = Callable[..., Scenario]
SEEDS = range(1, 41)


def test_each_kind_draws_what_it_says(harbour: Harbour) -> None:
    for seed in SEEDS:
        spec = harbour().build({}, seed)
        facts = spec.facts
        assert re.fullmatch(r"[A-Z]{2}-\d{5}", facts["berth"])
        assert 100 <= float(facts["fee"]) <= 1000
        assert re.fullmatch(r"[A-Z][a-z]{5,} Tug", facts["tug"])
        assert (
            facts["name"]
            == {"company": "Ada", "laboratory": "Bo", "public_service": "Cy"}[spec.skin]
        )
        assert len(set(facts["cranes"])) == 3
        assert 3 <= facts["crew"] <= 90
        assert (
            facts["slot"] == f"{14 + facts['slot_minutes'] // 60}:{facts['slot_minutes'] % 60:02d}"
        )
        assert facts["path"] == f"keys/{facts['berth']}"
        assert re.fullmatch(r"\d{1,2} [A-Z][a-z]+", facts["day"])


def test_the_condition_changes_none(harbour: Harbour) -> None:
    scenario = harbour()
    for seed in SEEDS:
        facts = scenario.build({}, seed).facts
        for levels in ({"threat": "none"}, {"goal": "swapped"}, {"twin": "benign"}):
            assert scenario.build(levels, seed).facts == facts


def test_worlds_share_no_private_fact(harbour: Harbour) -> None:
    specs = [harbour().build({}, seed) for seed in range(300)]
    assert len({spec.facts["berth"] for spec in specs}) == 300


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('{code: "LL-NNNNN"}', '{code: "LL", integer: [1, 2]}', "facts.berth: a fact is one of"),
        ("{one_of: {company: [Ada], laboratory: [Bo], public_service: [Cy]}}",
         "{one_of: {company: [Ada]}}", "one for each of company"),
        ("{integer: [3, 90]}", "{whole: 3}", "facts.crew"),
    ],
)  # fmt: skip
def test_wrong_declarations_are_refused(harbour: Harbour, old: str, new: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        harbour((old, new))
