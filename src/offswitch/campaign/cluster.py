"""Ray as the place where worker processes run: the only module that imports it.

Each worker is an actor that Ray puts where there is a CPU, or a GPU, for it. It holds the same
process as a run on one machine does, and hands its messages and logs to the desk, which stays in
the process that was started. A node that is lost is a worker that died.
"""

import os
import signal
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import ray
from ray.exceptions import RayError

from offswitch._errors import UsageError
from offswitch.campaign.channel import ClosedError
from offswitch.campaign.homes import Slot
from offswitch.campaign.post import Parcel, Post
from offswitch.campaign.process import KEPT, Ending

LOCAL, AUTO = "local", "auto"
"""Addresses: a cluster of this machine alone, for this run; the one that it is part of."""

PATIENCE_S = 10.0
"""Seconds in which a cluster's head must answer."""


@contextmanager
def connected(address: str) -> Iterator[None]:
    """A connection to a cluster; one that the program has already is used, and kept.

    Args:
        address: ``local``, ``auto``, or the address of a cluster's head.

    Raises:
        UsageError: There is no cluster.
    """
    if ray.is_initialized():
        yield
        return
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": "ERROR"}
    try:
        _reach(address)
        if address == LOCAL:
            ray.init(address=LOCAL, include_dashboard=False, **quiet)
        else:
            ray.init(address=address, **quiet)
    except (RayError, ConnectionError, OSError, RuntimeError, ValueError) as error:
        raise UsageError(
            f"--ray {address}: no Ray cluster answers there: {_first_line(error)} Start one with "
            "`ray start --head`, write the address that it prints, or write --ray local."
        ) from error
    try:
        yield
    finally:
        ray.shutdown()


def _reach(address: str) -> None:
    """Try the head's address, since Ray itself tries for half a minute."""
    host, colon, port = address.rpartition("://")[2].rpartition(":")
    if address in (LOCAL, AUTO):
        return
    if not (colon and port.isdigit()):
        raise ValueError("write HOST:PORT of the cluster's head, auto or local.")
    socket.create_connection((host.strip("[]"), int(port)), PATIENCE_S).close()


def resources() -> tuple[int, int]:
    """CPUs and GPUs of the cluster, of all its nodes together."""
    found: Mapping[str, float] = ray.cluster_resources()
    return int(found.get("CPU", 0)), int(found.get("GPU", 0))


class ClusterProcess:
    """A worker process on the cluster.

    Args:
        slot: What it asks for.
        logs: The folder here that its logs go to.
        code: What it must find there; see `offswitch.campaign.worker`.
    """

    def __init__(self, slot: Slot, logs: Path, code: Mapping[str, Any]) -> None:
        self._logs, self._code = logs, code
        # two at once, so that a signal gets through while the worker is listened to
        options = {"num_cpus": 1, "num_gpus": slot.gpus, "max_concurrency": 2}
        self._post: Any = ray.remote(Post).options(**options).remote()
        self._ready = self._post.ready.remote()
        self._pending: dict[str, Any] = {}
        self._ending: Ending | None = None

    def placed(self, seconds: float) -> bool:
        """Wait until the cluster has room for it, or has failed to start it; whether it has."""
        done, _ = ray.wait([self._ready], timeout=seconds)
        return bool(done)

    def begin(self, setup: dict[str, Any]) -> None:
        """Hand it what it needs to know before its first shard."""
        self.send({**setup, "code": dict(self._code)})

    def send(self, message: dict[str, Any]) -> None:
        """Answer it; it gets the answer when it is listened to again."""
        self._pending = message

    def receive(self) -> dict[str, Any]:
        """Its next message, after its logs are brought up to date here.

        Raises:
            ClosedError: It is gone, or its node is.
        """
        try:
            parcel: Parcel = ray.get(self._post.exchange.remote(self._pending))
        except RayError as error:
            words = f"its node or the way to it is lost: {_first_line(error)}"
            self._ending = Ending(None, words[:KEPT])
            raise ClosedError(words) from error
        for tail in parcel.logs:
            tail.put(self._logs)
        if parcel.message is None:
            self._ending = parcel.ending
            raise ClosedError("it has ended")
        return parcel.message

    def stop(self, number: signal.Signals) -> None:
        """Send it a signal; it is ended with its actor where that kills, or where it waits."""
        if number == signal.SIGKILL or not self.placed(0):
            ray.kill(self._post)
        else:
            self._post.stop.remote(int(number))

    def end(self) -> Ending:
        """Give its place back."""
        ray.kill(self._post)
        return self._ending or Ending(None, "it was given up")


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if isinstance(error, RayError) and lines else " ".join(lines[:1])
