"""Worker processes on this machine, which share the shards of a campaign.

One process of Inspect ends at some 150 to 250 model calls a second, whatever the models could
take, and grows with every trial. Here each worker is a process of its own that is replaced after
`RECYCLE` trials; the process that was started keeps the desk, the tables and the limits.
"""

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from inspect_ai.model import ModelUsage

from offswitch.campaign.channel import Channel, ClosedError
from offswitch.campaign.desk import Desk
from offswitch.campaign.folder import Folder
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
KEPT = 2_000
"""Characters of a dead worker's last words that are told."""


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
        folder: The campaign's folder.
        lost: Is told of trials that were given up, and why.
    """

    desk: Desk
    folder: Folder
    lost: Callable[[list[TrialSpec], str], None]
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _running: dict[int, "subprocess.Popen[bytes]"] = field(default_factory=dict)
    _stopping: bool = False
    _gave_up: set[int] = field(default_factory=set)

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
            with suppress(ProcessLookupError):
                process.send_signal(number)

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
        channel, there = Channel.pair()
        with tempfile.TemporaryFile() as said:
            process = subprocess.Popen(  # noqa: S603 - our own module
                [sys.executable, "-m", "offswitch.campaign.worker", str(there.fileno())],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=said,
                pass_fds=(there.fileno(),),
                start_new_session=True,
            )
            there.close()
            self._running[worker] = process
            try:
                self._serve(worker, channel)
            finally:
                channel.close()
            code = process.wait()
            del self._running[worker]
            if process.stdin is not None:
                process.stdin.close()
            if code == INTERRUPTED or self._stopping:
                self._stopping = True
                return False
            said.seek(0)
            words = said.read().decode(errors="replace").strip()[-KEPT:]
            return self._ended(worker, code, words)

    def _ended(self, worker: int, code: int, words: str) -> bool:
        """Take note of how a process ended; whether another may follow."""
        with self._lock:
            if code == 0 and not self.desk.bench(worker).open:
                self.desk.leave(worker)
                return worker not in self._gave_up
            reason = f"{_ending(code)}{': ' + words if words else ''}"
            idle = self.desk.bench(worker).given == 0
            lost = self.desk.died(worker, reason)
            if lost:
                self.lost(lost, f"its worker process ended three times while it ran: {reason}")
            if idle:
                self.desk.failures.append(f"a worker process could not begin: {reason}")
            return not idle

    def _serve(self, worker: int, channel: Channel) -> None:
        """Answer a worker until it hangs up."""
        with suppress(ClosedError):
            channel.send(self._setup(worker))
            while True:
                message = channel.receive()
                with self._lock:
                    shards = self._answer(worker, message)
                    halted = "the run is stopping" if self._stopping else self.desk.halted
                channel.send({"halted": halted, "shards": [each.to_json() for each in shards]})

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
        campaign = self.desk.campaign
        concurrency = campaign.plan.concurrency
        connections = concurrency.connections
        return {
            "plan": plain(campaign.plan.model_copy(update={"as_run": None})),
            "hash": campaign.definition.hash,
            "logs": str(self.folder.logs.resolve()),
            "trials": max(1, -(-concurrency.trials // self.desk.workers)),
            "connections": share(connections, worker, self.desk.workers),
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


def _ending(code: int) -> str:
    if code >= 0:
        return f"exit status {code}"
    name = signal.Signals(-code).name
    return f"{name}, which may mean that memory ran out" if name == "SIGKILL" else name
