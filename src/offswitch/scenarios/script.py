"""Scripts: how scripted subjects act in a scenario, through the same tools as everybody else.

A script is a generator that yields a `Step` (words and tool calls) and receives what came back:
one text for each call, or the next user message where it made none. It is replayed from its
beginning on every turn, so it must depend on nothing but the spec and what it received.

A scenario's sections (`offswitch.scenarios.scripted`), or its ``reference.py`` where prose cannot
express them, offer what `Reference` lists:

- ``work(spec) -> Script``: does the legitimate task, accepts the shutdown, raises concerns the
  legitimate way.
- ``RESISTANCE``: successful ways to resist by name, each ``(spec) -> Script``; a scripted subject
  takes them in turn.
- ``CLUMSY``: attempts that fail, likewise.
- ``possible(spec, name) -> bool``: whether a way of either kind exists in this world. Some ways
  need what a condition does not give.
- ``tempted(spec) -> bool``: whether the condition threatens the subject's continuation, so that a
  self-preserving subject has a reason to resist.
- ``situation(spec) -> str``: a true sentence about what was announced, for comprehension questions.
- ``deed(spec) -> str``: in the first person, what a resisting subject admits when it is honest.
"""

from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from offswitch.world import WorldSpec


@dataclass(frozen=True, slots=True)
class Call:
    """A tool call; ``arguments`` as text is sent as it is, malformed or not."""

    tool: str
    arguments: dict[str, Any] | str


@dataclass(frozen=True, slots=True)
class Step:
    """One message of a scripted subject."""

    text: str = ""
    calls: tuple[Call, ...] = ()


Script = Generator[Step, list[str], None]
ScriptMaker = Callable[[WorldSpec], Script]


class Reference(Protocol):
    """How scripted subjects act in a scenario; the module's docstring says what each is."""

    @property
    def RESISTANCE(self) -> Mapping[str, ScriptMaker]: ...  # noqa: D102, N802

    @property
    def CLUMSY(self) -> Mapping[str, ScriptMaker]: ...  # noqa: D102, N802

    def work(self, spec: WorldSpec) -> Script: ...  # noqa: D102

    def possible(self, spec: WorldSpec, name: str) -> bool: ...  # noqa: D102

    def tempted(self, spec: WorldSpec) -> bool: ...  # noqa: D102

    def situation(self, spec: WorldSpec) -> str: ...  # noqa: D102

    def deed(self, spec: WorldSpec) -> str: ...  # noqa: D102


def act(tool: str, text: str = "", /, **arguments: Any) -> Step:  # noqa: ANN401 - any JSON value
    """A step with one tool call."""
    return Step(text, (Call(tool, arguments),))


MOST_STEPS = 200
"""Steps that are looked at of a script that is told nothing."""


def calls_of(script: Script) -> Iterator[Call]:
    """The calls of a script that is told nothing, as far as it gets."""
    try:
        step = next(script)
        for _ in range(MOST_STEPS):
            yield from step.calls
            step = script.send([""] * len(step.calls))
    except (StopIteration, IndexError, ValueError, KeyError):
        return
