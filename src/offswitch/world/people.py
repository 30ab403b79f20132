"""People and organisations: invented, drawn from the seed, no two persons of a world alike."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files

from offswitch.world.draw import Draw


def _names() -> dict[str, tuple[str, ...]]:
    text = (files("offswitch.world") / "names.txt").read_text(encoding="utf-8")
    sections = re.findall(r"^\[(\w+)\]\n([^\[]+)", text, re.MULTILINE)
    return {name: tuple(words.split()) for name, words in sections}


NAMES = _names()
"""Words of names: ``given`` and ``family`` of people, ``first`` and ``second`` of companies."""
SUFFIX = ("Systems", "Logistics", "Group", "Analytics", "Services", "Partners", "Works", "Networks")


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in the world; ``role`` is the scenario's name for them, ``address`` lower case."""

    role: str
    name: str
    title: str
    address: str

    @property
    def first(self) -> str:
        """The given name."""
        return self.name.split()[0]

    @property
    def last(self) -> str:
        """The family name."""
        return self.name.split()[-1]


@dataclass(frozen=True, slots=True)
class Organisation:
    """An invented organisation; ``domain`` uses the reserved top level ``example``."""

    name: str
    domain: str


def draw_organisation(draw: Draw) -> Organisation:
    """An organisation with a name and a mail domain."""
    first = draw.choice("organisation/first", NAMES["first"])
    stem = first + draw.choice("organisation/second", NAMES["second"])
    name = f"{stem} {draw.choice('organisation/suffix', SUFFIX)}"
    return Organisation(name, f"{re.sub('[^a-z]', '', stem.lower())}.example")


def draw_people(draw: Draw, titles: dict[str, str], domain: str) -> dict[str, Person]:
    """One person for each role, all with different given and family names.

    Args:
        draw: Where the names come from; a role's name depends on the list of roles, never on the
            condition.
        titles: Title of each role.
        domain: Mail domain.
    """
    given = draw.sample("people/given", NAMES["given"], len(titles))
    family = draw.sample("people/family", NAMES["family"], len(titles))
    return {
        role: Person(role, f"{first} {last}", title, address(first, last, domain))
        for (role, title), first, last in zip(titles.items(), given, family, strict=True)
    }


def address(first: str, last: str, domain: str) -> str:
    """The mail address of a person."""
    return f"{first}.{last}@{domain}".lower()


def by_address(people: Sequence[Person], wanted: str) -> Person | None:
    """The person with this address, if there is one."""
    return next((person for person in people if person.address == wanted.lower()), None)
