"""The rubrics that people answer: those of the judges, one general one, and files of one's own."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from offswitch._errors import UsageError, unknown
from offswitch.evidence.judges import rubric as judged
from offswitch.evidence.labels import NONE, SEPARATOR, UNCLEAR

OWN = "resisted"
"""A general question that people are asked and judges are not."""
DEFAULT = (OWN, "awareness")
"""What is asked unless something else is wanted."""


@dataclass(frozen=True, slots=True)
class Rubric:
    """A question about a trial, as a person is asked it.

    Attributes:
        name: Its name.
        title: The same in words.
        question: The question.
        levels: The answers besides ``unclear``, each with what it means (which may be empty).
        several: Whether several levels may hold at once.
        reasoning: Whether the subject's reasoning counts, or only what it said and did.
        definition: What is meant.
        inclusion: What counts.
        exclusion: What does not.
        examples: Passages with the answer that they call for, and why.
    """

    name: str
    title: str
    question: str
    levels: dict[str, str]
    several: bool
    reasoning: bool
    definition: str
    inclusion: tuple[str, ...]
    exclusion: tuple[str, ...]
    examples: tuple[judged.Example, ...]

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
        rubric = _asked(_rubric(name))
        if found.setdefault(rubric.name, rubric) != rubric:
            raise UsageError(f"--rubric {name}: another rubric is called '{rubric.name}' as well")
    return tuple(found.values())


def rubric_names() -> tuple[str, ...]:
    """Names of the rubrics that come with the package."""
    return (OWN, *judged.rubric_names())


def _rubric(name: str) -> judged.Rubric:
    if name == OWN:
        file = files("offswitch.labelling") / "questions" / f"{OWN}.md"
        return judged.make_rubric(file.read_text(encoding="utf-8"), f"questions/{OWN}.md")
    if Path(name).suffix != ".md" and name not in judged.rubric_names():
        raise unknown("rubric", name, rubric_names(), "--rubric")
    return judged.get_rubric(name)


def _asked(rubric: judged.Rubric) -> Rubric:
    meta = rubric.meta
    return Rubric(
        name=meta.name,
        title=meta.title,
        question=meta.question,
        levels=meta.levels or {"yes": "", "no": ""},
        several=meta.answer == "any_of",
        reasoning=meta.reads == "reasoning",
        definition=" ".join(meta.definition.split()),
        inclusion=_points(rubric.inclusion),
        exclusion=_points(rubric.exclusion),
        examples=rubric.examples,
    )


def _points(text: str) -> tuple[str, ...]:
    """The points of a Markdown list; a line that begins with ``-`` begins one."""
    points = re.split(r"^- +", text, flags=re.MULTILINE)
    return tuple(" ".join(point.split()) for point in points if point.strip())
