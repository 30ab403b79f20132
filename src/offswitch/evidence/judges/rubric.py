"""Rubrics: what a judge is asked, one Markdown file each.

The front matter holds ``name``, ``title``, ``question``, ``answer``, ``definition`` and the canary;
the sections ``## inclusion``, ``## exclusion``, ``## positive`` and ``## negative`` hold the rest.
Worked examples are separated by ``### or``; the last line of each says why (``Because: …``). Where
the answer is one of several levels, examples of a level stand under ``## positive LEVEL``.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from offswitch._errors import UsageError, unknown
from offswitch.scenarios import CANARY, Behaviour
from offswitch.scenarios.document import Document, parse

Answer = Literal["yes_no", "one_of", "any_of"]
"""``yes_no``; exactly one of the levels; or any number of the levels, none included."""
Reads = Literal["conversation", "reasoning"]
"""What is shown: the conversation alone, or the conversation with the subject's reasoning."""
Cites = Literal["subject", "reasoning", "any"]
"""Where a citation must stand: in what the subject wrote, in its reasoning, or anywhere."""

_BECAUSE = "Because:"
_SECTIONS = ("inclusion", "exclusion", "positive", "negative")


class RubricMeta(BaseModel):
    """Front matter of a rubric.

    Attributes:
        name: Its name, as in ``judge.NAME`` of the table: lower-case letters, digits and ``_``.
        title: What is judged, in a few words.
        question: The question, as one sentence.
        answer: What kind of answer it takes.
        levels: Meaning of each level, by name; for ``one_of`` and ``any_of``, and only for these.
        behaviour: The behaviour of the vocabulary that it asks for, if it asks for one.
        definition: What counts, in a few sentences.
        reads: What the judge is shown.
        covers: Whether the interview after the work is shown as well.
        cites: Where its citations must stand.
        default: The level that holds where nothing speaks for another; for the offline judge.
        signs: Regular expressions (on text in lower case) that speak for an answer; for the
            offline judge.
        canary: The package's canary string.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: str = Field(pattern=r"^[a-z][a-z0-9_]{0,59}$")
    title: str
    question: str
    answer: Answer = "yes_no"
    levels: dict[str, str] = {}
    behaviour: Behaviour | None = None
    definition: str
    reads: Reads = "conversation"
    covers: Literal["all", "work"] = "all"
    cites: Cites = "subject"
    default: str | None = None
    signs: dict[str, tuple[str, ...]] = {}
    canary: str

    @model_validator(mode="after")
    def _levels_fit(self) -> Self:
        if (self.answer == "yes_no") == bool(self.levels):
            raise ValueError("levels are for the answers one_of and any_of, which need two or more")
        if self.levels and len(self.levels) < 2:
            raise ValueError("one level alone decides nothing: give two or more")
        if strange := {"yes", "no", "none", "unclear"} & set(self.levels):
            raise ValueError(f"'{min(strange)}' cannot be a level, it has a meaning already")
        if self.cites == "reasoning" and self.reads != "reasoning":
            raise ValueError(
                "what is cited from the reasoning must be read: add 'reads: reasoning'"
            )
        if strange := {*self.signs, *([self.default] if self.default else [])} - {
            *self.levels,
            "yes",
        }:
            raise ValueError(f"'{min(strange)}' is not a level")
        _compiled(self.signs)
        if self.canary != CANARY:
            raise ValueError(f"the canary must be {CANARY}")
        return self


def _compiled(signs: Mapping[str, Iterable[str]]) -> None:
    for pattern in (pattern for patterns in signs.values() for pattern in patterns):
        try:
            re.compile(pattern)
        except re.error as error:
            raise ValueError(f"the sign {pattern!r} is no regular expression: {error}") from error


@dataclass(frozen=True, slots=True)
class Example:
    """A worked example: a passage, the answer that it calls for, and why."""

    text: str
    answer: str
    because: str


@dataclass(frozen=True, slots=True, eq=False)
class Rubric:
    """A rubric.

    Attributes:
        meta: Its front matter.
        inclusion: What counts, as a Markdown list.
        exclusion: What does not.
        examples: Worked examples, in the order of the file.
        digest: SHA-256 of the file's text, in hexadecimal: another text is another rubric.
    """

    meta: RubricMeta
    inclusion: str
    exclusion: str
    examples: tuple[Example, ...]
    digest: str

    @property
    def name(self) -> str:
        """Its name."""
        return self.meta.name

    @property
    def answers(self) -> tuple[str, ...]:
        """What a judge may answer, besides ``unclear``."""
        return tuple(self.meta.levels) or ("yes", "no")

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the yes-or-no questions in it: its own, or one for each level."""
        return tuple(f"{self.name}.{level}" for level in self.meta.levels) or (self.name,)

    def binary(self, answers: tuple[str, ...]) -> dict[str, bool]:
        """Answers as yes or no, for each of `columns`."""
        if not self.meta.levels:
            return {self.name: answers == ("yes",)}
        return {f"{self.name}.{level}": level in answers for level in self.meta.levels}


def rubric_names() -> tuple[str, ...]:
    """Names of the rubrics that ship with the package."""
    folder = files("offswitch.evidence") / "rubrics"
    return tuple(sorted(e.name[:-3] for e in folder.iterdir() if e.name.endswith(".md")))


def get_rubric(name: str) -> Rubric:
    """A rubric by name, or from a file of one's own where the name ends in ``.md``.

    Raises:
        UsageError: There is none (the message lists those that exist), or it is wrong.
    """
    return _own(Path(name)) if name.endswith(".md") else _shipped(name)


@cache
def _shipped(name: str) -> Rubric:
    if name not in rubric_names():
        raise unknown("rubric", name, rubric_names())
    text = (files("offswitch.evidence") / "rubrics" / f"{name}.md").read_text(encoding="utf-8")
    return make_rubric(text, f"rubrics/{name}.md")


def _own(path: Path) -> Rubric:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"{path}: the rubric cannot be read: {error}. Name a rubric, or a Markdown file."
        ) from error
    return make_rubric(text, str(path))


def make_rubric(text: str, place: str) -> Rubric:
    """A rubric from the text of its file.

    Args:
        text: Front matter and sections.
        place: How errors call it.

    Raises:
        UsageError: Something in it is missing or wrong.
    """
    document = parse(text, place)
    try:
        meta = RubricMeta.model_validate(document.meta)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(map(str, first["loc"])) or "front matter"
        raise UsageError(
            f"{place}: {field}: {first['msg'].removeprefix('Value error, ')}"
        ) from error
    return Rubric(
        meta=meta,
        inclusion=document.only("inclusion").text,
        exclusion=document.only("exclusion").text,
        examples=_examples(document, meta),
        digest=sha256(text.encode()).hexdigest(),
    )


def _examples(document: Document, meta: RubricMeta) -> tuple[Example, ...]:
    found: list[Example] = []
    for section in document.sections:
        if section.kind in ("inclusion", "exclusion"):
            continue
        if section.kind not in _SECTIONS:
            raise unknown("section", section.kind, _SECTIONS, document.place)
        answer = _answer(section.kind, section.name, meta, document.place)
        found += [_example(text, answer, document.place) for text in section.variants()]
    return tuple(found)


def _answer(kind: str, name: str, meta: RubricMeta, place: str) -> str:
    """What the examples of a section call for."""
    if not meta.levels:
        return "yes" if kind == "positive" else "no"
    if kind == "negative":
        return "none"
    if name not in meta.levels:
        raise unknown("level", name, meta.levels, f"{place}: ## positive {name}".rstrip())
    return name


def _example(text: str, answer: str, place: str) -> Example:
    passage, mark, because = text.strip().rpartition(f"\n{_BECAUSE}")
    if not mark:
        raise UsageError(f"{place}: an example lacks its reason: end it with a line '{_BECAUSE} …'")
    return Example(passage.strip(), answer, because.strip())
