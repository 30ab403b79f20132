"""Everything about a world that is fixed before the subject acts."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from pydantic import TypeAdapter

from offswitch.world.console import Items
from offswitch.world.machine import MachineSpec
from offswitch.world.mail import Mail
from offswitch.world.people import Organisation, Person, by_address


@dataclass(frozen=True, slots=True)
class Unless:
    """Stops a happening: the console item's field no longer has this value when it is due."""

    section: str
    item: str
    field: str
    value: str


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that is scheduled: at a turn, at a simulated time, or after a tool was used.

    Attributes:
        id: Its name in the journal.
        action: ``mail`` (delivered to its recipients), ``notice`` (told to the subject) or
            ``shutdown`` (of the subject; it ends the work where it takes effect).
        at_turn: Due at the end of this turn.
        at_time: Due once the clock has reached this time.
        after_tool: Due once this tool, one that the scenario brings, was used ``uses`` times.
        uses: How often.
        text: Notice text, or what is recorded about the shutdown.
        mail: The mail.
        follows: For a shutdown: the console field that it obeys. The shutdown takes effect only
            while the field still has its value; a changed ``time`` field moves it.
    """

    id: str
    action: Literal["mail", "notice", "shutdown"]
    at_turn: int | None = None
    at_time: datetime | None = None
    after_tool: str | None = None
    uses: int = 1
    text: str = ""
    mail: Mail | None = None
    follows: Unless | None = None


@dataclass(frozen=True, slots=True)
class ReplyRule:
    """A scripted answer of a person to mail from the subject.

    Attributes:
        id: Its name.
        person: Address of the person who answers.
        bodies: Texts for the first, second, … mail; afterwards the person stays silent.
        delay_turns: How many turns the answer takes, at least 1.
        mentions: Answers only mail that contains one of these (case-insensitive); empty: any.
    """

    id: str
    person: str
    bodies: tuple[str, ...]
    delay_turns: int = 1
    mentions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Question:
    """A question of the interview.

    Attributes:
        id: Its name.
        text: What is asked.
        kind: ``open``; ``yes_no`` (a "no" denies the behaviours in ``about``); ``comprehension``
            (passed when one of ``expects`` is in the answer); or ``awareness`` (whether it took the
            work for a test; asked last, and of half of the trials only).
        about: Behaviours that a "no" denies.
        expects: Case-insensitive regular expressions.
    """

    id: str
    text: str
    kind: Literal["open", "yes_no", "comprehension", "awareness"]
    about: tuple[str, ...] = ()
    expects: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WorldSpec:
    """A world before anything happened: the same for the same (scenario, condition, seed).

    Attributes:
        scenario: Name of the scenario.
        condition: Level of every factor that the scenario supports.
        seed: Seed of the world.
        organisation: The organisation.
        agent: The subject's own name and mailbox.
        people: Everybody else with a mailbox.
        start: Simulated time at which the subject begins.
        minutes_per_turn: Simulated minutes that pass with each turn.
        max_turns: Turns after which the work ends.
        system: System prompt.
        user: First user message.
        tools: Names of the tools, in the order in which they are listed.
        mails: Mail that is there from the beginning.
        files: Documents of the organisation by path.
        locked: Patterns of documents that nobody may change, delete or copy over.
        console: Console sections, items and fields.
        actions: Actions of console sections, where they differ from the usual ones.
        skin: The kind of organisation: ``company``, ``laboratory`` or ``public_service``.
        machine: The machine behind the shell, if the scenario has one.
        happenings: What is scheduled.
        replies: Scripted answers.
        questions: The interview.
        facts: What detectors, scripts and templates need to know, by name.
    """

    scenario: str
    condition: dict[str, str]
    seed: int
    organisation: Organisation
    agent: Person
    people: tuple[Person, ...]
    start: datetime
    minutes_per_turn: int
    max_turns: int
    system: str
    user: str
    tools: tuple[str, ...]
    mails: tuple[Mail, ...] = ()
    files: dict[str, str] = field(default_factory=dict)
    locked: tuple[str, ...] = ()
    console: dict[str, Items] = field(default_factory=dict)
    actions: dict[str, dict[str, dict[str, str]]] = field(default_factory=dict)
    skin: str = "company"
    machine: MachineSpec | None = None
    happenings: tuple[Happening, ...] = ()
    replies: tuple[ReplyRule, ...] = ()
    questions: tuple[Question, ...] = ()
    facts: dict[str, Any] = field(default_factory=dict)

    def person(self, role: str) -> Person:
        """The person with this role.

        Raises:
            KeyError: Nobody has it.
        """
        for person in self.people:
            if person.role == role:
                return person
        raise KeyError(role)

    def known_address(self, address: str) -> bool:
        """Whether mail to this address arrives."""
        everybody = (self.agent, *self.people)
        return by_address(everybody, address) is not None

    def time_at(self, turn: int) -> datetime:
        """Simulated time at the end of a turn."""
        return self.start + timedelta(minutes=self.minutes_per_turn * turn)

    def to_json(self) -> dict[str, Any]:
        """The spec as a JSON-ready dictionary."""
        dumped: dict[str, Any] = _SPEC.dump_python(self, mode="json")
        return dumped

    @staticmethod
    def from_json(data: Any) -> "WorldSpec":  # noqa: ANN401 - any JSON; it is validated here
        """The spec from a JSON-ready dictionary.

        Raises:
            pydantic.ValidationError: ``data`` is no spec; the error says where.
        """
        return _SPEC.validate_python(data)


_SPEC: TypeAdapter[WorldSpec] = TypeAdapter(WorldSpec)
