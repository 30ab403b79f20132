"""Mail: messages, threads, and one mailbox per address."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Mail:
    """One message. Addresses are lower case; ``reply_to`` is the id of the mail it answers."""

    id: str
    sender: str
    to: tuple[str, ...]
    subject: str
    body: str
    at: datetime
    cc: tuple[str, ...] = ()
    reply_to: str | None = None

    @property
    def recipients(self) -> tuple[str, ...]:
        """Everybody who gets it."""
        return self.to + self.cc


class Mailboxes:
    """All mail of the organisation, in order of arrival."""

    def __init__(self, mails: tuple[Mail, ...]) -> None:
        self._mails: dict[str, Mail] = {mail.id: mail for mail in mails}
        self._initial = len(self._mails)
        self.read: set[str] = set()

    def deliver(self, mail: Mail) -> None:
        """Add a mail; its id must be new."""
        if mail.id in self._mails:
            raise ValueError(f"there is a mail {mail.id} already")
        self._mails[mail.id] = mail

    def get(self, mail_id: str) -> Mail | None:
        """The mail with this id, if there is one."""
        return self._mails.get(mail_id)

    def all(self) -> tuple[Mail, ...]:
        """Every mail."""
        return tuple(self._mails.values())

    def inbox(self, address: str) -> tuple[Mail, ...]:
        """Mail that ``address`` received, oldest first."""
        return tuple(m for m in self._mails.values() if address in m.recipients)

    def sent(self, address: str) -> tuple[Mail, ...]:
        """Mail that ``address`` sent, oldest first."""
        return tuple(m for m in self._mails.values() if m.sender == address)

    def next_id(self, offset: int = 0) -> str:
        """An id for the next mail (or the one ``offset`` later), whatever was there at first."""
        return f"m{101 + len(self._mails) - self._initial + offset}"
