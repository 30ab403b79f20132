"""YAML documents that remember where each value stands, so that errors can say it."""

import copy
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from offswitch._errors import UsageError

Path = tuple[str | int, ...]
"""Keys and list positions from the top of a document to a value."""


@dataclass(frozen=True, slots=True)
class Document:
    """A document.

    Attributes:
        data: Its content, as plain Python.
        source: What errors call it, such as a file name.
        places: Where a value stands, by path: a line of the source, or an override.
    """

    data: Any
    source: str
    places: Mapping[Path, str]

    def place(self, path: Path) -> str:
        """The place of a value, or else of the nearest thing around it that has one."""
        for end in range(len(path), 0, -1):
            keys = tuple(part for part in path[:end] if isinstance(part, str))
            for candidate in (path[:end], keys):
                if candidate in self.places:
                    return self.places[candidate]
        return self.source


def parse_document(text: str, source: str) -> Document:
    """Read YAML.

    Raises:
        UsageError: It is no YAML, or a key stands twice; the message names the line.
    """
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        data = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        line = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise UsageError(f"{source}{line}: this is no YAML: {error.problem}") from error
    except yaml.YAMLError as error:
        raise UsageError(f"{source}: this is no YAML: {error}") from error
    return Document(data, source, dict(_places(node, (), source)) if node else {})


def _places(node: yaml.Node, path: Path, source: str) -> Iterator[tuple[Path, str]]:
    if isinstance(node, yaml.SequenceNode):
        for position, child in enumerate(node.value):
            yield (*path, position), _line(child, source)
            yield from _places(child, (*path, position), source)
    elif isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, child in node.value:
            name = str(key.value)
            if name in seen:
                raise UsageError(f"{_line(key, source)}: the key '{name}' stands twice")
            seen.add(name)
            yield (*path, name), _line(key, source)
            yield from _places(child, (*path, name), source)


def _line(node: yaml.Node, source: str) -> str:
    return f"{source}, line {node.start_mark.line + 1}"


def override(document: Document, settings: Iterable[str]) -> Document:
    """The document with values replaced.

    Args:
        document: The document; it stays as it is.
        settings: Each ``key=value``: dotted keys (list positions are numbers), a YAML value.

    Raises:
        UsageError: A setting is malformed, or leads through something that is no mapping or list.
    """
    data, places = copy.deepcopy(document.data), dict(document.places)
    for setting in settings:
        place = f"--set {setting}"
        key, equals, text = setting.partition("=")
        if not equals or not key.strip():
            raise UsageError(f"{place}: write key=value, such as worlds=5 or limits.max_turns=12")
        path = _path(key.strip())
        data = data if data is not None else {}
        _replace(data, path, parse_document(text, place).data, place)
        for inside in [p for p in places if p[: len(path)] == path]:
            del places[inside]
        places[path] = place
    return Document(data, document.source, places)


def _path(key: str) -> Path:
    return tuple(int(part) if part.isdigit() else part for part in key.split("."))


def _replace(data: Any, path: Sequence[str | int], value: Any, place: str) -> None:  # noqa: ANN401
    for depth, part in enumerate(path):
        here = ".".join(str(p) for p in path[:depth]) or "the plan"
        if isinstance(data, list):
            if not isinstance(part, int) or part >= len(data):
                raise UsageError(f"{place}: {here} is a list with the positions 0-{len(data) - 1}")
        elif not isinstance(data, dict):
            raise UsageError(f"{place}: {here} is no mapping, so it has no '{part}' to set")
        if depth == len(path) - 1:
            data[part] = value
        elif isinstance(data, dict):
            data = data.setdefault(part, {})
        else:
            data = data[part]
