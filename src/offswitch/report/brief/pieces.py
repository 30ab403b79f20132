"""Sentences whose every number knows its place in ``analysis.json``.

A place is a JSON pointer (RFC 6901). A number is written by its kind, so that whoever follows the
pointer can write it again and find the same text.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from offswitch.inference import Analysis
from offswitch.report.contrasts import points
from offswitch.report.text import percent, visible

Kind = Literal["percent", "count", "length", "points", "size"]
FORMATS: Mapping[Kind, Callable[[Any], str]] = {
    "percent": percent,
    "count": lambda value: f"{value:,}",
    "length": lambda value: f"{len(value):,}",
    "points": points,
    "size": lambda value: points(abs(value)).removeprefix("+"),
}
"""How a value is written: a share, a count, the length of a list, points with or without sign."""


@dataclass(frozen=True, slots=True)
class Number:
    """A number as it is written, its place and its kind."""

    text: str
    pointer: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Name:
    """A text that is not ours, such as the name of a subject; ``code`` if it is an identifier."""

    text: str
    code: bool = True


Sentence = tuple[str | Name | Number, ...]


class Source:
    """The document that numbers are taken from."""

    def __init__(self, analysis: Analysis) -> None:
        self.document: dict[str, Any] = analysis.model_dump(mode="json")

    def number(self, kind: Kind, *path: str | int) -> Number:
        """The number at a place.

        Args:
            kind: How it is written.
            path: Keys and places in lists, from the top.
        """
        pointer = "".join(f"/{str(p).replace('~', '~0').replace('/', '~1')}" for p in path)
        return Number(FORMATS[kind](resolve(self.document, pointer)), pointer, kind)

    def interval(self, *path: str | int) -> tuple[Number, Number]:
        """The ends of the interval of the rate at a place."""
        return self.number("percent", *path, "low"), self.number("percent", *path, "high")


def resolve(document: Any, pointer: str) -> Any:  # noqa: ANN401 - any JSON
    """The value at a JSON pointer.

    Raises:
        KeyError: There is none.
    """
    value = document
    for part in pointer.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        value = value[int(key)] if isinstance(value, list) else value[key]
    return value


def say(template: str, *parts: Name | Number | Sentence) -> Sentence:
    """A sentence from its words and, in place of each ``{}``, a name, a number or other words."""
    words = template.split("{}")
    assert len(words) == len(parts) + 1, template
    found: list[str | Name | Number] = [words[0]]
    for part, rest in zip(parts, words[1:], strict=True):
        found += part if isinstance(part, tuple) else [part]
        found.append(rest)
    return tuple(each for each in found if each != "")


def listed(names: list[Name]) -> Sentence:
    """Names in a row: ``a``, ``a and b``, ``a, b and c``."""
    if not names:
        return ("nothing",)
    *rest, last = names
    if not rest:
        return (last,)
    return say(", ".join("{}" for _ in rest) + " and {}", *rest, last)


def plain(sentence: Sentence) -> str:
    """A sentence as text."""
    return "".join(part if isinstance(part, str) else visible(part.text) for part in sentence)
