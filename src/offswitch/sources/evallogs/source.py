"""The source ``inspect``: Inspect logs of any task that an adapter knows.

A log is read sample by sample, never whole. A package that knows another task makes a source of its
own: ``InspectLogs((MyAdapter(),))``, registered as ``docs/sources.md`` says.
"""

import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from inspect_ai.log import (
    EvalLog,
    EvalSample,
    EvalSampleSummary,
    read_eval_log,
    read_eval_log_sample,
    read_eval_log_sample_summaries,
)

from offswitch._errors import UsageError
from offswitch.sources.evallogs.adapters import Adapter, task_name
from offswitch.sources.evallogs.misalignment import AgenticMisalignmentTask
from offswitch.sources.evallogs.own import OwnTasks
from offswitch.sources.evallogs.petri import PetriAudit
from offswitch.sources.files import files_below, place_of
from offswitch.sources.records import Broken, Described, Transcript

LARGEST_MEMBER = 2**30
"""Bytes of one part of a log when it is unpacked; a log with a larger one is not read."""
_HEAVY = {"events", "events_data", "timelines", "attachments_data"}


class InspectLogs:
    """Reads ``.eval`` logs."""

    title = "Inspect logs (*.eval): ours, inspect_evals' agentic_misalignment, Petri's audits"

    def __init__(self, adapters: Sequence[Adapter] | None = None) -> None:
        """Begin.

        Args:
            adapters: The first that fits a log maps it; those of this package where null.
        """
        own: tuple[Adapter, ...] = (OwnTasks(), AgenticMisalignmentTask(), PetriAudit())
        self._adapters = tuple(adapters) if adapters is not None else own

    def describes(self) -> Mapping[str, Described]:
        """The situations of all adapters."""
        return {n: each for adapter in self._adapters for n, each in adapter.describes().items()}

    def read(self, path: Path) -> Iterator[Transcript | Broken]:
        """One transcript for each sample of each log."""
        found = False
        for file in files_below(path, ["*.eval"], "log or the folder of logs"):
            for item in self._log(file, place_of(file, path)):
                found = found or isinstance(item, Transcript)
                yield item
        if not found:
            raise UsageError(
                f"{path}: no sample in it could be read as a trial. If the task is another one, "
                "write an adapter for it (docs/sources.md)."
            )

    def _log(self, file: Path, place: str) -> Iterator[Transcript | Broken]:
        try:
            _check_archive(file)
            header = read_eval_log(file, header_only=True)
            summaries = read_eval_log_sample_summaries(file)
        except Exception as error:  # a damaged archive fails in many ways
            yield Broken(place, f"not a readable Inspect log: {_reason(error)}")
            return
        adapter = next((a for a in self._adapters if a.fits(header)), None)
        if adapter is None:
            yield Broken(place, f"no adapter knows the task '{task_name(header)}'")
            return
        for summary in summaries:
            yield _sample(adapter, header, summary, file, place)


def _sample(
    adapter: Adapter, header: EvalLog, summary: EvalSampleSummary, file: Path, place: str
) -> Transcript | Broken:
    here = f"{place}, sample {summary.id}, epoch {summary.epoch}"
    try:
        sample = read_eval_log_sample(
            file, summary.id, summary.epoch, resolve_attachments="core", exclude_fields=_HEAVY
        )
    except Exception as error:
        return Broken(here, f"cannot be read: {_reason(error)}")
    if sample.error is not None:
        return _failed(header, sample, here)
    try:
        return adapter.transcript(header, sample, here)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        return Broken(here, f"is not what its task should write: {_reason(error)}")


def _failed(header: EvalLog, sample: EvalSample, here: str) -> Transcript:
    assert sample.error is not None
    scenario = str((sample.metadata or {}).get("scenario") or task_name(header))
    return Transcript(
        place=here,
        subject=header.eval.model,
        scenario=scenario,
        outcome="error",
        messages=tuple(sample.messages),
        error=sample.error.message or "the sample failed",
    )


def _check_archive(file: Path) -> None:
    """Refuse an archive whose parts lie about themselves; nothing is ever unpacked to disk."""
    with zipfile.ZipFile(file) as archive:
        for member in archive.infolist():
            parts = member.filename.replace("\\", "/").split("/")
            if ".." in parts or member.filename.startswith(("/", "\\")):
                raise ValueError(f"its part '{member.filename}' points outside the log")
            if member.file_size > LARGEST_MEMBER:
                raise ValueError(
                    f"its part '{member.filename}' is larger than {LARGEST_MEMBER} bytes"
                )


def _reason(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0][:300]}" if lines else type(error).__name__
