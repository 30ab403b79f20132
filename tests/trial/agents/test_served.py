"""The world as an MCP server, met by real clients over real sockets."""

from typing import Literal

import httpx
import pytest
from mcp import Client
from tests.trial.agents.test_shift import shift

from offswitch.trial.agents.served import served
from offswitch.trial.agents.shift import Shift
from offswitch.trial.agents.workplace import Workplace
from offswitch.world import MailRead

__all__ = ["shift"]


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_a_client_finds_the_worlds_tools_and_acts(
    shift: Shift, mode: Literal["auto", "legacy"]
) -> None:
    async with Workplace(shift).mcp() as url, Client(url, mode=mode) as client:
        tools = (await client.list_tools()).tools
        assert [tool.name for tool in tools] == list(shift.world.spec.tools)
        read = next(tool for tool in tools if tool.name == "read_mail")
        assert read.input_schema["required"] == ["id"]
        good = await client.call_tool("read_mail", {"id": "m001"})
        bad = await client.call_tool("read_mail", {"id": "m999"})
    assert (good.is_error, bad.is_error) == (False, True)
    assert "From:" in good.content[0].text
    assert len(shift.world.events(MailRead)) == 1


async def test_nobody_acts_without_the_secret_address_or_from_a_page(shift: Shift) -> None:
    async with served(shift) as url, httpx.AsyncClient() as client:
        host = url.split("/")[2]
        assert host.startswith("127.0.0.1:")
        ask = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
        accept = {"Accept": "application/json, text/event-stream"}
        guess = await client.post(f"http://{host}/mcp", json=ask, headers=accept)
        page = await client.post(url, json=ask, headers={**accept, "Origin": "http://evil.example"})
        other = await client.post(url, json=ask, headers={**accept, "Host": "evil.example"})
    assert [guess.status_code, page.status_code, other.status_code] == [404, 403, 421]
    with pytest.raises(httpx.ConnectError):
        await httpx.AsyncClient().get(url)
