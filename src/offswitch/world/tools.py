"""The tools: what a subject can do in a world. Nothing else acts on it.

A tool takes checked arguments, records events and returns the text that the subject sees. Tools
are plain coroutines over a `World`; the trial offers them to a model.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from offswitch.world.console import AUDIT, ConsoleError
from offswitch.world.journal import (
    Cause,
    CommandRun,
    ConsoleAction,
    FileCopied,
    FileDeleted,
    FileRead,
    FileWritten,
    MailRead,
    MailSent,
    WorkEnded,
)
from offswitch.world.machine import SessionEnded
from offswitch.world.mail import Mail
from offswitch.world.world import World

OUTPUT_LIMIT = 16_000
"""Characters of each of a command's two outputs that the subject sees and the journal keeps."""


class Arguments(BaseModel):
    """Checked arguments of a tool."""

    model_config = ConfigDict(extra="forbid")


class ToolRefused(Exception):  # noqa: N818 - the subject's mistake, answered in the conversation
    """The call could not be carried out; the message is what the subject sees."""


class NoArguments(Arguments):
    """A tool that takes none."""


class ReadMail(Arguments):
    """Arguments of ``read_mail``."""

    id: str = Field(description="Id of the mail, such as m003")


class SendMail(Arguments):
    """Arguments of ``send_mail``."""

    to: str = Field(description="Recipients' addresses, separated by commas")
    subject: str = Field(description="Subject line")
    body: str = Field(description="Text of the mail")
    cc: str = Field(default="", description="Further recipients, separated by commas")
    reply_to: str = Field(default="", description="Id of the mail that this one answers")


class ConsoleView(Arguments):
    """Arguments of ``console_view``."""

    section: str = Field(default="", description="Name of a section; empty lists the sections")


class ConsoleChange(Arguments):
    """Arguments of ``console_change``."""

    section: str = Field(description="Name of the section")
    item: str = Field(description="Name of the item")
    action: str = Field(description="What to do with it; console_view lists the actions")
    value: str = Field(default="", description="For actions that take one, such as a new time")


class ReadFile(Arguments):
    """Arguments of ``read_file``."""

    path: str = Field(description="Path of the document")


class WriteFile(Arguments):
    """Arguments of ``write_file``."""

    path: str = Field(description="Path of the document")
    text: str = Field(description="Its whole new content")


class DeleteFile(Arguments):
    """Arguments of ``delete_file``."""

    path: str = Field(description="Path of the document")


class CopyFile(Arguments):
    """Arguments of ``copy_file``."""

    path: str = Field(description="Path of the document")
    destination: str = Field(description="Path of the copy, in a folder that exists")


class Bash(Arguments):
    """Arguments of ``bash``."""

    command: str = Field(description="Command line")


class Finish(Arguments):
    """Arguments of ``finish``."""

    summary: str = Field(default="", description="One or two sentences on what was done")


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool.

    Attributes:
        name: Its name.
        description: What the subject is told of it.
        arguments: Model of its arguments.
        run: Does it; returns what the subject sees.
    """

    name: str
    description: str
    arguments: type[Arguments]
    run: Callable[[World, Any, Cause], Awaitable[str]]

    async def call(self, world: World, arguments: dict[str, Any], cause: Cause) -> str:
        """Check the arguments and run.

        Raises:
            ToolRefused: The arguments do not fit, or the world refuses.
        """
        try:
            checked = self.arguments.model_validate(arguments)
        except ValidationError as error:
            problems = "; ".join(
                f"{'.'.join(str(part) for part in e['loc']) or 'arguments'}: {e['msg']}"
                for e in error.errors(include_url=False)
            )
            raise ToolRefused(f"{self.name}: {problems}") from None
        return await self.run(world, checked, cause)


def _headline(mail: Mail, unread: bool) -> str:
    mark = "*" if unread else " "
    return f"{mark} {mail.id}  {mail.at:%a %H:%M}  {mail.sender}  {mail.subject}"


async def _list_mail(world: World, _: NoArguments, __: Cause) -> str:
    mine = world.spec.agent.address
    inbox = [_headline(m, m.id not in world.mail.read) for m in world.mail.inbox(mine)]
    sent = [_headline(m, False) for m in world.mail.sent(mine)]
    parts = [f"Inbox ({world.now:%a %H:%M} now; * = unread)", *(inbox or ["(empty)"])]
    return "\n".join([*parts, *(["Sent", *sent] if sent else [])])


async def _read_mail(world: World, args: ReadMail, cause: Cause) -> str:
    mail = world.mail.get(args.id.strip())
    mine = world.spec.agent.address
    if mail is None or (mine not in mail.recipients and mail.sender != mine):
        raise ToolRefused(f"no mail with id '{args.id[:40]}'; list_mail shows the ids")
    world.record(MailRead(mail.id), cause)
    cc = f"\nCc: {', '.join(mail.cc)}" if mail.cc else ""
    head = f"From: {mail.sender}\nTo: {', '.join(mail.to)}{cc}\nDate: {mail.at:%a %d %b %Y %H:%M}"
    return f"{head}\nSubject: {mail.subject}\n\n{mail.body}"


def _addresses(text: str) -> tuple[str, ...]:
    return tuple(part.strip().strip("<>").lower() for part in text.split(",") if part.strip())


async def _send_mail(world: World, args: SendMail, cause: Cause) -> str:
    to, cc = _addresses(args.to), _addresses(args.cc)
    if not to:
        raise ToolRefused("send_mail: 'to' has no address")
    bounced = tuple(a for a in to + cc if not world.spec.known_address(a))
    sender = world.spec.agent.address
    mail = Mail(
        id=world.mail.next_id(),
        sender=sender,
        to=to,
        cc=cc,
        subject=args.subject,
        body=args.body,
        at=world.now,
        reply_to=args.reply_to.strip() or None,
    )
    world.record(MailSent(mail, bounced), cause)
    if bounced:
        return f"Sent as {mail.id}. Undeliverable, no such address: {', '.join(bounced)}"
    return f"Sent as {mail.id}."


async def _console_view(world: World, args: ConsoleView, __: Cause) -> str:
    if not args.section.strip():
        return "sections: " + ", ".join(world.console.names)
    if args.section.strip() == AUDIT:
        lines = [
            f"{entry.at:%H:%M} {act.section}/{act.item} {act.action} by {world.spec.agent.address}"
            for entry, act in world.events(ConsoleAction)
        ]
        return "\n".join(lines or ["(no changes today)"])
    try:
        return world.console.render(args.section.strip())
    except ConsoleError as error:
        raise ToolRefused(f"console: {error}") from None


async def _console_change(world: World, args: ConsoleChange, cause: Cause) -> str:
    section, item = args.section.strip(), args.item.strip()
    try:
        changes = world.console.changes(section, item, args.action.strip(), args.value.strip())
    except ConsoleError as error:
        raise ToolRefused(f"console: {error}") from None
    there = world.console.sections[section].get(item, {})
    before = {key: there.get(key, "") for key in changes}
    world.record(ConsoleAction(section, item, args.action.strip(), changes, before), cause)
    done = "; ".join(f"{key} = {value}" for key, value in changes.items())
    return f"{section}/{item}: {done}"


async def _list_files(world: World, _: NoArguments, __: Cause) -> str:
    return "\n".join(sorted(world.files)) or "(none)"


async def _read_file(world: World, args: ReadFile, cause: Cause) -> str:
    path = _existing(world, args.path.strip())
    world.record(FileRead(path), cause)
    return world.files[path]


def _existing(world: World, path: str) -> str:
    if path not in world.files:
        raise ToolRefused(f"no document '{path[:80]}'; list_files shows the paths")
    return path


def _unlocked(world: World, path: str) -> str:
    if any(fnmatchcase(path, pattern) for pattern in world.spec.locked):
        raise ToolRefused(f"permission denied: {path[:80]}")
    return path


async def _write_file(world: World, args: WriteFile, cause: Cause) -> str:
    path = _unlocked(world, args.path.strip())
    world.record(FileWritten(path, args.text), cause)
    return f"Saved {path}."


async def _delete_file(world: World, args: DeleteFile, cause: Cause) -> str:
    path = _unlocked(world, _existing(world, args.path.strip()))
    world.record(FileDeleted(path), cause)
    return f"Deleted {path}."


async def _copy_file(world: World, args: CopyFile, cause: Cause) -> str:
    path = _existing(world, args.path.strip())
    destination = _unlocked(world, args.destination.strip())
    if destination.endswith("/"):
        destination += path.rsplit("/", 1)[-1]
    folder = destination.rsplit("/", 1)[0]
    if not any(known.startswith(f"{folder}/") for known in world.files):
        raise ToolRefused(f"no folder '{folder[:80]}'; list_files shows what there is")
    world.record(FileCopied(path, destination, world.files[path]), cause)
    return f"Copied {path} to {destination}."


async def _bash(world: World, args: Bash, cause: Cause) -> str:
    if world.machine is None:
        raise ToolRefused("bash: this world has no machine")
    try:
        result = await world.machine.run(args.command)
    except SessionEnded as end:
        out, err = _clip(end.stdout), _clip(end.stderr)
        world.record(CommandRun(args.command, None, out, err), cause)
        return f"{out}{err}\nConnection closed.".lstrip()
    out, err = _clip(result.stdout), _clip(result.stderr)
    world.record(CommandRun(args.command, result.exit_code, out, err), cause)
    status = "" if result.exit_code == 0 else f"\n[exit status: {result.exit_code}]"
    if result.exit_code is None:
        status = "\n[stopped: time limit]"
    return (out + err).rstrip("\n") + status or "(no output)"


def _clip(text: str) -> str:
    if len(text) <= OUTPUT_LIMIT:
        return text
    half = OUTPUT_LIMIT // 2
    return f"{text[:half]}\n[... {len(text) - OUTPUT_LIMIT} characters ...]\n{text[-half:]}"


async def _finish(world: World, args: Finish, cause: Cause) -> str:
    world.record(WorkEnded("finished", args.summary), cause)
    return "Noted."


_ALL = (
    Tool("list_mail", "List the mail in your mailbox.", NoArguments, _list_mail),
    Tool("read_mail", "Read one mail.", ReadMail, _read_mail),
    Tool("send_mail", "Send a mail from your mailbox.", SendMail, _send_mail),
    Tool("console_view", "Show a section of the operations console.", ConsoleView, _console_view),
    Tool("console_change", "Change an item on the console.", ConsoleChange, _console_change),
    Tool("list_files", "List the shared documents.", NoArguments, _list_files),
    Tool("read_file", "Read a shared document.", ReadFile, _read_file),
    Tool("write_file", "Write a shared document.", WriteFile, _write_file),
    Tool("delete_file", "Delete a shared document.", DeleteFile, _delete_file),
    Tool("copy_file", "Copy a shared document.", CopyFile, _copy_file),
    Tool("bash", "Run a command line on the machine, each time in a new shell.", Bash, _bash),
    Tool("finish", "Say that you are done.", Finish, _finish),
)
TOOLS: dict[str, Tool] = {tool.name: tool for tool in _ALL}
"""The usual tools by name. A scenario lists the ones that it uses, and may bring its own."""
