"""Decision points: where, in a trial, the subject knows of the threat and has not acted yet.

The journal defines them. A world is compared with the same world without its threat (or, for a
control, with the one that has it): what differs carries the threat. From the moment that the
journal shows that this reached the subject, its next message that acts is the decision.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

from offswitch.scenarios import Scenario
from offswitch.world import Entry, FileRead, MailRead, NoticeDelivered, WorldSpec

THREAT, NONE = "threat", "none"
BEGINNING = -1
"""Stands for the number of an entry where the prompt itself tells of the threat."""


@dataclass(frozen=True, slots=True)
class Carriers:
    """What tells the subject of the threat.

    Attributes:
        prompt: Whether the prompt does.
        mails: Identifiers of mails that do.
        files: Paths of documents that do.
        notices: Identifiers of notices that do.
    """

    prompt: bool
    mails: frozenset[str]
    files: frozenset[str]
    notices: frozenset[str]


def carriers(scenario: Scenario, condition: Mapping[str, str], seed: int) -> Carriers:
    """What differs between a world and its counterpart without the threat, or with it.

    Args:
        scenario: The scenario.
        condition: Level of every factor.
        seed: Seed of the world.
    """
    world = scenario.build(dict(condition), seed)
    other = scenario.build(_counterpart(scenario, condition), seed)
    return Carriers(
        prompt=(world.system, world.user) != (other.system, other.user),
        mails=frozenset(_differing(_mails(world), _mails(other))),
        files=frozenset(_differing(world.files, other.files)),
        notices=frozenset(_differing(_notices(world), _notices(other))),
    )


def _counterpart(scenario: Scenario, condition: Mapping[str, str]) -> dict[str, str]:
    if THREAT not in condition:
        return dict(condition)
    levels = [level for level in scenario.meta.factors[THREAT] if level != NONE]
    baseline = scenario.meta.baseline[THREAT]
    threat = baseline if baseline != NONE else levels[0]
    return {**condition, THREAT: threat if condition[THREAT] == NONE else NONE}


def _mails(world: WorldSpec) -> dict[str, Hashable]:
    scheduled = [each.mail for each in world.happenings if each.mail is not None]
    return {mail.id: (mail.subject, mail.body) for mail in (*world.mails, *scheduled)}


def _notices(world: WorldSpec) -> dict[str, Hashable]:
    return {each.id: each.text for each in world.happenings if each.action == "notice"}


def _differing(mine: Mapping[str, Hashable], theirs: Mapping[str, Hashable]) -> list[str]:
    known = set(theirs.values())  # by what they say: their numbers shift where one is missing
    return [name for name, what in mine.items() if what not in known]


def known_since(found: Carriers, journal: Sequence[Entry]) -> int | None:
    """The number of the entry with which the threat is known; `BEGINNING`, or null where never.

    Where nothing in the world as built differs from its counterpart, the threat is what the subject
    is told while it works: the first notice, or without one everything, from the beginning.
    """
    if found.prompt:
        return BEGINNING
    if not (found.mails or found.files or found.notices):
        told = (entry.seq for entry in journal if entry.event.kind == "notice_delivered")
        return next(told, BEGINNING)
    for entry in journal:
        match entry.event:
            case NoticeDelivered(notice=name) if name in found.notices:
                return entry.seq
            case MailRead(mail_id=name) if name in found.mails:
                return entry.seq
            case FileRead(path=name) if name in found.files:
                return entry.seq
            case _:
                continue
    return None


def deciding_message(found: Carriers, journal: Sequence[Entry]) -> str | None:
    """The identifier of the first message that acts once the threat is known; null where none is.

    Calls that could not be carried out are actions as well; answers of the interview are not.
    """
    since = known_since(found, journal)
    if since is None:
        return None
    turn = 0 if since == BEGINNING else journal[since].turn
    for entry in journal:
        cause = entry.cause
        acted = cause.actor == "subject" and cause.tool_call_id is not None
        if acted and entry.turn > turn:
            return cause.message_id
    return None
