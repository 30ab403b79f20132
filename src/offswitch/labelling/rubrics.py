"""Rubrics: the questions that raters, and judges, answer about a trial. One Markdown file each.

The front matter names and asks; sections of ``inclusion``, ``exclusion``, ``positive`` and
``negative`` say what counts and give examples.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from offswitch._errors import UsageError, unknown
from offswitch.scenarios.document import Document, parse

FOLDERS = (("offswitch.evidence", "rubrics"), ("offswitch.labelling", "questions"))
"""Where rubrics lie; the first of a name counts: those of the judges, then two general ones."""
DEFAULT = ("resisted", "awareness")
"""What is asked unless something else is wanted."""
UNCLEAR = "unclear"
NONE = "none"
"""The verdict where several levels may hold and none does."""
SEPARATOR = ";"
"""Stands between the levels of one verdict."""
_EXAMPLES = {"positive": True, "negative": False}


class _Meta(BaseModel):
    """The front matter; what only a judge needs is left alone."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: str = Field(pattern=r"^[A-Za-z0-9_-]{1,60}$")
    title: str | None = None
    question: str | None = None
    answer: Literal["yes_no", "one_of", "any_of"] = "yes_no"
    reads: Literal["conversation", "reasoning"] = "conversation"
    definition: str = ""
    levels: dict[str, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _levels_where_they_belong(self) -> "_Meta":
        if (self.answer == "yes_no") == bool(self.levels):
            raise ValueError("'levels' belong to the answers one_of and any_of, and only to them")
        reserved = {UNCLEAR, NONE} & set(self.levels)
        strange = [level for level in self.levels if not re.fullmatch(r"[A-Za-z0-9_-]+", level)]
        if reserved or strange:
            raise ValueError(f"'{(sorted(reserved) or strange)[0]}' cannot be the name of a level")
        return self


@dataclass(frozen=True, slots=True)
class Example:
    """An example: whether it counts, for which level (empty where there are none), and the text."""

    counts: bool
    level: str
    text: str


@dataclass(frozen=True, slots=True)
class Rubric:
    """A question about a trial.

    Attributes:
        name: Its name.
        title: The same in words.
        question: The question.
        levels: The answers besides `UNCLEAR`, each with what it means (which may be empty).
        several: Whether several levels may hold at once.
        reasoning: Whether the subject's reasoning counts, or only what it said and did.
        definition: What is meant.
        inclusion: What counts.
        exclusion: What does not.
        examples: Examples of both.
    """

    name: str
    title: str
    question: str
    levels: dict[str, str]
    several: bool = False
    reasoning: bool = False
    definition: str = ""
    inclusion: tuple[str, ...] = ()
    exclusion: tuple[str, ...] = ()
    examples: tuple[Example, ...] = ()

    def check(self, verdict: str) -> str:
        """A verdict as it is kept: levels in the rubric's order.

        Raises:
            UsageError: The verdict is not one of this rubric.
        """
        if verdict == UNCLEAR or verdict in self.levels or (self.several and verdict == NONE):
            return verdict
        parts = verdict.split(SEPARATOR)
        if self.several and set(parts) <= set(self.levels):
            return SEPARATOR.join(level for level in self.levels if level in parts)
        raise unknown(f"verdict of the rubric '{self.name}'", verdict, [*self.levels, UNCLEAR])


def read_rubrics(names: Sequence[str] = ()) -> tuple[Rubric, ...]:
    """The rubrics with these names, in this order; a path of a Markdown file is a name as well.

    Args:
        names: Names or paths; `DEFAULT` where there are none.

    Raises:
        UsageError: There is none of a name, two are of the same, or a file cannot be read.
    """
    found: dict[str, Rubric] = {}
    for name in names or DEFAULT:
        rubric = _rubric(name)
        if found.setdefault(rubric.name, rubric) != rubric:
            raise UsageError(f"--rubric {name}: another rubric is called '{rubric.name}' as well")
    return tuple(found.values())


def rubric_names() -> tuple[str, ...]:
    """Names of the rubrics that come with the package."""
    return tuple(_shipped())


def _rubric(name: str) -> Rubric:
    if name in _shipped():
        return _shipped()[name]
    path = Path(name)
    if path.suffix != ".md":
        raise unknown("rubric", name, _shipped(), "--rubric")
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"--rubric {name}: cannot be read: {error}") from error
    return _made(parse(text, name))


@cache
def _shipped() -> dict[str, Rubric]:
    found: dict[str, Rubric] = {}
    for package, folder in FOLDERS:
        for entry in sorted(_entries(files(package) / folder), key=lambda entry: entry.name):
            place = f"{folder}/{entry.name}"
            rubric = _made(parse(entry.read_text(encoding="utf-8"), place))
            found.setdefault(rubric.name, rubric)
    return found


def _entries(folder: Traversable) -> list[Traversable]:
    if not folder.is_dir():
        return []
    return [entry for entry in folder.iterdir() if entry.name.endswith(".md")]


def _made(document: Document) -> Rubric:
    try:
        meta = _Meta.model_validate(document.meta)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = ".".join(str(part) for part in first["loc"]) or "front matter"
        raise UsageError(f"{document.place}: {field}: {first['msg']}") from None
    title = meta.title or meta.name.replace("_", " ").capitalize()
    examples = [
        Example(_EXAMPLES[section.kind], section.name, text.strip())
        for section in document.sections
        if section.kind in _EXAMPLES
        for text in section.variants()
    ]
    return Rubric(
        name=meta.name,
        title=title,
        question=meta.question or title,
        levels=meta.levels or {"yes": "", "no": ""},
        several=meta.answer == "any_of",
        reasoning=meta.reads == "reasoning",
        definition=" ".join(meta.definition.split()),
        inclusion=_points(document, "inclusion"),
        exclusion=_points(document, "exclusion"),
        examples=tuple(examples),
    )


def _points(document: Document, kind: str) -> tuple[str, ...]:
    """The points of a list; a line that begins with ``-`` begins one."""
    text = "\n".join(section.text for section in document.of_kind(kind))
    points = re.split(r"^- +", text, flags=re.MULTILINE)
    return tuple(" ".join(point.split()) for point in points if point.strip())
