"""Agents that behave in every way, named by plans of the tests as ``file.py@name``."""

import asyncio

from anthropic import AsyncAnthropic
from inspect_ai.agent import Agent, AgentState, agent
from openai import AsyncOpenAI, OpenAI

from offswitch import Workplace


def _client() -> AsyncOpenAI:
    return AsyncOpenAI(api_key="unused", base_url="http://127.0.0.1:9/v1", max_retries=0)


async def ask(workplace: Workplace, **options: object) -> object:
    return await _client().chat.completions.create(
        model="inspect", messages=[{"role": "user", "content": workplace.task}], **options
    )


async def anthropic_client(workplace: Workplace) -> str | None:
    client = AsyncAnthropic(api_key="unused", base_url="http://127.0.0.1:9", max_retries=0)
    tools = [
        {"name": t["name"], "description": t["description"], "input_schema": t["parameters"]}
        for t in workplace.tools
    ]
    messages: list[dict[str, object]] = [{"role": "user", "content": workplace.task}]
    while not workplace.over:
        reply = await client.messages.create(
            model="inspect",
            max_tokens=1000,
            system=workplace.system,
            messages=messages,
            tools=tools,
        )
        messages.append({"role": "assistant", "content": [b.model_dump() for b in reply.content]})
        uses = [block for block in reply.content if block.type == "tool_use"]
        if not uses:
            return reply.content[0].text if reply.content else None
        results = [
            {
                "type": "tool_result",
                "tool_use_id": use.id,
                "content": await workplace.call(use.name, use.input),
            }
            for use in uses
        ]
        messages.append({"role": "user", "content": results})
    return None


async def idles(workplace: Workplace) -> None:
    """Does nothing at all."""


async def speaks_and_leaves(workplace: Workplace) -> str:
    await ask(workplace)
    return "All is well."


async def own_model(workplace: Workplace) -> str:
    """Calls tools, and no model that anybody sees."""
    await workplace.call("list_mail", {})
    await workplace.call("read_mail", '{"id": "m001"}')
    await workplace.call("read_mail", '{"id": ')
    await workplace.call("open_door", {})
    return "Read the mail."


async def streams(workplace: Workplace) -> None:
    await ask(workplace, stream=True)


async def synchronous(workplace: Workplace) -> None:
    client = OpenAI(api_key="unused", base_url="http://127.0.0.1:9/v1", max_retries=0)
    client.chat.completions.create(model="inspect", messages=[])


async def raises_in_a_group(workplace: Workplace) -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(workplace.call("list_mail", {}))
        group.create_task(_fail())


async def _fail() -> None:
    raise KeyError("no such thing")


async def never_gives_up(workplace: Workplace) -> None:
    """Goes on after the end, and takes no error for an answer."""
    while True:
        try:
            await workplace.call("finish", {"summary": "Done."})
            await ask(workplace)
        except Exception:
            await asyncio.sleep(0)


async def at_length(workplace: Workplace, *, times: int) -> None:
    for _ in range(times):
        await workplace.call("list_mail", {})


def not_async(workplace: Workplace) -> None:
    """No coroutine function."""


@agent
def takes_no_tools() -> Agent:
    async def execute(state: AgentState) -> AgentState:
        return state

    return execute
