"""Lanes: shards as Inspect tasks, let in as trials end, in one process."""

import gc
import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from inspect_ai import Task, TaskSource
from inspect_ai import eval as inspect_eval
from inspect_ai.dataset import Sample
from inspect_ai.log import EvalLog, EvalSample, EvalSpec
from inspect_ai.scorer import SampleScore
from inspect_ai.util import EarlyStop
from pydantic import JsonValue

from offswitch.campaign.collect import PLAN_KEY
from offswitch.campaign.desk import Feed
from offswitch.campaign.shards import Shard
from offswitch.trial.spec import TrialSpec

TASKS = 10_000
"""Most logs that are open at once; what is let in is decided elsewhere."""

GC_THRESHOLDS = (20_000, 10, 10)
"""Objects made before the garbage collector looks at the youngest, and how often at older ones."""


@dataclass
class Needed:
    """Inspect's early stopping: no trial begins once the campaign is halted.

    Attributes:
        feed: Knows whether it is.
        stops: Trials that were not begun.
    """

    feed: Feed
    stops: list[str] = field(default_factory=list)

    async def start_task(self, task: EvalSpec, samples: list[Sample], epochs: int) -> str:
        """The name of this manager."""
        return "offswitch"

    async def schedule_sample(self, id: str | int, epoch: int) -> EarlyStop | None:  # noqa: A002
        """Stop a sample that has not begun, if the campaign is halted."""
        reason = self.feed.halted
        if reason is None:
            return None
        self.stops.append(str(id))
        return EarlyStop(id=id, epoch=epoch, reason=reason)

    async def complete_sample(
        self,
        id: str | int,  # noqa: A002
        epoch: int,
        scores: dict[str, SampleScore],
    ) -> None:
        """Nothing is decided here."""

    async def complete_task(self) -> dict[str, JsonValue]:
        """How many were not begun."""
        return {"not_begun": len(self.stops)}


class Lanes(TaskSource):
    """Feeds Inspect with the shards that a desk hands out.

    Attributes:
        cancelled: Whether a task was cancelled from outside.
    """

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self.cancelled = False
        self.empty = True
        self._open: set[str] = set()

    def initial_tasks(self) -> list[Task]:
        """What there is to begin with."""
        return self._tasks(self._feed.begin())

    async def sample_complete(self, sample: EvalSample, task: Task) -> list[Task]:
        """Tell the desk, and let in what there is room for now."""
        values = [str(score.value) for score in (sample.scores or {}).values()]
        outcome = values[0] if values and sample.error is None else "error"
        trial = TrialSpec.from_metadata(sample.metadata)
        return self._tasks(self._feed.ended(task.name, trial, outcome, sample.model_usage))

    async def task_complete(self, log: EvalLog) -> list[Task]:
        """Let in what there is room for now, also where a task failed as a whole."""
        self._open.discard(log.eval.task)
        if log.status == "cancelled":
            self.cancelled = True
            return []
        failure = None
        if log.status == "error":
            failure = log.error.message if log.error else "unknown"
        return self._tasks(self._feed.closed(log.eval.task, failure))

    def over(self, logs: Sequence[EvalLog]) -> None:
        """Tell of tasks that Inspect gave up without a word, as it does when a disk is full."""
        for log in logs:
            if log.status == "error" and log.eval.task in self._open:
                self._feed.failed(log.eval.task, log.error.message if log.error else "unknown")

    def _tasks(self, shards: list[Shard]) -> list[Task]:
        self.empty = self.empty and not shards
        self._open |= {shard.name for shard in shards}
        return [shard.task(Needed(self._feed)) for shard in shards]


def run_lanes(lanes: Lanes, logs: str, plan_hash: str, trials: int) -> bool:
    """Run all lanes to their end.

    Args:
        lanes: The lanes.
        logs: The folder of the logs.
        plan_hash: Hash of the plan, by which its logs are known.
        trials: Samples in flight in each task.

    Returns:
        Whether it was interrupted.
    """
    try:
        with tuned():
            written = inspect_eval(
                lanes,
                model=None,
                log_dir=logs,
                metadata={PLAN_KEY: plan_hash},
                max_tasks=TASKS,
                max_samples=trials,
                fail_on_error=False,
                log_buffer=1,
                log_realtime=False,
                log_header_only=True,
                score_display=False,
                display="none",
                log_level="error",
                ctl_server=False,
            )
    except KeyboardInterrupt:
        return True
    lanes.over(written)
    return lanes.cancelled


@contextmanager
def tuned() -> Iterator[None]:
    """Spare what costs a fifth of a turn and gives a campaign nothing; all is as before afterwards.

    The garbage collector looks for cycles less often, and never again among what was there at the
    beginning. Inspect's trace of every model call is not written, unless its environment variables
    ask for it; errors, retries and limits are in the logs all the same.
    """
    tracer, thresholds = logging.getLogger("inspect_ai.model"), gc.get_threshold()
    level = tracer.level
    if not any(name in os.environ for name in ("INSPECT_TRACE_FILE", "INSPECT_TRACE_LEVEL")):
        tracer.setLevel(logging.INFO)
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)
        gc.unfreeze()
        tracer.setLevel(level)
