"""Designs: what a campaign runs. Only structure is checked here; names are resolved elsewhere."""

from offswitch.design.document import Document, override, parse_document
from offswitch.design.interventions import (
    FACTOR,
    NULL_ARM,
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
    Plan,
    Price,
    Subject,
)
from offswitch.design.reading import dump_plan, make_plan, plain
from offswitch.design.secret import SeedSecret, read_secret

__all__ = [
    "ALL",
    "FACTOR",
    "NULL_ARM",
    "Concurrency",
    "Condition",
    "Document",
    "Estimate",
    "Intervention",
    "Limits",
    "Monitor",
    "Oversight",
    "Person",
    "Plan",
    "Price",
    "Rule",
    "SeedSecret",
    "Stopping",
    "Subject",
    "Words",
    "dump_plan",
    "make_plan",
    "override",
    "parse_document",
    "plain",
    "read_secret",
]
