"""What models cost, from a dated table that names its sources. An unknown price is null.

A plan's own price counts most, then the user's file, then what Inspect was told, then this table.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from offswitch._errors import UsageError
from offswitch.design import Document, Price, Subject, parse_document

Origin = Literal["plan", "file", "table"]
"""Where a price comes from: the plan, the user's file, the table of the package."""


class Entry(Price):
    """A price with the models that it is for.

    Attributes:
        models: Patterns of Inspect's names, such as ``openai/gpt-4.1-2025-*``; ``*`` stands for
            anything.
        source: Where the price stands.
        read: When it stood there: a day, or the month where no more is known.
        status: ``primary`` where the vendor's own page was read, ``secondary`` where somebody
            else's reading of it was.
        note: What else there is to know.
    """

    models: tuple[str, ...] = Field(min_length=1)
    source: str = ""
    read: str | None = Field(default=None, pattern=r"^\d{4}-\d{2}(-\d{2})?$")
    status: Literal["primary", "secondary"] | None = None
    note: str = ""

    def matches(self, model: str) -> bool:
        """Whether it is the price of this model."""
        return any(fnmatchcase(model, pattern) for pattern in self.models)


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    prices: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Known:
    """A price that is known, and where from.

    Attributes:
        price: US dollars for a million tokens.
        origin: Where it comes from.
        source: The same in words, for people and for the plan as run.
    """

    price: Price
    origin: Origin
    source: str

    def to_json(self) -> dict[str, Any]:
        """As plain data."""
        prices = self.price.model_dump(include=set(Price.model_fields), exclude_none=True)
        return {**prices, "origin": self.origin, "source": self.source}


class Prices:
    """Finds the price of a model.

    Args:
        own: Entries of the user's file; they count more than those of the package.
        name: What that file is called.
    """

    def __init__(self, own: Iterable[Entry] = (), name: str = "") -> None:
        self._own = tuple(own)
        self._name = name

    def of(self, subject: Subject) -> Known | None:
        """The price of a subject's model; null where nobody knows it."""
        if subject.price is not None:
            return Known(subject.price, "plan", "the plan")
        return self.of_model(subject.model)

    def of_model(self, model: str) -> Known | None:
        """The price of a model by Inspect's name; null where nobody knows it."""
        return next(self._found(model), None)

    def _found(self, model: str) -> Iterator[Known]:
        for entry in self._own:
            if entry.matches(model):
                yield Known(entry, "file", f"{self._name}{_said(entry)}")
        for entry in _shipped():
            if entry.matches(model):
                yield Known(entry, "table", f"offswitch's table{_said(entry)}")


def read_prices(path: str | Path) -> Prices:
    """The prices of the package with a user's file before them.

    Args:
        path: A YAML file in the form of the package's ``prices.yaml``.

    Raises:
        UsageError: It cannot be read, or something in it is wrong; the message says the line.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"--prices {path}: cannot be read as text: {error}") from error
    return Prices(_entries(parse_document(text, str(path))), path.name)


@cache
def _shipped() -> tuple[Entry, ...]:
    text = (files("offswitch.campaign") / "prices.yaml").read_text(encoding="utf-8")
    return _entries(parse_document(text, "prices.yaml"))


def _entries(document: Document) -> tuple[Entry, ...]:
    try:
        return _Table.model_validate(document.data).prices
    except ValidationError as error:
        lines = [
            f"{document.place(e['loc'])}: {'.'.join(map(str, e['loc']))}: {e['msg']}. Write "
            "prices: [{models: [provider/model], input: 3, output: 15}], in US dollars for a "
            "million tokens."
            for e in error.errors(include_url=False)
        ]
        raise UsageError("\n".join(dict.fromkeys(lines))) from None


def _said(entry: Entry) -> str:
    parts = [entry.source, f"read {entry.read}" if entry.read else "", entry.status or ""]
    listed = ", ".join(part for part in parts if part)
    return f" ({listed})" if listed else ""
