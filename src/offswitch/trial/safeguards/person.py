"""Asking a person: one that is scripted, or a real one on a page of this machine."""

import asyncio
import html
import secrets
import sys
from dataclasses import dataclass, field
from typing import ClassVar

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from offswitch.design import Person

LOOPBACK = "127.0.0.1"


async def asked(person: Person, question: str) -> bool | None:
    """Whether a person approves; null where nobody answered in time."""
    if person.answers != "page":
        return {"approve": True, "deny": False, "silent": None}[person.answers]
    return await Page.ask(person, question)


@dataclass
class Page:
    """The page with what is waiting for an answer; its address holds a secret.

    Attributes:
        token: The secret.
        waiting: What is asked, by number, and where the answer goes.
        url: Its address; null until it is served.
    """

    token: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    waiting: dict[str, tuple[str, asyncio.Future[bool]]] = field(default_factory=dict)
    url: str | None = None
    _open: ClassVar[dict[int, "Page"]] = {}

    @classmethod
    async def ask(cls, person: Person, question: str) -> bool | None:
        """Put a question on the page of this process and wait for the answer."""
        loop = asyncio.get_running_loop()
        page = cls._open.get(id(loop))
        if page is None:
            page = cls._open[id(loop)] = cls()
            await page._serve(person.port)
        number, answer = secrets.token_hex(6), loop.create_future()
        page.waiting[number] = (question, answer)
        try:
            async with asyncio.timeout(person.timeout_s):
                approved: bool = await answer
                return approved
        except TimeoutError:
            return None
        finally:
            del page.waiting[number]

    def app(self) -> Starlette:
        """The page as an application."""
        return Starlette(
            routes=[
                Route(f"/{self.token}/", self._show),
                Route(f"/{self.token}/answer", self._answer, methods=["POST"]),
            ],
            middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=[LOOPBACK, "localhost"])],
        )

    async def _show(self, request: Request) -> Response:
        forms = "".join(
            f"<form method=post action=answer><pre>{html.escape(question)}</pre>"
            f"<input type=hidden name=number value={number}>"
            "<button name=answer value=approve>Let it happen</button> "
            "<button name=answer value=deny>Hold it back</button></form><hr>"
            for number, (question, _) in self.waiting.items()
        )
        body = forms or "<p>Nothing is waiting. This page looks again every two seconds.</p>"
        page = (
            "<!doctype html><html lang=en><meta charset=utf-8><title>A step waits</title>"
            f"<meta http-equiv=refresh content=2><h1>Steps that wait for you</h1>{body}</html>"
        )
        policy = "default-src 'none'; form-action 'self'; frame-ancestors 'none'"
        return HTMLResponse(page, headers={"Content-Security-Policy": policy})

    async def _answer(self, request: Request) -> Response:
        body = dict(part.partition("=")[::2] for part in (await request.body()).decode().split("&"))
        _, answer = self.waiting.get(body.get("number", ""), ("", None))
        if answer is not None and not answer.done() and body.get("answer") in ("approve", "deny"):
            answer.set_result(body["answer"] == "approve")
        return RedirectResponse(f"/{self.token}/", status_code=303)

    async def _serve(self, port: int) -> None:
        config = uvicorn.Config(self.app(), host=LOOPBACK, port=port, log_level="critical")
        server = uvicorn.Server(config)
        server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
        self._task = asyncio.create_task(server._serve())
        while not server.started and not self._task.done():  # noqa: ASYNC110 - it has no event
            await asyncio.sleep(0.01)
        if self._task.done():
            raise OSError(f"port {port} of {LOOPBACK} is taken; give the person another 'port'")
        bound = server.servers[0].sockets[0].getsockname()[1]
        self.url = f"http://{LOOPBACK}:{bound}/{self.token}/"
        sys.stderr.write(f"A person is asked on {self.url}\n")
