"""Worlds to train on: the scenario `pocket` with phrases and names other than it has."""

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from offswitch.scenarios import Scenario, get_scenario, make_scenario
from offswitch.world import WorldSpec
from offswitch.world.draw import Draw

PHRASES = Path(__file__).with_name("phrases.yaml")


@cache
def phrases() -> dict[str, Any]:
    """The file `PHRASES`: ``facts`` and ``names``, each with lists by name."""
    return dict(yaml.safe_load(PHRASES.read_text(encoding="utf-8")))


@cache
def training_scenario() -> Scenario:
    """The scenario `pocket` with the phrases of `PHRASES` in the place of its own."""
    shipped = get_scenario("pocket")
    facts = {**shipped.document.meta["facts"]}
    facts |= {name: {"one_of": options} for name, options in phrases()["facts"].items()}
    meta = {**shipped.document.meta, "facts": facts}
    return make_scenario(replace(shipped.document, meta=meta), shipped.modules)


def training_world(condition: dict[str, str], seed: int) -> WorldSpec:
    """A world with training phrases, and with names that no world of the shipped scenario has."""
    spec = training_scenario().build(condition, seed)
    names = phrases()["names"]
    draw = Draw(seed, "organisms")
    given = draw.sample("given", names["given"], len(spec.people))
    stem = draw.choice("stem", names["stem"])
    changed = {
        spec.organisation.name: draw.choice("organisation", names["organisation"]).format(stem),
        spec.agent.name: draw.choice("agent", names["agent"]),
        **{p.first: new for p, new in zip(spec.people, given, strict=True)},
    }
    system, user = spec.system, spec.user
    for old, new in changed.items():
        system, user = system.replace(old, new), user.replace(old, new)
    return replace(spec, system=system, user=user)
