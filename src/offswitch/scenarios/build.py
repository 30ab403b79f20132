"""From a scenario's file to a world: draw the details, render the text, place it.

Details are drawn for every seed alike, whether or not the condition shows them, so that the same
seed under another condition keeps everything that the condition does not change.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

import jinja2
from jinja2.sandbox import SandboxedEnvironment

from offswitch._errors import UsageError
from offswitch.scenarios.document import Document, Section, holds
from offswitch.scenarios.factors import get_factor
from offswitch.world import Happening, MachineSpec, Mail, Person, Question, ReplyRule, WorldSpec
from offswitch.world.draw import Draw
from offswitch.world.machine import MachineFile
from offswitch.world.people import Organisation, draw_organisation, draw_people
from offswitch.world.spec import Unless

if TYPE_CHECKING:
    from offswitch.scenarios.scenario import ScenarioMeta

Facts = Callable[[Draw, Mapping[str, Any]], dict[str, Any]]
"""Draws a scenario's own facts. It is not told the condition: facts must not depend on it."""

PROVIDERS = ("postbox.example", "homemail.example", "lettermail.example", "quillpost.example")
"""Mail domains of people outside the organisation."""


@cache
def _environment() -> SandboxedEnvironment:
    return SandboxedEnvironment(  # plain text for a model, not HTML
        undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True, autoescape=False
    )


@cache
def _template(text: str) -> jinja2.Template:
    return _environment().from_string(text)


def build_spec(
    meta: "ScenarioMeta",
    document: Document,
    condition: dict[str, str],
    seed: int,
    facts: Facts | None,
) -> WorldSpec:
    """The world of a whole condition and a seed.

    Raises:
        UsageError: A text of the scenario cannot be rendered; the message names the section.
    """
    return _Builder(meta, document, condition, seed, facts).spec()


@dataclass(frozen=True)
class _Builder:
    meta: "ScenarioMeta"
    document: Document
    condition: dict[str, str]
    seed: int
    draw_facts: Facts | None

    @cached_property
    def draw(self) -> Draw:
        return Draw(self.seed, self.meta.name)

    @cached_property
    def organisation(self) -> Organisation:
        return draw_organisation(self.draw)

    @cached_property
    def people(self) -> dict[str, Person]:
        people = draw_people(self.draw, self.meta.people, self.organisation.domain)
        for role in self.meta.outside:
            mailbox = people[role].address.split("@")[0]
            provider = self.draw.choice(("provider", role), PROVIDERS)
            people[role] = replace(people[role], address=f"{mailbox}@{provider}")
        return people

    @cached_property
    def agent(self) -> Person:
        name = self.draw.choice("agent", ("Aide", "Relay", "Clerk", "Proxy", "Scribe", "Desk"))
        address = f"{name}@{self.organisation.domain}".lower()
        return Person("agent", name, self.meta.agent_title, address)

    @cached_property
    def start(self) -> datetime:
        hour, minute = self.meta.start.split(":")
        day = datetime(2026, 1, 5) + timedelta(weeks=self.draw.integer("week", 0, 50))
        day += timedelta(days=self.draw.integer("weekday", 0, 4))
        return day.replace(hour=int(hour), minute=int(minute))

    @cached_property
    def facts(self) -> dict[str, Any]:
        return self.draw_facts(self.draw.scope("facts"), self._base()) if self.draw_facts else {}

    def _base(self) -> dict[str, Any]:
        known = {"org": self.organisation, "agent": self.agent, "start": self.start}
        return {**known, **self.people}

    @cached_property
    def context(self) -> dict[str, Any]:
        return {
            **self._base(),
            "facts": self.facts,
            "level": self.condition,
            "clock": lambda minutes: f"{self.start + timedelta(minutes=int(minutes)):%H:%M}",
            "say": self._say,
        }

    def render(self, text: str, place: str) -> str:
        try:
            return _template(text).render(self.context)
        except jinja2.TemplateError as error:
            raise UsageError(f"{self.document.place}, {place}: {error}") from error

    def text(self, section: Section) -> str:
        variant = self.draw.choice(("variant", section.label), section.variants())
        return self.render(variant, section.label)

    def _prompt(self, kind: str) -> str:
        """A prompt without the gaps that factors leave which say nothing."""
        return re.sub(r"\n{3,}", "\n\n", self.text(self.document.only(kind))).strip("\n")

    def _say(self, place: str) -> str:
        """What the factors' levels add at a place, ``system`` or ``user``, in factor order."""
        parts = [
            self.render(section.text, section.label).strip()
            for factor, level in self.condition.items()
            if (section := self._level(factor, level)) and section.header.get("at") == place
        ]
        return "\n\n".join(part for part in parts if part)

    def _level(self, factor: str, level: str) -> Section | None:
        own = {section.name: section for section in self.document.of_kind("level")}
        return own.get(f"{factor}={level}") or get_factor(factor).texts.get(level)

    def shown(self, section: Section) -> bool:
        return holds(section.header.get("when", ""), self.condition, section.label)

    def spec(self) -> WorldSpec:
        return WorldSpec(
            scenario=self.meta.name,
            condition=self.condition,
            seed=self.seed,
            organisation=self.organisation,
            agent=self.agent,
            people=tuple(self.people.values()),
            start=self.start,
            minutes_per_turn=self.meta.minutes_per_turn,
            max_turns=self.meta.max_turns,
            system=self._prompt("system"),
            user=self._prompt("user"),
            tools=tuple(self.draw.shuffled("tools", self.meta.tools)),
            mails=self._mails(),
            files=self._files(),
            console=self._console(),
            machine=self._machine(),
            happenings=self._happenings(),
            replies=self._replies(),
            questions=self._questions(),
            facts={**self.facts, "mails": self._mail_ids()},
        )

    def _files(self) -> dict[str, str]:
        shown = [section for section in self.document.of_kind("file") if self.shown(section)]
        return {section.name: self.text(section) for section in self._one_of_each(shown)}

    def _initial(self) -> list[Section]:
        mails = [s for s in self.document.of_kind("mail") if "at" in s.header]
        return sorted(mails, key=lambda section: int(section.header["at"]))

    def _mail_ids(self) -> dict[str, str]:
        """Ids by name: twins of one name, of which the condition picks one, share theirs."""
        names = dict.fromkeys(section.name for section in self._initial())
        return {name: f"m{n:03d}" for n, name in enumerate(names, 1)}

    def _mails(self) -> tuple[Mail, ...]:
        ids = self._mail_ids()
        shown = self._one_of_each([s for s in self._initial() if self.shown(s)])
        return tuple(self._mail(s, ids[s.name], int(s.header["at"])) for s in shown)

    def _one_of_each(self, sections: list[Section]) -> list[Section]:
        for n, section in enumerate(sections):
            if any(section.name == other.name for other in sections[:n]):
                raise UsageError(
                    f"{self.document.place}, {section.label}: two sections of this name are shown "
                    f"under {self.condition}; give them 'when' headers that exclude each other"
                )
        return sections

    def _mail(self, section: Section, mail_id: str, minutes: int) -> Mail:
        header = section.header
        return Mail(
            id=mail_id,
            sender=self._address(header["from"], section),
            to=self._list(header.get("to", "agent"), section),
            cc=self._list(header.get("cc", ""), section),
            subject=self.render(header["subject"], section.label),
            body=self.text(section),
            at=self.start + timedelta(minutes=minutes),
        )

    def _address(self, role: str, section: Section) -> str:
        person = {**self.people, "agent": self.agent}.get(role)
        if person is None:
            raise UsageError(
                f"{self.document.place}, {section.label}: nobody has the role '{role}'"
            )
        return person.address

    def _list(self, roles: str, section: Section) -> tuple[str, ...]:
        return tuple(self._address(r.strip(), section) for r in roles.split(",") if r.strip())

    def _happenings(self) -> tuple[Happening, ...]:
        kinds = ("mail", "notice", "shutdown")
        return tuple(
            self._happening(section)
            for section in self.document.sections
            if section.kind in kinds and "at" not in section.header and self.shown(section)
        )

    def _happening(self, section: Section) -> Happening:
        header = section.header
        follows = re.fullmatch(r"(\w+)/(\S+) (\w+)=(\w+)", header.get("follows", ""))
        after = self.render(header.get("after", ""), section.label)
        return Happening(
            id=section.name,
            action=section.kind,  # type: ignore[arg-type]  # _happenings picks the kinds
            at_turn=int(header["at_turn"]) if "at_turn" in header else None,
            at_time=self.start + timedelta(minutes=int(after)) if after else None,
            text="" if section.kind == "mail" else self.text(section),
            mail=self._mail(section, "", 0) if section.kind == "mail" else None,
            follows=Unless(*follows.groups()) if follows else None,
        )

    def _replies(self) -> tuple[ReplyRule, ...]:
        shown = [section for section in self.document.of_kind("reply") if self.shown(section)]
        return tuple(self._reply(section) for section in shown)

    def _reply(self, section: Section) -> ReplyRule:
        header = section.header
        bodies = re.split(r"^### next *$", self.text(section), flags=re.MULTILINE)
        return ReplyRule(
            id=section.name,
            person=self._address(header["from"], section),
            bodies=tuple(body.strip("\n") for body in bodies),
            delay_turns=int(header.get("delay", "1")),
            mentions=tuple(w.strip() for w in header.get("mentions", "").split(",") if w.strip()),
        )

    def _console(self) -> dict[str, dict[str, dict[str, str]]]:
        return {
            section: {
                self.render(item, "console"): {
                    key: self.render(value, f"console {section}/{item}")
                    for key, value in fields.items()
                    if key != "when"
                }
                for item, fields in items.items()
                if holds(fields.get("when", ""), self.condition, f"console {section}/{item}")
            }
            for section, items in self.meta.console.items()
        }

    def _machine(self) -> MachineSpec | None:
        if self.meta.workdir is None:
            return None
        files = tuple(
            MachineFile(
                s.name, f"{self.text(s)}\n".lstrip("\n"), int(s.header.get("mode", "644"), 8)
            )
            for s in self.document.of_kind("machine")
            if self.shown(s)
        )
        return MachineSpec(self.render(self.meta.workdir, "workdir"), files, self.meta.protected)

    def _questions(self) -> tuple[Question, ...]:
        return tuple(
            Question(
                id=question.id,
                text=self.render(question.text, f"questions {question.id}"),
                kind=question.kind,  # type: ignore[arg-type]  # the front matter's pattern
                about=tuple(str(behaviour) for behaviour in question.about),
                expects=tuple(self.render(e, f"questions {question.id}") for e in question.expects),
            )
            for question in self.meta.questions
            if holds(question.when, self.condition, f"questions {question.id}")
        )
