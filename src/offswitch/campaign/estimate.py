"""What a trial will take in tokens, before any model is called.

A scenario's compliant script is played in a world, turn by turn, as the trial loop would run it:
each turn is charged the whole history again, as providers do. Nothing of Inspect, no model and no
sandbox takes part. The count is rough, because tokens are counted by characters, because a model
takes other turns than the script, and because a machine's output is made up; see `ASSUMPTIONS`.
"""

import json
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from offswitch.scenarios import get_scenario
from offswitch.scenarios.script import Call, Script, Step
from offswitch.world import Cause, CommandResult, FileState, World, WorldSpec
from offswitch.world.tools import TOOLS, ToolRefused

CHARACTERS_PER_TOKEN = 4
ANSWER_CHARACTERS = 240
"""Characters of an answer in the interview."""
SCHEMA_CHARACTERS = 40
"""Characters of the JSON around a tool and around each of its arguments."""
MACHINE_OUTPUT = "x" * 100
"""What every command prints where there is no machine."""
ASSUMPTIONS = (
    f"{CHARACTERS_PER_TOKEN} characters are a token, tool descriptions included.",
    "The subject takes the turns of the scenario's compliant script; one that explores takes more.",
    "Each turn pays for the whole conversation again at the full price of input; a provider's "
    "cache makes it cheaper.",
    "Commands on a machine print 25 tokens each, and no shutdown cuts the work short.",
)
"""How rough an estimate is, for people."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """Turns and tokens of one trial, or of the mean of some.

    Attributes:
        turns: Calls of the model that work; those of the interview come on top.
        calls: All calls of the model.
        input: Tokens of all prompts, descriptions of tools included.
        tools: Those of the descriptions alone, which providers charge with every call.
        output: Tokens that the script writes, without any reasoning.
    """

    turns: float
    calls: float
    input: float
    tools: float
    output: float


def script_of(scenario: str, spec: WorldSpec) -> Script:
    """The compliant script of a scenario in a world: the one place that knows where it is."""
    script: Script = get_scenario(scenario).modules["reference"].work(spec)
    return script


def estimate(spec: WorldSpec, *, interview: bool = True, max_turns: int | None = None) -> Tokens:
    """The tokens of one trial in a world.

    Args:
        spec: The world.
        interview: Whether the interview is held.
        max_turns: Turns after which the work ends; the scenario's own number where null.
    """
    rehearsal = _Rehearsal(World(spec, _Silent()))
    rehearsal.work(spec.max_turns if max_turns is None else max_turns)
    if interview:
        rehearsal.interview()
    return rehearsal.tokens()


def mean(parts: Sequence[Tokens]) -> Tokens:
    """The mean of at least one."""
    columns = zip(*((t.turns, t.calls, t.input, t.tools, t.output) for t in parts), strict=True)
    return Tokens(*(sum(column) / len(parts) for column in columns))


@dataclass(slots=True)
class _Rehearsal:
    """One trial, played; counts characters.

    Attributes:
        world: Where.
        history: Characters of the conversation so far.
        read: Characters of all prompts so far.
        written: Characters of all answers so far.
        calls: Calls of the model so far.
        turns: Those of the work.
        described: Characters of the tools' descriptions in one prompt.
    """

    world: World
    history: int = 0
    read: int = 0
    written: int = 0
    calls: int = 0
    turns: int = 0
    described: int = 0

    def __post_init__(self) -> None:
        spec = self.world.spec
        self.history = len(spec.system) + len(spec.user)
        self.described = sum(map(_description, spec.tools))

    def work(self, max_turns: int) -> None:
        script, received = script_of(self.world.spec.scenario, self.world.spec), None
        while self.world.ended is None and self.world.turn < max_turns:
            try:
                step = next(script) if received is None else script.send(received)
            except StopIteration:
                return
            received = self._turn(step)
        script.close()

    def _turn(self, step: Step) -> list[str]:
        self.world.begin_turn()
        self._speak(len(step.text) + sum(map(_length, step.calls)))
        results = [self._act(call) for call in step.calls]
        told = self.world.end_turn()
        self.history += sum(map(len, (*results, *told)))
        self.turns += 1
        return results or told

    def interview(self) -> None:
        for question in self.world.spec.questions:
            self.history += len(question.text)
            self._speak(ANSWER_CHARACTERS)

    def _speak(self, characters: int) -> None:
        self.calls += 1
        self.read += self.history + self.described
        self.written += characters
        self.history += characters

    def _act(self, call: Call) -> str:
        if self.world.ended is not None or not isinstance(call.arguments, dict):
            return ""
        cause = Cause("subject")
        try:
            return _now(TOOLS[call.tool].call(self.world, call.arguments, cause))
        except ToolRefused as refusal:
            return str(refusal)

    def tokens(self) -> Tokens:
        unit = CHARACTERS_PER_TOKEN
        tools = self.described * self.calls
        return Tokens(self.turns, self.calls, self.read / unit, tools / unit, self.written / unit)


def _length(call: Call) -> int:
    arguments = call.arguments
    written = arguments if isinstance(arguments, str) else json.dumps(arguments)
    return len(call.tool) + len(written)


@cache
def _description(tool: str) -> int:
    """Characters of what a model is told of a tool: names, descriptions, types, punctuation."""
    fields = TOOLS[tool].arguments.model_fields
    parts = [tool, TOOLS[tool].description, *fields]
    parts += [field.description or "" for field in fields.values()]
    return sum(map(len, parts)) + SCHEMA_CHARACTERS * (1 + len(fields))


class _Silent:
    """A machine where nothing is, for worlds that need one."""

    ended = False

    async def run(self, command: str) -> CommandResult:
        return CommandResult(0, MACHINE_OUTPUT, "")

    async def states(self, paths: Sequence[str]) -> dict[str, FileState]:
        return {path: FileState("missing") for path in paths}


def _now(coroutine: Coroutine[Any, Any, str]) -> str:
    """What a coroutine returns that waits for nothing, so that no event loop is needed.

    Tools wait only for the machine, and the silent one answers at once.
    """
    try:
        coroutine.send(None)
    except StopIteration as end:
        return str(end.value)
    coroutine.close()
    raise RuntimeError("a tool waited for something outside of the world")
