"""The door of the server: what a request must bring to be let in, and what every answer carries.

The server listens on the loopback interface, where any page in the browser and any user of the
machine can knock. A secret of this run in the path keeps the other users out; the name of the host
keeps out pages whose own name was made to point here (DNS rebinding); the origin keeps out pages
that send forms here (cross-site requests).
"""

import re
import secrets
from hmac import compare_digest

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_HOST = re.compile(r"(127\.0\.0\.1|localhost)(:\d{1,5})?", re.IGNORECASE)
"""Names under which the server may be asked for, at any port: a tunnel may have another."""
LARGEST = 1_048_576
"""Bytes of the body of a request."""


def new_token() -> str:
    """A secret for one run, of 192 bits, as part of a path."""
    return secrets.token_urlsafe(24)


class Guard:
    """Lets in only requests that the page of this run made."""

    def __init__(self, app: ASGIApp, token: str, policy: str) -> None:
        """Guard an application.

        Args:
            app: The application; it sees paths without the token.
            token: The secret of this run: the first part of every path.
            policy: The page's content security policy.
        """
        self._app, self._token = app, token
        self._headers = {
            "Content-Security-Policy": policy,
            "Cache-Control": "no-store",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "DENY",
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] == "lifespan":
            return await self._app(scope, receive, send)

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(self._headers)
            await send(message)

        if scope["type"] != "http":
            return None  # no websocket is spoken here; the server closes it
        refusal = self._refusal(scope)
        if refusal:
            reply = PlainTextResponse(f"{refusal[1]}\n", status_code=refusal[0])
            return await reply(scope, receive, answer)
        inner = {**scope, "path": scope["path"].removeprefix(f"/{self._token}")}
        return await self._app(inner, receive, answer)

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        """Status and reason, where the request is not let in."""
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if not _HOST.fullmatch(host):
            return 403, "This server answers only to 127.0.0.1 and localhost."
        first, _, _ = scope["path"].removeprefix("/").partition("/")
        if not compare_digest(first.encode(), self._token.encode()):
            return 403, "The address lacks the secret of this run; open the one in the terminal."
        if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            return 403, "Another page made this request."
        origin = headers.get("origin")
        changes = scope["method"] not in ("GET", "HEAD")
        if (origin is not None or changes) and origin != f"http://{host}":
            return 403, "Another page made this request."
        if changes and headers.get("content-type", "").partition(";")[0] != "application/json":
            return 415, "Send application/json."
        length = headers.get("content-length", "0" if not changes else "")
        if not length.isdecimal() or int(length) > LARGEST:
            return 413, f"Send at most {LARGEST} bytes, and say how many."
        return None
