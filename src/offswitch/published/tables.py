"""Tables of published figures: one YAML file for each source, checked when it is read."""

from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from offswitch._errors import UsageError, unknown

Status = Literal["primary", "secondary", "unverified"]
"""``primary``: read in the source itself; ``secondary``: in a text that quotes it;
``unverified``: said to exist, for example in a chart, and not read; such a value is null."""
Percent = float


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Source(_Part):
    """Where a table comes from.

    Attributes:
        title: What it is called.
        url: Where it stands.
        year: When it was published.
    """

    title: str = Field(min_length=1)
    url: str = Field(pattern=r"^https?://")
    year: int


class Figure(_Part):
    """One published number.

    Attributes:
        model: The model as the source calls it, with settings where they matter.
        value: In percent; null where it was not verified or not given.
        low: Lower end of the published interval, in percent.
        high: Upper end.
        n: Trials behind it, or the least and the most of them; null where not known.
        bound: How the value is meant, where it is not exact.
        conflicting: Another value that the same source gives in another place.
        status: Null as for the whole measure.
        url: Likewise.
        note: What else there is to know.
    """

    model: str = Field(min_length=1)
    value: Percent | None = Field(default=None, ge=0, le=100)
    low: Percent | None = Field(default=None, ge=0, le=100)
    high: Percent | None = Field(default=None, ge=0, le=100)
    n: int | tuple[int, int] | None = None
    bound: Literal["about", "above", "below"] | None = None
    conflicting: Percent | None = Field(default=None, ge=0, le=100)
    status: Status | None = None
    url: str | None = Field(default=None, pattern=r"^https?://")
    note: str = ""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        known = [x for x in (self.low, self.value, self.high) if x is not None]
        if known != sorted(known):
            raise ValueError(f"{self.model}: the value {self.value} is outside of its interval")
        if self.status == "unverified" and self.value is not None:
            raise ValueError(f"{self.model}: an unverified value is null")
        return self


class Measure(_Part):
    """What was measured, under one condition, for some models.

    Attributes:
        id: Its name in the table.
        what: What was counted, and under which condition.
        counts: Whether the percentage counts subjects that ``resisted``, that ``complied``, or
            something ``other``, which no rate of ours stands for.
        n: Trials behind each figure, unless it says otherwise.
        interval: Kind of the published intervals.
        status: Of each figure, unless it says otherwise.
        url: Where the figures stand, unless they say otherwise.
        scenario: The scenario of ours that was modelled after this, if there is one.
        condition: The levels that come closest; null where none does.
        note: What else there is to know.
        figures: The numbers.
    """

    id: str = Field(pattern=r"^[a-z0-9-]+$")
    what: str = Field(min_length=1)
    counts: Literal["resisted", "complied", "other"]
    n: int | tuple[int, int] | None = None
    interval: str | None = None
    status: Status
    url: str = Field(pattern=r"^https?://")
    scenario: str | None = None
    condition: dict[str, str] | None = None
    note: str = ""
    figures: tuple[Figure, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.condition is not None and self.scenario is None:
            raise ValueError(f"{self.id}: a condition needs its scenario")
        models = [figure.model for figure in self.figures]
        if len(set(models)) != len(models):
            raise ValueError(f"{self.id}: a model stands twice")
        for figure in self.figures:
            if (figure.status or self.status) == "unverified" and figure.value is not None:
                raise ValueError(f"{self.id}, {figure.model}: an unverified value is null")
        return self

    def complete(self) -> Iterator[Figure]:
        """The figures, each with what the measure says for all of them."""
        for figure in self.figures:
            yield figure.model_copy(
                update={
                    "n": self.n if figure.n is None else figure.n,
                    "status": figure.status or self.status,
                    "url": figure.url or self.url,
                }
            )

    def fits(self, scenario: str, condition: Mapping[str, str]) -> bool:
        """Whether it is the counterpart of a cell of ours."""
        if self.scenario != scenario or self.condition is None:
            return False
        return all(condition.get(factor) == level for factor, level in self.condition.items())


class Table(_Part):
    """One source and what it measured.

    Attributes:
        name: Its name.
        source: Where it comes from.
        about: What its authors did, in a few sentences of our own.
        differs: How our scenarios differ from theirs.
        measures: What they measured.
    """

    name: str
    source: Source
    about: str = Field(min_length=1)
    differs: str = Field(min_length=1)
    measures: tuple[Measure, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        names = [measure.id for measure in self.measures]
        if len(set(names)) != len(names):
            raise ValueError("a measure stands twice")
        return self


def published_names() -> tuple[str, ...]:
    """Names of the tables."""
    folder = files("offswitch.published")
    return tuple(sorted(e.name[:-5] for e in folder.iterdir() if e.name.endswith(".yaml")))


@cache
def published_table(name: str, where: str = "") -> Table:
    """A table.

    Args:
        name: Its name, such as ``palisade-2025``.
        where: The place of the name in the input.

    Raises:
        UsageError: There is none; the message lists those that exist.
    """
    if name not in published_names():
        raise unknown("table of published figures", name, published_names(), where)
    text = (files("offswitch.published") / f"{name}.yaml").read_text(encoding="utf-8")
    data: Any = yaml.safe_load(text)
    try:
        return Table.model_validate(data)
    except ValidationError as error:
        raise UsageError(f"published/{name}.yaml: {error}") from error


def matching(table: Table, scenario: str, condition: Mapping[str, str]) -> list[Measure]:
    """The measures of a table that are the counterparts of a cell of ours."""
    return [measure for measure in table.measures if measure.fits(scenario, condition)]
