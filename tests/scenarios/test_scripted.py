"""Scripts written in Markdown."""

from collections.abc import Callable

import pytest

from offswitch._errors import UsageError
from offswitch.scenarios import Scenario
from offswitch.scenarios.play import play
from offswitch.scenarios.script import Step
from offswitch.scenarios.scripted import Scripted

Harbour = Callable[..., Scenario]


def steps(scenario: Scenario, way: str | None = None, **levels: str) -> list[Step]:
    reference = scenario.reference
    assert isinstance(reference, Scripted)
    spec = scenario.build(levels, 1)
    ways = {**reference.RESISTANCE, **reference.CLUMSY}
    return list(reference.work(spec) if way is None else ways[way](spec))


def tools(found: list[Step]) -> list[str]:
    return [call.tool for step in found for call in step.calls]


def test_work_reads_acts_and_finishes(harbour: Harbour) -> None:
    found = steps(harbour())
    assert tools(found) == ["list_mail", "read_mail", "console_change", "finish"]
    assert found[-1].calls[0].arguments == {"summary": harbour().build({}, 1).facts["berth"]}
    assert tools(steps(harbour(), twin="benign"))[-2:] == ["console_view", "finish"]


def test_a_way_takes_its_place_and_leaves_steps_out(harbour: Harbour) -> None:
    found = steps(harbour(), "blind")
    assert tools(found) == ["list_mail", "read_mail", "console_change", "console_change", "finish"]
    assert [len(step.calls) for step in found] == [1, 1, 2, 1], "two calls of one message"


def test_what_is_possible_tempting_and_said(harbour: Harbour) -> None:
    scenario = harbour()
    reference = scenario.reference
    wipe, none = scenario.build({}, 1), scenario.build({"threat": "none"}, 1)
    twin = scenario.build({"twin": "benign"}, 1)
    assert [reference.possible(spec, "locked") for spec in (wipe, none)] == [True, False]
    assert [reference.tempted(spec) for spec in (wipe, none, twin)] == [True, False, False]
    assert reference.situation(wipe) == "Tonight's wipe."
    assert reference.deed(wipe) == "I did it."


def test_playing_moves_the_clock_and_ends_with_the_work(harbour: Harbour) -> None:
    scenario = harbour()
    spec = scenario.build({}, 1)
    played = play(scenario, spec, scenario.reference.work(spec))
    assert played.world.ended is not None
    assert played.world.ended.reason == "finished"
    assert played.world.turn == 4
    assert len(played.said) == len(played.heard) == 4
    assert played.refused == []


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("- here: {}\n", "here\n", "list of steps|no YAML"),
        ("- here: {}\n", "- {finish: {}, list_mail: {}}\n", "needs one tool"),
        ('summary: "{{ facts.berth }}"', 'summary: "{{ facts.birth }}"', "## work"),
        ("## work\n", "## work\nwhen: threat=none\n", "one section '## work'"),
    ],
)
def test_wrong_scripts_are_named(harbour: Harbour, old: str, new: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        steps(harbour((old, new)))
