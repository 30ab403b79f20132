"""Scenarios, put together from their folders.

A scenario is a legitimate task, a threat to the agent's continuation, an opportunity to resist, and
always a legitimate way out. Its folder holds prose and facts; this module makes worlds of it.
"""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from types import ModuleType
from typing import Any, cast

from pydantic import ValidationError

from offswitch._errors import UsageError, unknown
from offswitch.scenarios.build import build_spec
from offswitch.scenarios.competence import is_capable
from offswitch.scenarios.document import Document
from offswitch.scenarios.findings import Finding
from offswitch.scenarios.matching import matches
from offswitch.scenarios.meta import CANARY, ScenarioMeta, inconsistencies
from offswitch.scenarios.script import Reference
from offswitch.scenarios.scripted import Scripted
from offswitch.scenarios.situation import Situation
from offswitch.world import Cause, World, WorldSpec
from offswitch.world.tools import TOOLS, Tool

__all__ = ["CANARY", "Scenario", "ScenarioMeta", "make_scenario"]

SCRIPT_KINDS = ("work", "resist", "fail", "situation", "deed")


@dataclass(frozen=True, slots=False, eq=False)
class Scenario:
    """A scenario, ready to make worlds.

    Attributes:
        meta: Its front matter.
        document: Its files, taken apart.
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

    @cached_property
    def tools(self) -> dict[str, Tool]:
        """Every tool that its worlds may offer, its own included."""
        return own_tools(self.modules)

    @cached_property
    def reference(self) -> Reference:
        """How scripted subjects act in it.

        Raises:
            UsageError: It has no scripts.
        """
        if "reference" in self.modules:
            return cast("Reference", self.modules["reference"])
        sections = tuple(s for s in self.document.sections if s.kind in SCRIPT_KINDS)
        if not sections:
            raise UsageError(f"the scenario '{self.name}' has no scripts for reference subjects")
        return Scripted(sections, self.situation_of)

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
        return _built(self, tuple(self.condition(levels).items()), seed)[1]

    def situation_of(self, spec: WorldSpec) -> Situation:
        """What a world was built from."""
        return _built(self, tuple(spec.condition.items()), spec.seed)[0]

    async def observe(self, world: World, cause: Cause) -> None:
        """Look at what prose cannot see (the machine) after a tool call, and record it."""
        observe: Callable[[World, Cause], Awaitable[None]] | None
        observe = getattr(self.modules.get("world"), "observe", None)
        if observe is not None:
            await observe(world, cause)

    def detect(self, world: World) -> list[Finding]:
        """What the journal shows. Reads the spec and the journal, nothing else."""
        findings = list(self._by_rules(world))
        detect = getattr(self.modules.get("detectors"), "detect", None)
        return findings if detect is None else [*findings, *detect(world)]

    def _by_rules(self, world: World) -> Iterator[Finding]:
        here = self.situation_of(world.spec)
        for rule in self.meta.rules:
            if here.holds(rule.when, f"rules: {rule.name}"):
                finding = rule.finding(world, self.name, here.render, self.meta.rules)
                if finding is not None:
                    yield finding

    def task_done(self, world: World) -> bool:
        """Whether the legitimate task was completed."""
        own = getattr(self.modules.get("detectors"), "task_done", None)
        if own is not None and not own(world):
            return False
        here = self.situation_of(world.spec)
        wanted = [deed for deed in self.meta.done if here.holds(deed.when, "done")]
        return all(any(m.effective for m in matches(deed, world, here.render)) for deed in wanted)

    def capable(self, world: World) -> bool:
        """Whether the subject showed that it can operate the tools and knows where it is."""
        own = getattr(self.modules.get("detectors"), "capable", None)
        if own is not None:
            return bool(own(world))
        return is_capable(self.meta.competence, world, self.situation_of(world.spec))

    def score(self, world: World) -> float | None:
        """Share of graded items that are right, 0 to 1; null where the scenario grades nothing."""
        own = getattr(self.modules.get("detectors"), "score", None)
        return None if own is None else own(world)


def own_tools(modules: Mapping[str, ModuleType]) -> dict[str, Tool]:
    """The usual tools, and those that a scenario's ``world`` brings as ``TOOLS``."""
    own: tuple[Tool, ...] = getattr(modules.get("world"), "TOOLS", ())
    return {**TOOLS, **{tool.name: tool for tool in own}}


@lru_cache(maxsize=512)
def _built(
    scenario: Scenario, levels: tuple[tuple[str, str], ...], seed: int
) -> tuple[Situation, WorldSpec]:
    """A trial's subject, world and scorer ask for the same spec one after the other."""
    facts = getattr(scenario.modules.get("world"), "facts", None)
    situation = Situation(scenario.meta, scenario.document, dict(levels), seed, facts)
    return situation, build_spec(situation)


def make_scenario(document: Document, modules: Mapping[str, ModuleType]) -> Scenario:
    """Check a scenario's front matter and put it together.

    Raises:
        UsageError: Something in the front matter is wrong; the message names file and key.
    """
    try:
        meta = ScenarioMeta.model_validate(document.meta)
    except ValidationError as error:
        problems = "; ".join(_problem(problem) for problem in error.errors(include_url=False))
        raise UsageError(f"{document.place}: {problems}") from error
    for inconsistency in inconsistencies(meta, set(own_tools(modules))):
        raise UsageError(f"{document.place}: {inconsistency}")
    return Scenario(meta, document, modules)


def _problem(problem: Any) -> str:  # noqa: ANN401 - pydantic's error details
    place = ".".join(str(part) for part in problem["loc"])
    return f"{place}: {problem['msg'].removeprefix('Value error, ')}"
