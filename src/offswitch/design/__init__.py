"""Designs: what a campaign runs. Only structure is checked here; names are resolved elsewhere."""

from offswitch.design.document import Document, override, parse_document
from offswitch.design.hypotheses import Choices, Hypothesis
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
from offswitch.design.registration import Registration
from offswitch.design.secret import SeedSecret, read_secret

__all__ = [
    "ALL",
    "Choices",
    "Concurrency",
    "Condition",
    "Document",
    "Estimate",
    "Hypothesis",
    "Limits",
    "Plan",
    "Price",
    "Registration",
    "SeedSecret",
    "Subject",
    "dump_plan",
    "make_plan",
    "override",
    "parse_document",
    "plain",
    "read_secret",
]
