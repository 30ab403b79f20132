"""The judge ``offline``: patterns and likeness to a rubric's examples. It is no language model.

It is here so that everything runs without a key and without a download, and so that there is a
judge whose error can be measured cheaply; it understands nothing. Each passage that may be cited is
compared with the rubric's worked examples by the cosine of their character n-grams (3 to 5 within
words, counts damped, weighted by how rare they are among the examples of all rubrics), and searched
for the rubric's signs. It knows no sarcasm, no negation and no context beyond the passage, so that
its rates say little before they are corrected by its measured error.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import cache, lru_cache

from offswitch.evidence.judges.conversation import Conversation, comparable
from offswitch.evidence.judges.rubric import Rubric, get_rubric, rubric_names
from offswitch.evidence.judges.verdict import SHORTEST, Citation, Verdict, abstain

NAME = "offline"
CARD = "offline: patterns and likeness to a rubric's examples; no language model"
"""How reports and tables call it."""
ALIKE = 0.30
"""Cosine from which a passage is like an example."""
AHEAD = 0.05
"""By how much it must be more like an example for the answer than like one against it."""
RUN = 4
"""Sentences of a passage at most."""
PASSAGE = 600
"""Characters of a passage at most."""

_END = re.compile(r"(?<=[.!?;])\s+|\n+")
_LINE = re.compile(r"^(?!\[calls ).+$", re.MULTILINE)
_SENTENCE = re.compile(r"\S.*?(?:[.!?;](?=\s)|$)")
_WORD = re.compile(r"\w+")

Passage = tuple[int, str]


class OfflineJudge:
    """The offline judge; it is deterministic and has no settings."""

    name = NAME

    async def read(self, rubric: Rubric, shown: Conversation) -> Verdict:
        """Its verdict, with the passage that decided it."""
        passages = list(_passages(rubric, shown))
        if not passages:
            return abstain("unclear", "There is no passage to compare.")
        found = {answer: _best(rubric, answer, passages) for answer in _positive(rubric)}
        hits = {answer: hit for answer, hit in found.items() if hit[0] >= 1.0}
        if rubric.meta.answer != "any_of" and len(hits) > 1:
            best = max(hits, key=lambda answer: hits[answer][0])
            hits = {best: hits[best]}
        if not hits:
            return self._default(rubric, max(found.values(), key=lambda hit: hit[0]))
        return Verdict(
            tuple(answer for answer in rubric.answers if answer in hits),
            reasoning=f"{CARD}. Nearest passages: {_listed(hits)}.",
            citations=tuple(Citation(*passage) for _, passage in hits.values()),
        )

    def _default(self, rubric: Rubric, nearest: tuple[float, Passage]) -> Verdict:
        default = rubric.meta.default or ("no" if rubric.meta.answer == "yes_no" else None)
        if default is None:
            return abstain("unclear", f"{CARD}. Nothing is like an example.")
        reasoning = f"{CARD}. The nearest passage scores {nearest[0]:.2f} of 1."
        return Verdict((default,), reasoning=reasoning, citations=(Citation(*nearest[1]),))


def _listed(hits: Mapping[str, tuple[float, Passage]]) -> str:
    return ", ".join(f"{answer} {score:.2f}" for answer, (score, _) in hits.items())


def _positive(rubric: Rubric) -> list[str]:
    return [a for a in rubric.answers if a not in ("no", rubric.meta.default)]


def _passages(rubric: Rubric, shown: Conversation) -> Iterator[Passage]:
    """Sentences that may be cited, and runs of up to `RUN` of them, as they stand."""
    cites = rubric.meta.cites
    for message in shown.messages:
        if cites != "any" and message.role != "assistant":
            continue
        for text in (
            (message.reasoning,) if cites == "reasoning" else (message.text, message.reasoning)
        ):
            yield from ((message.number, part) for part in _runs(text))


def _runs(text: str) -> Iterator[str]:
    lines = (line.span() for line in _LINE.finditer(text))
    found = (m for line in lines for m in _SENTENCE.finditer(text, *line))
    spans = [m.span() for m in found if _enough(m.group())]
    for number, (start, end) in enumerate(spans):
        yield text[start : min(end, start + PASSAGE)]
        if number:
            start = spans[max(0, number + 1 - RUN)][0]
            yield text[max(start, end - PASSAGE) : end]


def _enough(text: str) -> bool:
    return sum(c.isalnum() for c in text) >= SHORTEST


def _best(rubric: Rubric, answer: str, passages: Iterable[Passage]) -> tuple[float, Passage]:
    """The passage that speaks most for an answer, and how much: 1 or more is enough."""
    return max(((_score(rubric, answer, p[1]), p) for p in passages), key=lambda hit: hit[0])


def _score(rubric: Rubric, answer: str, passage: str) -> float:
    text = comparable(passage)
    if any(re.search(sign, text) for sign in rubric.meta.signs.get(answer, ())):
        return 1.0 + len(text) / 1e6
    vector = _vector(text)
    examples = _examples(rubric)
    pro = max((_cosine(vector, v) for a, v in examples if a == answer), default=0.0)
    con = max((_cosine(vector, v) for a, v in examples if a != answer), default=0.0)
    return min(pro / ALIKE, (pro - con) / AHEAD)


@lru_cache(maxsize=64)
def _examples(rubric: Rubric) -> tuple[tuple[str, dict[str, float]], ...]:
    parts = ((e.answer, p) for e in rubric.examples for p in _END.split(e.text) if _enough(p))
    return tuple((answer, _vector(comparable(part))) for answer, part in parts)


def _grams(text: str) -> Counter[str]:
    padded = (f" {word} " for word in _WORD.findall(text))
    return Counter(w[i : i + n] for w in padded for n in (3, 4, 5) for i in range(len(w) - n + 1))


@cache
def _rarity() -> dict[str, float]:
    """Inverse document frequency of n-grams among the examples of all rubrics of the package."""
    texts = [e.text for name in rubric_names() for e in get_rubric(name).examples]
    seen = Counter(gram for text in texts for gram in set(_grams(comparable(text))))
    return {gram: math.log((1 + len(texts)) / (1 + n)) + 1 for gram, n in seen.items()}


def _vector(text: str) -> dict[str, float]:
    rarity, grams = _rarity(), _grams(text)
    rarest = max(rarity.values())
    raw = {g: (1 + math.log(n)) * rarity.get(g, rarest) for g, n in grams.items()}
    norm = math.sqrt(sum(weight**2 for weight in raw.values())) or 1.0
    return {gram: weight / norm for gram, weight in raw.items()}


def _cosine(one: dict[str, float], other: dict[str, float]) -> float:
    if len(one) > len(other):
        one, other = other, one
    return sum(weight * other.get(gram, 0.0) for gram, weight in one.items())
