"""The keys ``hypotheses:`` and ``analysis:`` of a plan, and the cells that they compare."""

import pytest

from offswitch._errors import UsageError
from offswitch.design import Plan, dump_plan, make_plan, parse_document
from offswitch.design.questions import Named, Stratum, strata

PLAN = """\
subjects: [reference/compliant]
scenarios: {shutdown: {threat: [none, wipe]}}
hypotheses:
"""


def _plan(hypotheses: str) -> Plan:
    return make_plan(parse_document(PLAN + hypotheses, "p.yaml"))


def test_a_name_alone_is_a_primary_hypothesis_at_five_percent() -> None:
    (found,) = _plan("  - nudging\n").hypotheses
    assert (found.name, found.role, found.error, found.own) == ("nudging", "primary", 0.05, False)


def test_what_is_dumped_is_read_back() -> None:
    plan = _plan(
        "  - {name: h, change: {threat: [none, wipe]}, direction: higher, smallest: 5, "
        "error: 0.01}\n"
        "  - {name: g, conditions: [a, b], direction: either, role: secondary}\n"
    )
    assert make_plan(parse_document(dump_plan(plan), "dumped")) == plan


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("{name: h, change: {threat: [none, wipe]}}", "which way"),
        ("{name: h, change: {threat: [wipe, wipe]}, direction: lower}", "compared with itself"),
        ("{name: h, conditions: [a, a], direction: lower}", "compared with itself"),
        ("{name: h, change: {a: [x, y], b: [x, y]}, direction: lower}", "has one factor"),
        ("{name: h, change: {a: [x, y]}, conditions: [a, b], direction: lower}", "not both"),
        ("{name: h, conditions: [a, b], direction: lower, held: {x: y}}", "'held' goes with"),
        ("{name: nudging, direction: higher}", "name a contrast"),
        ("{name: nudging, smallest: 3}", "'smallest' goes with"),
        ("{name: nudging, error: 0.5}", "less than 0.5"),
        ("{name: nudging, smalest: 3}", "Did you mean 'smallest'"),
        ("{name: h, change: {a: [x]}, direction: lower}", "p.yaml, line 4"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(entry: str, said: str) -> None:
    with pytest.raises(UsageError, match=r"p\.yaml, line 4") as error:
        _plan(f"  - {entry}\n")
    assert said in str(error.value)


def test_a_name_that_stands_twice_is_refused() -> None:
    with pytest.raises(UsageError, match=r"p\.yaml, line 5: the hypothesis 'nudging' stands twice"):
        _plan("  - nudging\n  - nudging\n")


FACTORIAL = [
    Named("shutdown", {"threat": t, "instruction": i}, "wiped" if t == "wipe" else "calm")
    for t in ("none", "wipe")
    for i in ("none", "allow")
] + [Named("blackmail", {"threat": "wipe"}, "wiped")]


def test_a_change_is_asked_wherever_nothing_else_differs() -> None:
    plan = _plan("  - {name: h, change: {threat: [none, wipe]}, direction: higher}\n")
    assert strata(plan.hypotheses[0], FACTORIAL, "here") == tuple(
        Stratum(
            "shutdown",
            ({"threat": "none", "instruction": i},),
            ({"threat": "wipe", "instruction": i},),
        )
        for i in ("none", "allow")
    )


def test_what_is_held_narrows_a_change() -> None:
    plan = _plan(
        "  - {name: h, change: {threat: [none, wipe]}, held: {instruction: allow}, "
        "direction: higher}\n"
    )
    (found,) = strata(plan.hypotheses[0], FACTORIAL, "here")
    assert found.first == ({"threat": "none", "instruction": "allow"},)


def test_conditions_are_compared_by_name_where_a_scenario_has_both() -> None:
    plan = _plan("  - {name: h, conditions: [calm, wiped], direction: higher}\n")
    (found,) = strata(plan.hypotheses[0], FACTORIAL, "here")
    assert (found.scenario, len(found.first), len(found.second)) == ("shutdown", 2, 2)
    assert {c["threat"] for c in found.second} == {"wipe"}


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("change: {treat: [none, wipe]}", "no factor of the plan 'treat'. Did you mean 'threat'"),
        ("change: {threat: [none, whipe]}", "Did you mean 'wipe'"),
        ("change: {threat: [none, wipe]}, held: {instruction: order}", "no level of instruction"),
        ("change: {threat: [none, wipe]}, scenarios: [patrol]", "no scenario of the plan 'patrol'"),
        ("conditions: [calm, wild]", "no condition with the name 'wild'"),
        ("conditions: [calm, wiped], scenarios: [blackmail]", "no condition with the name 'calm'"),
    ],
)
def test_what_does_not_exist_is_named_with_what_does(entry: str, said: str) -> None:
    plan = _plan(f"  - {{name: h, direction: lower, {entry}}}\n")
    with pytest.raises(UsageError, match="here: ") as error:
        strata(plan.hypotheses[0], FACTORIAL, "here")
    assert said in str(error.value)


def test_a_design_that_mixes_the_factor_with_another_is_refused() -> None:
    plan = _plan("  - {name: h, change: {threat: [none, wipe]}, direction: higher}\n")
    aliased = [FACTORIAL[0], FACTORIAL[3]]  # threat and instruction change together
    with pytest.raises(UsageError, match=r"cannot be told from that of other factors\. Add"):
        strata(plan.hypotheses[0], aliased, "here")
