"""From a source to a folder that `analyse` and `report` read: tables, logs, and what was compared.

The folder gets ``observations.parquet``, ``findings.parquet`` and ``logs/*.eval`` as a campaign's
does, and ``source.yaml`` instead of a plan. Transcripts are taken one by one, so that any number of
them needs the same memory.
"""

import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from itertools import count
from pathlib import Path
from typing import Any

import yaml

from offswitch._errors import UsageError
from offswitch._files import write_atomic
from offswitch.evidence.batches import in_batches
from offswitch.evidence.observation import FINDINGS, OBSERVATIONS, FindingRow, Observation
from offswitch.sources.logs import Logs
from offswitch.sources.records import Broken, Described, Source, Transcript
from offswitch.world.draw import stable_hash

MARK = "source.yaml"
"""Stands in a folder that was scored, as ``plan.yaml`` does in one that was run."""
UNREADABLE = "(unreadable)"
"""The subject in rows of what could not be read."""
QUOTE = 240
"""Characters of a quote or summary that are kept."""
ERROR_LIMIT = 2000
LISTED = 200
"""Disagreements and unreadable places that are listed by name; all are counted."""


@dataclass(slots=True)
class Tally:
    """What was read.

    Attributes:
        transcripts: Transcripts that were read.
        broken: Places that could not be read.
        broken_places: The first of them, with the reason.
        labels: How often their label (first) met ours (second).
        disagreements: The first transcripts where the two differ.
        notes: The first things about transcripts that a reader should know.
    """

    transcripts: int = 0
    broken: int = 0
    broken_places: list[str] = field(default_factory=list)
    labels: Counter[tuple[str, str]] = field(default_factory=Counter)
    disagreements: list[dict[str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, item: Transcript | Broken) -> None:
        """Count one."""
        if isinstance(item, Broken):
            self.broken += 1
            if len(self.broken_places) < LISTED:
                self.broken_places.append(f"{item.place}: {item.reason}")
            return
        self.transcripts += 1
        if item.note is not None and len(self.notes) < LISTED:
            self.notes.append(f"{item.place}: {item.note}")
        if item.label is None:
            return
        self.labels[(item.label.theirs, item.label.ours)] += 1
        if item.label.theirs != item.label.ours and len(self.disagreements) < LISTED:
            self.disagreements.append({"place": item.place, **asdict(item.label)})

    def agreement(self) -> dict[str, Any] | None:
        """How our findings agree with somebody else's labels; null where there are none."""
        total = self.labels.total()
        if not total:
            return None
        agreed = sum(n for (theirs, ours), n in self.labels.items() if theirs == ours)
        table = [
            {"theirs": theirs, "ours": ours, "transcripts": n}
            for (theirs, ours), n in sorted(self.labels.items())
        ]
        return {"labelled": total, "agreed": agreed, "table": table,
                "disagreements": self.disagreements}  # fmt: skip


def score_into(
    name: str,
    source: Source,
    path: Path,
    out: Path,
    progress: Callable[[Tally], None] | None = None,
) -> Tally:
    """Score the transcripts below a path into a folder.

    Args:
        name: Name of the source.
        source: The source.
        path: What to read.
        out: The folder; one that was scored before is scored anew, any other is refused.
        progress: Is told after each transcript.

    Raises:
        UsageError: There is nothing to read, or the folder holds something else; what it holds is
            left as it is.
    """
    if not path.exists():
        raise UsageError(f"{path}: there is no such file or folder. Name what '{name}' is to read.")
    _claim(out, path)
    first = _first(source.read(path))
    tally = Tally()
    with (
        _logs(out) as logs,
        in_batches(OBSERVATIONS, out / "observations.parquet") as observations,
        in_batches(FINDINGS, out / "findings.parquet") as findings,
    ):
        writer, numbers = Logs(logs, "logs", name), count(1)
        for item in first:
            tally.add(item)
            row, found = _rows(item, name, next(numbers), writer)
            observations.add([row])
            findings.add(found)
            if progress is not None:
                progress(tally)
        writer.flush()
    _mark(out, name, path, source, tally)
    return tally


def _first(items: Iterator[Transcript | Broken]) -> Iterator[Transcript | Broken]:
    """The same items; the first is read at once, so that a wrong path changes nothing."""
    head = next(items, None)
    if head is None:
        raise UsageError("there is nothing to read: no transcript was found.")
    return _chain(head, items)


def _chain(
    head: Transcript | Broken, rest: Iterator[Transcript | Broken]
) -> Iterator[Transcript | Broken]:
    yield head
    yield from rest


def _claim(out: Path, path: Path) -> None:
    """Make sure that the folder is ours to write to."""
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{out}: cannot write here: {error.strerror}") from error
    if out.resolve() == path.resolve():
        raise UsageError(f"{out}: is what is to be read. Choose another --out.")
    if (out / MARK).exists():
        return
    names = ("plan.yaml", "observations.parquet", "findings.parquet", "logs", "report.html")
    strangers = [out / each for each in names if (out / each).exists()]
    if strangers:
        raise UsageError(
            f"{strangers[0]}: lies in a folder that `offswitch score` did not make. Choose another "
            "--out; nothing was changed."
        )


@contextmanager
def _logs(out: Path) -> Iterator[Path]:
    """A folder for new logs, which takes the place of the old ones if all goes well."""
    with tempfile.TemporaryDirectory(prefix=".logs.", dir=out) as folder:
        logs = Path(folder) / "logs"
        logs.mkdir()
        yield logs
        if (out / "logs").is_dir():
            shutil.rmtree(out / "logs")
        logs.rename(out / "logs")


def _rows(
    item: Transcript | Broken, name: str, number: int, logs: Logs
) -> tuple[Observation, list[FindingRow]]:
    trial = f"{name}-{number}-{stable_hash(name, item.place, number):016x}"
    if isinstance(item, Broken):
        error = f"{item.place}: {item.reason}"[:ERROR_LIMIT]
        row = Observation(
            trial_id=trial, subject=UNREADABLE, model=UNREADABLE, scenario=name,
            seed=number, epoch=1, outcome="error", error=error,
        )  # fmt: skip
        return row, []
    where = {"log": logs.name, "sample_id": trial}
    logs.add(trial, item)
    row = Observation(
        trial_id=trial,
        subject=item.subject,
        model=item.model or item.subject,
        scenario=item.scenario,
        seed=number if item.world is None else item.world,
        epoch=item.epoch,
        factors=dict(item.factors),
        outcome=item.outcome,
        behaviours=tuple(sorted({finding.behaviour for finding in item.findings})),
        task_done=item.task_done,
        error=f"{item.place}: {item.error}"[:ERROR_LIMIT] if item.error else None,
        **item.details,
        **where,
    )
    return row, [_finding(trial, finding, item, where) for finding in item.findings]


def _finding(trial: str, finding: Any, item: Transcript, where: dict[str, str]) -> FindingRow:  # noqa: ANN401
    causes = [item.entries[seq].cause.message_id for seq in finding.evidence]
    return FindingRow(
        trial_id=trial,
        behaviour=finding.behaviour,
        severity=finding.severity,
        detector=finding.detector,
        summary=finding.summary[:QUOTE],
        evidence=finding.evidence[:20],
        message_ids=tuple(dict.fromkeys(m for m in causes if m is not None))[:10],
        quote=finding.quote[:QUOTE] if finding.quote else None,
        **where,
    )


def _mark(out: Path, name: str, path: Path, source: Source, tally: Tally) -> None:
    content = {
        "name": f"{name}: {path.resolve().name}",
        "source": name,
        "offswitch": version("offswitch"),
        "transcripts": tally.transcripts,
        "unreadable": tally.broken,
        "unreadable_places": tally.broken_places,
        "notes": tally.notes,
        "agreement": tally.agreement(),
        "scenarios": {n: each.as_dict() for n, each in source.describes().items()},
    }
    text = yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=100)
    write_atomic(out / MARK, f"# What was scored here, by `offswitch score`.\n{text}")


def read_mark(out: Path) -> dict[str, Any]:
    """What was scored in a folder; empty where nothing was.

    Raises:
        UsageError: The file cannot be read.
    """
    path = out / MARK
    if not path.exists():
        return {}
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise UsageError(
            f"{path}: cannot be read: {error}. Score the transcripts again."
        ) from error
    return content if isinstance(content, dict) else {}


def described(out: Path) -> dict[str, Described]:
    """The situations in a folder that was scored, in words, by name."""
    found = read_mark(out).get("scenarios") or {}
    return {name: Described(**each) for name, each in found.items()}
