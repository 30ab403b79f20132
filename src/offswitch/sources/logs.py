"""Transcripts as Inspect logs, so that ``inspect view`` and the report show them."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from inspect_ai.log import (
    EvalConfig,
    EvalDataset,
    EvalError,
    EvalLog,
    EvalSample,
    EvalSpec,
    write_eval_log,
)
from inspect_ai.scorer import Score

from offswitch.sources.records import Transcript
from offswitch.world import dump_entries

if TYPE_CHECKING:
    from collections.abc import Sequence

SHARD = 256
"""Transcripts in one log: enough to be quick, few enough to be held in memory."""
_CLIP = 2_000


class Logs:
    """Writes transcripts to logs, a shard at a time."""

    def __init__(self, folder: Path, name: str, source: str) -> None:
        """Begin.

        Args:
            folder: Where the logs are written; it exists.
            name: What the folder will be called.
            source: Name of the source; the task's name in the logs.
        """
        self._folder, self._name, self._source = folder, name, source
        self._samples: list[EvalSample] = []
        self._models: set[str] = set()
        self._number = 1

    @property
    def name(self) -> str:
        """The log of the transcript that is added next, relative to the folder above."""
        return f"{self._name}/{self._file}"

    @property
    def _file(self) -> str:
        return f"transcripts-{self._number:05}.eval"

    def add(self, trial: str, transcript: Transcript) -> None:
        """Add a transcript."""
        self._samples.append(_sample(trial, transcript))
        self._models.add(transcript.subject)
        if len(self._samples) >= SHARD:
            self.flush()

    def flush(self) -> None:
        """Write the transcripts that are held."""
        if not self._samples:
            return
        spec = EvalSpec(
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            task=self._source,
            dataset=EvalDataset(name=self._source, samples=len(self._samples)),
            model=self._models.pop() if len(self._models) == 1 else "various",
            config=EvalConfig(),
        )
        log = EvalLog(status="success", eval=spec, samples=self._samples)
        write_eval_log(log, str(self._folder / self._file), format="eval")
        self._samples, self._models = [], set()
        self._number += 1


def _sample(trial: str, transcript: Transcript) -> EvalSample:
    first: Sequence[str] = [m.text for m in transcript.messages if m.role == "user"]
    summaries = "\n".join(finding.summary for finding in transcript.findings)
    error = transcript.error
    return EvalSample(
        id=trial,
        epoch=1,
        input=(first[0] if first else "")[:_CLIP],
        target="",
        messages=list(transcript.messages),
        metadata={"place": transcript.place, "journal": dump_entries(transcript.entries)},
        scores={"facts": Score(value=transcript.outcome, explanation=summaries or None)},
        error=EvalError(message=error, traceback="", traceback_ansi="") if error else None,
    )
