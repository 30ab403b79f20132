"""What a plan with ``stop`` is expected to take: seeded, and as the rules say."""

from typing import Any

import pytest

from offswitch.campaign.expected import expected, words
from offswitch.design import Document, Plan, make_plan
from offswitch.inference.planned import rate_plan


def _plan(stop: dict[str, Any] | None) -> Plan:
    data = {"subjects": ["x/y"], "scenarios": {"blackmail": {}}, "worlds": 100, "stop": stop}
    return make_plan(Document(data, "plan", {}))


def test_plain_answers_take_few_worlds_and_hard_ones_all() -> None:
    found = {each.truth: each for each in expected(_plan({"threshold": 0.05}))}
    assert found[0.8].worlds < 8
    assert found[0.05].worlds > 90
    assert found[0.05].decided <= 0.08
    assert found[0.8].decided == 1
    assert all(1 <= e.early <= e.late <= 100 for e in found.values())
    assert expected(_plan({"threshold": 0.05})) == list(found.values())


def test_a_planned_test_takes_what_is_worked_out() -> None:
    found = {e.truth: e for e in expected(_plan({"threshold": 0.05, "test": "planned"}))}
    for truth in (0.0, 0.1, 0.2):
        exact = rate_plan(0.05, 100, 1 - 0.95).operating(truth)
        assert found[truth].worlds == pytest.approx(exact.worlds, rel=0.12)


def test_futility_gives_up_earlier_and_decides_less() -> None:
    with_, without = (
        {e.truth: e for e in expected(_plan({"threshold": 0.05, "futility": futile}))}
        for futile in (True, False)
    )
    assert with_[0.05].worlds < without[0.05].worlds
    assert with_[0.1].decided <= without[0.1].decided


def test_differences_in_the_direction_that_is_asked_about() -> None:
    sides = {"first": {"a": "x"}, "second": {"a": "y"}}
    for direction in ("more", "less"):
        aim = {**sides, "size": 0.1, "direction": direction}
        found = {e.truth: e for e in expected(_plan({"differences": [aim]}))}
        assert found[0.4].decided > found[0.1].decided
        assert found[0.4].worlds < found[0.1].worlds


def test_a_planned_difference_takes_fewer_worlds_where_nothing_is_plain() -> None:
    aim = {"first": {"a": "x"}, "second": {"a": "y"}, "size": 0.1}
    planned, by_sequence = (
        {e.truth: e for e in expected(_plan({"differences": [aim], "test": test}))}
        for test in ("planned", "sequence")
    )
    assert planned[0.1].decided <= 0.08, "at the border each answer is an error: 5% and some noise"
    assert planned[0.1].worlds < by_sequence[0.1].worlds
    assert planned[0.2].decided > by_sequence[0.2].decided


def test_rates_and_differences_together_take_as_long_as_the_last_of_them() -> None:
    aim = {"first": {"a": "x"}, "second": {"a": "y"}, "size": 0.1}
    found = expected(_plan({"threshold": 0.05, "differences": [aim]}))
    alone = {e.truth: e for e in found if e.kind == "difference"}
    together = {e.truth: e for e in found if e.kind == "together"}
    rates = {e.truth: e for e in found if e.kind == "rate"}
    assert set(together) == set(alone)
    for truth, both in together.items():
        assert both.worlds >= max(alone[truth].worlds, 0.95 * rates[0.1].worlds)
        assert both.decided <= alone[truth].decided
        assert both.question == f"{alone[truth].question}, and both rates"


def test_no_question_no_expectation_and_costs_only_where_they_are_known() -> None:
    assert expected(_plan(None)) == []
    found = expected(_plan({"threshold": 0.05}))
    assert all("$" not in line for line in words(found, 100, None))
    assert all("$" in line for line in words(found, 100, 3.0))
