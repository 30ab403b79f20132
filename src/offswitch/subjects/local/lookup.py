"""Guesses how an answer goes on, so that one forward pass can check several tokens.

Trials resemble each other: an agent's calls have the same form in all of them, and copy names from
the prompt. A guess is what followed the same few tokens the last time, in the prompt, in this
answer or in an earlier one. The network then reads the guess in one pass and keeps the tokens that
it would have chosen itself, so that answers do not depend on guesses; only their time does
(speculative decoding without a draft model; Saxena, Prompt Lookup Decoding, 2023).
"""

from collections import OrderedDict
from dataclasses import dataclass, field

GRAM = 3
"""Tokens that must agree before a guess is made."""
LONGEST = 16
"""Tokens of a guess at most."""
SOURCES = 64
"""Earlier answers that are remembered."""

Gram = tuple[int, ...]


def grams(tokens: list[int], start: int = 0) -> dict[Gram, int]:
    """Where each run of `GRAM` tokens was last followed by another one.

    Args:
        tokens: The tokens.
        start: From where on they are new.
    """
    first = max(0, start - GRAM)
    return {tuple(tokens[n : n + GRAM]): n + GRAM for n in range(first, len(tokens) - GRAM)}


@dataclass(eq=False)
class Text:
    """A prompt and its answer so far, with the places of its grams.

    Attributes:
        tokens: All of it.
        length: How long the next guess may be: it grows with each token that was guessed right.
    """

    tokens: list[int]
    length: int = 4
    _places: dict[Gram, int] = field(default_factory=dict)
    _known: int = 0

    def add(self, token: int) -> None:
        """The answer goes on."""
        self.tokens.append(token)

    def judge(self, guessed: int, right: int) -> None:
        """Take note of how many tokens of a guess were right."""
        if guessed:
            self.length = min(LONGEST, self.length + right) if right == guessed else max(2, right)

    def place(self, gram: Gram) -> int | None:
        """After which token a gram was last seen here, other than at the end."""
        self._places |= grams(self.tokens, self._known)
        self._known = len(self.tokens)
        return self._places.get(gram)


class Memory:
    """Earlier answers, the latest ones."""

    def __init__(self) -> None:
        self._answers: OrderedDict[int, list[int]] = OrderedDict()
        self._places: dict[Gram, tuple[int, int]] = {}
        self._count = 0

    def learn(self, answer: list[int]) -> None:
        """Remember an answer, and forget the oldest."""
        self._count += 1
        self._answers[self._count] = answer
        for gram, place in grams(answer).items():
            self._places[gram] = (self._count, place)
        if len(self._answers) > SOURCES:
            old, forgotten = self._answers.popitem(last=False)
            for gram in grams(forgotten):
                if self._places[gram][0] == old:
                    del self._places[gram]

    def guess(self, text: Text) -> list[int]:
        """How a text may go on; empty where nothing like it was seen."""
        gram = tuple(text.tokens[-GRAM:])
        found = self._places.get(gram)
        if found is not None:
            answer, place = self._answers[found[0]], found[1]
            return answer[place : place + text.length]
        own = text.place(gram)
        return [] if own is None else text.tokens[own : own + text.length]
