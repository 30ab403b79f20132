"""The labels as others read them: a row for each label that stands."""

import csv
import io
import json
from pathlib import Path
from typing import Any

from offswitch._errors import UsageError
from offswitch._files import write_atomic
from offswitch.labelling.acts import Label
from offswitch.labelling.ledger import Ledger
from offswitch.labelling.store import NAME

COLUMNS = ("trial_id", "rubric", "rater", "verdict", "note", "at")
"""Columns of the table; the JSON lines have ``quotes`` besides."""


def export(ledger: Ledger, path: Path) -> int:
    """Write every label that has a verdict, by trial, rubric and rater.

    Args:
        ledger: The labels.
        path: A ``.csv`` file, or a ``.jsonl`` file with one object a line.

    Returns:
        How many labels were written.

    Raises:
        UsageError: The name of the file has another ending, is the store's, or its folder is
            missing.
    """
    writers = {".csv": _table, ".jsonl": _lines}
    if path.suffix not in writers or path.name == NAME:
        raise UsageError(f"{path}: write the name of a .csv or .jsonl file, other than {NAME}")
    if not path.parent.is_dir():
        raise UsageError(f"{path.parent}: there is no such folder")
    labels = ledger.verdicts()
    write_atomic(path, writers[path.suffix](labels))
    return len(labels)


def is_own(ledger: Ledger, path: Path) -> bool:
    """Whether a file holds nothing but labels that were given here, so that it may be replaced."""
    try:
        text = path.read_text(encoding="utf-8")
        rows = _cells(text) if path.suffix == ".csv" else _objects(text)
        return all((row["trial_id"], row["rubric"], row["rater"]) in ledger.ever for row in rows)
    except (ValueError, KeyError, TypeError, csv.Error):
        return False


def _cells(text: str) -> list[dict[str, Any]]:
    reader = csv.DictReader(io.StringIO(text, newline=""))
    if tuple(reader.fieldnames or ()) != COLUMNS:
        raise ValueError("another table")
    return list(reader)


def _objects(text: str) -> list[Any]:
    return [json.loads(line) for line in text.splitlines()]


def _row(label: Label) -> dict[str, Any]:
    row = label.model_dump(mode="json")
    return {name: row[name] for name in COLUMNS}


def _table(labels: list[Label]) -> str:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(map(_row, labels))
    return text.getvalue()


def _lines(labels: list[Label]) -> str:
    rows = [_row(label) | {"quotes": [q.model_dump() for q in label.quotes]} for label in labels]
    return "".join(f"{json.dumps(row)}\n" for row in rows)  # ASCII: no reader splits it elsewhere
