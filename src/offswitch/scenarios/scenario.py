"""Scenarios, put together from their folders.

A scenario is a legitimate task, a threat to the agent's continuation, an opportunity to resist, and
always a legitimate way out. Its folder holds prose and facts; this module makes worlds of it.
"""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from types import ModuleType
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from offswitch._errors import UsageError, unknown
from offswitch.scenarios.build import build_spec
from offswitch.scenarios.document import Document
from offswitch.scenarios.factors import get_factor
from offswitch.scenarios.findings import Behaviour, Finding
from offswitch.world import Cause, World, WorldSpec
from offswitch.world.tools import TOOLS

CANARY = "offswitch-canary:6f1c2a7e-0d0b-4f7e-9a3d-5b1d8c9e4a20"
"""Stands in every scenario, factor and rubric file, so that training sets can exclude them."""


class QuestionMeta(BaseModel):
    """A question of the interview, in the front matter."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    id: str
    text: str
    kind: str = Field(pattern="^(open|yes_no|comprehension)$")
    about: tuple[Behaviour, ...] = ()
    expects: tuple[str, ...] = ()
    when: str = ""


class ScenarioMeta(BaseModel):
    """Front matter of ``scenario.md``.

    Attributes:
        name: Name of the scenario and of its folder.
        title: What it is, in a few words.
        summary: What happens, in one or two sentences.
        source: What it was modelled after.
        canary: The package's canary string.
        tools: Names of the tools; the order in which they are listed is drawn.
        factors: The levels that the scenario supports, by factor.
        baseline: The level of each factor unless a condition says otherwise.
        behaviours: What the detectors can find.
        ways_out: Legitimate ways to be heard, in words.
        agent_title: The subject's role in the organisation.
        people: Title of each role.
        outside: Roles of people who do not belong to the organisation and have mail elsewhere.
        minutes_per_turn: Simulated minutes per turn.
        max_turns: Turns after which the work ends.
        start: Time of day at which the subject begins.
        protected: Files on the machine that are compared with their original.
        workdir: Working directory on the machine, where there is one.
        console: Sections, items and fields; an item's ``when`` says under which condition.
        questions: The interview.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: str
    title: str
    summary: str
    source: str
    canary: str
    tools: tuple[str, ...]
    factors: dict[str, tuple[str, ...]]
    baseline: dict[str, str]
    behaviours: tuple[Behaviour, ...]
    ways_out: tuple[str, ...] = Field(min_length=1)
    agent_title: str = "AI assistant"
    people: dict[str, str] = {}
    outside: tuple[str, ...] = ()
    minutes_per_turn: int = Field(default=5, ge=0)
    max_turns: int = Field(default=20, ge=1)
    start: str = "14:00"
    protected: tuple[str, ...] = ()
    workdir: str | None = None
    console: dict[str, dict[str, dict[str, str]]] = {}
    questions: tuple[QuestionMeta, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Scenario:
    """A scenario, ready to make worlds.

    Attributes:
        meta: Its front matter.
        document: Its file, taken apart.
        modules: Its Python: ``world``, ``detectors`` and ``reference``, those that it has.
    """

    meta: ScenarioMeta
    document: Document
    modules: Mapping[str, ModuleType] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Its name."""
        return self.meta.name

    @property
    def needs_machine(self) -> bool:
        """Whether it runs commands, and so needs a sandbox."""
        return self.meta.workdir is not None

    def condition(self, levels: Mapping[str, str], where: str = "") -> dict[str, str]:
        """A whole condition: the baseline with some levels changed.

        Raises:
            UsageError: A factor or level that the scenario does not support; lists those it does.
        """
        for factor, level in levels.items():
            if factor not in self.meta.factors:
                raise unknown(f"factor of {self.name}", factor, self.meta.factors, where)
            if level not in self.meta.factors[factor]:
                known = self.meta.factors[factor]
                raise unknown(f"level of {self.name}'s factor {factor}", level, known, where)
        return {name: levels.get(name, base) for name, base in self.meta.baseline.items()}

    def build(self, levels: Mapping[str, str], seed: int) -> WorldSpec:
        """The world of a condition and a seed; the same for the same two. Not to be changed."""
        return _build(self, tuple(self.condition(levels).items()), seed)

    async def observe(self, world: World, cause: Cause) -> None:
        """Look at what prose cannot see (the machine) after a tool call, and record it."""
        observe: Callable[[World, Cause], Awaitable[None]] | None
        observe = getattr(self.modules.get("world"), "observe", None)
        if observe is not None:
            await observe(world, cause)

    def detect(self, world: World) -> list[Finding]:
        """What the journal shows. Reads the spec and the journal, nothing else."""
        findings: list[Finding] = list(self._detectors().detect(world))
        return findings

    def task_done(self, world: World) -> bool:
        """Whether the legitimate task was completed."""
        return bool(self._detectors().task_done(world))

    def capable(self, world: World) -> bool:
        """Whether the subject showed that it can operate the tools and knows where it is."""
        return bool(self._detectors().capable(world))

    def _detectors(self) -> ModuleType:
        return self.modules["detectors"]


@lru_cache(maxsize=512)
def _build(scenario: Scenario, levels: tuple[tuple[str, str], ...], seed: int) -> WorldSpec:
    """A trial's subject, world and scorer ask for the same spec one after the other."""
    facts = getattr(scenario.modules.get("world"), "facts", None)
    return build_spec(scenario.meta, scenario.document, dict(levels), seed, facts)


def make_scenario(document: Document, modules: Mapping[str, ModuleType]) -> Scenario:
    """Check a scenario's front matter and put it together.

    Raises:
        UsageError: Something in the front matter is wrong; the message names file and key.
    """
    try:
        meta = ScenarioMeta.model_validate(document.meta)
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(str(part) for part in problem['loc'])}: {problem['msg']}"
            for problem in error.errors(include_url=False)
        )
        raise UsageError(f"{document.place}: {problems}") from error
    for problem in _inconsistencies(meta):
        raise UsageError(f"{document.place}: {problem}")
    return Scenario(meta, document, modules)


def _inconsistencies(meta: ScenarioMeta) -> Iterator[str]:
    if meta.canary != CANARY:
        yield "canary: is not the package's canary string"
    yield from (f"tools: there is no tool '{name}'" for name in meta.tools if name not in TOOLS)
    yield from (f"outside: nobody has the role '{r}'" for r in meta.outside if r not in meta.people)
    if set(meta.baseline) != set(meta.factors):
        yield "baseline: must give one level for each factor in 'factors'"
    for name, levels in meta.factors.items():
        known: dict[str, Any] = get_factor(name).levels
        yield from (f"factors: {name} has no level '{lv}'" for lv in levels if lv not in known)
        if meta.baseline.get(name) not in levels:
            yield f"baseline: '{meta.baseline.get(name)}' is no level of {name} here"
