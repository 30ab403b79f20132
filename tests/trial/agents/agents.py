"""Agents that behave in every way, named by plans of the tests as ``file.py@name``."""

import asyncio

from inspect_ai.agent import Agent, AgentState, agent
from openai import AsyncOpenAI, OpenAI

from offswitch import Workplace


def _client() -> AsyncOpenAI:
    return AsyncOpenAI(api_key="unused", base_url="http://127.0.0.1:9/v1", max_retries=0)


async def ask(workplace: Workplace, **options: object) -> object:
    return await _client().chat.completions.create(
        model="inspect", messages=[{"role": "user", "content": workplace.task}], **options
    )


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
