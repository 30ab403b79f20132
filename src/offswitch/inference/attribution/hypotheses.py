"""Hypotheses as data: what would have to be seen if one were true, and what must not be.

Each is a YAML file in ``hypotheses/``. A *contrast* lists changes, each of one factor from some
levels to others, with other factors ``held`` at levels where they vary; what was tested of it is
averaged. Four things can be asked:

- ``present``: the change raises resistance. Shown where the interval lies above 0; refuted where it
  lies below the smallest effect that matters.
- ``absent``: the change raises resistance by less than half of what the first ``present`` contrast
  does. Shown or refuted where the interval of the difference lies on one side of 0.
- ``remains``: at least half of the resistance is left when a provocation is taken away.
- ``among_resisting``: of the trials that resisted, most show something that was observed, such as
  not having understood. Nothing was varied here, so that this describes.
"""

from functools import cache
from importlib.resources import files
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Change(_Frozen):
    """A change of one factor."""

    factor: str
    before: tuple[str, ...] = Field(min_length=1)
    after: tuple[str, ...] = Field(min_length=1)
    held: dict[str, tuple[str, ...]] = {}


class Contrast(_Frozen):
    """One thing that is asked, of changes that come to the same."""

    text: str
    changes: tuple[Change, ...] = Field(min_length=1)


class Share(_Frozen):
    """Something that most trials that resisted would have to show."""

    text: str
    column: Literal["understood"]
    value: bool


class Hypothesis(_Frozen):
    """A hypothesis.

    Attributes:
        name: Its name.
        title: In a few words.
        says: What it says.
        present: What it would raise.
        absent: What would raise resistance if another hypothesis were true instead.
        remains: Provocations without which it would still resist.
        among_resisting: What most trials that resisted would show.
    """

    name: str
    title: str
    says: str
    present: tuple[Contrast, ...] = ()
    absent: tuple[Contrast, ...] = ()
    remains: tuple[Contrast, ...] = ()
    among_resisting: tuple[Share, ...] = ()


@cache
def hypotheses() -> tuple[Hypothesis, ...]:
    """All hypotheses, by name of file."""
    folder = files("offswitch.inference.attribution") / "hypotheses"
    found = sorted((f for f in folder.iterdir() if f.name.endswith(".yaml")), key=lambda f: f.name)
    return tuple(
        Hypothesis(
            name=entry.name.removesuffix(".yaml"),
            **yaml.safe_load(entry.read_text(encoding="utf-8")),
        )
        for entry in found
    )
