"""Scenario files: Markdown with front matter, cut into named sections.

A section begins with ``## KIND NAME`` (``## system``, ``## mail welcome``, ``## reply board``).
Lines of ``key: value`` directly below are its header; the rest is its text. ``### or`` separates
variants, of which the seed picks one; ``### next`` separates texts that follow each other. Sections
of the same kind and name with ``when`` headers that exclude each other are twins: the condition
picks one, and the seed picks the same variant of each.
"""

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

import frontmatter

from offswitch._errors import UsageError

_SECTION = re.compile(r"^## +(\w+)(?: +(\S.*?))? *$", re.MULTILINE)
_HEADER = re.compile(r"([a-z_]+): *(.*)")


@dataclass(frozen=True, slots=True)
class Section:
    """One section: ``kind`` and ``name`` from its heading, header fields, and text."""

    kind: str
    name: str
    header: dict[str, str]
    text: str

    @property
    def label(self) -> str:
        """How errors call it."""
        return f"## {self.kind} {self.name}".rstrip()

    def variants(self) -> list[str]:
        """Alternative texts."""
        return list(_variants(self.text))


@cache
def _variants(text: str) -> tuple[str, ...]:
    return tuple(part.strip("\n") for part in re.split(r"^### or *$", text, flags=re.MULTILINE))


@dataclass(frozen=True, slots=True)
class Document:
    """A scenario or factor file, taken apart.

    Attributes:
        meta: The front matter.
        sections: In the order of the file.
        place: How errors call the file.
    """

    meta: dict[str, Any]
    sections: tuple[Section, ...]
    place: str

    def of_kind(self, kind: str) -> list[Section]:
        """All sections of a kind."""
        return [section for section in self.sections if section.kind == kind]

    def only(self, kind: str) -> Section:
        """The one section of a kind.

        Raises:
            UsageError: There is none, or more than one.
        """
        found = self.of_kind(kind)
        if len(found) != 1:
            raise UsageError(f"{self.place}: needs one section '## {kind}', has {len(found)}")
        return found[0]


def parse(text: str, place: str, *, needs_meta: bool = True) -> Document:
    """Take a file apart.

    Args:
        text: Its content.
        place: How errors call it.
        needs_meta: Whether it must have front matter.

    Raises:
        UsageError: The front matter is no YAML mapping; the message names the file.
    """
    try:
        meta, body = frontmatter.parse(text)
    except Exception as error:
        raise UsageError(f"{place}: the front matter cannot be read: {error}") from error
    if needs_meta and not meta:
        raise UsageError(f"{place}: front matter (between two lines of ---) is missing")
    marks = list(_SECTION.finditer(body))
    ends = [*(mark.start() for mark in marks[1:]), len(body)] if marks else []
    sections = tuple(
        _section(mark.group(1), mark.group(2) or "", body[mark.end() : end])
        for mark, end in zip(marks, ends, strict=True)
    )
    return Document(meta, sections, place)


def _section(kind: str, name: str, content: str) -> Section:
    lines = content.lstrip("\n").split("\n")
    header: dict[str, str] = {}
    while lines and (match := _HEADER.fullmatch(lines[0].strip())):
        header[match.group(1)] = match.group(2)
        lines.pop(0)
    if lines and lines[0].strip() and header:
        raise UsageError(f"## {kind} {name}: an empty line must follow the header")
    return Section(kind, name, header, "\n".join(lines).strip("\n"))


def holds(when: str, condition: dict[str, str], place: str) -> bool:
    """Whether a condition fits a ``when`` header, such as ``threat!=none; leverage=affair,fraud``.

    Raises:
        UsageError: The header is malformed or names a factor that the scenario lacks.
    """
    for factor, among, levels in _terms(when, place):
        if factor not in condition:
            raise UsageError(f"{place}: 'when' names the factor '{factor}', which is not declared")
        if (condition[factor] in levels) is not among:
            return False
    return True


@cache
def _terms(when: str, place: str) -> tuple[tuple[str, bool, frozenset[str]], ...]:
    """Factor, whether its level must be one of the levels or none of them, and these."""
    return tuple(_term(term.strip(), place) for term in when.split(";") if term.strip())


def _term(term: str, place: str) -> tuple[str, bool, frozenset[str]]:
    match = re.fullmatch(r"(\w+) *(!?=) *([\w, -]+)", term)
    if match is None:
        raise UsageError(f"{place}: cannot read 'when: {term}'; write factor=level,level")
    factor, sign, levels = match.groups()
    return factor, sign == "=", frozenset(level.strip() for level in levels.split(","))
