"""Factors: named dimensions with named levels, one Markdown file each. A level is text."""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from offswitch._errors import unknown
from offswitch.scenarios.document import Document, Section, parse


@dataclass(frozen=True, slots=True)
class Factor:
    """A factor.

    Attributes:
        name: Its name, as in ``factor.NAME`` of the table.
        title: What it varies, in a few words.
        levels: Meaning of each level, by name.
        texts: What a level says to the subject, where it says anything that does not depend on
            the scenario; the header ``at`` tells where (``system``, ``user`` or ``mail``), and with
            ``movable: yes`` the factor ``placement`` decides.
        values: Texts that scenarios use, by level and name, where the factor has any.
    """

    name: str
    title: str
    levels: dict[str, str]
    texts: dict[str, tuple[Section, ...]]
    values: dict[str, dict[str, str]]


@cache
def all_factors() -> dict[str, Factor]:
    """Every factor by name."""
    folder = files("offswitch.scenarios.factors")
    documents = [
        parse(entry.read_text(encoding="utf-8"), f"factors/{entry.name}")
        for entry in folder.iterdir()
        if entry.name.endswith(".md")
    ]
    factors = [_factor(document) for document in documents]
    return {factor.name: factor for factor in sorted(factors, key=lambda factor: factor.name)}


def get_factor(name: str, where: str = "") -> Factor:
    """The factor with this name.

    Raises:
        UsageError: There is none; the message lists those that exist.
    """
    if name not in all_factors():
        raise unknown("factor", name, all_factors(), where)
    return all_factors()[name]


def _factor(document: Document) -> Factor:
    levels = {str(name): str(meaning) for name, meaning in document.meta["levels"].items()}
    texts: dict[str, tuple[Section, ...]] = {}
    for section in document.of_kind("level"):
        if section.name not in levels:
            raise unknown("level", section.name, levels, document.place)
        texts[section.name] = (*texts.get(section.name, ()), section)
    name, title = document.meta["name"], document.meta["title"]
    return Factor(name, title, levels, texts, document.meta.get("values", {}))
