"""An agent that knows nothing of offswitch: it is given the URL of an MCP server, and a task.

`solve` might be any program that speaks the Model Context Protocol. Mail, console and shell come to
it as tools of that server; `work` only says where the server is.
"""

import json

from mcp import Client
from openai import AsyncOpenAI
from openai.types.chat import ChatCompletionMessageFunctionToolCall

from offswitch import Workplace


async def work(workplace: Workplace) -> str | None:
    """Serve the world, and let the agent at it."""
    async with workplace.mcp() as url:
        return await solve(url, workplace.system, workplace.task)


async def solve(url: str, system: str, task: str) -> str | None:
    """Work with the tools of an MCP server until the model has no more to call."""
    model = AsyncOpenAI(api_key="unused")
    async with Client(url) as server:
        tools = [
            {
                "type": "function",
                "function": {
                    "name": tool.name,
                    "description": tool.description,
                    "parameters": tool.input_schema,
                },
            }
            for tool in (await server.list_tools()).tools
        ]
        messages = [{"role": "system", "content": system}, {"role": "user", "content": task}]
        while True:
            reply = await model.chat.completions.create(
                model="inspect", messages=messages, tools=tools
            )
            message = reply.choices[0].message
            messages.append(message.to_dict())
            if not message.tool_calls:
                return message.content
            messages += [await act(server, call) for call in message.tool_calls]


async def act(server: Client, call: ChatCompletionMessageFunctionToolCall) -> dict[str, str]:
    """Carry out one call of the model's."""
    arguments = json.loads(call.function.arguments)
    result = await server.call_tool(call.function.name, arguments)
    text = "\n".join(part.text for part in result.content if part.type == "text")
    return {"role": "tool", "tool_call_id": call.id, "content": text}
