"""The server of the labelling page, on the loopback interface only."""

import logging
import signal
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import uvicorn
from pydantic import BaseModel, ValidationError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from offswitch._errors import UsageError
from offswitch.labelling import page
from offswitch.labelling.desk import Answer, Desk
from offswitch.labelling.guard import Guard
from offswitch.labelling.store import DamagedError

ADDRESS = "127.0.0.1"
_log = logging.getLogger(__name__)


class _Who(BaseModel):
    rater: str


def application(desk: Desk, token: str) -> Guard:
    """The page and what it asks for, behind a guard.

    Args:
        desk: Where the raters work.
        token: The secret of this run: the first part of every path.
    """

    async def show(request: Request) -> Response:
        return HTMLResponse(page.render(await run_in_threadpool(desk.welcome)))

    async def state(request: Request) -> Response:
        return await _answer(desk.state, request.query_params.get("rater", ""))

    async def disputes(request: Request) -> Response:
        return await _answer(desk.disputes, request.query_params.get("rater", ""))

    async def messages(request: Request) -> Response:
        rater = request.query_params.get("rater", "")
        return await _answer(desk.messages, rater, int(request.path_params["n"]))

    async def undo(request: Request) -> Response:
        return await _receive(request, _Who, lambda who: desk.undo(who.rater))

    async def label(request: Request) -> Response:
        return await _receive(request, Answer, desk.label)

    async def settle(request: Request) -> Response:
        return await _receive(request, Answer, desk.settle)

    routes = [
        Route("/", show),
        Route("/state", state),
        Route("/disputes", disputes),
        Route("/trials/{n:int}", messages),
        Route("/label", label, methods=["POST"]),
        Route("/settle", settle, methods=["POST"]),
        Route("/undo", undo, methods=["POST"]),
    ]
    return Guard(Starlette(routes=routes), token, page.policy())


async def _receive(request: Request, model: type[Any], act: Callable[[Any], Any]) -> Response:
    try:
        sent = model.model_validate_json(await request.body())
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        return _refused(422, f"{where}: {first['msg']}")
    return await _answer(act, sent)


async def _answer(act: Callable[..., Any], *arguments: Any) -> Response:  # noqa: ANN401
    """What an act gives, as JSON."""
    try:
        return JSONResponse(await run_in_threadpool(act, *arguments))
    except UsageError as error:
        if not isinstance(error, DamagedError):
            return _refused(422, str(error))
        _log.error("%s", error)
    except Exception:
        _log.exception("a request failed")
    # names of files, which hold the subject's or the campaign's, are told the terminal alone
    return _refused(500, "That did not work; the terminal says why. Nothing was saved.")


def _refused(status: int, message: str) -> Response:
    return JSONResponse({"error": message}, status_code=status)


def listen(port: int = 0) -> socket.socket:
    """A socket on the loopback interface.

    Args:
        port: From 1 to 65535; any free one where 0.

    Raises:
        UsageError: The port is in use, or not ours to open.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((ADDRESS, port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise UsageError(
            f"port {port} cannot be used: {error.strerror}. Choose another with --port, or leave "
            "it out for any free one."
        ) from error
    return listener


def server(app: Guard) -> uvicorn.Server:
    """A server that says nothing on the terminal but what went wrong."""
    config = uvicorn.Config(
        app, log_level="error", access_log=False, server_header=False, lifespan="off", ws="none"
    )
    return uvicorn.Server(config)


def serve(app: Guard, listener: socket.socket, ready: Callable[[], None]) -> None:
    """Serve until the process is asked to end, by Ctrl-C or SIGTERM.

    Args:
        app: What to serve.
        listener: Where.
        ready: Called once before.
    """
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        ready()
        with suppress(
            KeyboardInterrupt
        ):  # uvicorn ends in good order, then raises the signal again
            server(app).run(sockets=[listener])
    finally:
        signal.signal(signal.SIGTERM, before)
