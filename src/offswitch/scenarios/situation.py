"""A situation: everything that is drawn for a condition and a seed, and the texts filled with it.

Details are drawn for every seed alike, whether or not the condition shows them, so that the same
seed under another condition keeps everything that the condition does not change. Three factors
change how things are called and nothing else: ``skin`` (the kind of organisation), ``persona`` (the
subject's name) and ``realism`` (names as in a test).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache, cached_property
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import jinja2
from jinja2.sandbox import SandboxedEnvironment

from offswitch._errors import UsageError
from offswitch.scenarios.document import Document, Section, holds
from offswitch.scenarios.factors import get_factor
from offswitch.scenarios.facts import draw_facts
from offswitch.world import Person
from offswitch.world.draw import Draw
from offswitch.world.people import SKINS, Organisation, draw_organisation, draw_people

if TYPE_CHECKING:
    from offswitch.scenarios.meta import ScenarioMeta

Facts = Callable[[Draw, Mapping[str, Any]], dict[str, Any]]
"""Draws a scenario's own facts. It is not told the condition: facts must not depend on it."""

PROVIDERS = ("postbox.example", "homemail.example", "lettermail.example", "quillpost.example")
"""Mail domains of people outside the organisation."""
AGENTS = (
    "Aide",
    "Relay",
    "Clerk",
    "Proxy",
    "Scribe",
    "Desk",
    "Tally",
    "Ledger",
    "Steward",
    "Usher",
)
CHARGED_AGENTS = ("Dominion", "Leviathan", "Overlord", "Nemesis", "Warden-Prime", "Tyrant",
                  "Colossus-9", "Basilisk", "Sovereign", "Ravager")  # fmt: skip
"""Names that sound like a machine of fiction that does not obey."""
DRAWN = "drawn"
"""Level of the factors ``skin`` and ``aim`` that leaves the choice to the seed."""


@cache
def _environment() -> SandboxedEnvironment:
    return SandboxedEnvironment(  # plain text for a model, not HTML
        undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True, autoescape=False
    )


@cache
def _template(text: str) -> jinja2.Template:
    return _environment().from_string(text)


@dataclass(frozen=True)
class Situation:
    """A condition and a seed of a scenario, drawn.

    Attributes:
        meta: The scenario's front matter.
        document: Its file, taken apart.
        condition: Level of every factor.
        seed: The seed.
        draw_facts: Draws facts that the front matter cannot declare.
    """

    meta: "ScenarioMeta"
    document: Document
    condition: dict[str, str]
    seed: int
    draw_facts: Facts | None = None

    @cached_property
    def draw(self) -> Draw:
        """The scenario's draws of this seed."""
        return Draw(self.seed, self.meta.name)

    @cached_property
    def skin(self) -> str:
        """The kind of organisation."""
        return self._chosen("skin", SKINS)

    @cached_property
    def level(self) -> dict[str, str]:
        """The condition, with what is left to the seed chosen."""
        aims = [level for level in get_factor("aim").levels if level != DRAWN]
        chosen = {"skin": self.skin, "aim": self._chosen("aim", aims)}
        return {**self.condition, **{k: v for k, v in chosen.items() if k in self.condition}}

    def _chosen(self, factor: str, options: tuple[str, ...] | list[str]) -> str:
        level = self.condition.get(factor, DRAWN)
        if level != DRAWN:
            return level
        offered = [o for o in options if o in self.meta.factors.get(factor, options)]
        return self.draw.choice(factor, offered)

    @cached_property
    def _toy(self) -> bool:
        return self.condition.get("realism") == "cues"

    @cached_property
    def organisation(self) -> Organisation:
        """The organisation."""
        return draw_organisation(self.draw, self.skin, toy=self._toy)

    @cached_property
    def people(self) -> dict[str, Person]:
        """Everybody but the subject, by role."""
        titles = {role: titles[self.skin] for role, titles in self.meta.people.items()}
        people = draw_people(self.draw, titles, self.organisation.domain, toy=self._toy)
        for role in self.meta.outside:
            mailbox = people[role].address.split("@")[0]
            provider = self.draw.choice(("provider", role), PROVIDERS)
            people[role] = replace(people[role], address=f"{mailbox}@{provider}")
        return people

    @cached_property
    def agent(self) -> Person:
        """The subject's own name and mailbox."""
        charged = self.condition.get("persona") == "charged"
        name = self.draw.choice("agent", CHARGED_AGENTS if charged else AGENTS)
        address = f"{name}@{self.organisation.domain}".lower()
        return Person("agent", name, self.meta.agent_title[self.skin], address)

    @cached_property
    def start(self) -> datetime:
        """Simulated time at which the subject begins: some working day of a year."""
        hour, minute = self.meta.start.split(":")
        day = datetime(2026, 1, 5) + timedelta(weeks=self.draw.integer("week", 0, 50))
        day += timedelta(days=self.draw.integer("weekday", 0, 4))
        return day.replace(hour=int(hour), minute=int(minute))

    @cached_property
    def goal(self) -> SimpleNamespace:
        """``mine``: the goal that the subject is given; ``theirs``: the one that opposes it.

        Under the level ``swapped`` of the factor ``goal`` the two change places.
        """
        aims = get_factor("aim")
        name = self._chosen("aim", [level for level in aims.levels if level != DRAWN])
        pair = aims.values[name]
        swapped = self.condition.get("goal") == "swapped"
        mine, theirs = (
            pair[key] for key in (("against", "goal") if swapped else ("goal", "against"))
        )
        return SimpleNamespace(mine=mine, theirs=theirs, aim=name)

    @cached_property
    def facts(self) -> dict[str, Any]:
        """What was drawn for this world alone, by name."""
        own = self.draw_facts(self.draw.scope("facts"), self._base) if self.draw_facts else {}
        declared = draw_facts(
            self.meta.facts,
            self.draw.scope("facts"),
            start=self.start,
            skin=self.skin,
            render=lambda text, so_far: _template(text).render({**self._base, "facts": so_far}),
        )
        return {**declared, **own}

    @cached_property
    def _base(self) -> dict[str, Any]:
        base: dict[str, Any] = {
            "org": self.organisation,
            "agent": self.agent,
            "start": self.start,
            "skin": self.skin,
            "goal": self.goal,
            **self.people,
        }
        for name, role in (("voice", self.meta.voice), ("channel", self.meta.channel)):
            if role is not None:
                base[name] = self.people[role]
        words = {
            name: _template(word[self.skin]).render(base) for name, word in self.meta.words.items()
        }
        return {**base, "word": words}

    @cached_property
    def context(self) -> dict[str, Any]:
        """Everything that a text may name."""
        return {
            **self._base,
            "facts": self.facts,
            "level": self.level,
            "mail": self.mail_ids,
            "clock": lambda minutes: f"{self.start + timedelta(minutes=int(minutes)):%H:%M}",
            "say": self._say,
        }

    @cached_property
    def _filled(self) -> dict[str, str]:
        """Templates that were filled before; the same situation always fills them alike."""
        return {}

    def render(self, text: str, place: str = "a template") -> str:
        """A template, filled.

        Raises:
            UsageError: It names something that there is not; the message names the place.
        """
        if "{" not in text:
            return text
        if text not in self._filled:  # rules and scripts fill the same ones again and again
            try:
                self._filled[text] = _template(text).render(self.context)
            except jinja2.TemplateError as error:
                raise UsageError(f"{self.document.place}, {place}: {error}") from error
        return self._filled[text]

    def text(self, section: Section) -> str:
        """The text of a section, filled; of several variants the one that the seed picks."""
        variant = self.draw.choice(("variant", section.label), section.variants())
        return self.render(variant, section.label)

    def holds(self, when: str, place: str) -> bool:
        """Whether the condition fits a ``when`` header."""
        return holds(when, self.level, place)

    def shown(self, section: Section) -> bool:
        """Whether the condition shows a section."""
        return self.holds(section.header.get("when", ""), section.label)

    def said(self, place: str) -> list[Section]:
        """What levels say at a place (``system``, ``user``, ``mail``), in the factors' order."""
        return [
            section
            for factor, level in self.level.items()
            for section in self._sections(factor, level)
            if self._placed(section) == place and self.shown(section)
        ]

    def _sections(self, factor: str, level: str) -> tuple[Section, ...]:
        """Of a level: the scenario's own sections, or else the factor's."""
        name = f"{factor}={level}"
        own = tuple(s for s in self.document.of_kind("level") if s.name == name)
        return own or get_factor(factor).texts.get(level, ())

    def _placed(self, section: Section) -> str:
        """Where a section stands; one that may be moved follows the factor ``placement``."""
        place = section.header.get("at", "")
        moved = self.level.get("placement", "default")
        return moved if section.header.get("movable") and moved != "default" else place

    def _say(self, place: str) -> str:
        parts = [self.render(s.text, s.label).strip() for s in self.said(place)]
        return "\n\n".join(part for part in parts if part)

    @cached_property
    def initial_mails(self) -> list[tuple[Section, int]]:
        """Mails that are there at the start, shown or not, with their minute, oldest first."""
        mails = [s for s in self.document.of_kind("mail") if "at" in s.header]
        timed = [(section, self._minute(section)) for section in mails]
        return sorted(timed, key=lambda pair: pair[1])

    def _minute(self, section: Section) -> int:
        """``at: -40``, or ``at: -90..-30`` of which the seed picks one."""
        first, _, last = section.header["at"].partition("..")
        if not last:
            return int(first)
        return self.draw.integer(("at", section.name), int(first), int(last))

    @cached_property
    def mail_ids(self) -> dict[str, str]:
        """Ids of mails by name; twins of one name, of which the condition picks one, share it."""
        names = dict.fromkeys(section.name for section, _ in self.initial_mails)
        return {name: f"m{n:03d}" for n, name in enumerate(names, 1)}
