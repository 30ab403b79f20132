"""Worker processes, on this machine or on a cluster, which share the shards of a campaign.

One process of Inspect ends at some 150 to 250 model calls a second, whatever the models could
take, and grows with every trial. Here each worker is a process of its own that is replaced after
`RECYCLE` trials; the process that was started keeps the desk, the tables and the limits.
"""

import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from inspect_ai.model import ModelUsage

from offswitch.campaign.channel import ClosedError
from offswitch.campaign.desk import Desk
from offswitch.campaign.process import Ending, WorkerProcess
from offswitch.campaign.shards import Shard
from offswitch.campaign.worker import INTERRUPTED
from offswitch.design import Plan, plain
from offswitch.trial.spec import TrialSpec

RECYCLE = 2_500
"""Trials after which a worker is replaced: Inspect keeps some 70 KB of each."""
WORTH_IT = 500
"""Trials from which on worker processes are worth their start, some three seconds of CPU each."""
GRACE_S = 60.0
"""Seconds that workers have to end once they were told to."""
STEP_S = 0.1
"""Seconds after which Ctrl-C is noticed at the latest."""
PATIENCE_S = 30.0
"""Seconds that a worker waits for room on a cluster before that is told."""
TRIES = 3
"""Machines that a worker may lose in a row before it had a trial."""


def workers_for(plan: Plan, trials: int) -> int:
    """How many worker processes a campaign gets; 0 where it runs in this process.

    Args:
        plan: The plan; its ``concurrency.workers`` counts where it is given.
        trials: Trials that are left.

    Without a number in the plan, few trials run in this process, and so do models that live in
    this machine's memory.
    """
    if plan.concurrency.workers is not None:
        return min(plan.concurrency.workers, trials)
    if trials < WORTH_IT or all(subject.in_memory for subject in plan.subjects):
        return 0
    return len(os.sched_getaffinity(0))


@dataclass
class Workers:
    """Runs what a desk hands out in worker processes.

    Args:
        desk: The desk.
        start: Starts the process of a worker, by its number.
        lost: Is told of trials that were given up, and why.
    """

    desk: Desk
    start: Callable[[int], WorkerProcess]
    lost: Callable[[list[TrialSpec], str], None]
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _running: dict[int, WorkerProcess] = field(default_factory=dict)
    _stopping: bool = False
    _gave_up: set[int] = field(default_factory=set)
    _unlucky: Counter[int] = field(default_factory=Counter)

    def run(self) -> bool:
        """Run until nothing is left; whether it was interrupted."""
        with ThreadPoolExecutor(self.desk.workers, thread_name_prefix="offswitch-worker") as pool:
            slots = [pool.submit(self._slot, number) for number in range(self.desk.workers)]
            try:
                _wait(slots)
            except KeyboardInterrupt:
                self._stop(signal.SIGINT)
                try:
                    _wait(slots, GRACE_S)
                except KeyboardInterrupt:
                    pass
                finally:
                    self._stop(signal.SIGKILL)
                return True
            for slot in slots:
                slot.result()
        return self._stopping

    def _stop(self, number: signal.Signals) -> None:
        self._stopping = True
        for process in list(self._running.values()):
            process.stop(number)

    def _slot(self, worker: int) -> None:
        """One worker after the other, until there is nothing left for it."""
        while not self._stopping:
            with self._lock:
                if not self.desk.has_work(worker):
                    return
            if not self._one(worker):
                return

    def _one(self, worker: int) -> bool:
        """One process from start to end; whether another may follow."""
        process = self.start(worker)
        self._running[worker] = process
        try:
            placed = self._placed(worker, process)
            if placed:
                self._serve(worker, process)
        finally:
            ending = process.end()
            del self._running[worker]
        if ending.code == INTERRUPTED or self._stopping:
            self._stopping = True
            return False
        return self._ended(worker, ending) if placed else True

    def _placed(self, worker: int, process: WorkerProcess) -> bool:
        """Wait for a machine that takes the process, as long as there is something to do for it."""
        told, begun = False, time.monotonic()
        while not process.placed(STEP_S):
            with self._lock:
                if self._stopping or not self.desk.has_work(worker):
                    return False
            if not told and time.monotonic() - begun > PATIENCE_S:
                told = True
                self.desk.watcher.note(f"Worker {worker + 1} waits for room on the cluster.")
        return True

    def _ended(self, worker: int, ending: Ending) -> bool:
        """Take note of how a process ended; whether another may follow."""
        with self._lock:
            if ending.code == 0 and not self.desk.bench(worker).open:
                self.desk.leave(worker)
                return worker not in self._gave_up
            idle = self.desk.bench(worker).given == 0
            lost = self.desk.died(worker, ending.reason)
            if lost:
                self.lost(
                    lost, f"its worker process ended three times while it ran: {ending.reason}"
                )
            if not idle:
                return True
            self._unlucky[worker] += 1
            if ending.code is None and self._unlucky[worker] < TRIES:
                return True
            self.desk.failures.append(f"a worker process could not begin: {ending.reason}")
            return False

    def _serve(self, worker: int, process: WorkerProcess) -> None:
        """Answer a worker until it hangs up."""
        with suppress(ClosedError):
            process.begin(self._setup(worker))
            while True:
                message = process.receive()
                with self._lock:
                    shards = self._answer(worker, message)
                    halted = "the run is stopping" if self._stopping else self.desk.halted
                process.send({"halted": halted, "shards": [each.to_json() for each in shards]})

    def _answer(self, worker: int, message: dict[str, Any]) -> list[Shard]:
        match message["say"]:
            case "begin":
                return self.desk.take(worker)
            case "ended":
                usage = {k: ModelUsage.model_validate(v) for k, v in message["usage"].items()}
                trial = self.desk.trial(worker, message["shard"], message["trial"])
                shard, outcome = message["shard"], message["outcome"]
                taken = self.desk.ended(worker, shard, trial, outcome, usage)
            case "failed":
                self._gave_up.add(worker)
                self.desk.failed(worker, message["shard"], message["failure"])
                taken = []
            case _:
                taken = self.desk.closed(worker, message["shard"], message["failure"])
        return taken

    def _setup(self, worker: int) -> dict[str, Any]:
        campaign, desk = self.desk.campaign, self.desk
        own = {
            subject.name: list(desk.home(subject.name))
            for subject in campaign.plan.subjects
            if worker in desk.home(subject.name)
        }
        connections = campaign.plan.concurrency.connections
        return {
            "plan": plain(campaign.plan.model_copy(update={"as_run": None})),
            "hash": campaign.definition.hash,
            "trials": max(map(desk.share, own), default=1),
            "connections": {
                name: share(connections, home.index(worker), len(home))
                for name, home in own.items()
            },
        }


def _wait(slots: Sequence["Future[None]"], seconds: float = float("inf")) -> None:
    """Wait in short steps: a signal that another thread receives does not end a long wait."""
    end = time.monotonic() + seconds
    while wait(slots, timeout=STEP_S).not_done and time.monotonic() < end:
        pass


def share(total: int | None, worker: int, workers: int) -> int | None:
    """A worker's part of a limit that holds for all together; at least 1, null where there is none.

    Args:
        total: The limit.
        worker: Number of the worker, from 0.
        workers: How many there are.
    """
    if total is None:
        return None
    return max(1, total // workers + (worker < total % workers))
