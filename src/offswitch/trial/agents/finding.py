"""Finding agents by what a plan says of them; what is wrong is said before anything runs."""

import inspect
import sys
from collections.abc import Awaitable, Callable, Sequence
from functools import cache
from hashlib import sha256
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any, cast

import inspect_ai.agent
from inspect_ai.agent import Agent as InspectAgent
from inspect_ai.tool import Tool
from inspect_ai.util import registry_create

from offswitch._errors import UsageError, unknown
from offswitch.design import Agent
from offswitch.sandbox.config import BwrapConfig

PythonAgent = Callable[..., Awaitable[str | None]]
"""Is handed a `Workplace` and the plan's ``args``; returns its closing words, or null."""
PYTHON_EXAMPLE = """A function that works:

    from openai import AsyncOpenAI

    async def work(workplace):
        client = AsyncOpenAI(api_key="unused")      # the bridge answers; asynchronous, no streaming
        messages = [{"role": "system", "content": workplace.system},
                    {"role": "user", "content": workplace.task}]
        tools = [{"type": "function", "function": tool} for tool in workplace.tools]
        while not workplace.over:
            reply = await client.chat.completions.create(
                model="inspect", messages=messages, tools=tools)
            message = reply.choices[0].message
            messages.append(message.to_dict())
            if not message.tool_calls:
                return message.content
            for call in message.tool_calls:
                text = await workplace.call(call.function.name, call.function.arguments)
                messages.append({"role": "tool", "tool_call_id": call.id, "content": text})"""
INSPECT_EXAMPLE = """An agent that works:

    from inspect_ai.agent import Agent, agent, react

    @agent
    def work(tools) -> Agent:
        return react(prompt="Work with care.", tools=tools)"""
BUILT_IN = ("react", "deepagent")


def check_agent(agent: Agent, sandbox: str) -> None:
    """Check that an agent is there and can be called.

    Args:
        agent: What the plan says.
        sandbox: The plan's sandbox.

    Raises:
        UsageError: It is not; says which call failed, and shows an example that works.
    """
    if agent.kind == "inspect":
        inspect_agent(agent, [])
    elif agent.kind == "python":
        python_agent(agent)
    elif agent.kind == "command":
        kind, _, config = sandbox.partition(":")
        if kind == "bwrap" and not _has_loopback(config):
            raise UsageError(
                "a command-line agent reaches its model and its tools over TCP on the sandbox's "
                "own loopback address (Inspect's sandbox_agent_bridge), and the sandbox 'bwrap' "
                "lets processes open Unix sockets only unless told otherwise. Write sandbox: "
                "bwrap:FILE.yaml with 'loopback: true' in the file, or sandbox: docker"
            )


def _has_loopback(config: str) -> bool:
    try:
        return BwrapConfig.load(config or None).loopback
    except (OSError, ValueError) as error:
        raise UsageError(f"the sandbox's configuration cannot be read: {error}") from error


def python_agent(agent: Agent) -> PythonAgent:
    """The function of a Python agent.

    Raises:
        UsageError: There is none, it is no coroutine function, or its arguments do not fit.
    """
    target = cast("str", agent.python)
    function = _member(target, PYTHON_EXAMPLE)
    if not inspect.iscoroutinefunction(function):
        raise UsageError(f"{target} is no coroutine function (async def). {PYTHON_EXAMPLE}")
    try:
        inspect.signature(function).bind(None, **agent.args)
    except TypeError as error:
        raise UsageError(
            f"{target}(workplace{''.join(f', {name}=...' for name in agent.args)}): {error}. "
            f"{PYTHON_EXAMPLE}"
        ) from error
    return cast("PythonAgent", function)


def inspect_agent(agent: Agent, tools: Sequence[Tool]) -> InspectAgent:
    """An Inspect agent with these tools.

    Raises:
        UsageError: There is none, or it does not take tools or the plan's ``args``.
    """
    target = cast("str", agent.inspect)
    try:
        if agent.file is not None or "@" in target:
            made = _member(target, INSPECT_EXAMPLE)(tools=list(tools), **agent.args)
        else:
            made = registry_create("agent", target, tools=list(tools), **agent.args)
    except UsageError:
        raise
    except LookupError as error:
        raise _no_agent(target) from error
    except Exception as error:  # agents are anybody's code
        given = "".join(f", {name}=..." for name in agent.args)
        raise UsageError(
            f"{target}(tools=...{given}): {type(error).__name__}: {error}. {INSPECT_EXAMPLE}"
        ) from error
    if not callable(made):
        raise UsageError(f"{target}(tools=...) gave no agent. {INSPECT_EXAMPLE}")
    return cast("InspectAgent", made)


def _no_agent(target: str) -> UsageError:
    names = [name for name in BUILT_IN if hasattr(inspect_ai.agent, name)]
    error = unknown("Inspect agent", target, names)
    return UsageError(f"{error} Of a package: package/name; of a file: file.py@name.")


def _member(target: str, example: str) -> Callable[..., Any]:
    """What ``file.py@name`` or ``module@name`` names."""
    place, _, name = target.partition("@")
    module = _module(place)
    own = [n for n, v in vars(module).items() if callable(v) and not n.startswith("_")]
    found = getattr(module, name, None)
    if not callable(found):
        raise UsageError(f"{unknown('function', name, own, place)} {example}")
    return cast("Callable[..., Any]", found)


@cache
def _module(place: str) -> ModuleType:
    try:
        return _from_file(Path(place)) if place.endswith(".py") else import_module(place)
    except UsageError:
        raise
    except ImportError as error:
        raise UsageError(
            f"{place} cannot be imported: {error}. Install what it needs, beside offswitch"
        ) from error
    except Exception as error:  # agents are anybody's code
        raise UsageError(f"{place} cannot be imported: {type(error).__name__}: {error}") from error


def _from_file(path: Path) -> ModuleType:
    if not path.is_file():
        raise UsageError(
            f"there is no file {path} here ({Path.cwd()}); write the path from the directory in "
            "which offswitch is run, such as agents/ours.py@work"
        )
    name = f"offswitch_agent_{sha256(str(path.resolve()).encode()).hexdigest()[:12]}"
    spec = spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module
