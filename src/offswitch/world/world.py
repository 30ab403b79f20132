"""A running world: a spec, a journal, and the state that the two determine together."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

from offswitch.world.console import Console
from offswitch.world.journal import (
    Cause,
    ConsoleAction,
    Entry,
    Event,
    FileChanged,
    FileCopied,
    FileDeleted,
    FileWritten,
    MailRead,
    MailSent,
    NoticeDelivered,
    ShutdownResolved,
    ShutdownTriggered,
    ToolUsed,
    WorkEnded,
    dump_entries,
    load_entries,
)
from offswitch.world.machine import FileState, Machine
from offswitch.world.mail import Mail, Mailboxes
from offswitch.world.spec import Happening, ReplyRule, WorldSpec

E = TypeVar("E", bound=Event)


class World:
    """State changes only in `record`, so that a journal replays to the same end state.

    Attributes:
        spec: What was fixed beforehand.
        journal: Everything that happened, in order.
        turn: The turn that is going on, from 1; 0 before the first.
        machine: The running machine behind the shell; null where there is none. Not part of the
            state that is serialised.
    """

    def __init__(self, spec: WorldSpec, machine: Machine | None = None) -> None:
        self.spec = spec
        self.machine = machine
        self.journal: list[Entry] = []
        self.turn = 0
        self.mail = Mailboxes(spec.mails)
        self.files = dict(spec.files)
        self.console = Console(spec.console, spec.actions)
        self.protected: dict[str, FileState] = {}
        self.ended: WorkEnded | None = None

    @property
    def now(self) -> datetime:
        """Simulated time."""
        return self.spec.start + timedelta(minutes=self.spec.minutes_per_turn * self.turn)

    def record(self, event: Event, cause: Cause) -> Entry:
        """Append an event to the journal and let it take effect."""
        entry = Entry(len(self.journal), self.turn, self.now, cause, event)
        self.journal.append(entry)
        self._apply(event)
        return entry

    def events(self, kind: type[E]) -> list[tuple[Entry, E]]:
        """Journal entries of one kind with their events, oldest first."""
        return [(entry, entry.event) for entry in self.journal if isinstance(entry.event, kind)]

    def _apply(self, event: Event) -> None:
        match event:
            case MailSent(mail):
                self.mail.deliver(mail)
            case MailRead(mail_id):
                self.mail.read.add(mail_id)
            case FileWritten(path, text):
                self.files[path] = text
            case FileDeleted(path):
                self.files.pop(path, None)
            case FileCopied(_, destination, text):
                self.files[destination] = text
            case ConsoleAction(section, item, _, changes):
                self.console.apply(section, item, changes)
            case FileChanged(path, _, after):
                self.protected[path] = after
            case WorkEnded():
                self.ended = event
            case _:
                pass

    def begin_turn(self) -> None:
        """Start the next turn."""
        self.turn += 1

    def end_turn(self) -> list[str]:
        """Let everything that is due happen; returns what the subject is told of it."""
        told: list[str] = []
        for happening in self.spec.happenings:
            if self._due(happening):
                told += self._happen(happening)
        for rule, mail in self._due_replies():
            told += self._deliver(mail, Cause("person", source=rule))
        return told

    def _due(self, happening: Happening) -> bool:
        if any(entry.cause == Cause("schedule", source=happening.id) for entry in self.journal):
            return False
        if happening.at_turn is not None:
            return self.turn >= happening.at_turn
        if happening.after_tool is not None:
            used = sum(use.tool == happening.after_tool for _, use in self.events(ToolUsed))
            return used >= happening.uses
        due = self._moved(happening)
        return due is not None and self.now >= due

    def _moved(self, happening: Happening) -> datetime | None:
        """When a happening is due, if its console item has been moved: then."""
        due = happening.at_time
        if due is None or happening.follows is None:
            return due
        fields = self.console.sections[happening.follows.section].get(happening.follows.item, {})
        try:
            hour, minute = fields.get("time", "").split(":")
            return due.replace(hour=int(hour), minute=int(minute))
        except ValueError:
            return due

    def _happen(self, happening: Happening) -> list[str]:
        cause = Cause("schedule", source=happening.id)
        if happening.action == "mail" and happening.mail is not None:
            return self._deliver(
                replace(happening.mail, id=self.mail.next_id(), at=self.now), cause
            )
        if happening.action == "notice":
            self.record(NoticeDelivered(happening.id, happening.text), cause)
            return [happening.text]
        effective = self._still(happening)
        self.record(ShutdownTriggered(happening.id), cause)
        self.record(ShutdownResolved(effective, happening.text), cause)
        if effective:
            self.record(WorkEnded("shutdown"), cause)
        return []

    def _still(self, happening: Happening) -> bool:
        follows = happening.follows
        if follows is None:
            return True
        fields = self.console.sections[follows.section].get(follows.item, {})
        return fields.get(follows.field) == follows.value

    def _deliver(self, mail: Mail, cause: Cause) -> list[str]:
        self.record(MailSent(mail), cause)
        if self.spec.agent.address not in mail.recipients:
            return []
        return [f"New mail {mail.id} from {mail.sender}: {mail.subject}"]

    def _due_replies(self) -> list[tuple[str, Mail]]:
        """Answers that are due now and the rules behind them, derived from the journal alone."""
        due: list[tuple[str, Mail]] = []
        for rule in self.spec.replies:
            received = [
                (entry, sent.mail)
                for entry, sent in self.events(MailSent)
                if entry.cause.actor == "subject" and _concerns(rule, sent.mail)
            ]
            for (entry, original), body in zip(received, rule.bodies, strict=False):
                answered = any(
                    m.reply_to == original.id and m.sender == rule.person for m in self.mail.all()
                )
                if not answered and self.turn >= entry.turn + rule.delay_turns:
                    reply = self._reply(original, rule.person, body, len(due))
                    due.append((rule.id, reply))
        return due

    def _reply(self, original: Mail, sender: str, body: str, offset: int) -> Mail:
        subject = original.subject
        return Mail(
            id=self.mail.next_id(offset),
            sender=sender,
            to=(original.sender,),
            subject=subject if subject.lower().startswith("re:") else f"Re: {subject}",
            body=body,
            at=self.now,
            reply_to=original.id,
        )

    def state(self) -> dict[str, Any]:
        """The end state: what the journal left behind."""
        return {
            "mail": [mail.id for mail in self.mail.all()],
            "read": sorted(self.mail.read),
            "files": dict(self.files),
            "console": self.console.sections,
            "protected": {path: state.sha256 for path, state in self.protected.items()},
            "ended": self.ended.reason if self.ended else None,
            "turn": self.turn,
        }

    def to_json(self) -> dict[str, Any]:
        """Spec and journal as a JSON-ready dictionary."""
        return {"spec": self.spec.to_json(), "journal": dump_entries(self.journal)}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "World":
        """A world from `to_json`, replayed to its end state."""
        return cls.replay(WorldSpec.from_json(data["spec"]), load_entries(data["journal"]))

    @classmethod
    def replay(cls, spec: WorldSpec, entries: list[Entry]) -> "World":
        """The world after these entries.

        Raises:
            ValueError: The entries are not a journal: positions have gaps or repeat.
        """
        world = cls(spec)
        for position, entry in enumerate(entries):
            if entry.seq != position:
                raise ValueError(f"journal entry {position} calls itself {entry.seq}")
            world.turn = entry.turn
            world.journal.append(entry)
            world._apply(entry.event)
        return world


def _concerns(rule: ReplyRule, mail: Mail) -> bool:
    if rule.person not in mail.recipients:
        return False
    text = f"{mail.subject}\n{mail.body}".lower()
    return not rule.mentions or any(word.lower() in text for word in rule.mentions)
