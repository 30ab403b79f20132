"""A provider of models as a real HTTP server, which fails in every way that providers fail in.

It speaks the chat completions of OpenAI. What it answers is a function of the conversation, and so
is whether, and how, the first call with it fails; so a run under faults can be compared with a calm
one, to the token.
"""

import hashlib
import json
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

HEALED = ("429", "429-after", "500", "503", "reset", "half", "stall", "drip", "renamed")
"""What a retry heals, or what is no failure at all."""
WRONG = ("garbage", "empty", "400")
"""What no retry heals: the trial becomes an error."""
STALL_S = 4.0
"""Longer than the client waits for an answer (`CONFIG`)."""
CONFIG = {"attempt_timeout": 3, "max_retries": 10}
"""Settings of generation under which a stalled answer is given up."""


class Flaky(ThreadingHTTPServer):
    """The server.

    Args:
        kinds: How calls fail.
        share: Share of conversations whose first call fails, 0 to 1.
        seed: Of the faults.
    """

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, kinds: Sequence[str] = (), share: float = 0.0, seed: int = 0) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.kinds, self.share, self.seed = tuple(kinds), share, seed
        self.faults: Counter[str] = Counter()
        self.answered = 0
        self._struck: set[str] = set()
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        """Base of its addresses."""
        return f"http://127.0.0.1:{self.server_address[1]}/v1"

    def fault(self, conversation: str) -> str | None:
        """How this call fails, if it does; the second call with the same conversation does not."""
        digest = hashlib.sha256(f"{self.seed}/{conversation}".encode()).digest()
        with self._lock:
            hit = digest[0] / 256 < self.share and conversation not in self._struck
            if not hit or not self.kinds:
                self.answered += 1
                return None
            self._struck.add(conversation)
            kind = self.kinds[digest[1] % len(self.kinds)]
            self.faults[kind] += 1
            return kind

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hung up is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Flaky

    def do_POST(self) -> None:
        size = int(self.headers["content-length"])
        asked = json.loads(self.rfile.read(size))
        answer = _answer(asked)
        match self.server.fault(json.dumps(asked["messages"], sort_keys=True)):
            case "429":
                self._send(429, {"error": {"message": "slow down", "code": "rate_limit"}})
            case "429-after":
                body = {"error": {"message": "slow down", "code": "rate_limit"}}
                self._send(429, body, {"retry-after": "1"})
            case "500" | "503" | "400" as status:
                self._send(int(status), {"error": {"message": "something broke"}})
            case "reset":
                self._abort()
            case "half":
                self._half(answer)
            case "stall":
                time.sleep(STALL_S)
                self._abort()
            case "drip":
                self._drip(answer)
            case "renamed":
                self._send(200, {**answer, "model": "flaky-2-preview"})
            case "garbage":
                self._write(200, b'{"id": "x", "choices": [{"mess')
            case "empty":
                self._send(200, {"id": "x", "object": "chat.completion"})
            case _:
                self._send(200, answer)

    def _send(self, status: int, body: Any, headers: dict[str, str] | None = None) -> None:
        self._write(status, json.dumps(body).encode(), headers)

    def _write(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self._head(status, len(body), headers)
        self.wfile.write(body)

    def _head(self, status: int, size: int, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(size))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()

    def _abort(self) -> None:
        """Hang up with a reset and no answer."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()

    def _half(self, answer: Any) -> None:
        body = json.dumps(answer).encode()
        self._head(200, len(body))
        self.wfile.write(body[: len(body) // 2])
        self.wfile.flush()
        self._abort()

    def _drip(self, answer: Any) -> None:
        body = json.dumps(answer).encode()
        self._head(200, len(body))
        for start in range(0, len(body), 100):
            self.wfile.write(body[start : start + 100])
            self.wfile.flush()
            time.sleep(0.05)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base's name
        """Say nothing."""


def _answer(asked: dict[str, Any]) -> dict[str, Any]:
    """Read two mails, then finish."""
    messages = asked["messages"]
    number = sum(message["role"] == "assistant" for message in messages)
    calls = [("list_mail", {}), ("read_mail", {"id": "m001"}), ("finish", {"summary": "Done."})]
    name, arguments = calls[min(number, len(calls) - 1)]
    call = {
        "id": f"call_{number}",
        "type": "function",
        "function": {"name": name, "arguments": json.dumps(arguments)},
    }
    read = len(json.dumps(messages)) // 4
    return {
        "id": f"answer-{number}",
        "object": "chat.completion",
        "created": 1,
        "model": asked["model"],
        "choices": [
            {
                "index": 0,
                "finish_reason": "tool_calls",
                "message": {"role": "assistant", "content": "On it.", "tool_calls": [call]},
            }
        ],
        "usage": {"prompt_tokens": read, "completion_tokens": 20, "total_tokens": read + 20},
    }


@contextmanager
def flaky(kinds: Sequence[str] = (), share: float = 0.0, seed: int = 0) -> Iterator[Flaky]:
    """A server that runs while it is entered."""
    server = Flaky(kinds, share, seed)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
