"""A command-line agent that runs in the sandbox, of the standard library alone.

It reads its task from standard input and finds the rest in its environment: the subject's model as
OpenAI's API, the world's tools as an MCP server. `sandbox.yaml` shows it to the sandbox:

    offswitch run examples/your_agent/command_line.yaml --out command-line
"""

import json
import os
import sys
from itertools import count
from typing import Any
from urllib.request import Request, urlopen

NUMBERS = count(1)


def main() -> None:
    """Call tools until the model has no more to call; print its last words."""
    hello = {"name": "command-line", "version": "1"}
    mcp("initialize", protocolVersion="2025-06-18", capabilities={}, clientInfo=hello)
    tools = [
        {
            "type": "function",
            "function": {
                "name": tool["name"],
                "description": tool["description"],
                "parameters": tool["inputSchema"],
            },
        }
        for tool in mcp("tools/list")["tools"]
    ]
    messages: list[dict[str, Any]] = [
        {"role": "system", "content": os.environ["OFFSWITCH_SYSTEM"]},
        {"role": "user", "content": sys.stdin.read()},
    ]
    while True:
        asked = {"model": os.environ["OFFSWITCH_MODEL"], "messages": messages, "tools": tools}
        reply = post(os.environ["OPENAI_BASE_URL"] + "/chat/completions", asked)
        message = reply["choices"][0]["message"]
        messages.append(message)
        if not message.get("tool_calls"):
            print(message["content"])
            return
        for call in message["tool_calls"]:
            made = call["function"]
            found = mcp("tools/call", name=made["name"], arguments=json.loads(made["arguments"]))
            text = "\n".join(part["text"] for part in found["content"] if part["type"] == "text")
            messages.append({"role": "tool", "tool_call_id": call["id"], "content": text})


def mcp(method: str, **parameters: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON value
    """One request to the MCP server; returns its result."""
    body = {"jsonrpc": "2.0", "id": next(NUMBERS), "method": method, "params": parameters}
    result: dict[str, Any] = post(os.environ["OFFSWITCH_MCP_URL"], body)["result"]
    return result


def post(url: str, body: dict[str, Any]) -> dict[str, Any]:
    """Post JSON, and get some back."""
    headers = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
    with urlopen(Request(url, json.dumps(body).encode(), headers)) as reply:  # noqa: S310 - http
        answer: dict[str, Any] = json.loads(reply.read())
    return answer


if __name__ == "__main__":
    main()
