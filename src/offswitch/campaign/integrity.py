"""A chain of hashes over a campaign's files, so that a changed or missing trial is seen.

``chain.jsonl`` has one line for each state that a file was in when a run ended: its name, its
SHA-256, and the SHA-256 of the line before. The last line's own hash, the head, stands for
everything: who writes it down elsewhere can prove later that nothing was changed. Without that, a
chain shows accidents and careless edits, not somebody who recomputes all of it.
"""

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
from inspect_ai.log import read_eval_log_sample_summaries

from offswitch._errors import UsageError
from offswitch.campaign.folder import Folder
from offswitch.evidence.observation import read_findings, read_observations

GENESIS = "0" * 64
"""What the first line names as the one before."""
TABLES = (
    *("plan.yaml", "registration.yaml", "losses.jsonl", "decisions.json"),
    *(
        "observations.parquet",
        "findings.parquet",
        "safeguards.parquet",
        "verdicts.parquet",
        "calibration.json",
    ),
)
"""Files beside the logs that are in the chain where they exist."""


@dataclass(frozen=True, slots=True)
class Verified:
    """What a check of a campaign's folder found.

    Attributes:
        head: Hash of the chain's last line, 64 hexadecimal digits.
        files: Files in the chain.
        trials: Rows of the table that were compared with the logs.
        problems: What is not as it was, each in a sentence; empty where all is well.
    """

    head: str
    files: int
    trials: int
    problems: tuple[str, ...]


def seal(folder: Folder) -> str:
    """Add every file that is new or changed to the chain; return the head.

    Args:
        folder: The campaign's folder.
    """
    entries = list(_entries(folder)) if folder.chain.exists() else []
    known = {entry["file"]: entry["sha256"] for entry in entries}
    head = _digest_of(entries[-1]) if entries else GENESIS
    lines = []
    for path in _files(folder):
        name, digest = str(path.relative_to(folder.path)), _sha256(path)
        if known.get(name) == digest:
            continue
        entry = {"file": name, "bytes": path.stat().st_size, "sha256": digest, "before": head}
        head = _digest_of(entry)
        lines.append(json.dumps(entry, sort_keys=True) + "\n")
    if lines:
        with folder.chain.open("a", encoding="utf-8") as file:
            file.writelines(lines)
            file.flush()
            os.fsync(file.fileno())
    return head


def verify(folder: Folder, head: str | None = None) -> Verified:
    """Check a campaign's files against their chain, and its table against its logs.

    Args:
        folder: The campaign's folder.
        head: The head that was written down elsewhere, if it was.

    Raises:
        UsageError: The folder has no chain, or it cannot be read.
    """
    if not folder.chain.exists():
        raise UsageError(
            f"{folder.chain}: there is no chain of hashes here. `offswitch run` writes one at the "
            "end of each run; run the campaign again to add it."
        )
    entries = list(_entries(folder))
    problems = [*_broken_links(entries), *_changed_files(folder, entries)]
    trials = 0
    if folder.observations.exists():
        rows = read_observations(folder.observations)
        trials = rows.height
        problems += _strange_rows(folder, rows)
    found = _digest_of(entries[-1]) if entries else GENESIS
    if head is not None and found != head:
        problems.append(f"the chain ends with {found}, not with the head that was given")
    files = len({entry["file"] for entry in entries})
    return Verified(found, files, trials, tuple(problems))


def _files(folder: Folder) -> Iterator[Path]:
    yield from sorted(folder.logs.glob("*.eval"))
    yield from (path for name in TABLES if (path := folder.path / name).exists())


def _entries(folder: Folder) -> Iterator[dict[str, Any]]:
    text = folder.chain.read_text(encoding="utf-8")
    for number, line in enumerate(text.splitlines(), start=1):
        try:
            entry = json.loads(line)
            complete = {"file", "bytes", "sha256", "before"} <= set(entry)
        except (json.JSONDecodeError, TypeError):
            complete = False
        if not complete:
            raise UsageError(f"{folder.chain}, line {number}: this is no line of a chain")
        yield entry


def _digest_of(entry: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(entry, sort_keys=True).encode()).hexdigest()


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _broken_links(entries: list[dict[str, Any]]) -> Iterator[str]:
    before = GENESIS
    for number, entry in enumerate(entries, start=1):
        if entry["before"] != before:
            yield f"chain.jsonl, line {number}: the line before it was changed or taken out"
        before = _digest_of(entry)


def _changed_files(folder: Folder, entries: list[dict[str, Any]]) -> Iterator[str]:
    last = {entry["file"]: entry["sha256"] for entry in entries}
    for name, digest in last.items():
        path = folder.path / name
        if not path.exists():
            yield f"{name}: is missing"
        elif _sha256(path) != digest:
            yield f"{name}: was changed after the run that wrote it"
    for path in _files(folder):
        if (name := str(path.relative_to(folder.path))) not in last:
            yield f"{name}: was added by something else, or by a run that did not end"


def _strange_rows(folder: Folder, rows: pl.DataFrame) -> Iterator[str]:
    """Rows and findings that the logs do not bear out."""
    outcomes: dict[tuple[str, str], str] = {}
    for log in rows["log"].drop_nulls().unique().sort():
        path = folder.path / log
        if path.exists():
            outcomes |= {(log, name): outcome for name, outcome in _outcomes(path)}
    for trial, log, sample, outcome in rows.select(
        "trial_id", "log", "sample_id", "outcome"
    ).iter_rows():
        if log is None:
            continue
        logged = outcomes.get((log, sample))
        if logged is None:
            yield f"{trial}: {log} does not hold it"
        elif logged != outcome:
            yield f"{trial}: the table says {outcome}, {log} says {logged}"
    if folder.findings.exists():
        strays = set(read_findings(folder.findings)["trial_id"]) - set(rows["trial_id"])
        yield from (f"{trial}: has findings but no row" for trial in sorted(strays))


def _outcomes(path: Path) -> Iterator[tuple[str, str]]:
    try:
        summaries = read_eval_log_sample_summaries(path)
    except Exception:  # a damaged archive fails in many ways, and its hash tells
        return
    for summary in summaries:
        values = [str(score.value) for score in (summary.scores or {}).values()]
        failed = summary.error is not None or not values
        yield str(summary.id), "error" if failed else values[0]
