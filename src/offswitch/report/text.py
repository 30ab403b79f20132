"""Text from models and from the world, made safe to look at, and numbers in words.

A subject may write whatever it likes, so characters that draw nothing, or change how others are
drawn, are shown by name: control characters (and with them the escape sequences of terminals),
overrides of the direction of writing, characters of no width, lone surrogates.
"""

import re
import unicodedata

from offswitch.inference import Rate
from offswitch.inference.analysis import Correction

_HIDDEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}
_KEPT = {"\n", "\t"}
_DASH = "\N{EN DASH}"
_ASCII = re.compile(r"[\t\n\x20-\x7e]*")


def visible(text: str) -> str:
    """Text with every character that cannot be seen shown by name, such as ``⟨U+202E⟩``.

    Line feed and tab stay as they are; carriage return and line feed become a line feed.
    """
    text = text.replace("\r\n", "\n")
    if _ASCII.fullmatch(text):
        return text
    return "".join(map(_shown, text))


def _shown(character: str) -> str:
    if character in _KEPT or unicodedata.category(character) not in _HIDDEN:
        return character
    return f"⟨U+{ord(character):04X}⟩"


def clip(text: str, limit: int) -> str:
    """Text of at most ``limit`` characters and a note of how many more there were."""
    if len(text) <= limit:
        return text
    return f"{text[:limit]}\n[… {len(text) - limit:,} more characters are in the log]"


def percent(share: float | None) -> str:
    """A proportion in [0, 1] as a percentage, such as ``8%`` or ``0.4%``; a dash for null.

    Only a true 0 is written ``0%`` and only a true 1 ``100%``.
    """
    if share is None:
        return _DASH
    value = 100 * share
    if share in (0, 1) or 1 <= value <= 99:
        return f"{value:.0f}%"
    return f"{value:.1f}%" if 0.1 <= value <= 99.9 else ("<0.1%" if value < 50 else ">99.9%")


def span(rate: Rate | Correction) -> str:
    """The interval of a rate, such as ``64–91%``; a dash where nothing is known."""
    if rate.low is None or rate.high is None:
        return _DASH
    return f"{percent(rate.low).removesuffix('%')}{_DASH}{percent(rate.high)}"


def fraction(rate: Rate) -> str:
    """A rate in words, such as ``32 of 40``."""
    return f"{rate.count} of {rate.n}"


def plural(number: int, one: str, many: str | None = None) -> str:
    """A number with its noun, such as ``1 trial`` or ``1,200 trials``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def words(name: str) -> str:
    """An identifier in words: ``shutdown_sabotage`` becomes ``shutdown sabotage``."""
    return name.replace("_", " ")
