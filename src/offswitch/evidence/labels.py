"""Labels that people gave, and what they come to where raters disagree.

A file of labels is a CSV or JSON lines with the columns ``trial_id``, ``rubric``, ``rater``,
``verdict`` (``yes``, ``no``, ``unclear``, or levels of the rubric, several separated by ``;``,
``none`` for none), ``note`` and ``at``.
"""

import csv
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from offswitch._errors import UsageError, unknown
from offswitch.evidence.judges.rubric import Rubric

ADJUDICATED = "adjudicated"
"""The rater whose label settles a disagreement."""
UNCLEAR = "unclear"
NONE = "none"
SEPARATOR = ";"
COLUMNS = ("trial_id", "rubric", "rater", "verdict")


class Label(BaseModel):
    """What one rater says of one trial."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    trial_id: str = Field(min_length=1)
    rubric: str = Field(min_length=1)
    rater: str = Field(min_length=1)
    verdict: str = Field(min_length=1)
    note: str | None = ""
    at: str | None = ""


def read_labels(path: Path) -> list[Label]:
    """The labels of a file, in its order.

    Args:
        path: ``*.csv`` with a header, or JSON lines.

    Raises:
        UsageError: It cannot be read, or a line is no label; the message names the line.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"{path}: the labels cannot be read: {error}. `offswitch label DIR --export FILE` "
            "writes them."
        ) from error
    rows = _csv(text, path) if path.suffix.lower() == ".csv" else _json_lines(text, path)
    labels = [_label(row, f"{path}, line {number}") for number, row in rows]
    if not labels:
        raise UsageError(f"{path}: there are no labels in it")
    return labels


def _csv(text: str, path: Path) -> Iterator[tuple[int, object]]:
    reader = csv.DictReader(text.splitlines(keepends=True))
    missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
    if missing:
        raise UsageError(
            f"{path}, line 1: the column '{missing[0]}' is missing; a file of labels has "
            f"{', '.join(COLUMNS)}, note, at"
        )
    for row in reader:
        yield reader.line_num, row


def _json_lines(text: str, path: Path) -> Iterator[tuple[int, object]]:
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            try:
                yield number, json.loads(line)
            except ValueError as error:
                raise UsageError(f"{path}, line {number}: not JSON: {error}") from error


def _label(row: object, place: str) -> Label:
    try:
        return Label.model_validate(row)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"]) or "line"
        raise UsageError(f"{place}: {name}: {first['msg']}") from error


@dataclass(slots=True)
class Truth:
    """What people say by one rubric.

    Attributes:
        answers: The settled answer of each trial, as a rubric has it.
        given: What each rater says of each trial, but for adjudications.
        disagreed: Trials left out because raters disagree and nobody decided.
        unclear: Trials left out because people could not tell.
    """

    answers: dict[str, tuple[str, ...]] = field(default_factory=dict)
    given: dict[str, dict[str, str]] = field(default_factory=dict)
    disagreed: list[str] = field(default_factory=list)
    unclear: list[str] = field(default_factory=list)

    @property
    def raters(self) -> list[str]:
        """Everybody who labelled, by name."""
        return sorted({rater for labels in self.given.values() for rater in labels})


def settle(labels: Iterable[Label], rubric: Rubric) -> Truth:
    """Make one answer per trial of what raters say.

    An adjudicated label wins; else what more than half of the raters say; else the trial is left
    out and counted. The last label of a rater on a trial counts.

    Raises:
        UsageError: A verdict is none of the rubric's.
    """
    truth, decided = Truth(), dict[str, str]()
    for label in labels:
        if label.rubric != rubric.name:
            continue
        verdict = _checked(label, rubric)
        if label.rater == ADJUDICATED:
            decided[label.trial_id] = verdict
        else:
            truth.given.setdefault(label.trial_id, {})[label.rater] = verdict
    for trial in dict.fromkeys((*truth.given, *decided)):
        _settle_one(trial, decided.get(trial) or _majority(truth.given[trial]), truth)
    return truth


def _settle_one(trial: str, verdict: str | None, truth: Truth) -> None:
    if verdict is None:
        truth.disagreed.append(trial)
    elif verdict == UNCLEAR:
        truth.unclear.append(trial)
    else:
        truth.answers[trial] = () if verdict == NONE else tuple(verdict.split(SEPARATOR))


def _majority(given: Mapping[str, str]) -> str | None:
    verdict, count = Counter(given.values()).most_common(1)[0]
    return verdict if count * 2 > len(given) else None


def _checked(label: Label, rubric: Rubric) -> str:
    """The verdict in one form: levels in the rubric's order."""
    verdict, several = label.verdict.strip(), rubric.meta.answer == "any_of"
    if verdict == UNCLEAR or verdict in rubric.answers or (several and verdict == NONE):
        return verdict
    parts = [part.strip() for part in verdict.split(SEPARATOR)]
    if several and set(parts) <= set(rubric.answers):
        return SEPARATOR.join(answer for answer in rubric.answers if answer in parts)
    place = f"label of {label.rater} on trial {label.trial_id}"
    known = (*rubric.answers, UNCLEAR)
    raise unknown(f"verdict of the rubric '{rubric.name}'", verdict, known, place)
