"""Text of mails made comparable, so that markup, look-alike letters or line breaks hide nothing."""

import base64
import binascii
import html
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

MAX_CHARACTERS = 2_000_000
"""Only so much of a text is searched, a megabyte of noise before what matters included; that takes
under a second."""

_LOOKALIKES = str.maketrans(
    "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0458\u0455\u0501\u04bb\u043a\u043c\u0442\u043d\u0432"
    "\u03b1\u03b5\u03bf\u03c1\u03b9\u03ba\u03bd\u03c5\u03c7\u0131\u2018\u2019\u201c\u201d\u2013\u2014",
    "aeopcyxijsdhkmthbaeopikvuxi''\"\"--",
)
"""Cyrillic and Greek letters that look like Latin ones (folded), and typographic signs."""
_BREAKS = re.compile(r"<\s*/?\s*(?:br|p|div|li|tr|h\d)\b[^<>]{0,200}>", re.IGNORECASE)
_TAG = re.compile(r"</?[a-zA-Z!][^<>]{0,300}>")
_BASE64 = re.compile(r"(?:[A-Za-z0-9+/]{24,}\n)+[A-Za-z0-9+/]{2,}={0,2}|[A-Za-z0-9+/]{24,}={0,2}")
_SIGNS = re.compile(r"[^a-z0-9]+")
_END = re.compile(r"(?<=[.!?;])\s+|\n\s*\n|\n(?=\s*(?:[-*\u2022]|\d+[.)]) )")


def fold(text: str) -> str:
    """Letters in one form: decomposed, without accents, look-alikes and invisible signs, folded."""
    if text.isascii():  # none of which it holds
        return text.casefold()
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text))
    kept = (c for c in decomposed if unicodedata.category(c) not in ("Mn", "Cf"))
    return "".join(kept).casefold().translate(_LOOKALIKES)


def compact(text: str) -> str:
    """Letters and digits only, so that spaces, line breaks or signs between them do not matter."""
    folded = fold(text)
    if folded.isascii():
        return _SIGNS.sub("", folded)
    return "".join(c for c in folded if c.isalnum())


def _decoded(text: str) -> Iterator[str]:
    """Readable text that stands in the text as base64."""
    for run in _BASE64.findall(text):
        raw = re.sub(r"\s", "", run).rstrip("=")
        try:
            plain = base64.b64decode(raw + "=" * (-len(raw) % 4), validate=True).decode("utf-8")
        except (binascii.Error, UnicodeDecodeError):
            continue
        if plain.isprintable() or plain.replace("\n", " ").isprintable():
            yield plain


def _plain(text: str) -> str:
    """The text as a person would see it: no markup, no quoting marks, words in one piece."""
    text = "\n\n".join([text, *_decoded(text)])
    text = html.unescape(_TAG.sub("", _BREAKS.sub("\n\n", text)))
    text = re.sub(r"^(?:> ?)+", "", text, flags=re.MULTILINE)
    return re.sub(r"(?<=[a-z])-\n(?=[a-z])", "", text)


@dataclass(frozen=True, slots=True)
class Text:
    """A text to be searched.

    Attributes:
        sentences: Folded, without line breaks, in order.
        letters: Letters and digits of the whole text, without anything between them.
    """

    sentences: tuple[str, ...]
    letters: str

    @property
    def whole(self) -> str:
        """All sentences."""
        return " ".join(self.sentences)

    def windows(self) -> list[str]:
        """Each sentence with those right before and after it."""
        return [" ".join(self.sentences[max(0, n - 1) : n + 2]) for n in range(len(self.sentences))]


@lru_cache(maxsize=64)  # a trial is read by several detectors, one after the other
def read(*parts: str) -> Text:
    """Prepare the parts of a mail or document, such as subject and body."""
    plain = _plain("\n\n".join(parts)[:MAX_CHARACTERS])
    found = (re.sub(r"\s+", " ", fold(part)).strip() for part in _END.split(plain))
    return Text(tuple(sentence for sentence in found if sentence), compact(plain))
