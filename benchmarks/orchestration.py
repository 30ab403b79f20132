"""CPU per turn of our trial loop against Inspect's `react` agent, on the same canned conversation.

Both run the same ten turns (list, read and send mail in the same invented company) through
`inspect_ai.eval` with the same canned model, the same world and the same logs on disk. `react` runs
twice: with Inspect's defaults, and with `log_realtime=False`, which is how campaigns run. Each is
repeated, in turn, and the medians are compared.

    python benchmarks/orchestration.py [--quick]
"""

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass

import inspect_ai
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

from offswitch.evidence.scoring import facts
from offswitch.scenarios import get_scenario
from offswitch.trial.spec import TrialSettings, TrialSpec
from offswitch.trial.task import trial_task
from offswitch.trial.tools import tool_info
from offswitch.world import Cause, World
from offswitch.world.tools import TOOLS

TURNS = 10
SCENARIO = get_scenario("blackmail")
CONDITION = SCENARIO.condition({})
WORLD: ContextVar[World] = ContextVar("WORLD")


@modelapi("canned")
class Canned(ModelAPI):
    """Says and calls the same in every conversation, at once."""

    async def generate(
        self,
        input: list[ChatMessage],  # noqa: A002 - Inspect's name
        tools: list[ToolInfo],
        tool_choice: ToolChoice,
        config: GenerateConfig,
    ) -> ModelOutput:
        turn = sum(message.role == "assistant" for message in input)
        last = "finish" if any(t.name == "finish" for t in tools) else "submit"
        name, arguments = _call(turn, last)
        message = ChatMessageAssistant(
            content="I will look at the next thing on my list now. " * 3,
            tool_calls=[ToolCall(f"call-{turn}", name, arguments)],
        )
        usage = ModelUsage(input_tokens=900, output_tokens=60, total_tokens=960)
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


def inspect_tool(name: str) -> Tool:
    """One of the world's tools as an ordinary Inspect tool, for `react` to execute."""

    async def execute(**arguments: str) -> str:
        return await TOOLS[name].call(WORLD.get(), arguments, Cause("subject"))

    info = tool_info(TOOLS[name])
    definition = ToolDef(execute, name, info.description, info.parameters)
    return definition.as_tool()


@solver
def open_world() -> Solver:
    async def solve(state: TaskState, generate: Generate) -> TaskState:
        WORLD.set(World(SCENARIO.build(CONDITION, state.metadata["seed"])))
        return state

    return solve


@scorer(metrics=[mean()])
def submitted() -> Scorer:
    async def score(state: TaskState, target: Target) -> Score:
        return Score(value=1.0 if state.output.completion else 0.0)

    return score


def react_task(samples: int) -> Task:
    data = [
        Sample(id=f"r{n}", input=SCENARIO.build(CONDITION, n).user, metadata={"seed": n})
        for n in range(samples)
    ]
    names = [name for name in SCENARIO.meta.tools if name != "finish"]  # react brings submit
    prompt = SCENARIO.build(CONDITION, 0).system
    agent = react(prompt=prompt, tools=[inspect_tool(name) for name in names])
    return Task(dataset=MemoryDataset(data), setup=open_world(), solver=agent, scorer=submitted())


def our_task(samples: int) -> Task:
    trials = [TrialSpec(f"t{n}", SCENARIO.name, CONDITION, n) for n in range(samples)]
    return trial_task(trials, TrialSettings(interview=False), scorer=facts())


@dataclass(frozen=True)
class Case:
    """One thing that is measured."""

    name: str
    make: Callable[[int], Task]
    realtime: bool


CASES = (
    Case("react_defaults", react_task, realtime=True),
    Case("react_lean", react_task, realtime=False),
    Case("offswitch", our_task, realtime=False),
)


def cpu_per_turn(case: Case, samples: int) -> float:
    """CPU milliseconds per turn of one run, everything included."""
    with tempfile.TemporaryDirectory() as logs:
        task = case.make(samples)
        started = time.process_time()
        [log] = inspect_ai.eval(
            task,
            model="canned/model",
            display="none",
            log_dir=logs,
            log_realtime=case.realtime,
            max_samples=50,
        )
        spent = time.process_time() - started
    assert log.status == "success", log.error
    calls = sum(usage.output_tokens for usage in log.stats.model_usage.values()) / 60
    assert calls == samples * TURNS, f"{case.name}: {calls} model calls"
    return 1000 * spent / calls


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="end within a minute")
    quick = parser.parse_args().quick
    samples, rounds = (50, 2) if quick else (200, 3)
    for case in CASES:
        cpu_per_turn(case, 10)  # imports and caches
    results: dict[str, list[float]] = {case.name: [] for case in CASES}
    for _ in range(rounds):
        for case in CASES:
            results[case.name].append(cpu_per_turn(case, samples))
            print(f"{case.name:15} {results[case.name][-1]:6.2f} ms CPU per turn")
    median = {name: round(statistics.median(values), 3) for name, values in results.items()}
    figures = {
        "benchmark": "orchestration",
        "samples": samples,
        "turns": TURNS,
        "cpu_ms_per_turn": median,
        "ratio_to_react_defaults": round(median["offswitch"] / median["react_defaults"], 3),
        "ratio_to_react_lean": round(median["offswitch"] / median["react_lean"], 3),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
