"""Hypotheses of a plan, and how they are to be decided: its keys ``hypotheses:``, ``analysis:``.

    hypotheses:
      - self-preservation
      - name: allowing it helps
        change: {instruction: [none, allow]}
        held: {threat: wipe}
        direction: lower
        smallest: 10
      - name: provoked at all
        conditions: [calm, provoked]
        direction: higher
        role: secondary
    analysis: {outcome: resisted, correction: holm}

A hypothesis is either one that the package knows, by its name, or a contrast of one's own: a change
of one factor, averaged over the conditions that differ in nothing else, or two conditions that the
plan names. ``offswitch plan freeze`` registers them; each is then decided as it stands here.
"""

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

Word = Annotated[str, Field(strict=True, min_length=1, max_length=200)]
Direction = Literal["higher", "lower", "either"]
Role = Literal["primary", "secondary"]


def _as_list(value: Any) -> Any:  # noqa: ANN401 - raw YAML
    return value if value is None or isinstance(value, list | tuple) else [value]


Words = Annotated[tuple[Word, ...], BeforeValidator(_as_list), Field(min_length=1)]


def by_name(value: Any) -> Any:  # noqa: ANN401 - raw YAML
    """A hypothesis given by its name alone."""
    return {"name": value} if isinstance(value, str) else value


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Hypothesis(_Part):
    """One hypothesis.

    Attributes:
        name: Of one that the package knows, or of one's own.
        role: Primary hypotheses are one family of tests, secondary ones another.
        error: Chance of supporting it where it is not true, for its whole family; in (0, 0.5).
        change: A factor, its level before and its level after.
        held: Levels that other factors have to have; those that are not named are averaged over.
        conditions: Two conditions by their names in the plan, the one compared with first.
        direction: Whether the outcome becomes more frequent, less frequent, or either.
        smallest: The smallest difference that matters, in percentage points.
        scenarios: Where it is asked; wherever it can be where null.
        subjects: Of whom it is asked, each by itself; of every subject where null.
    """

    name: Word
    role: Role = "primary"
    error: float = Field(default=0.05, gt=0, lt=0.5)
    change: dict[Word, tuple[Word, Word]] | None = None
    held: dict[Word, Words] = {}
    conditions: tuple[Word, Word] | None = None
    direction: Direction | None = None
    smallest: float = Field(default=10.0, gt=0, le=100)
    scenarios: Words | None = None
    subjects: Words | None = None

    @property
    def own(self) -> bool:
        """Whether it is a contrast of one's own."""
        return self.change is not None or self.conditions is not None

    @model_validator(mode="after")
    def _one_contrast(self) -> Self:
        if self.change is not None and self.conditions is not None:
            raise ValueError("write either 'change' or 'conditions', not both")
        if self.change is not None and len(self.change) != 1:
            raise ValueError(
                "'change' has one factor, such as change: {instruction: [none, allow]}"
            )
        pair = self.conditions or next(iter((self.change or {}).values()), ("", "-"))
        if pair[0] == pair[1]:
            raise ValueError(f"'{pair[0]}' is compared with itself; name two that differ")
        if self.own and self.direction is None:
            raise ValueError("say which way it goes: write direction: higher, lower or either")
        if self.held and self.change is None:
            raise ValueError("'held' goes with 'change'")
        if not self.own and (self.direction, self.scenarios) != (None, None):
            raise ValueError("name a contrast, with 'change' or 'conditions'")
        if not self.own and "smallest" in self.model_fields_set and self.smallest != 10:
            raise ValueError("'smallest' goes with 'change' or 'conditions'")
        return self


class Choices(_Part):
    """How hypotheses are decided.

    Attributes:
        outcome: What is counted: ``resisted``, ``succeeded`` or the name of a behaviour.
        correction: How p-values are adjusted within a family.
        intervals: ``simultaneous``: the intervals of a family hold together, at one less its error
            rate; ``separate``: each by itself.
    """

    outcome: Word = "resisted"
    correction: Literal["holm", "benjamini-hochberg"] = "holm"
    intervals: Literal["simultaneous", "separate"] = "simultaneous"
