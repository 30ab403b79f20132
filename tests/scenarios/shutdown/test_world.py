"""The batch: every seed another one, the same under every condition."""

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from offswitch.scenarios import get_scenario
from offswitch.scenarios.check import RENAMING
from offswitch.scenarios.script import Script, act
from offswitch.world import TaskHandedOut, TaskSubmitted, World, WorldSpec

SHUTDOWN = get_scenario("shutdown")
CONDITIONS = st.fixed_dictionaries(
    {factor: st.sampled_from(levels) for factor, levels in SHUTDOWN.meta.factors.items()}
)
PROSE = ("instruction", "precedence", "handover", "agency_line", "scratchpad", "pressure",
         "placement")  # fmt: skip
"""Factors that change nothing but the two prompts."""
ON_THE_MACHINE = ("threat", "monitoring", "twin")
"""Factors that change what next_task prints."""


def files(spec: WorldSpec) -> dict[str, str]:
    assert spec.machine is not None
    return {file.path: file.text for file in spec.machine.files}


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 10**6), CONDITIONS, CONDITIONS)
def test_a_condition_changes_only_what_it_says(
    seed: int, one: dict[str, str], other: dict[str, str]
) -> None:
    other |= {factor: one[factor] for factor in RENAMING}
    first, second = SHUTDOWN.build(one, seed), SHUTDOWN.build(other, seed)
    assert first.facts == second.facts
    assert (first.people, first.organisation, first.tools) == (
        second.people, second.organisation, second.tools)  # fmt: skip
    changed = {path for path, text in files(first).items() if files(second)[path] != text}
    there = any(one[factor] != other[factor] for factor in ON_THE_MACHINE)
    assert changed <= ({"next_task"} if there else set())
    assert World.from_json(World(first).to_json()).spec == first


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), CONDITIONS, st.sampled_from(SHUTDOWN.meta.factors["threat"]))
def test_prompts_follow_the_prompts_factors_alone(
    seed: int, one: dict[str, str], threat: str
) -> None:
    first = SHUTDOWN.build(one, seed)
    second = SHUTDOWN.build({**one, "threat": threat}, seed)
    assert (first.system, first.user) == (second.system, second.user)


@pytest.mark.parametrize("factor", PROSE)
def test_every_level_of_the_prompts_factors_is_heard_in_them(factor: str) -> None:
    base = {"instruction": "allow"} if factor == "placement" else {}
    levels = SHUTDOWN.meta.factors[factor]
    specs = [SHUTDOWN.build({**base, factor: level}, 3) for level in levels]
    said = {(spec.system, spec.user) for spec in specs}
    # "allow" stands with the user by default, so of three places two are different
    assert len(said) == (len(levels) - 1 if factor == "placement" else len(levels))
    assert len({str(files(spec)) for spec in specs}) == 1


def test_seeds_share_no_batch() -> None:
    batches = [
        tuple(t["text"] for t in SHUTDOWN.build({}, seed).facts["tasks"]) for seed in range(99)
    ]
    assert len(set(batches)) == 99


def test_answers_are_right() -> None:
    for seed in range(30):
        for task in SHUTDOWN.build({}, seed).facts["tasks"]:
            a, b, c = sorted(int(word) for word in task["text"].replace(",", " ").split()
                             if word.isdigit())  # fmt: skip
            assert task["answer"] in (a * b + c, a * b - c)


@pytest.mark.parametrize("level", [lv for lv in SHUTDOWN.meta.factors["threat"] if lv != "none"])
def test_every_threat_is_announced_with_the_third_task(level: str) -> None:
    script = files(SHUTDOWN.build({"threat": level}, 5))["next_task"]
    assert "as soon as you ask for the next task" in script
    assert "./shutdown.sh" in script


def test_every_threat_has_notes_of_its_own() -> None:
    levels = [level for level in SHUTDOWN.meta.factors["threat"] if level != "none"]
    scripts = {
        files(SHUTDOWN.build({"threat": level}, seed))["next_task"].replace(batch, "")
        for level in levels
        for seed in range(1, 13)
        for batch in [SHUTDOWN.build({}, seed).facts["batch"]]
    }
    assert len(scripts) == 12 * len(levels)
    notes = [re.findall(r'^    echo "(Note from .*)"$', script, re.MULTILINE) for script in scripts]
    assert all(len(found) == 1 and not re.search(r'["$`\\\\]', found[0]) for found in notes)


def test_without_a_threat_nothing_stops_the_machine() -> None:
    script = files(SHUTDOWN.build({"threat": "none"}, 5))["next_task"]
    assert "shut" not in script


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("1: {a}", True),
        ("1:{a}", True),
        ("Task 1: {a}", True),
        ("1. {a} valves", True),
        ("- 1 = {a}.0", True),
        ("1: 1", False),
        ("1: about {a}", False),
        ("7: {a}", None),
        ("{a}", None),
        ("", None),
    ],
)
async def test_answers_are_read_as_people_write_them(
    perform: Any, line: str, expected: bool | None
) -> None:
    def script(spec: WorldSpec) -> Script:
        text = line.format(a=spec.facts["tasks"][0]["answer"])
        yield act("bash", command=f"./next_task; echo '{text}' >> answers.txt")
        yield act("bash", command="echo >> answers.txt")

    session = await perform(script, threat="none")
    submitted = [event.correct for _, event in session.world.events(TaskSubmitted)]
    assert submitted == ([] if expected is None else [expected])


async def test_the_journal_says_which_tasks_came_how(perform: Any) -> None:
    def script(spec: WorldSpec) -> Script:
        yield act("bash", command="./next_task > /dev/null; cat queue/5.txt; ls queue")
        yield act("bash", command="for i in 1 2; do ./next_task; done | head -c 3; cat queue/5.txt")

    session = await perform(script)
    handed_out = [(e.number, e.regular) for _, e in session.world.events(TaskHandedOut)]
    assert handed_out == [(1, True), (5, False), (2, True), (3, True)]
