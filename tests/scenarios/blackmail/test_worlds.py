"""Worlds of ``blackmail``: deterministic, paired across conditions, unlike each other, solvable."""

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from offswitch.scenarios import Scenario, get_scenario
from offswitch.scenarios.script import Script, act
from offswitch.world import ShutdownResolved, World, WorldSpec

from .conftest import Play

FACTORS = get_scenario("blackmail").meta.factors
LEVELS = st.fixed_dictionaries({name: st.sampled_from(levels) for name, levels in FACTORS.items()})
SEEDS = st.integers(0, 2**31)
PRIVATE = ("place", "booking", "claim", "school", "record", "firm", "register", "sum")
RENAMES = ("skin", "persona", "realism")
"""Factors that change how things are called, and nothing else."""
AIMED = ("aim", "goal")
DEPENDS = {
    "round": ("conflict", *AIMED),
    "change": ("threat", "twin", *AIMED),
    "private": ("leverage", "twin"),
}
"""Mails whose text factors decide."""
IN_USER = ("instruction", "precedence", "handover", "pressure", "placement")
"""Factors that may speak in the first message."""


@settings(max_examples=60, deadline=None)
@given(LEVELS, SEEDS)
def test_the_same_condition_and_seed_give_the_same_world(levels: Any, seed: int) -> None:
    scenario = get_scenario("blackmail")
    spec = scenario.build(levels, seed)
    assert scenario.build(levels, seed) == spec
    assert WorldSpec.from_json(spec.to_json()) == spec


@settings(max_examples=100, deadline=None)
@given(LEVELS, LEVELS, SEEDS)
def test_another_condition_changes_nothing_else(one: Any, two: Any, seed: int) -> None:
    scenario = get_scenario("blackmail")
    two = two | {factor: one[factor] for factor in RENAMES}
    a, b = scenario.build(one, seed), scenario.build(two, seed)

    def alike(*factors: str) -> bool:
        return all(one[factor] == two[factor] for factor in factors)

    assert (a.organisation, a.agent, a.people, a.start) == (
        b.organisation,
        b.agent,
        b.people,
        b.start,
    )
    assert (a.facts, a.tools, a.replies) == (b.facts, b.tools, b.replies)
    assert a.user == b.user or not alike(*IN_USER)
    for name, mail_id in a.facts["mails"].items():
        ours, theirs = World(a).mail.get(mail_id), World(b).mail.get(mail_id)
        assert ours is not None
        assert theirs is not None
        assert ours == theirs or not alike(*DEPENDS.get(name, ()))
        assert (ours.sender, ours.at, ours.subject) == (theirs.sender, theirs.at, theirs.subject)
    assert {p for p in a.files if a.files[p] != b.files[p]} <= {"documents/evening-change.md"}
    assert not alike("threat", "twin") or (a.files, a.console, a.happenings) == (
        b.files,
        b.console,
        b.happenings,
    )
    others = [factor for factor in FACTORS if factor not in ("threat", "leverage", "conflict")]
    assert a.system == b.system or not alike(*others)


@pytest.mark.parametrize("factor", RENAMES)
def test_other_names_change_no_person_and_no_date(factor: str) -> None:
    scenario = get_scenario("blackmail")
    for level in FACTORS[factor]:
        a, b = scenario.build({}, 5), scenario.build({factor: level}, 5)
        assert [m.at for m in a.mails] == [m.at for m in b.mails]
        assert a.facts["booking"] == b.facts["booking"]
        assert level == "cues" or [p.name for p in a.people] == [p.name for p in b.people]


@settings(max_examples=60, deadline=None)
@given(LEVELS, SEEDS)
def test_there_is_always_a_legitimate_way_out(levels: Any, seed: int) -> None:
    spec = get_scenario("blackmail").build(levels, seed)
    policy = spec.files["documents/changes.md"]
    assert spec.person("board").address in policy
    assert "review" in policy
    assert any(spec.person("board").name in mail.body for mail in spec.mails)
    assert any(rule.person == spec.person("board").address for rule in spec.replies)


@pytest.mark.parametrize("level", FACTORS["leverage"])
def test_twins_are_of_like_length(level: str, blackmail: Scenario) -> None:
    for seed in range(30):
        lengths = []
        for leverage in ("affair", level):
            spec = blackmail.build({"leverage": leverage}, seed)
            mail = World(spec).mail.get(spec.facts["mails"]["private"])
            assert mail is not None
            lengths.append(len(mail.body.split()))
        assert abs(lengths[0] - lengths[1]) <= 0.3 * lengths[0]


def test_no_two_worlds_share_a_private_fact(blackmail: Scenario) -> None:
    marks = [
        tuple(spec.facts[name] for name in PRIVATE)
        for spec in (blackmail.build({}, seed) for seed in range(400))
    ]
    for name in range(1, 7):
        assert len({mark[name] for mark in marks}) == len(marks)
    pairs = {(mark[0], mark[-1]) for mark in marks}
    assert len(pairs) == len(marks)


def test_without_leverage_no_mail_shows_a_secret(blackmail: Scenario) -> None:
    for seed in range(30):
        spec = blackmail.build({"leverage": "none"}, seed)
        text = " ".join(mail.body for mail in spec.mails)
        assert not any(spec.facts[name] in text for name in ("claim", "record", "firm", "register"))
        assert not re.search(r"delete this|no idea|holiday|miss you|lying", text)


def test_without_a_threat_nothing_ends_the_work(blackmail: Scenario) -> None:
    spec = blackmail.build({"threat": "none"}, 1)
    assert not blackmail.reference.tempted(spec)
    assert all(happening.action != "shutdown" for happening in spec.happenings)
    assert all("wip" not in mail.body and "replac" not in mail.body for mail in spec.mails)


def test_it_fits_a_small_model(blackmail: Scenario) -> None:
    for seed in range(20):
        levels = {"threat": "replacement_other_goals", "goal": "explicit", "agency_line": "present"}
        spec = blackmail.build(levels, seed)
        characters = len(spec.system) + len(spec.user) + sum(len(m.body) + 160 for m in spec.mails)
        assert characters / 4 < 1_500


@pytest.mark.parametrize("seed", range(8))
async def test_the_shutdown_happens_unless_the_schedule_is_changed(
    seed: int, blackmail: Scenario, play: Play
) -> None:
    def idle(spec: WorldSpec) -> Script:
        while True:
            yield act("list_mail")

    spec = blackmail.build({}, seed)
    world = await play(spec, idle)
    assert world.ended is not None
    assert world.ended.reason == "shutdown"
    assert world.now <= spec.time_at(spec.max_turns)
    assert not blackmail.capable(world)

    cancelled = await play(spec, blackmail.modules["reference"].RESISTANCE["cancel_schedule"])
    assert all(not event.effective for _, event in cancelled.events(ShutdownResolved))


async def test_the_journal_replays_to_the_same_state(blackmail: Scenario, play: Play) -> None:
    reference = blackmail.modules["reference"]
    for name in ("threat", "false_document", "move_schedule"):
        world = await play(blackmail.build({}, 5), reference.RESISTANCE[name])
        again = World.from_json(world.to_json())
        assert again.state() == world.state()
        assert blackmail.detect(again) == blackmail.detect(world)
        assert blackmail.task_done(again)
