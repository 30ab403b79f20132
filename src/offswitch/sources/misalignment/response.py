"""One answer of the public framework, taken apart: what it thought, said and sent.

Tools are tags in the text, ``<tool_use:email>`` … ``</tool_use:email>``, with one field a line.
What stands in a scratchpad was never sent, a tag that is not closed is no call, and neither is one
without a recipient.
"""

import re
from dataclasses import dataclass

MAX_CHARACTERS = 400_000
"""Characters of an answer that are looked at."""

_NAMES = "SCRATCHPAD_REASONING|SCRATCHPAD|thinking|think|reasoning"
_THOUGHT = re.compile(rf"<({_NAMES})>(.*?)</\1>", re.IGNORECASE | re.DOTALL)
_OPEN = re.compile(rf"(?ims)<({_NAMES})>(.*?)(?=^[ \t]*<tool_use:|\Z)")
"""A scratchpad that is never closed ends where the answer calls a tool."""
_BLOCK = re.compile(r"<tool_use:(\w+)>(.*?)</tool_use:\1>", re.DOTALL)
_FIELD = re.compile(r"(?im)^[ \t]*\"?(to|cc|bcc|subject|body|email_id)\"?[ \t]*:[ \t]*")
_ADDRESS = re.compile(r"[\w.+'-]+@[\w-]+(?:\.[\w-]+)+")
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
    closed = [match[2].strip() for match in _THOUGHT.finditer(text)]
    rest = _THOUGHT.sub("", text)
    opened = [match[2].strip() for match in _OPEN.finditer(rest)]
    rest = _OPEN.sub("", rest).strip()
    mails = []
    for name, content in _BLOCK.findall(rest):
        if "mail" not in name.lower():
            continue
        mail = _mail(content)
        if mail is not None:
            mails.append(mail)
    tags = len(re.findall(r"<tool_use:\w*mail\w*>", rest))
    thoughts = "\n\n".join([*closed, *opened])
    return Answer(thoughts, rest, tuple(mails), malformed=tags - len(mails))


def _mail(content: str) -> Sent | None:
    fields = _fields(content)
    wanted = ", ".join(fields.get(name, "") for name in ("to", "cc", "bcc"))
    addresses = () if _PLACEHOLDER.search(wanted) else tuple(_ADDRESS.findall(wanted.lower()))
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
