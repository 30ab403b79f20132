"""The public Python API of judges: judge a campaign, calibrate judges against labels."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, cast

import anyio
import polars as pl

from offswitch import api
from offswitch._errors import UsageError
from offswitch._files import write_atomic
from offswitch.campaign.folder import Folder, locked
from offswitch.campaign.integrity import seal
from offswitch.evidence.calibration import Calibration, RubricCalibration, calibrate_rubric
from offswitch.evidence.judges.conversation import (
    Conversation,
    conversation_of,
    read_conversations,
)
from offswitch.evidence.judges.loading import load_panel
from offswitch.evidence.judges.panel import Panel
from offswitch.evidence.judges.rubric import Rubric, get_rubric, rubric_names
from offswitch.evidence.judges.run import CONCURRENCY, Session, Tally
from offswitch.evidence.judges.shorten import BUDGET
from offswitch.evidence.judges.table import VerdictStore, add_opinions
from offswitch.evidence.labels import Label, Truth, read_labels, settle
from offswitch.evidence.observation import OBSERVATIONS, read_observations

if TYPE_CHECKING:
    from inspect_ai.model import Model

    from offswitch.evidence.judges.judge import Judge

Told = Callable[[int, int], None]
"""Is told how many conversations are judged, and of how many."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What judging a campaign came to.

    Attributes:
        folder: Where its parts lie.
        tallies: What came of each rubric, by name.
        trials: Trials that were judged.
        skipped: Trials that were not: they failed, or their log is gone.
    """

    folder: Folder
    tallies: dict[str, Tally]
    trials: int
    skipped: int


def judge(
    directory: str | Path,
    rubrics: Sequence[str],
    judges: "Sequence[str | Model | Judge]",
    *,
    panel: str = "majority",
    budget: int = BUDGET,
    concurrency: int = CONCURRENCY,
    told: Told | None = None,
) -> Judged:
    """Judge the trials of a campaign; add ``judge.…`` columns to its observations.

    Every verdict is kept in ``verdicts.parquet`` with its citations; what is there already is not
    asked for again. Facts (``outcome``, ``behaviours``) are never touched. A trial that failed is
    not judged: its columns stay null.

    Args:
        directory: The campaign's folder.
        rubrics: Names, or paths of Markdown files.
        judges: Models, their names, or ``offline``.
        panel: ``majority``, ``unanimity`` or ``each``.
        budget: Characters of a conversation that a judge is shown at most.
        concurrency: Conversations at once.
        told: Is told after each conversation.

    Raises:
        UsageError: There is no campaign, rubric or judge of that name, or another run is at work.
    """
    asked = [get_rubric(name) for name in rubrics]
    _distinct(asked)
    jury, folder = load_panel(judges, panel), Folder(Path(directory))
    observations = read_observations(folder.observations)
    with locked(folder):
        store = VerdictStore(folder.verdicts)
        wanted = observations.filter(pl.col("outcome") != "error")
        progress = _Progress(told, wanted.height)
        session = Session(jury, store, budget, told=progress.step)
        try:
            tallies = _run(session, _conversations(folder, wanted), asked, concurrency)
        finally:
            store.save()
        judged = add_opinions(observations, store.rows)
        OBSERVATIONS.write_frame(judged, folder.observations)
        seal(folder)
    api.analyse(folder.path)
    return Judged(folder, tallies, progress.done, observations.height - progress.done)


def calibrate(
    labels: str | Path,
    judges: "Sequence[str | Model | Judge]",
    *,
    rubrics: Sequence[str] = (),
    transcripts: str | Path | None = None,
    out: str | Path | None = None,
    panel: str = "majority",
    budget: int = BUDGET,
    concurrency: int = CONCURRENCY,
    told: Told | None = None,
) -> Calibration:
    """Measure how often judges err, against labels that people gave.

    Args:
        labels: CSV or JSON lines; see `offswitch.evidence.labels`.
        judges: Models, their names, or ``offline``.
        rubrics: Names, or paths of Markdown files; every rubric that is labelled where empty.
        transcripts: A campaign's folder, or JSON lines with ``trial_id`` and ``messages``; the
            folder of the labels where null.
        out: Where the calibration is written; ``calibration.json`` in the campaign's folder where
            null. There, `analyse` finds it.
        panel: How several judges decide; the panel is calibrated as well.
        budget: Characters of a conversation that a judge is shown at most.
        concurrency: Conversations at once.
        told: Is told after each conversation.

    Raises:
        UsageError: Labels, transcripts, a rubric or a judge are missing or wrong.
    """
    given = read_labels(Path(labels))
    asked, ignored = _asked(given, rubrics)
    jury = load_panel(judges, panel)
    source = Path(transcripts) if transcripts is not None else Path(labels).resolve().parent
    target = _target(source, out)
    truths = {rubric.name: settle(given, rubric) for rubric in asked}
    wanted = {trial for truth in truths.values() for trial in truth.answers}
    with _opened(source) as (store, conversations):
        progress = _Progress(told, len(wanted))
        session = Session(jury, store, budget, fills=False, told=progress.step)
        read = _Noted(c for c in conversations(wanted) if c.trial_id in wanted)
        try:
            _run(session, iter(read), asked, concurrency)
        finally:
            store.save()
    if not read.scenarios:
        raise UsageError(f"{source}: holds the transcript of no labelled trial")
    calibration = Calibration(
        created=datetime.now(UTC).replace(microsecond=0),
        labels=Path(labels).name,
        rubrics=[_calibrated(r, truths[r.name], jury, store, read.scenarios) for r in asked],
        ignored=ignored,
    )
    write_atomic(target, calibration.model_dump_json(indent=2) + "\n")
    return calibration


def _asked(labels: Sequence[Label], names: Sequence[str]) -> tuple[list[Rubric], dict[str, int]]:
    """The rubrics to calibrate, and the labels of others, counted."""
    labelled = Counter(label.rubric for label in labels)
    known = names or [name for name in labelled if name in rubric_names()]
    asked = [get_rubric(name) for name in known]
    _distinct(asked)
    for rubric in asked:
        if rubric.name not in labelled:
            raise UsageError(
                f"no label is for the rubric '{rubric.name}'; labelled: {', '.join(labelled)}"
            )
    return asked, {n: count for n, count in labelled.items() if n not in {r.name for r in asked}}


def _target(source: Path, out: str | Path | None) -> Path:
    if out is not None:
        return Path(out)
    if source.is_dir():
        return Folder(source).calibration
    raise UsageError("--out: say where the calibration is to be written, such as calibration.json")


Read = Callable[[set[str]], Iterator[Conversation]]


@contextmanager
def _opened(source: Path) -> Iterator[tuple[VerdictStore, Read]]:
    """Verdicts that are known, and a reader of conversations, of a folder or a file."""
    if not source.is_dir():
        yield VerdictStore(), lambda _: read_conversations(source)
        return
    folder = Folder(source)
    observations = read_observations(folder.observations)
    with locked(folder):

        def read(wanted: set[str]) -> Iterator[Conversation]:
            rows = observations.filter(pl.col("trial_id").is_in(list(wanted)))
            return _conversations(folder, rows)

        yield VerdictStore(folder.verdicts), read


class _Noted:
    """Passes conversations on and notes the scenario of each."""

    def __init__(self, conversations: Iterable[Conversation]) -> None:
        self._conversations = conversations
        self.scenarios: dict[str, str | None] = {}

    def __iter__(self) -> Iterator[Conversation]:
        for conversation in self._conversations:
            self.scenarios[conversation.trial_id] = conversation.scenario
            yield conversation


def _calibrated(
    rubric: Rubric,
    truth: Truth,
    jury: Panel,
    store: VerdictStore,
    scenarios: dict[str, str | None],
) -> RubricCalibration:
    joint = len(jury.judges) > 1 and jury.rule != "each"
    names = [judge.name for judge in jury.judges] + ([jury.name] if joint else [])
    verdicts = {
        name: {t: row.verdict for t in scenarios if (row := store.row(t, rubric.name, name))}
        for name in names
    }
    known = {trial: name for trial, name in scenarios.items() if name is not None}
    return calibrate_rubric(rubric, truth, verdicts, known, jury.name if joint else None)


def _distinct(rubrics: Sequence[Rubric]) -> None:
    if not rubrics:
        raise UsageError("name at least one rubric; `offswitch judge rubrics` lists them")
    names = [rubric.name for rubric in rubrics]
    if twice := [name for name in names if names.count(name) > 1]:
        raise UsageError(f"the rubric '{twice[0]}' is named twice")


def _run(
    session: Session,
    conversations: Iterator[Conversation],
    rubrics: Sequence[Rubric],
    concurrency: int,
) -> dict[str, Tally]:
    try:
        return anyio.run(session.run, conversations, rubrics, concurrency)
    except* UsageError as errors:
        raise errors.exceptions[0] from None


def _conversations(folder: Folder, observations: pl.DataFrame) -> Iterator[Conversation]:
    scenarios = dict(observations.select("trial_id", "scenario").iter_rows())
    for record in api.transcripts(folder, observations):
        name = record["trial_id"]
        scenario = cast("str | None", scenarios.get(name))
        yield conversation_of({**record, "scenario": scenario}, f"trial {name}")


class _Progress:
    """Counts conversations."""

    def __init__(self, told: Told | None, total: int) -> None:
        self._told, self._total, self.done = told, total, 0

    def step(self) -> None:
        self.done += 1
        if self._told is not None:
            self._told(self.done, self._total)
