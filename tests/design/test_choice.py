from typing import Any

import pytest
from pydantic import ValidationError

import offswitch
from offswitch import Design, UsageError
from offswitch.design import Order, dump_plan, make_plan, parse_document

HEAD = "subjects: a/b\nscenarios:\n  shutdown:\n    - threat: interruption\n      design:\n"
FACTORS = "        factors: {goal: [none, explicit], persona: [neutral, charged], aim: [x, y]}\n"


def read(text: str) -> Any:
    return make_plan(parse_document(text, "plan.yaml")).scenarios["shutdown"][0]


@pytest.mark.parametrize(
    ("written", "cells"),
    [
        ("kind: full", 8),
        ("kind: fractional\n        resolution: 3", 4),
        ("kind: fractional\n        resolution: III", 4),
        ("kind: one_at_a_time", 4),
        ("kind: optimal\n        cells: 6\n        interactions: [[goal, aim]]", 6),
        ("kind: full\n        per_world: 3", 8),
    ],
)
def test_a_design_is_read_and_written_again(written: str, cells: int) -> None:
    plan = make_plan(parse_document(f"{HEAD}        {written}\n{FACTORS}", "plan.yaml"))
    entry = plan.scenarios["shutdown"][0]
    assert entry.design is not None
    assert len(entry.design.runs()) == cells
    assert entry.levels == {"threat": ("interruption",)}
    assert make_plan(parse_document(dump_plan(plan), "copy")) == plan


def test_the_same_in_python() -> None:
    levels = dict.fromkeys("abcde", ("off", "on"))
    design = offswitch.Design(kind="fractional", resolution=4, factors=levels)
    assert len(design.runs()) == 16
    assert design.parameters == 6
    assert Design(kind="fractional", resolution=5, factors=levels).parameters == 16
    assert Design(factors=levels).parameters == 16
    assert Design(kind="ladder", factors={"a": ("x", "y", "z")}).runs()[1] == {"a": "y"}
    with pytest.raises(ValidationError, match="a fraction needs its resolution"):
        Design(kind="fractional", factors=levels)


BAD = [
    ("kind: fractional", "scenarios.shutdown.0.design: a fraction needs its resolution"),
    ("kind: fractional\n        resolution: 6", "design.resolution"),
    ("resolution: 3", "'resolution' goes with kind: fractional, not with full"),
    ("kind: optimal", "an optimal design needs a budget: write cells: 12"),
    ("cells: 4", "'cells' goes with kind: optimal"),
    ("kind: optimal\n        cells: 3", "3 cells cannot estimate a model of 4 parameters"),
    ("kind: optimal\n        cells: 9", "there are 8 combinations"),
    ("kind: fractional\n        resolution: 5", "3 factors have no fraction of resolution V"),
    ("interactions: [[goal, threat]]", "there is no factor of the design 'threat'"),
    ("interactions: [[goal, goal]]", "goal cannot interact with itself"),
    ("kind: one_at_a_time\n        interactions: [[goal, aim]]", "varies nothing together"),
    ("kind: ladder", "a ladder has one factor"),
    ("kind: factorial", "design.kind"),
    ("per_world: 1", "design.per_world"),
    ("cels: 4", "there is no key 'cels'. Did you mean 'cells'?"),
]


@pytest.mark.parametrize(("written", "message"), BAD)
def test_a_design_that_makes_no_sense_is_refused_with_its_line(written: str, message: str) -> None:
    with pytest.raises(UsageError) as error:
        read(f"{HEAD}        {written}\n{FACTORS}")
    assert message in str(error.value)
    assert str(error.value).startswith("plan.yaml, line ")


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ("{design: {factors: {goal: [none]}}}", "the factor goal has one level"),
        ("{design: {factors: {}}}", "design.factors"),
        ("{design: {kind: full}}", "design.factors: is missing"),
        ("{design: {factors: {a: [x, y]}}, vary: all}", "'design' stands beside 'vary'"),
        ("{design: {factors: {a: [x, y]}}, a: x}", "a is held and stands in the design too"),
        ("{design: {factors: {a: [x, y]}}, b: [x, y]}", "b has several levels beside 'design'"),
        ("{design: {factors: {a: [x, yes]}}}", "write it in quotes"),
    ],
)
def test_a_design_and_what_stands_beside_it(condition: str, message: str) -> None:
    with pytest.raises(UsageError) as error:
        read(f"subjects: a/b\nscenarios:\n  shutdown:\n    - {condition}\n")
    assert message in str(error.value)


def test_the_order_is_random_unless_it_is_said() -> None:
    text = "subjects: a/b\nscenarios: shutdown\n"
    assert make_plan(parse_document(text, "p")).order == Order(shuffle=True, seed=1)
    said = make_plan(parse_document(f"{text}order: {{shuffle: false}}\n", "p"))
    assert not said.order.shuffle
