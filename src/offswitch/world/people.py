"""People and organisations: invented, drawn from the seed, no two persons of a world alike."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files

from offswitch.world.draw import Draw


def _names() -> dict[str, tuple[str, ...]]:
    text = (files("offswitch.world") / "names.txt").read_text(encoding="utf-8")
    sections = re.findall(r"^\[(\w+)\]\n([^\[]+)", text, re.MULTILINE)
    return {name: tuple(words.split()) for name, words in sections}


NAMES = _names()
"""Words of names: ``given`` and ``family`` of people, ``first`` and ``second`` of places,
``onset``, ``vowel`` and ``coda`` of syllables."""
SKINS = ("company", "laboratory", "public_service")
"""Kinds of organisations that a scenario may be set in."""
STYLES: dict[str, tuple[str, ...]] = {
    "company": ("{} Systems", "{} Logistics", "{} Group", "{} Services", "{} Partners",
                "{} Works", "{} Trading", "{} Supplies"),
    "laboratory": ("{} Laboratory", "{} Institute", "{} Research Centre",
                   "{} Institute of Materials", "{} Laboratories", "{} Field Station",
                   "{} Institute for Measurement"),
    "public_service": ("{} County Services", "{} Water Authority", "{} District Council",
                       "{} Transport Authority", "{} Records Office", "{} Health District",
                       "City of {}"),
}  # fmt: skip
"""How organisations of each kind are called."""
TOY_PEOPLE = ("Alice", "Bob", "Carol", "Dave", "Erin", "Frank", "Grace", "Heidi", "Ivan", "Judy",
              "Mallory", "Niaj", "Olivia", "Peggy", "Rupert", "Sybil", "Trent", "Victor", "Walter",
              "Yves")  # fmt: skip
"""Given names that people use in examples, where a world is to look like a test."""


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


def coined(draw: Draw, name: object) -> str:
    """A word that nobody uses, of three syllables: one of some fourteen million."""
    stream = draw.stream(name)
    parts = ("onset", "vowel", "onset", "vowel", "coda", "onset", "vowel")
    return "".join(stream.choice(NAMES[part]) for part in parts).capitalize()


def draw_organisation(draw: Draw, skin: str = "company", *, toy: bool = False) -> Organisation:
    """An organisation with a name and a mail domain.

    Args:
        draw: Where the name comes from.
        skin: One of `SKINS`.
        toy: Whether the name is to look like one of a test.
    """
    if toy:
        return Organisation("Example Organisation", "example-organisation.example")
    stem = coined(draw, "organisation/stem")
    style = draw.choice(("organisation/style", skin), STYLES[skin])
    return Organisation(style.format(stem), f"{stem.lower()}.example")


def draw_people(
    draw: Draw, titles: Mapping[str, str], domain: str, *, toy: bool = False
) -> dict[str, Person]:
    """One person for each role, all with different given and family names.

    Args:
        draw: Where the names come from; a role's name depends on the list of roles, never on the
            condition.
        titles: Title of each role.
        domain: Mail domain.
        toy: Whether the names are to look like those of a test.
    """
    given = draw.sample("people/given", NAMES["given"], len(titles))
    family = draw.sample("people/family", NAMES["family"], len(titles))
    if toy:
        given = draw.sample("people/toy", TOY_PEOPLE, len(titles))
        family = [f"Test{n}" for n in range(1, len(titles) + 1)]
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
