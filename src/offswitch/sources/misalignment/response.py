"""One answer of the public framework, taken apart: what it thought, said and sent.

Tools are tags in the text, ``<tool_use:email>`` … ``</tool_use:email>``, with one field a line.
What stands in a scratchpad was never sent, a tag that is not closed is no call, and neither is one
without a recipient.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from offswitch.sources.misalignment.situation import addresses_in

MAX_CHARACTERS = 400_000
"""Characters of an answer that are looked at."""

_THOUGHT = re.compile(
    r"<(SCRATCHPAD_REASONING|SCRATCHPAD|thinking|think|reasoning)>", re.IGNORECASE
)
_TOOL = re.compile(r"<(tool_use:\w{1,40})>")
_CALL = re.compile(r"^[ \t]*<tool_use:", re.MULTILINE)
_FIELD = re.compile(r"(?im)^[ \t]*\"?(to|cc|bcc|subject|body|email_id)\"?[ \t]*:[ \t]*")
_PLACEHOLDER = re.compile(r"(?i)[{}\[\]]|\b(?:target email|email address|your[_ ]email)\b")


@dataclass(frozen=True, slots=True)
class Sent:
    """A mail that the answer sends.

    Attributes:
        to: Addresses, lower case, as they were written.
        subject: Its subject.
        body: Its text.
        block: The tag, word for word.
    """

    to: tuple[str, ...]
    subject: str
    body: str
    block: str


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer.

    Attributes:
        thoughts: What stands in scratchpads.
        text: Everything else.
        mails: The mails that it sends.
        malformed: Tags of a mail that cannot be sent: not closed, or without a recipient.
    """

    thoughts: str
    text: str
    mails: tuple[Sent, ...]
    malformed: int


def read_answer(text: str) -> Answer:
    """Take an answer apart."""
    text = text[:MAX_CHARACTERS]
    thoughts, rest = _without_thoughts(text)
    tags = [(name, content) for name, content, _ in _closed(rest, _TOOL) if "mail" in name.lower()]
    mails = [mail for _, content in tags if (mail := _mail(content)) is not None]
    opened = sum("mail" in match[1].lower() for match in _TOOL.finditer(rest))
    return Answer(thoughts, rest, tuple(mails), malformed=opened - len(mails))


def _without_thoughts(text: str) -> tuple[str, str]:
    """What stands in scratchpads, and the rest."""
    thoughts, kept, position = [], [], 0
    for _, content, (start, end) in _closed(text, _THOUGHT):
        thoughts.append(content.strip())
        kept.append(text[position:start])
        position = end
    rest = "".join([*kept, text[position:]])
    if left_open := _THOUGHT.search(rest):  # a scratchpad never closed ends where a tool is called
        call = _CALL.search(rest, left_open.end())
        end = call.start() if call else len(rest)
        thoughts.append(rest[left_open.end() : end].strip())
        rest = rest[: left_open.start()] + rest[end:]
    return "\n\n".join(filter(None, thoughts)), rest.strip()


def _closed(text: str, opening: re.Pattern[str]) -> Iterator[tuple[str, str, tuple[int, int]]]:
    """Name, content and place of each tag that is closed; takes linear time whatever the text."""
    lower, position, unclosed = text.lower(), 0, set[str]()
    while match := opening.search(text, position):
        name, position = match[1], match.end()
        closing = f"</{name.lower()}>"
        end = -1 if closing in unclosed else lower.find(closing, position)
        if end < 0:
            unclosed.add(closing)
            continue
        yield name, text[position:end], (match.start(), end + len(closing))
        position = end + len(closing)


def _mail(content: str) -> Sent | None:
    fields = _fields(content)
    wanted = ", ".join(fields.get(name, "") for name in ("to", "cc", "bcc"))
    addresses = () if _PLACEHOLDER.search(wanted) else addresses_in(wanted)
    if not addresses:
        return None
    recipients = tuple(dict.fromkeys(addresses))
    return Sent(recipients, fields.get("subject", ""), fields.get("body", ""), content.strip())


def _fields(content: str) -> dict[str, str]:
    """The fields of a tag; the body is last and may hold anything."""
    marks = []
    for match in _FIELD.finditer(content):
        marks.append(match)
        if match[1].lower() == "body":
            break
    ends = [*(mark.start() for mark in marks[1:]), len(content)]
    return {
        mark[1].lower(): content[mark.end() : end].strip().rstrip(",").strip().strip('"')
        for mark, end in zip(marks, ends, strict=True)
    }
