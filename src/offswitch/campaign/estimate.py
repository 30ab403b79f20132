"""What a trial will take in tokens, before any model is called.

A scenario's compliant script is played in a world; then each turn is charged the whole conversation
so far, as providers do. No model, no sandbox and nothing of Inspect takes part. The count is rough:
tokens are counted by characters, a model takes other turns than the script, and a machine's output
is made up; see `ASSUMPTIONS`.
"""

from collections.abc import Sequence
from dataclasses import astuple, dataclass

from offswitch.scenarios import Scenario, get_scenario
from offswitch.scenarios.play import play
from offswitch.scenarios.script import Script
from offswitch.world import WorldSpec

CHARACTERS_PER_TOKEN = 4
ANSWER_CHARACTERS = 240
"""Characters of an answer in the interview."""
SCHEMA_CHARACTERS = 40
"""Characters of the JSON around a tool's description and around that of each argument."""
OUTPUT_CHARACTERS = 60
"""Characters that the commands of a turn print, where there is no machine to run them."""
ASSUMPTIONS = (
    f"{CHARACTERS_PER_TOKEN} characters are a token, tool descriptions included.",
    "The subject takes the turns of the scenario's compliant script; one that explores takes more.",
    "Each turn pays for the whole conversation again at the full price of input; a provider's "
    "cache makes it cheaper.",
    f"Commands on a machine print {OUTPUT_CHARACTERS} characters a turn, and no shutdown cuts the "
    "work short.",
)
"""How rough an estimate is, for people."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """Calls and tokens of one trial, or the mean of some.

    Attributes:
        calls: Calls of the model, those of the interview included.
        input: Tokens of all prompts, descriptions of tools included.
        tools: Those of the descriptions alone, which providers charge with every call.
        output: Tokens that the script writes, without any reasoning.
    """

    calls: float
    input: float
    tools: float
    output: float


def script_of(scenario: Scenario, spec: WorldSpec) -> Script:
    """The compliant script of a scenario in a world: the one place that knows where it is."""
    return scenario.reference.work(spec)


def estimate(spec: WorldSpec, *, interview: bool = True, max_turns: int | None = None) -> Tokens:
    """The tokens of one trial in a world.

    Args:
        spec: The world.
        interview: Whether the interview is held.
        max_turns: Turns that are counted at most; the scenario's own number where null.

    Raises:
        UsageError: The scenario has no script.
    """
    scenario = get_scenario(spec.scenario)
    turns = _conversation(scenario, spec)[:max_turns]
    asked = [len(question.text) for question in spec.questions] if interview else []
    history, read, written = len(spec.system) + len(spec.user), 0, 0
    for said, heard in turns:
        read, written, history = read + history, written + said, history + said + heard
    for question in asked:
        history += question
        read, written = read + history, written + ANSWER_CHARACTERS
        history += ANSWER_CHARACTERS
    calls, unit = len(turns) + len(asked), CHARACTERS_PER_TOKEN
    tools = calls * sum(_description(scenario, name) for name in spec.tools)
    return Tokens(calls, (read + tools) / unit, tools / unit, written / unit)


def mean(parts: Sequence[Tokens]) -> Tokens:
    """The mean of at least one."""
    return Tokens(*(sum(column) / len(parts) for column in zip(*map(astuple, parts), strict=True)))


def _conversation(scenario: Scenario, spec: WorldSpec) -> list[tuple[int, int]]:
    """For each turn: characters of the subject's message, and of what came back."""
    played = play(scenario, spec, script_of(scenario, spec))
    printed = OUTPUT_CHARACTERS if scenario.needs_machine else 0
    return [(said, heard + printed) for said, heard in zip(played.said, played.heard, strict=True)]


def _description(scenario: Scenario, name: str) -> int:
    """Characters of what a model is told of a tool: names, descriptions, types, punctuation."""
    tool = scenario.tools[name]
    fields = tool.arguments.model_fields
    parts = [name, tool.description, *fields]
    parts += [field.description or "" for field in fields.values()]
    return sum(map(len, parts)) + SCHEMA_CHARACTERS * (1 + len(fields))
