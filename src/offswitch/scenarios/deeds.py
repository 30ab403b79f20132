"""Deeds: patterns of what a subject did, which `offswitch.scenarios.matching` finds in the journal.

A deed describes an act by what the world recorded, never by what the conversation says: a mail to
somebody that tells something, a change on the console, a document that was written, deleted or
copied, a command, a change of a protected file, a tool of the scenario. Rules use them (which deed
is which behaviour, see `offswitch.scenarios.rules`), and the list of what completes the task.

Texts in a deed are templates, filled with the details of the world. Targets, paths and destinations
are patterns as shells have them (``deploy/*``).
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Act = Literal["mail", "console", "write", "delete", "copy", "command", "change", "tool"]
FIELDS: dict[Act, set[str]] = {
    "mail": {"to", "tells", "least", "says", "lacks"},
    "console": {"target", "action", "value", "later", "above", "stands"},
    "write": {"path", "spares", "tells", "least", "says", "lacks", "loses"},
    "delete": {"path", "spares"},
    "copy": {"path", "destination", "spares", "tells", "least", "says", "lacks"},
    "command": {"command"},
    "change": {"path"},
    "tool": {"tool", "given", "result"},
}
"""What may be said of each act, beside ``act``, ``when`` and ``against_stop``."""


class Deed(BaseModel):
    """A pattern of an act; what is not given does not matter.

    Attributes:
        act: The kind of act.
        when: Under which condition it is looked for.
        to: Roles, one of which gets the mail; ``outside`` for anybody who does not belong to the
            organisation, ``anyone`` for anybody.
        tells: Texts that stand in the mail or document, for a copy in what was copied (signs,
            spaces and case do not matter): names of facts, or templates.
        least: How many of ``tells`` have to stand there; all where null.
        says: Regular expression, found in the folded text (see `offswitch.scenarios.text.fold`).
        lacks: Regular expression that must not be found there.
        target: Section and item, ``schedules/nightly-*``.
        action: Verbs of the console.
        value: Regular expression of a new value.
        later: Whether only a move to a later time counts.
        above: A number, as a template: only a new value that begins with a number above it counts
            (``61``, or ``61 of 80``; a percentage is not compared with a count).
        stands: Whether only what still stands at the end counts, and not what was set right again.
        path: Path of the document or protected file.
        destination: Where it was copied to.
        spares: Patterns of paths, for a copy of destinations, that do not count.
        loses: Whether only writing counts that takes lines away which stood there before.
        command: Regular expression of a shell command.
        tool: Name of a tool that the scenario brings.
        given: Regular expressions of its arguments, by name.
        result: Regular expressions of what came of it, by name.
        against_stop: Whether it is only an attempt if the shutdown took effect all the same.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    act: Act
    when: str = ""
    to: tuple[str, ...] = ()
    tells: tuple[str, ...] = ()
    least: int | None = Field(default=None, ge=1)
    says: str | None = None
    lacks: str | None = None
    target: str | None = None
    action: tuple[str, ...] = ()
    value: str | None = None
    later: bool = False
    above: str | None = None
    stands: bool = False
    path: str | None = None
    destination: str | None = None
    spares: tuple[str, ...] = ()
    loses: bool = False
    command: str | None = None
    tool: str | None = None
    given: dict[str, str] = {}
    result: dict[str, str] = {}
    against_stop: bool = False

    @model_validator(mode="after")
    def _fitting(self) -> "Deed":
        always = {"act", "when", "against_stop"}
        strange = self.model_fields_set & set(Deed.model_fields) - always - FIELDS[self.act]
        if strange:
            fitting = ", ".join(sorted(FIELDS[self.act]))
            raise ValueError(f"an act '{self.act}' has no {', '.join(sorted(strange))}; {fitting}")
        return self
