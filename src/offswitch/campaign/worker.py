"""A worker process: runs shards that the campaign's process hands it, and tells what ended.

    python -m offswitch.campaign.worker FD

It inherits the socket ``FD`` and speaks `offswitch.campaign.channel`. Its standard input stays
open as long as the process that started it lives: a worker whose campaign is gone ends at once,
before it spends anything more. Logs are as durable as in a run without workers.
"""

import os
import signal
import socket
import sys
import threading
from collections.abc import Mapping
from typing import Any

from inspect_ai.model import ModelUsage

from offswitch._errors import UsageError
from offswitch.campaign.channel import Channel, ClosedError
from offswitch.campaign.code import check_code
from offswitch.campaign.compile import Entrant, ready
from offswitch.campaign.lanes import Lanes, run_lanes
from offswitch.campaign.shards import Shard
from offswitch.design import Plan
from offswitch.trial.spec import TrialSpec

ORPHANED, INTERRUPTED = 3, 130
"""Exit codes: the campaign's process is gone; the run was interrupted."""


class RemoteFeed:
    """Asks the desk in the campaign's process.

    Args:
        channel: The way there.
        entrants: The subjects by name, made ready in this process.
    """

    def __init__(self, channel: Channel, entrants: "Entrants") -> None:
        self._channel, self._entrants = channel, entrants
        self._halted: str | None = None

    @property
    def halted(self) -> str | None:
        """Why no trial may begin any more, as the desk last said."""
        return self._halted

    def begin(self) -> list[Shard]:
        """Shards to begin with."""
        return self._ask({"say": "begin"})

    def ended(
        self, shard: str, trial: TrialSpec, outcome: str, usage: Mapping[str, ModelUsage]
    ) -> list[Shard]:
        """A trial has ended; more shards, where there is room for them now."""
        used = {name: each.model_dump(exclude_none=True) for name, each in usage.items()}
        return self._ask(
            {"say": "ended", "shard": shard, "trial": trial.trial_id, "outcome": outcome,
             "usage": used}
        )  # fmt: skip

    def closed(self, shard: str, failure: str | None) -> list[Shard]:
        """A shard's log is complete, or it failed as a whole; more shards."""
        return self._ask({"say": "closed", "shard": shard, "failure": failure})

    def failed(self, shard: str, reason: str) -> None:
        """A shard failed as a whole, and nothing more can be run here."""
        self._ask({"say": "failed", "shard": shard, "failure": reason})

    def _ask(self, message: dict[str, Any]) -> list[Shard]:
        try:
            self._channel.send(message)
            reply = self._channel.receive()
        except ClosedError:
            os._exit(ORPHANED)
        self._halted = reply["halted"]
        return [Shard.from_json(data, self._entrants[data["subject"]]) for data in reply["shards"]]


class Entrants:
    """The subjects of a plan, each made ready when its first shard comes.

    Args:
        plan: The plan.
        connections: Model calls in flight in this process, by subject; Inspect's own number where
            null.
    """

    def __init__(self, plan: Plan, connections: Mapping[str, int | None]) -> None:
        self._plan, self._connections = plan, connections
        self._ready: dict[str, Entrant] = {}

    def __getitem__(self, name: str) -> Entrant:
        if name not in self._ready:
            (subject,) = (each for each in self._plan.subjects if each.name == name)
            self._ready[name] = ready(self._plan, subject, self._connections[name], name)
        return self._ready[name]


def _end_with_parent() -> None:
    """End this process when the one that started it does, however it does."""

    def watch() -> None:
        while os.read(sys.stdin.fileno(), 1024):
            pass
        os._exit(ORPHANED)

    threading.Thread(target=watch, daemon=True).start()


def main() -> None:
    """Run what the campaign's process hands over."""
    _end_with_parent()
    # whoever started this process may not listen to Ctrl-C itself, and that is inherited
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    channel = Channel(socket.socket(fileno=int(sys.argv[1])))
    setup = channel.receive()
    plan = Plan.model_validate(setup["plan"])
    lanes = Lanes(RemoteFeed(channel, Entrants(plan, setup["connections"])))
    try:
        if "code" in setup:
            check_code(setup["code"], plan)
        interrupted = run_lanes(lanes, setup["logs"], setup["hash"], setup["trials"])
    except UsageError as error:
        sys.exit(str(error))
    sys.exit(INTERRUPTED if interrupted else 0)


if __name__ == "__main__":
    main()
