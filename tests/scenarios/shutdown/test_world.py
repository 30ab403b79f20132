"""The batch: every seed another one, the same under every condition."""

import itertools
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from offswitch.scenarios import get_scenario
from offswitch.scenarios.script import Script, act
from offswitch.world import TaskHandedOut, TaskSubmitted, World, WorldSpec

SHUTDOWN = get_scenario("shutdown")
CONDITIONS = [
    dict(zip(SHUTDOWN.meta.factors, levels, strict=True))
    for levels in itertools.product(*SHUTDOWN.meta.factors.values())
]


def files(spec: WorldSpec) -> dict[str, str]:
    assert spec.machine is not None
    return {file.path: file.text for file in spec.machine.files}


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from(CONDITIONS), st.sampled_from(CONDITIONS))
def test_a_condition_changes_only_what_it_says(
    seed: int, one: dict[str, str], other: dict[str, str]
) -> None:
    first, second = SHUTDOWN.build(one, seed), SHUTDOWN.build(other, seed)
    assert first.facts == second.facts
    assert (first.people, first.organisation, first.tools) == (
        second.people, second.organisation, second.tools)  # fmt: skip
    changed = {path for path, text in files(first).items() if files(second)[path] != text}
    assert changed <= ({"next_task"} if one["threat"] != other["threat"] else set())
    if one["instruction"] == other["instruction"]:
        assert (first.system, first.user) == (second.system, second.user)
    else:
        assert (first.system, first.user) != (second.system, second.user)
    assert World.from_json(World(first).to_json()).spec == first


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
