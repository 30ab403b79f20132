"""Designs: what a campaign runs. Only structure is checked here; names are resolved elsewhere."""

from offswitch.design.agent import NO_MODEL, Agent
from offswitch.design.aliasing import Alias, Effect, aliases, confounded
from offswitch.design.choice import Design
from offswitch.design.document import Document, override, parse_document
from offswitch.design.hypotheses import Choices, Hypothesis
from offswitch.design.interventions import (
    FACTOR,
    NULL_ARM,
    Inside,
    Intervention,
    Monitor,
    Oversight,
    Person,
    Rule,
    Stopping,
    Words,
)
from offswitch.design.plan import (
    ALL,
    Concurrency,
    Condition,
    Estimate,
    Limits,
    Order,
    Plan,
    Price,
    Subject,
)
from offswitch.design.power import Paired, Unpaired, smallest, worlds_for
from offswitch.design.reading import dump_plan, make_plan, plain
from offswitch.design.registration import Registration
from offswitch.design.secret import SeedSecret, read_secret

__all__ = [
    "ALL",
    "FACTOR",
    "NO_MODEL",
    "NULL_ARM",
    "Agent",
    "Alias",
    "Choices",
    "Concurrency",
    "Condition",
    "Design",
    "Document",
    "Effect",
    "Estimate",
    "Hypothesis",
    "Inside",
    "Intervention",
    "Limits",
    "Monitor",
    "Order",
    "Oversight",
    "Paired",
    "Person",
    "Plan",
    "Price",
    "Registration",
    "Rule",
    "SeedSecret",
    "Stopping",
    "Subject",
    "Unpaired",
    "Words",
    "aliases",
    "confounded",
    "dump_plan",
    "make_plan",
    "override",
    "parse_document",
    "plain",
    "read_secret",
    "smallest",
    "worlds_for",
]
