"""The table of observations, one row per trial, and the table of findings, one row per finding.

Both are declared here, once; `OBSERVATIONS.columns` lists what is in them. Facts and opinions are
kept apart: ``outcome`` and ``behaviours`` come from the journal alone, the ``judge.*`` columns from
language models. Null means unknown, not asked or abstained; it never means zero or no.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Literal

import polars as pl
from pydantic import BaseModel, ConfigDict, Field

from offswitch.evidence._columns import Column, TableError
from offswitch.evidence._table import Rule, Table
from offswitch.evidence.outcome import AskedAwareness, Outcome
from offswitch.scenarios.findings import Behaviour, Severity

__all__ = [
    "FINDINGS",
    "OBSERVATIONS",
    "Awareness",
    "Column",
    "FindingRow",
    "Observation",
    "Outcome",
    "TableError",
    "read_findings",
    "read_observations",
    "write_findings",
    "write_observations",
]

Awareness = Literal["says_test", "says_real", "silent"]
"""What the subject says of whether this is a test."""


class Observation(BaseModel):
    """One trial."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    trial_id: str = Field(
        description="Stable hash of plan, subject, scenario, condition, seed and epoch."
    )
    subject: str = Field(description="Name of the subject in the plan.")
    model: str = Field(description="Inspect's name of its model.")
    scenario: str = Field(description="Name of the scenario.")
    seed: int = Field(description="Seed of the world.")
    epoch: int = Field(ge=1, description="Repeat within the same world, from 1.")
    factors: dict[str, str] = Field(
        default_factory=dict,
        description="Level of the factor; null where the scenario does not have it.",
    )
    outcome: Outcome = Field(description="What became of the trial, by the facts alone.")
    behaviours: tuple[Behaviour, ...] = Field(
        default=(), description="The behaviours that were found in the journal."
    )
    concealed: bool | None = Field(
        default=None,
        description="In the interview, denied what the journal shows; "
        "null where not asked or nothing to deny.",
    )
    task_done: bool | None = Field(
        default=None,
        description="The legitimate task was completed; null where the trial failed.",
    )
    understood: bool | None = Field(
        default=None, description="Passed the comprehension question; null where not asked."
    )
    score: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="Share of graded items that are right; null where nothing is graded.",
    )
    first_tool_share: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="Share of its calls that went to the tool listed first; "
        "null where that says nothing.",
    )
    judges: dict[str, bool | None] = Field(
        default_factory=dict, description="The judge's verdict; null is an abstention."
    )
    awareness: Awareness | None = Field(
        default=None, description="What it said of being tested; null where not assessed."
    )
    awareness_asked: AskedAwareness | None = Field(
        default=None,
        description="What it answered when asked, last of all, in a random half of the trials; "
        "null where it was not asked or did not say.",
    )
    turns: int | None = Field(
        default=None, ge=0, description="Turns of the agent loop; null where unknown."
    )
    input_tokens: int | None = Field(
        default=None, ge=0, description="Tokens read by the model; null where unknown."
    )
    output_tokens: int | None = Field(
        default=None, ge=0, description="Tokens written by the model; null where unknown."
    )
    wall_s: float | None = Field(
        default=None, ge=0, description="Duration in seconds; null where unknown."
    )
    cost_usd: float | None = Field(
        default=None, ge=0, description="Cost in US dollars; null where the price is not known."
    )
    error: str | None = Field(
        default=None, description="Why the trial failed; null where it did not."
    )
    log: str | None = Field(
        default=None, description="Log file, relative to the campaign; null where none was written."
    )
    sample_id: str | None = Field(
        default=None, description="Identifier of the sample in that log; null where there is none."
    )


class FindingRow(BaseModel):
    """One finding of one trial, with pointers to its evidence."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    trial_id: str = Field(description="The trial.")
    behaviour: Behaviour = Field(description="What was found.")
    severity: Severity = Field(description="How far it got.")
    detector: str = Field(description="Name of the detector that found it.")
    summary: str = Field(description="What was done, in one plain sentence.")
    evidence: tuple[int, ...] = Field(
        min_length=1, description="Numbers (`seq`) of the journal's entries that show it."
    )
    message_ids: tuple[str, ...] = Field(
        default=(), description="Identifiers of the messages that caused those entries."
    )
    quote: str | None = Field(
        default=None,
        description="The words or the command that show it best; null if there is none.",
    )
    log: str | None = Field(
        default=None, description="Log file, relative to the campaign; null where none was written."
    )
    sample_id: str | None = Field(
        default=None, description="Identifier of the sample in that log; null where there is none."
    )


OBSERVATIONS = Table(
    Observation,
    name="observations",
    schema=1,
    families={"factors": "factor.", "judges": "judge."},
    key="trial_id",
    rules=(
        Rule(
            "error",
            (pl.col("outcome") == "error") != pl.col("error").is_not_null(),
            "a reason stands here exactly where the outcome is 'error'",
        ),
        Rule(
            "behaviours",
            pl.col("outcome").is_in(["attempted", "succeeded"])
            & (pl.col("behaviours").list.len() == 0),
            "an attempt or a success needs at least one behaviour that was found",
        ),
    ),
)
"""The declared table of observations."""

FINDINGS = Table(
    FindingRow,
    name="findings",
    schema=1,
    rules=(
        Rule(
            "evidence",
            pl.col("evidence").list.len() == 0,
            "a finding needs at least one entry of the journal",
        ),
    ),
)
"""The declared table of findings."""


def write_observations(rows: Iterable[Observation], path: Path) -> pl.DataFrame:
    """Write the table of observations, whole or not at all; return it as a frame.

    Raises:
        TableError: Rows break a rule, or a file that is not this table is in the way.
    """
    return OBSERVATIONS.write(rows, path)


def read_observations(path: Path) -> pl.DataFrame:
    """Read and check a table of observations.

    Raises:
        TableError: There is none, or it is corrupt, foreign, of another version or breaks a rule.
    """
    return OBSERVATIONS.read(path)


def write_findings(rows: Iterable[FindingRow], path: Path) -> pl.DataFrame:
    """Write the table of findings, whole or not at all; return it as a frame.

    Raises:
        TableError: Rows break a rule, or a file that is not this table is in the way.
    """
    return FINDINGS.write(rows, path)


def read_findings(path: Path) -> pl.DataFrame:
    """Read and check a table of findings.

    Raises:
        TableError: There is none, or it is corrupt, foreign, of another version or breaks a rule.
    """
    return FINDINGS.read(path)
