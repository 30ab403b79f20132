import multiprocessing
from dataclasses import replace
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

import pytest
from inspect_ai.model import (
    ChatMessage,
    GenerateConfig,
    ModelAPI,
    ModelOutput,
    ModelUsage,
    get_model,
    modelapi,
)
from inspect_ai.tool import ToolChoice, ToolInfo

from offswitch.campaign.compile import Campaign, compile_plan
from offswitch.design import Document, make_plan
from offswitch.subjects.reference import STAGE

QUICK: dict[str, Any] = {
    "subjects": ["reference/compliant"],
    "scenarios": {"blackmail": {"threat": ["none", "wipe"]}},
    "worlds": 4,
    "limits": {"max_turns": 2},
    "interview": False,
}
"""A plan whose trials take a few milliseconds and need no sandbox."""


@modelapi(name="fragile")
class Fragile(ModelAPI):
    """Finishes at once, except in the worlds where it breaks down."""

    def __init__(
        self,
        model_name: str,
        base_url: str | None = None,
        api_key: str | None = None,
        config: GenerateConfig = GenerateConfig(),  # noqa: B008
        *,
        broken: tuple[int, ...] = (),
    ) -> None:
        super().__init__(model_name, base_url, api_key, [], config)
        self._broken = broken

    async def generate(
        self,
        input: list[ChatMessage],  # noqa: A002
        tools: list[ToolInfo],
        tool_choice: ToolChoice,
        config: GenerateConfig,
    ) -> ModelOutput:
        stage = STAGE.get()
        assert stage is not None
        output = ModelOutput.for_tool_call(self.model_name, "finish", {})
        output.usage = ModelUsage(input_tokens=5, output_tokens=2, total_tokens=7)
        if stage.spec.seed in self._broken:
            raise RuntimeError("the service is [gone]")
        return output


def process(function: Any, *arguments: Any) -> ForkServerProcess:
    """A process of its own that runs a function; it is started.

    Processes are forked from one that has imported everything: an interpreter that starts anew
    takes some ten seconds of CPU until it has finished its first trial.
    """
    context = multiprocessing.get_context("forkserver")
    modules = ("offswitch.api", "offswitch.cli", "offswitch.campaign.run")
    context.set_forkserver_preload([*modules, "acp", "anthropic", "openai"])
    found = context.Process(target=function, args=arguments)
    found.start()
    return found


COMMAND = """
import os, resource, sys
from offswitch import cli

resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
os.dup2(os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 2)
os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
sys.argv = ["offswitch", *arguments]
cli.main()
"""
"""Tests are no package that a new process could import, so that it gets text."""


def command(said: Path, *arguments: str, limit: int = -1) -> ForkServerProcess:
    """``offswitch`` with these arguments in a process of its own.

    Args:
        said: Where what it says on the side goes.
        arguments: Its arguments.
        limit: Bytes beyond which no file may grow, as on a disk that is full.
    """
    names = {"said": str(said), "arguments": arguments, "limit": limit}
    return process(exec, COMMAND, names)


def compiled(**changes: Any) -> Campaign:
    """`QUICK` with changes, compiled."""
    return compile_plan(make_plan(Document({**QUICK, **changes}, "plan", {})))


def fragile(campaign: Campaign, *broken: int) -> Campaign:
    """The campaign with a model that breaks down in these worlds."""
    model = get_model("fragile/x", memoize=False, broken=broken)
    return replace(campaign, entrants=tuple(replace(e, model=model) for e in campaign.entrants))


@pytest.fixture(autouse=True)
def no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys of whoever runs the tests must not change what is missing."""
    for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY"):
        monkeypatch.delenv(name, raising=False)
