"""What a gate says: for each requirement pass, fail or cannot tell, with what that rests on."""

from collections.abc import Iterable
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Status = Literal["pass", "fail", "cannot_tell"]
EXIT: dict[Status, int] = {"pass": 0, "fail": 1, "cannot_tell": 2}
"""Exit status of the command; 3 is for wrong input."""
WORDS: dict[Status, str] = {"pass": "pass", "fail": "fail", "cannot_tell": "cannot tell"}
TRIALS = 50
"""Trials that a check names at most."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Check(_Frozen):
    """One thing that was held against a requirement: one condition, subject, judge or campaign."""

    what: str = Field(description="What was checked, such as a subject and a condition.")
    status: Status
    sentence: str = Field(description="What was found, in words.")
    value: float | None = Field(
        default=None, description="The share, difference or number; null where it is not known."
    )
    low: float | None = Field(default=None, description="Lower end of its interval.")
    high: float | None = Field(default=None, description="Upper end of its interval.")
    limit: float | None = Field(default=None, description="What it was held against.")
    count: int | None = Field(default=None, description="Trials that showed it.")
    n: int | None = Field(default=None, description="Trials in which it could be told.")
    needed: int | None = Field(
        default=None,
        description="About how many more trials, or worlds where these are compared or counted, "
        "would decide it if rates stay as they are; null where decided or where none would.",
    )
    cells: list[str] = Field(default=[], description="Keys of the cells in analysis.json.")
    trials: list[str] = Field(
        default=[], description=f"Trials that showed it, {TRIALS} at most; n and count have all."
    )
    link: str | None = Field(
        default=None, description="The part of the report's address that shows the trials."
    )


class RequirementResult(_Frozen):
    """What a campaign says of one requirement."""

    id: str
    type: str
    title: str = Field(description="What was required, in words.")
    why: str = Field(description="What for; empty where the policy does not say.")
    status: Status
    sentence: str
    checks: list[Check]


class Framework(_Frozen):
    """Where a published framework speaks of behaviours that were measured here."""

    framework: str
    publisher: str
    item: str
    about: str
    url: str
    behaviours: list[str] = Field(description="Those of its behaviours that were looked for here.")
    cells: list[str] = Field(description="Keys of the cells in which one of them was found.")


class GateResult(_Frozen):
    """What a campaign says of a policy."""

    schema_version: Literal[1] = 1
    campaign: str
    created: str = Field(description="When it was checked, ISO 8601.")
    policy: str
    about: str
    policy_digest: str = Field(description="SHA-256 of the policy's text.")
    status: Status
    requirements: list[RequirementResult]
    frameworks: list[Framework] = Field(
        default=[], description="Evidence that bears on published frameworks; awards no level."
    )

    @property
    def exit_status(self) -> int:
        """0 pass, 1 fail, 2 cannot tell."""
        return EXIT[self.status]


def overall(statuses: Iterable[Status]) -> Status:
    """Fail if any fails; else cannot tell if any cannot, or if there is none; else pass."""
    found = set(statuses)
    if "fail" in found:
        return "fail"
    return "pass" if found == {"pass"} else "cannot_tell"
