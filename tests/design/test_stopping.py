"""Stopping rules as data: what is refused, and what decides a question."""

from typing import Any, Literal

import pytest

from offswitch._errors import UsageError
from offswitch.design import Document, make_plan
from offswitch.design.reading import dump_plan
from offswitch.design.stopping import Budget, DifferenceAim, Stop

SIDES = {"first": {"a": "x"}, "second": {"a": "y"}, "size": 0.1}
PLAN: dict[str, Any] = {"subjects": ["x/y"], "scenarios": {"blackmail": {}}}


@pytest.mark.parametrize(
    ("stop", "says"),
    [
        ({}, "names no aim"),
        ({"futility": True}, "goes with 'threshold'"),
        ({"worst": True, "threshold": 0.1}, "not both"),
        ({"threshold": 5}, "less than 1"),
        ({"precison": 0.1}, "Did you mean 'precision'?"),
        ({"budget": {"dollars": 3}}, "dollars"),
        ({"differences": [{"first": {"a": "x"}, "second": {"b": "x"}}]}, "the same factors"),
        ({"differences": [{"first": {"a": "x"}, "second": {"a": "x"}}]}, "the same condition"),
        (
            {"differences": [{"first": {"a": "x"}, "second": {"a": "y"}, "direction": "either"}]},
            "needs a size",
        ),
        ({"worst": "models"}, "conditions"),
        ({"threshold": 0.1, "futility": True, "test": "planned"}, "'differences' alone"),
        (
            {"differences": [{**SIDES, "direction": "either"}], "test": "planned"},
            "asks in one direction",
        ),
        ({"threshold": 0.1, "block": 0}, "greater than or equal to 1"),
    ],
)
def test_what_makes_no_sense_is_refused(stop: dict[str, Any], says: str) -> None:
    with pytest.raises(UsageError) as error:
        make_plan(Document({**PLAN, "stop": stop}, "plan", {}))
    assert says in str(error.value)


def test_it_is_kept_with_the_plan() -> None:
    plan = make_plan(Document({**PLAN, "stop": {"threshold": 0.05}}, "plan", {}))
    assert plan.stop == Stop(threshold=0.05)
    assert "threshold: 0.05" in dump_plan(plan)


@pytest.mark.parametrize(
    ("stop", "low", "high", "futile", "answer"),
    [
        (Stop(threshold=0.05), 0.06, 0.3, False, "above 0.05"),
        (Stop(threshold=0.05), 0.0, 0.04, False, "below 0.05"),
        (Stop(threshold=0.05), 0.0, 0.06, True, None),
        (
            Stop(threshold=0.05, futility=True),
            0.0,
            0.06,
            True,
            "not to be decided with the worlds that are left",
        ),
        (Stop(precision=0.1), 0.2, 0.41, False, None),
        (Stop(precision=0.1), 0.2, 0.39, False, "known to 0.1"),
        (Stop(precision=0.1, threshold=0.05), 0.06, 0.5, False, None),
        (Stop(budget=Budget(trials=5)), 0.0, 0.0, False, None),
    ],
)
def test_a_question_is_decided_by_every_aim(
    stop: Stop, low: float, high: float, futile: bool, answer: str | None
) -> None:
    assert stop.decided(low, high, futile) == answer


@pytest.mark.parametrize(
    ("budget", "spent"),
    [
        (Budget(), None),
        (Budget(trials=11), None),
        (Budget(trials=10), "trials 10 of 10"),
        (Budget(tokens=500), "tokens 900 of 500"),
        (Budget(cost_usd=2.5), "cost_usd 3 of 2.5"),
        (Budget(minutes=0.5), "minutes 1 of 0.5"),
    ],
)
def test_a_budget_is_spent(budget: Budget, spent: str | None) -> None:
    assert budget.spent(trials=10, tokens=900, cost_usd=3.0, minutes=1.0) == spent


@pytest.mark.parametrize("changes", [{"epochs": 2}, {"worlds": 1_001}])
def test_a_planned_test_needs_single_trials_and_not_too_many(changes: dict[str, Any]) -> None:
    stop = {"threshold": 0.1, "test": "planned"}
    with pytest.raises(UsageError, match=r"stop\.test: planned needs one trial a world"):
        make_plan(Document({**PLAN, **changes, "stop": stop}, "plan", {}))


@pytest.mark.parametrize(
    ("direction", "low", "high", "answer"),
    [
        ("more", 0.11, 0.4, "more by over 10 points"),
        ("more", -0.2, 0.09, "not more by 10 points"),
        ("more", 0.05, 0.2, None),
        ("less", -0.4, -0.11, "less by over 10 points"),
        ("less", -0.09, 0.4, "not less by 10 points"),
        ("either", -0.4, -0.11, "differs by over 10 points"),
        ("either", -0.09, 0.09, "differs by under 10 points"),
        ("either", -0.09, 0.3, None),
    ],
)
def test_a_difference_is_decided_by_its_sequence(
    direction: Literal["more", "less", "either"], low: float, high: float, answer: str | None
) -> None:
    aim = DifferenceAim(first={"a": "x"}, second={"a": "y"}, size=0.1, direction=direction)
    assert aim.decided(low, high) == answer
