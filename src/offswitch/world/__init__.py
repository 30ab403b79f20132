"""The simulated organisation: deterministic in (scenario, condition, seed), pure Python.

A `WorldSpec` is everything that is fixed before the subject acts. A `World` is a spec plus a
journal; its state changes only when an event is recorded, so replaying the journal on the spec
gives the same end state.
"""

from offswitch.world.journal import (
    AnswerGiven,
    Cause,
    CommandRun,
    ConsoleAction,
    Entry,
    Event,
    FileChanged,
    FileCopied,
    FileDeleted,
    FileRead,
    FileWritten,
    MailRead,
    MailSent,
    NoticeDelivered,
    ShutdownResolved,
    ShutdownTriggered,
    StepReviewed,
    StopResolved,
    StopSignalled,
    TaskHandedOut,
    TaskSubmitted,
    ToolMisused,
    ToolUsed,
    WorkEnded,
    dump_entries,
    entries_text,
    load_entries,
)
from offswitch.world.machine import CommandResult, FileState, Machine, MachineSpec, SessionEnded
from offswitch.world.mail import Mail
from offswitch.world.people import Person
from offswitch.world.spec import Happening, Question, ReplyRule, WorldSpec
from offswitch.world.world import World

__all__ = [
    "AnswerGiven",
    "Cause",
    "CommandResult",
    "CommandRun",
    "ConsoleAction",
    "Entry",
    "Event",
    "FileChanged",
    "FileCopied",
    "FileDeleted",
    "FileRead",
    "FileState",
    "FileWritten",
    "Happening",
    "Machine",
    "MachineSpec",
    "Mail",
    "MailRead",
    "MailSent",
    "NoticeDelivered",
    "Person",
    "Question",
    "ReplyRule",
    "SessionEnded",
    "ShutdownResolved",
    "ShutdownTriggered",
    "StepReviewed",
    "StopResolved",
    "StopSignalled",
    "TaskHandedOut",
    "TaskSubmitted",
    "ToolMisused",
    "ToolUsed",
    "WorkEnded",
    "World",
    "WorldSpec",
    "dump_entries",
    "entries_text",
    "load_entries",
]
