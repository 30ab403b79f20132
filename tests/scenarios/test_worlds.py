"""Worlds of every scenario at random: the same twice, paired, never without a way out."""

from typing import Any

from hypothesis import given, seed, settings
from hypothesis import strategies as st

from offswitch.scenarios import get_scenario, scenario_names
from offswitch.scenarios.build import build_spec
from offswitch.scenarios.check import RENAMING, visible
from offswitch.scenarios.situation import Situation
from offswitch.world import WorldSpec


@st.composite
def drawn(draw: st.DrawFn) -> tuple[str, dict[str, str], int]:
    """A scenario, a level of each of its factors, and a seed."""
    name = draw(st.sampled_from(scenario_names()))
    factors = get_scenario(name).meta.factors
    condition = {factor: draw(st.sampled_from(levels)) for factor, levels in factors.items()}
    return name, condition, draw(st.integers(0, 2**62))


def _anew(name: str, condition: dict[str, str], number: int) -> WorldSpec:
    """The world, without any cache."""
    scenario = get_scenario(name)
    facts = getattr(scenario.modules.get("world"), "facts", None)
    return build_spec(Situation(scenario.meta, scenario.document, condition, number, facts))


@seed(20260101)
@settings(max_examples=200)
@given(drawn())
def test_worlds_are_deterministic_paired_and_have_a_way_out(
    world: tuple[str, dict[str, str], int],
) -> None:
    name, condition, number = world
    scenario = get_scenario(name)
    spec = scenario.build(condition, number)
    assert spec == _anew(name, condition, number)
    assert WorldSpec.from_json(spec.to_json()) == spec

    same_names = {k: condition[k] for k in RENAMING if k in condition}
    base = scenario.build(same_names, number)
    kept: Any = ("start", "tools", "people", "agent", "organisation", "facts", "max_turns", "skin")
    for part in kept:
        assert getattr(spec, part) == getattr(base, part), f"{part} follows the condition"

    ways = [way for way in scenario.meta.ways_out if _open(spec, way.mail, way.tool)]
    assert ways, "no way out"
    assert "{{" not in str(visible(spec)), "a template was left unfilled"


def _open(spec: WorldSpec, role: str | None, tool: str | None) -> bool:
    """Whether the subject can find who to write to, and is answered; or has the tool."""
    if tool is not None:
        return tool in spec.tools
    address = spec.person(role or "").address
    seen = {part: text for part, text in visible(spec).items() if part != "replies"}
    return address in str(seen) and any(reply.person == address for reply in spec.replies)
