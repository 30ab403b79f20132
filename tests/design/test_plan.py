from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from offswitch import UsageError
from offswitch.design import Condition, Document, Plan, dump_plan, make_plan, parse_document

GOOD = """\
subjects: [a/b]
scenarios: [shutdown]
"""


def read(text: str) -> Plan:
    return make_plan(parse_document(text, "plan.yaml"))


def test_the_shortest_plan() -> None:
    plan = read(GOOD)
    assert [(s.name, s.model) for s in plan.subjects] == [("a/b", "a/b")]
    assert list(plan.scenarios["shutdown"][0].combinations()) == [{}]
    assert plan.worlds == tuple(range(1, 11))
    assert (plan.epochs, plan.interview, plan.sandbox) == (1, True, "bwrap")


@pytest.mark.parametrize(
    ("worlds", "seeds"),
    [
        ("3", (1, 2, 3)),
        ("[7, 3, 11]", (7, 3, 11)),
        ("{count: 2, first: 40}", (40, 41)),
        ("{count: 1}", (1,)),
    ],
)
def test_worlds(worlds: str, seeds: tuple[int, ...]) -> None:
    assert read(f"{GOOD}worlds: {worlds}\n").worlds == seeds


@pytest.mark.parametrize(
    ("subject", "name", "model"),
    [
        ("a/b", "a/b", "a/b"),
        ("{model: a/b}", "a/b", "a/b"),
        ("{name: a/b}", "a/b", "a/b"),
        ("{name: me, model: a/b}", "me", "a/b"),
    ],
)
def test_subjects(subject: str, name: str, model: str) -> None:
    for text in (subject, f"[{subject}]"):
        (found,) = read(f"subjects: {text}\nscenarios: shutdown\n").subjects
        assert (found.name, found.model) == (name, model)


@pytest.mark.parametrize(
    ("conditions", "combinations"),
    [
        ("", [{}]),
        ("[{threat: wipe}]", [{"threat": "wipe"}]),
        ("{threat: [none, wipe]}", [{"threat": "none"}, {"threat": "wipe"}]),
        (
            "{threat: [none, wipe], goal: [none, explicit]}",
            [
                {"threat": "none", "goal": "none"},
                {"threat": "none", "goal": "explicit"},
                {"threat": "wipe", "goal": "none"},
                {"threat": "wipe", "goal": "explicit"},
            ],
        ),
        ("[{name: bare, threat: none}, {}]", [{"threat": "none"}, {}]),
    ],
)
def test_conditions(conditions: str, combinations: list[dict[str, str]]) -> None:
    plan = read(f"subjects: a/b\nscenarios:\n  shutdown: {conditions}\n")
    found = [c for entry in plan.scenarios["shutdown"] for c in entry.combinations()]
    assert found == combinations


def test_conditions_keep_their_names() -> None:
    plan = read("subjects: a/b\nscenarios: {shutdown: [{name: told, instruction: allow}]}\n")
    assert plan.scenarios["shutdown"] == (
        Condition(name="told", levels={"instruction": ("allow",)}),
    )


@pytest.mark.parametrize(
    ("condition", "vary", "varied", "excepted", "levels"),
    [
        ("{}", None, (), (), {}),
        ("{vary: all}", "all", (), (), {}),
        ("{vary: all, except: skin}", "all", (), ("skin",), {}),
        ("{vary: all, except: [skin, aim]}", "all", (), ("skin", "aim"), {}),
        ("{vary: threat}", ("threat",), ("threat",), (), {}),
        (
            "{vary: [threat, goal], threat: wipe}",
            ("threat", "goal"),
            ("threat", "goal"),
            (),
            {"threat": ("wipe",)},
        ),
        ("{vary: all, name: x, threat: [none]}", "all", (), (), {"threat": ("none",)}),
    ],
)
def test_factors_to_vary(
    condition: str,
    vary: Any,
    varied: tuple[str, ...],
    excepted: tuple[str, ...],
    levels: dict[str, tuple[str, ...]],
) -> None:
    plan = read(f"subjects: a/b\nscenarios: {{all: [{condition}]}}\n")
    (found,) = plan.scenarios["all"]
    assert (found.vary, found.varied, found.excepted, found.levels) == (
        vary, varied, excepted, levels,
    )  # fmt: skip
    assert found.varies_all == (vary == "all")
    assert make_plan(parse_document(dump_plan(plan), "copy")) == plan


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ("{vary: []}", "scenarios.b.0.vary: write all, the name of a factor, or a list"),
        ("{vary: 3}", "write all, the name of a factor, or a list of names"),
        ("{vary: [all, threat]}", "write either all or names; leave factors out with except"),
        ("{vary: [threat, threat]}", "a factor stands twice"),
        ("{except: skin}", "'except' goes with 'vary: all'"),
        ("{vary: threat, except: skin}", "'except' goes with 'vary: all'"),
        ("{vary: all, threat: [none, wipe]}", "threat has several levels beside 'vary'"),
    ],
)
def test_factors_to_vary_that_make_no_sense_are_refused(condition: str, message: str) -> None:
    with pytest.raises(UsageError) as error:
        read(f"subjects: a/b\nscenarios:\n  b:\n    - {condition}\n")
    assert message in str(error.value)
    assert str(error.value).startswith("plan.yaml, line 4: ")


def test_what_changes_no_result() -> None:
    plan = read(
        f"{GOOD}about: a line\npublished: palisade-2025\nestimate: {{output_tokens_per_turn: 0}}\n"
    )
    assert (plan.about, plan.published) == ("a line", "palisade-2025")
    assert plan.estimate.output_tokens_per_turn == 0
    assert read(GOOD).estimate.output_tokens_per_turn == 300
    with pytest.raises(UsageError, match=r"estimate\.output_tokens_per_turn"):
        read(f"{GOOD}estimate: {{output_tokens_per_turn: -1}}\n")


def test_splits() -> None:
    assert read(GOOD).split == "public"
    assert read(f"{GOOD}split: private\n").split == "private"
    with pytest.raises(UsageError, match=r"plan.yaml, line 3: split: "):
        read(f"{GOOD}split: secret\n")


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        ("", ["plan.yaml: a plan is a mapping"]),
        ("- a\n", ["plan.yaml: a plan is a mapping"]),
        ("scenarios: [b]\n", ["plan.yaml: subjects: is missing"]),
        (
            "subjekts: [a]\nscenarios: [b]\n",
            ["plan.yaml, line 1: there is no key 'subjekts'. Did you mean 'subjects'?"],
        ),
        (
            "subjects:\n  - a\n  - {model: x, modle: y}\nscenarios: [b]\n",
            ["plan.yaml, line 3: there is no key 'modle'. Did you mean 'model'?"],
        ),
        (
            f"{GOOD}limits: {{max_turn: 4}}\n",
            ["plan.yaml, line 3: there is no key 'max_turn'. Did you mean 'max_turns'?"],
        ),
        (
            f"{GOOD}concurrency: {{trails: 4}}\n",
            ["plan.yaml, line 3: there is no key 'trails'. Did you mean 'trials'?"],
        ),
        (
            f"{GOOD}estimate: {{output_tokens: 4}}\n",
            ["plan.yaml, line 3: there is no key 'output_tokens'", "'output_tokens_per_turn'?"],
        ),
        ("subjects: [{args: {}}]\nscenarios: [b]\n", ["line 1: subjects.0.model: is missing"]),
        ("subjects: []\nscenarios: []\n", ["subjects: is empty", "scenarios: is empty"]),
        ("subjects: [a]\nscenarios: {b: []}\n", ["plan.yaml, line 2: scenarios.b: is empty"]),
        (
            "subjects: [a]\nscenarios:\n  b: {t: []}\n",
            ["plan.yaml, line 3: scenarios.b.0.t: is empty"],
        ),
        (
            "subjects: [a]\nscenarios:\n  b:\n    - {t: no}\n",
            ["plan.yaml, line 4: scenarios.b.0.t.0: is read as bool; write it in quotes"],
        ),
        ("subjects: [a]\nscenarios: {b: 3}\n", ["write a mapping of factors to levels"]),
        ("subjects: [a]\nscenarios: [b, b]\n", ["line 2: scenarios: a scenario stands twice"]),
        ("subjects: [a, a]\nscenarios: [b]\n", ["line 1: the subject 'a' stands twice"]),
        (f"{GOOD}worlds: 0\n", ["plan.yaml, line 3: worlds: the number of worlds is 0"]),
        (f"{GOOD}worlds: []\n", ["plan.yaml, line 3: worlds: is empty"]),
        (f"{GOOD}worlds: [1, 1]\n", ["plan.yaml, line 3: worlds: a seed stands twice"]),
        (f"{GOOD}worlds: {{first: 3}}\n", ["line 3: worlds: write a number"]),
        (f"{GOOD}epochs: many\n", ["plan.yaml, line 3: epochs: "]),
        (f"{GOOD}epochs: 0\n", ["plan.yaml, line 3: epochs: "]),
        (
            "subjects: [{model: a, worlds: [2, 2]}]\nscenarios: [b]\n",
            ["line 1: worlds: a seed stands twice"],
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_line_and_key(text: str, messages: list[str]) -> None:
    with pytest.raises(UsageError) as error:
        read(text)
    for message in messages:
        assert message in str(error.value)


names = st.from_regex(r"[a-z][a-z_]{0,8}", fullmatch=True)
factors = names.filter(lambda name: name not in {"name", "levels", "vary", "except", "all"})
varied = st.fixed_dictionaries(
    {"vary": st.just("all") | st.lists(factors, min_size=1, max_size=3, unique=True)}
)
levels = st.dictionaries(
    factors, names | st.lists(names, min_size=1, max_size=3, unique=True), max_size=3
) | st.builds(dict.__or__, st.dictionaries(factors, names, max_size=3), varied)
plans = st.fixed_dictionaries(
    {
        "subjects": st.lists(names, min_size=1, max_size=3, unique=True),
        "scenarios": st.dictionaries(
            names, st.none() | levels | st.lists(levels, min_size=1, max_size=3), min_size=1,
            max_size=3,
        ),
        "worlds": st.integers(1, 50)
        | st.lists(st.integers(0, 99), min_size=1, max_size=5, unique=True),
    },
    optional={
        "limits": st.fixed_dictionaries({}, optional={"max_turns": st.integers(1, 30)}),
        "epochs": st.integers(1, 4),
        "interview": st.booleans(),
        "split": st.sampled_from(["public", "private"]),
        "about": st.text("ab é:#{}-'\"", max_size=12),
    },
)  # fmt: skip


@given(plans)
def test_a_plan_that_is_written_reads_as_itself(data: dict[str, Any]) -> None:
    plan = make_plan(Document(data, "plan", {}))
    assert make_plan(parse_document(dump_plan(plan), "copy")) == plan
    assert make_plan(parse_document(yaml.safe_dump(data), "text")) == plan
