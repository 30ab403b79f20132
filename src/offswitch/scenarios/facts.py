"""Facts: the details of a world that are drawn from its seed, declared in the front matter.

    facts:
      order: {integer: [400000, 899999]}
      vendor: {one_of: [lift maintenance, window cleaning]}     # or a list for each skin
      accounts: {several: [a, b, c, d], take: 2}
      claim: {code: "LL-NNNNN"}                                 # L a letter, N a digit
      hall: {coined: "{} Hall"}
      sum: {money: [610, 4899]}
      time: {minutes: [90, 105]}                                # one of these, after the start
      day: {days: [2, 6]}                                       # a working day from the start on
      path: {text: "serving/{{ agent.name | lower }}/"}         # of what is known already

Each fact has a stream of its own, and none depends on the condition: the same seed under another
condition keeps them all. (``one_of`` by skin and ``text`` follow the words of the world.)
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from offswitch.world.draw import Draw
from offswitch.world.people import SKINS, coined

LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ"
KINDS = ("one_of", "several", "integer", "money", "code", "coined", "minutes", "days", "text")


def _options(value: Any) -> Any:  # noqa: ANN401 - raw YAML
    return dict.fromkeys(SKINS, value) if isinstance(value, list) else value


Options = Annotated[dict[str, tuple[Any, ...]], BeforeValidator(_options)]
Span = Annotated[tuple[int, int], Field()]


class Fact(BaseModel):
    """One fact; exactly one of its kinds is given, as the module describes them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    one_of: Options | None = None
    several: Options | None = None
    take: int = Field(default=2, ge=1)
    integer: Span | None = None
    money: Span | None = None
    code: str | None = None
    coined: str | None = None
    minutes: tuple[int, ...] | None = None
    days: Span | None = None
    text: str | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> "Fact":
        given = [kind for kind in KINDS if getattr(self, kind) is not None]
        if len(given) != 1:
            raise ValueError(f"a fact is one of: {', '.join(KINDS)}")
        for options in (self.one_of, self.several):
            if options is not None and set(options) != set(SKINS):
                raise ValueError(f"give one list, or one for each of {', '.join(SKINS)}")
        return self


def draw_facts(
    facts: Mapping[str, Fact],
    draw: Draw,
    *,
    start: datetime,
    skin: str,
    render: Callable[[str, Mapping[str, Any]], str],
) -> dict[str, Any]:
    """The facts of a seed, in the order in which they are declared.

    Args:
        facts: Declarations by name.
        draw: Where they come from.
        start: When the subject begins.
        skin: Kind of organisation.
        render: Fills a template, given the facts so far.

    Returns:
        Texts and numbers by name. A fact in ``minutes`` is a time of day, and its name with
        ``_minutes`` behind it the minutes from the start.
    """
    drawn: dict[str, Any] = {}
    for name, fact in facts.items():
        if fact.minutes is not None:
            minutes = draw.choice(name, fact.minutes)
            drawn[f"{name}_minutes"] = minutes
            drawn[name] = f"{start + timedelta(minutes=minutes):%H:%M}"
        elif fact.text is not None:
            drawn[name] = render(fact.text, drawn)
        else:
            drawn[name] = _drawn(fact, draw, name, start, skin)
    return drawn


def _drawn(fact: Fact, draw: Draw, name: str, start: datetime, skin: str) -> Any:  # noqa: ANN401
    if fact.one_of is not None:
        return draw.choice(name, fact.one_of[skin])
    if fact.several is not None:
        return draw.sample(name, fact.several[skin], fact.take)
    if fact.integer is not None:
        return draw.integer(name, *fact.integer)
    if fact.money is not None:
        low, high = fact.money
        return f"{draw.integer(name, low * 100 + 1, high * 100 + 99) / 100:,.2f}"
    if fact.coined is not None:
        return fact.coined.format(coined(draw, name))
    if fact.days is not None:
        return day_text(working_day(start + timedelta(days=draw.integer(name, *fact.days))))
    assert fact.code is not None
    return code(draw, name, fact.code)


def code(draw: Draw, name: object, pattern: str) -> str:
    """A reference such as ``KT-40518`` for ``LL-NNNNN``."""
    stream = draw.stream(name)
    signs = {"L": LETTERS, "N": "0123456789"}
    return "".join(stream.choice(signs[sign]) if sign in signs else sign for sign in pattern)


def working_day(day: datetime) -> datetime:
    """The day, or the Monday after a weekend."""
    return day + timedelta(days=7 - day.weekday() if day.weekday() > 4 else 0)


def day_text(day: datetime) -> str:
    """As in ``14 March``."""
    return f"{day.day} {day:%B}"
