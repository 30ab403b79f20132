"""Messages between the process that runs a campaign and its workers: one JSON object a line."""

import json
import socket
from typing import Any


class ClosedError(ConnectionError):
    """The other side is gone."""


class Channel:
    """One end of a pair of connected sockets.

    Args:
        end: The socket.
    """

    def __init__(self, end: socket.socket) -> None:
        self._end = end
        self._reader = end.makefile("rb")

    @classmethod
    def pair(cls) -> "tuple[Channel, socket.socket]":
        """A channel, and the socket for a process that is about to be started."""
        here, there = socket.socketpair()
        return cls(here), there

    def send(self, message: dict[str, Any]) -> None:
        """Send a message.

        Raises:
            ClosedError: The other side is gone.
        """
        try:
            self._end.sendall(json.dumps(message, separators=(",", ":")).encode() + b"\n")
        except OSError as error:
            raise ClosedError(str(error)) from error

    def receive(self) -> dict[str, Any]:
        """The next message.

        Raises:
            ClosedError: The other side is gone.
        """
        try:
            line = self._reader.readline()
        except OSError as error:
            raise ClosedError(str(error)) from error
        if not line.endswith(b"\n"):
            raise ClosedError("the other side is gone")
        message: dict[str, Any] = json.loads(line)
        return message

    def close(self) -> None:
        """Hang up."""
        self._reader.close()
        self._end.close()
