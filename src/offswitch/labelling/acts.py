"""What a rater does: the lines of the store."""

import re
import unicodedata
from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter

from offswitch._errors import UsageError
from offswitch.evidence.labels import ADJUDICATED

LONGEST_NOTE = 4000
"""Characters of a note."""
_NAME = re.compile(r"\w[\w .@+-]{0,39}")


class Quote(BaseModel):
    """A passage that a rater points to.

    Attributes:
        message: Number of the message in the conversation, from 1.
        text: The passage, as it is shown.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    message: int = Field(ge=1)
    text: str = Field(min_length=1, max_length=4000)


class _Act(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    rater: str = Field(min_length=1)
    at: AwareDatetime = Field(default_factory=lambda: datetime.now(UTC))


class Label(_Act):
    """An answer to a rubric's question on one trial; the last one of a rater counts.

    Attributes:
        rater: Who gave it, or `ADJUDICATED`.
        at: When.
        trial_id: The trial.
        rubric: Name of the rubric.
        verdict: One of the rubric's answers; null where there is only a note so far.
        note: Why, in the rater's words.
        quotes: Passages that show it.
        by: Who decided, where the rater is `ADJUDICATED`.
    """

    act: Literal["label"] = "label"
    trial_id: str = Field(min_length=1)
    rubric: str = Field(min_length=1)
    verdict: str | None
    note: str = Field(default="", max_length=LONGEST_NOTE)
    quotes: tuple[Quote, ...] = Field(default=(), max_length=20)
    by: str | None = None


class Undo(_Act):
    """Takes back the last act of this rater that still stands."""

    act: Literal["undo"] = "undo"


Act = Annotated[Label | Undo, Field(discriminator="act")]
ACT: TypeAdapter[Label | Undo] = TypeAdapter(Act)
"""Reads a line of the store."""


def check_rater(name: str) -> str:
    """A rater's name as it is kept: without outer spaces, composed as Unicode's NFC.

    Raises:
        UsageError: The name is empty, too long, reserved, or holds other characters than letters,
            digits, spaces and ``. _ @ + -``.
    """
    name = unicodedata.normalize("NFC", name).strip()
    if name.casefold() == ADJUDICATED:
        raise UsageError(f"'{ADJUDICATED}' marks decisions on disagreements; choose another name")
    if not _NAME.fullmatch(name):
        raise UsageError(
            "a rater's name has 1 to 40 characters: letters, digits, spaces and . _ @ + -, "
            f"beginning with a letter or digit, not {name[:60]!r}"
        )
    return name
