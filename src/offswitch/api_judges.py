"""The public Python API of judges: judge a campaign, calibrate judges against labels."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

import anyio
import polars as pl

from offswitch import api
from offswitch._errors import UsageError
from offswitch.campaign.folder import Folder, locked
from offswitch.evidence.judges.conversation import Conversation, conversation_of
from offswitch.evidence.judges.loading import load_panel
from offswitch.evidence.judges.rubric import Rubric, get_rubric
from offswitch.evidence.judges.run import CONCURRENCY, Session, Tally
from offswitch.evidence.judges.shorten import BUDGET
from offswitch.evidence.judges.table import VerdictStore, add_opinions
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
        session = Session(jury, store, budget, progress.step)
        try:
            tallies = _run(session, _conversations(folder, wanted), asked, concurrency)
        finally:
            store.save()
        judged = add_opinions(observations, store.rows)
        OBSERVATIONS.write_frame(judged, folder.observations)
    api.analyse(folder.path)
    return Judged(folder, tallies, progress.done, observations.height - progress.done)


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
