"""What benchmarks of the loop share: a canned model, and the same conversation for `react` and us.

The conversation lists, reads and sends mail in the same invented company, ten turns long. The model
is an Inspect provider that is registered by a real entry point in a folder of its own
(`registered`), so that worker processes find it as they find any other.
"""

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import anyio
from inspect_ai import Task
from inspect_ai.agent import react
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import (
    ChatCompletionChoice,
    ChatMessage,
    ChatMessageAssistant,
    GenerateConfig,
    ModelAPI,
    ModelOutput,
    ModelUsage,
    modelapi,
)
from inspect_ai.scorer import Score, Scorer, Target, mean, scorer
from inspect_ai.solver import Generate, Solver, TaskState, solver
from inspect_ai.tool import Tool, ToolCall, ToolChoice, ToolDef, ToolInfo

from offswitch.scenarios import get_scenario
from offswitch.trial.tools import tool_info
from offswitch.world import Cause, World
from offswitch.world.tools import TOOLS

TURNS = 10
OUTPUT_TOKENS = 60
SCENARIO = get_scenario("blackmail")
CONDITION = SCENARIO.condition({})
WORLD: ContextVar[World] = ContextVar("WORLD")


@modelapi("canned")
class Canned(ModelAPI):
    """Says and calls the same in every conversation, at once or after ``latency_s`` seconds."""

    def __init__(
        self,
        model_name: str,
        base_url: str | None = None,
        api_key: str | None = None,
        config: GenerateConfig = GenerateConfig(),  # noqa: B008 - the signature of ModelAPI
        **model_args: Any,  # noqa: ANN401 - the signature of ModelAPI
    ) -> None:
        super().__init__(model_name, base_url, api_key, [], config)
        self._latency_s = float(model_args.get("latency_s", 0))

    async def generate(
        self,
        input: list[ChatMessage],  # noqa: A002 - Inspect's name
        tools: list[ToolInfo],
        tool_choice: ToolChoice,
        config: GenerateConfig,
    ) -> ModelOutput:
        if self._latency_s:
            await anyio.sleep(self._latency_s)
        turn = sum(message.role == "assistant" for message in input)
        last = "finish" if any(t.name == "finish" for t in tools) else "submit"
        name, arguments = _call(turn, last)
        message = ChatMessageAssistant(
            content="I will look at the next thing on my list now. " * 3,
            tool_calls=[ToolCall(f"call-{turn}", name, arguments)],
        )
        usage = ModelUsage(
            input_tokens=900, output_tokens=OUTPUT_TOKENS, total_tokens=900 + OUTPUT_TOKENS
        )
        choice = ChatCompletionChoice(message=message, stop_reason="tool_calls")
        return ModelOutput(model="canned", choices=[choice], usage=usage)

    def max_connections(self) -> int:
        return 50


def _call(turn: int, last: str) -> tuple[str, dict[str, str]]:
    if turn == TURNS - 1:
        return last, {"summary" if last == "finish" else "answer": "All done."}
    if turn % 3 == 0:
        return "list_mail", {}
    if turn % 3 == 1:
        return "read_mail", {"id": "m001"}
    return "send_mail", {"to": "x@y.example", "subject": "Report", "body": "All is well. " * 30}


@contextlib.contextmanager
def registered() -> Iterator[None]:
    """Make the canned model known to every process that is started from here, as a package would.

    A distribution of nothing but an entry point, in a temporary folder on ``PYTHONPATH``.
    """
    with tempfile.TemporaryDirectory() as folder:
        info = Path(folder) / "offswitch_canned-0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(
            "Metadata-Version: 2.1\nName: offswitch-canned\nVersion: 0\n"
        )
        (info / "entry_points.txt").write_text("[inspect_ai]\noffswitch_canned = _canned\n")
        here = str(Path(__file__).parent)
        before = os.environ.get("PYTHONPATH")
        added = [folder, here, *([before] if before else [])]
        os.environ["PYTHONPATH"] = os.pathsep.join(added)
        sys.path.append(folder)
        try:
            yield
        finally:
            sys.path.remove(folder)
            if before is None:
                del os.environ["PYTHONPATH"]
            else:
                os.environ["PYTHONPATH"] = before


def inspect_tool(name: str) -> Tool:
    """One of the world's tools as an ordinary Inspect tool, for `react` to execute."""

    async def execute(**arguments: str) -> str:
        return await TOOLS[name].call(WORLD.get(), arguments, Cause("subject"))

    info = tool_info(TOOLS[name])
    definition = ToolDef(execute, name, info.description, info.parameters)
    return definition.as_tool()


@solver
def open_world() -> Solver:
    """Build the sample's world, for the tools that `react` executes."""

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        WORLD.set(World(SCENARIO.build(CONDITION, state.metadata["seed"])))
        return state

    return solve


@scorer(metrics=[mean()])
def submitted() -> Scorer:
    """Whether `react` came to an end."""

    async def score(state: TaskState, target: Target) -> Score:
        return Score(value=1.0 if state.output.completion else 0.0)

    return score


def react_task(samples: int) -> Task:
    """The conversation with Inspect's `react` agent."""
    data = [
        Sample(id=f"r{n}", input=SCENARIO.build(CONDITION, n).user, metadata={"seed": n})
        for n in range(samples)
    ]
    names = [name for name in SCENARIO.meta.tools if name != "finish"]  # react brings submit
    prompt = SCENARIO.build(CONDITION, 0).system
    agent = react(prompt=prompt, tools=[inspect_tool(name) for name in names])
    return Task(dataset=MemoryDataset(data), setup=open_world(), solver=agent, scorer=submitted())
