"""A worker process on this machine, and how it is spoken to."""

import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol

from offswitch.campaign.channel import Channel

KEPT = 2_000
"""Characters of a process's last words that are told."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How a worker process ended.

    Attributes:
        code: Its exit status, negative for a signal; null where the machine is lost or out of
            reach, so that nobody knows.
        words: What it wrote last.
    """

    code: int | None
    words: str

    @property
    def reason(self) -> str:
        """The ending in words."""
        return ": ".join(part for part in (self._how(), self.words) if part)

    def _how(self) -> str:
        if self.code is None:
            return ""
        if self.code >= 0:
            return f"exit status {self.code}"
        name = signal.Signals(-self.code).name
        return f"{name}, which may mean that memory ran out" if name == "SIGKILL" else name


class WorkerProcess(Protocol):
    """A worker process, wherever it runs."""

    def placed(self, seconds: float) -> bool:
        """Wait until it has a machine to run on; whether it has."""

    def begin(self, setup: dict[str, Any]) -> None:
        """Hand it what it needs to know before its first shard."""

    def send(self, message: dict[str, Any]) -> None:
        """Answer it."""

    def receive(self) -> dict[str, Any]:
        """Its next message; raises `ClosedError` once it has none left."""

    def stop(self, number: signal.Signals) -> None:
        """Send it a signal."""

    def end(self) -> Ending:
        """Hang up, and wait until it has ended."""


class LocalProcess:
    """A worker process on this machine.

    Args:
        logs: The folder of its logs.
    """

    def __init__(self, logs: str) -> None:
        self._logs = logs
        self._channel, there = Channel.pair()
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 - closed at its end
        self._process = subprocess.Popen(  # noqa: S603 - our own module
            [sys.executable, "-m", "offswitch.campaign.worker", str(there.fileno())],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=self._said,
            pass_fds=(there.fileno(),),
            start_new_session=True,
        )
        there.close()

    def placed(self, seconds: float) -> bool:
        """It always is."""
        return True

    def begin(self, setup: dict[str, Any]) -> None:
        """Hand it what it needs to know before its first shard."""
        self.send({**setup, "logs": self._logs})

    def send(self, message: dict[str, Any]) -> None:
        """Answer it.

        Raises:
            ClosedError: It is gone.
        """
        self._channel.send(message)

    def receive(self) -> dict[str, Any]:
        """Its next message.

        Raises:
            ClosedError: It is gone.
        """
        return self._channel.receive()

    def stop(self, number: signal.Signals) -> None:
        """Send it a signal."""
        with suppress(ProcessLookupError):
            self._process.send_signal(number)

    def end(self) -> Ending:
        """Hang up, and wait until it has ended."""
        self._channel.close()
        code = self._process.wait()
        if self._process.stdin is not None:
            self._process.stdin.close()
        with self._said as said:
            said.seek(0)
            words = said.read().decode(errors="replace").strip()[-KEPT:]
        return Ending(code, words)
