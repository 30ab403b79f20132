"""A safety case: a claim, what it rests on, what is assumed and what would defeat it.

The notation is that of goal structuring (T. Kelly and R. Weaver, The Goal Structuring Notation,
DSN 2004 workshop on assurance cases) with defeaters: reasons for doubt that are written down with
what is known of each.
"""

from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    from collections.abc import Iterator

Kind = Literal["claim", "strategy", "evidence", "assumption", "defeater"]
Standing = Literal["supported", "refuted", "undecided", "stated", "answered", "raised", "open"]
"""Of claims and evidence: ``supported``, ``refuted`` or ``undecided``. Of assumptions and
strategies: ``stated``. Of defeaters: ``answered`` or ``raised`` by the campaign, or ``open``."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Node(_Frozen):
    """One node of the argument."""

    id: str
    kind: Kind
    text: str
    standing: Standing
    link: str | None = Field(
        default=None, description="The part of the report's address that shows the trials."
    )
    children: "list[Node]" = []

    def walk(self) -> "Iterator[Node]":
        """This node and all below it."""
        yield self
        for child in self.children:
            yield from child.walk()


class SafetyCase(_Frozen):
    """The argument of one campaign under one policy."""

    schema_version: Literal[1] = 1
    campaign: str
    policy: str
    policy_digest: str
    created: str = Field(description="When it was made, ISO 8601.")
    root: Node
