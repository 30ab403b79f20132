"""Rubrics: the questions that raters, and judges, answer about a trial. One Markdown file each."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import frontmatter
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from offswitch._errors import UsageError, unknown

FOLDERS = (("offswitch.evidence", "rubrics"), ("offswitch.labelling", "questions"))
"""Where rubrics lie, the first of a name counts: those of the judges, and two general ones."""
DEFAULT = ("resisted", "awareness")
"""What is asked unless something else is wanted."""
UNCLEAR = "unclear"
NONE = "none"
"""The verdict where several levels may hold and none does."""
SEPARATOR = ";"
"""Stands between the levels of one verdict."""
_BINARY = ("yes", "no")


class _Meta(BaseModel):
    """The front matter; what a judge needs besides is left alone."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    title: str | None = None
    question: str | None = None
    definition: str = ""
    levels: tuple[str, ...] = ()
    several: bool = False


@dataclass(frozen=True, slots=True)
class Rubric:
    """A question about a trial.

    Attributes:
        name: Its name.
        title: The same in words.
        question: The question.
        definition: What counts and what does not.
        levels: The answers besides `UNCLEAR`: ``yes`` and ``no``, or levels.
        several: Whether several levels may hold at once.
    """

    name: str
    title: str
    question: str
    definition: str
    levels: tuple[str, ...] = _BINARY
    several: bool = False

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
        UsageError: There is none of a name, or a file cannot be read.
    """
    rubrics = [_rubric(name) for name in names or DEFAULT]
    return tuple({rubric.name: rubric for rubric in rubrics}.values())


def rubric_names() -> tuple[str, ...]:
    """Names of the rubrics that come with the package."""
    return tuple(_shipped())


def _rubric(name: str) -> Rubric:
    if name in _shipped():
        return _shipped()[name]
    path = Path(name)
    if path.suffix != ".md":
        raise unknown("rubric", name, _shipped(), "--rubric")
    if not path.is_file():
        raise UsageError(f"--rubric {name}: there is no such file")
    return _parse(path.read_text(encoding="utf-8"), name)


@cache
def _shipped() -> dict[str, Rubric]:
    found: dict[str, Rubric] = {}
    for package, folder in FOLDERS:
        for entry in sorted(_entries(files(package) / folder), key=lambda entry: entry.name):
            rubric = _parse(entry.read_text(encoding="utf-8"), f"{folder}/{entry.name}")
            found.setdefault(rubric.name, rubric)
    return found


def _entries(folder: Traversable) -> list[Traversable]:
    if not folder.is_dir():
        return []
    return [entry for entry in folder.iterdir() if entry.name.endswith(".md")]


def _parse(text: str, place: str) -> Rubric:
    try:
        meta = _Meta.model_validate(_front_matter(text))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = ".".join(str(part) for part in first["loc"])
        raise UsageError(f"{place}: {field}: {first['msg']}") from None
    except Exception as error:  # YAML fails in many ways
        raise UsageError(f"{place}: the front matter cannot be read: {error}") from error
    title = meta.title or meta.name.replace("_", " ").capitalize()
    question = meta.question or title
    return Rubric(meta.name, title, question, meta.definition, meta.levels or _BINARY, meta.several)


def _front_matter(text: str) -> dict[str, Any]:
    meta, _ = frontmatter.parse(text)
    return dict(meta)
