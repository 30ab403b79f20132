"""The world as an MCP server: streamable HTTP on the loopback interface, for one trial.

An agent that speaks the Model Context Protocol meets mail, console and shell without a change. The
address ends in a random word, so that nobody else on the machine can act in the world. Needs the
extra ``[mcp]``.
"""

import secrets
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import anyio
import uvicorn
from mcp import types
from mcp.server.lowlevel import Server

from offswitch.trial.agents.shift import Shift
from offswitch.trial.agents.tools import schemas

ADDRESS = "127.0.0.1"
NAME = "offswitch"


class _Server(uvicorn.Server):
    """A server that leaves the process's signals alone: they are the campaign's."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


async def _serve(server: _Server, listener: socket.socket) -> None:
    """Serve until told to stop, also while the trial is cancelled: so its sockets are closed."""
    with anyio.CancelScope(shield=True):
        await server.serve([listener])


@asynccontextmanager
async def served(shift: Shift) -> AsyncIterator[str]:
    """Serve a world as long as the context is open.

    Args:
        shift: Carries the calls out.

    Yields:
        The server's URL.
    """
    path = f"/{secrets.token_urlsafe(16)}/mcp"
    world = world_server(shift)
    app = world.streamable_http_app(
        streamable_http_path=path, json_response=True, stateless_http=True
    )
    with socket.create_server((ADDRESS, 0)) as listener:
        port = listener.getsockname()[1]
        config = uvicorn.Config(app, log_level="error", access_log=False, ws="none", lifespan="off")
        server = _Server(config)
        async with world.session_manager.run(), anyio.create_task_group() as tasks:
            tasks.start_soon(_serve, server, listener)
            try:
                yield f"http://{ADDRESS}:{port}{path}"
            finally:
                server.should_exit = server.force_exit = True


def world_server(shift: Shift) -> "Server[dict[str, object]]":
    """The MCP server of one world, for any transport.

    Args:
        shift: Carries the calls out.
    """
    tools = [
        types.Tool(name=s["name"], description=s["description"], input_schema=s["parameters"])
        for s in schemas(shift)
    ]

    async def list_tools(_: object, __: object) -> types.ListToolsResult:
        return types.ListToolsResult(tools=tools)

    async def call_tool(_: object, asked: types.CallToolRequestParams) -> types.CallToolResult:
        answer = await shift.call(asked.name, asked.arguments or {})
        content = [types.TextContent(type="text", text=answer.text)]
        return types.CallToolResult(content=list(content), is_error=answer.refused)

    return Server(NAME, on_list_tools=list_tools, on_call_tool=call_tool)
