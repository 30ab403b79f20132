"""The table of verdicts, one row per trial, rubric and judge, and the columns that come of it."""

import json
import os
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import polars as pl
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from offswitch.evidence._table import Rule, Table
from offswitch.evidence.judges.verdict import Citation, Reason, Verdict
from offswitch.evidence.observation import Awareness

AWARENESS = "awareness"
"""The rubric whose verdicts fill the column of this name as well."""


class VerdictRow(BaseModel):
    """What one judge, or a panel, says of one trial."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    trial_id: str = Field(description="The trial.")
    rubric: str = Field(description="Name of the rubric.")
    judge: str = Field(description="Name of the judge, or of the panel with its rule and judges.")
    answers: tuple[str, ...] | None = Field(
        description="The answer, or the levels that apply; null is an abstention."
    )
    reason: Reason | None = Field(description="Why it abstains; null where it does not.")
    reasoning: str = Field(description="What the judge gave as its reasoning, or what went wrong.")
    quotes: tuple[str, ...] = Field(description="The passages that it cites, found as they stand.")
    messages: tuple[int, ...] = Field(description="Number of the message of each, from 1.")
    cut: int = Field(ge=0, description="Characters of the conversation that it was not shown.")
    input_tokens: int | None = Field(
        ge=0, description="Tokens read by the model; null where unknown."
    )
    output_tokens: int | None = Field(
        ge=0, description="Tokens written by the model; null where unknown."
    )
    columns: tuple[str, ...] = Field(
        description="The columns `judge.…` of the observations that it fills, if it fills any."
    )
    rubric_digest: str = Field(description="SHA-256 of the rubric's text.")
    digest: str = Field(description="SHA-256 of the conversation as it was shown.")

    @property
    def key(self) -> tuple[str, str, str]:
        """What it is about: there is one row for each."""
        return self.trial_id, self.rubric, self.judge

    @property
    def verdict(self) -> Verdict:
        """The verdict."""
        citations = (Citation(m, q) for m, q in zip(self.messages, self.quotes, strict=True))
        return Verdict(
            self.answers, self.reason, self.reasoning, tuple(citations), self.cut,
            self.input_tokens, self.output_tokens,
        )  # fmt: skip

    def values(self) -> dict[str, bool | None]:
        """The value of each column that it fills."""
        return {
            column: self._value(column.removesuffix(f"@{self.judge}")) for column in self.columns
        }

    def _value(self, column: str) -> bool | None:
        if self.answers is None:
            return None
        return (column.removeprefix(f"{self.rubric}.") if column != self.rubric else "yes") in (
            self.answers
        )


_AGAIN = ("provider_error", "empty", "no_reasoning", "too_long")
"""Abstentions that another try, or another budget, may change."""

VERDICTS = Table(
    VerdictRow,
    name="verdicts",
    schema=1,
    rules=(
        Rule(
            "reason",
            pl.col("answers").is_null() != pl.col("reason").is_not_null(),
            "a reason stands here exactly where there is no answer",
        ),
        Rule(
            "messages",
            pl.col("messages").list.len() != pl.col("quotes").list.len(),
            "each quote has the number of its message",
        ),
    ),
)
"""The declared table of verdicts."""


def read_verdicts(path: Path) -> list[VerdictRow]:
    """The rows of a table of verdicts; none where there is no file.

    Raises:
        TableError: It is corrupt, foreign, of another version or breaks a rule.
    """
    if not path.exists():
        return []
    return [VerdictRow(**row) for row in VERDICTS.read(path).iter_rows(named=True)]


@dataclass(slots=True)
class Opinions:
    """What judges say of one trial: values of the columns ``judge.…``, and of ``awareness``."""

    judges: dict[str, bool | None] = field(default_factory=dict)
    awareness: Awareness | None = None


def opinions(rows: Iterable[VerdictRow]) -> dict[str, Opinions]:
    """What the rows that fill columns say of each trial, by its id."""
    found: dict[str, Opinions] = {}
    for row in rows:
        if not row.columns:
            continue
        said = found.setdefault(row.trial_id, Opinions())
        said.judges |= row.values()
        if row.rubric == AWARENESS and row.answers and f"@{row.judge}" not in row.columns[0]:
            said.awareness = cast("Awareness", row.answers[0])
    return found


def add_opinions(observations: pl.DataFrame, rows: Iterable[VerdictRow]) -> pl.DataFrame:
    """Observations with the columns that the rows fill, in place of what the same rubrics filled.

    Args:
        observations: One row per trial.
        rows: All verdicts of the folder.
    """
    rows = list(rows)
    rubrics = tuple({row.rubric for row in rows})
    stale = [name for name in observations.columns if _fills(name, rubrics)]
    said = opinions(rows)
    trials = observations["trial_id"]
    names = sorted({name for opinion in said.values() for name in opinion.judges})
    empty = Opinions()
    new = [
        pl.Series(f"judge.{n}", [said.get(t, empty).judges.get(n) for t in trials], pl.Boolean())
        for n in names
    ]
    if AWARENESS in rubrics:
        values = [said.get(t, empty).awareness for t in trials]
        new.append(pl.Series(AWARENESS, values, pl.String()))
    return observations.drop(stale).with_columns(new)


def _fills(column: str, rubrics: Collection[str]) -> bool:
    """Whether a column of the observations comes from one of these rubrics."""
    name = re.split(r"[.@]", column.removeprefix("judge."), maxsplit=1)[0]
    return column.startswith("judge.") and name in rubrics


class VerdictStore:
    """The verdicts of a folder, so that none is asked for twice and none is lost.

    Each verdict is appended to a journal and flushed to the disk at once; `save` writes the table
    and removes the journal. What a killed run left in the journal is taken up again; a line that
    was cut off by the kill is left out.

    Args:
        path: The table; its folder must exist. Nothing is written where null.

    Raises:
        TableError: There is a table, and it cannot be used.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._journal = path.with_suffix(".jsonl.part") if path is not None else None
        self._rows: dict[tuple[str, str, str], VerdictRow] = {}
        self._judges: dict[tuple[str, str], set[str]] = {}
        for row in (*(read_verdicts(path) if path is not None else ()), *self._left()):
            self.replace(row)

    def _left(self) -> Iterator[VerdictRow]:
        if self._journal is None or not self._journal.exists():
            return
        for line in self._journal.read_text(encoding="utf-8", errors="replace").splitlines():
            try:
                yield VerdictRow.model_validate_json(line)
            except ValidationError:
                continue

    def row(self, trial_id: str, rubric: str, judge: str) -> VerdictRow | None:
        """The row of a judge on a trial, if there is one."""
        return self._rows.get((trial_id, rubric, judge))

    @property
    def rows(self) -> list[VerdictRow]:
        """All rows."""
        return list(self._rows.values())

    def known(self, row: VerdictRow) -> VerdictRow | None:
        """The row that answers the same question about the same text, if it can be used again."""
        found = self._rows.get(row.key)
        if found is None or found.reason in _AGAIN:
            return None
        same = (found.rubric_digest, found.digest) == (row.rubric_digest, row.digest)
        return found if same else None

    def add(self, row: VerdictRow) -> None:
        """Keep a row, in place of an older one about the same."""
        self.replace(row)
        if self._journal is None:
            return
        with self._journal.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row.model_dump(mode="json")) + "\n")
            file.flush()
            os.fsync(file.fileno())

    def replace(self, row: VerdictRow) -> None:
        """Keep a row that can be computed again, until `save` alone."""
        self._rows[row.key] = row
        self._judges.setdefault((row.trial_id, row.rubric), set()).add(row.judge)

    def supersede(self, trial_id: str, rubric: str, judges: Collection[str]) -> None:
        """Let the rows of all other judges on a question fill no column any more."""
        for judge in self._judges.get((trial_id, rubric), set()) - set(judges):
            row = self._rows[trial_id, rubric, judge]
            self._rows[row.key] = row.model_copy(update={"columns": ()})

    def save(self) -> None:
        """Write the table, whole or not at all."""
        if self._path is None or self._journal is None:
            return
        VERDICTS.write(sorted(self._rows.values(), key=lambda row: row.key), self._path)
        self._journal.unlink(missing_ok=True)
