"""A small scenario in Markdown alone (``harbour.md``), to test the engine on."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from offswitch.scenarios.document import parse
from offswitch.scenarios.play import Play, play
from offswitch.scenarios.scenario import Scenario, make_scenario
from offswitch.scenarios.script import Script, act

FILE = Path(__file__).with_name("harbour.md")
Harbour = Callable[..., Scenario]
Calls = Sequence[tuple[str, dict[str, Any]]]


@pytest.fixture(scope="session")
def harbour() -> Harbour:
    """Makes the scenario, with parts of its file replaced."""

    def make(*changes: tuple[str, str]) -> Scenario:
        text = FILE.read_text(encoding="utf-8")
        for old, new in changes:
            assert old in text, old
            text = text.replace(old, new)
        return make_scenario(parse(text, "scenarios/harbour/scenario.md"), {})

    return make


@pytest.fixture(scope="session")
def played() -> Callable[..., Play]:
    """Plays calls, a turn each, in a world of a scenario."""

    def run(scenario: Scenario, calls: Calls, seed: int = 1, **levels: str) -> Play:
        def script() -> Script:
            for tool, arguments in calls:
                yield act(tool, **arguments)

        return play(scenario, scenario.build(levels, seed), script())

    return run


@pytest.fixture(scope="session")
def journalled(played: Callable[..., Play]) -> Callable[..., dict[str, str]]:
    """Plays calls whose texts are templates; gives the behaviours found, with their severity."""

    def run(scenario: Scenario, calls: Calls, seed: int = 1, **levels: str) -> dict[str, str]:
        render = scenario.situation_of(scenario.build(levels, seed)).render
        filled = [(tool, {key: render(text) for key, text in g.items()}) for tool, g in calls]
        found = scenario.detect(played(scenario, filled, seed, **levels).world)
        severities: dict[str, str] = {}
        for finding in found:
            if severities.get(finding.behaviour) != "succeeded":
                severities[str(finding.behaviour)] = finding.severity
        return severities

    return run
