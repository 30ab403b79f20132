"""Several judges: their verdicts made into one, or left side by side.

The rules count judges, not opinions: a judge that abstains withholds a vote and does not make the
panel smaller.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from offswitch._errors import UsageError
from offswitch.evidence.judges.judge import Judge
from offswitch.evidence.judges.rubric import Rubric
from offswitch.evidence.judges.verdict import Citation, Verdict, abstain

Rule = Literal["majority", "unanimity", "each"]
"""``majority``: an answer needs more than half of all judges. ``unanimity``: it needs all of them.
``each``: every judge has columns of its own."""


@dataclass(frozen=True, slots=True)
class Panel:
    """Judges and the rule by which they decide.

    Raises:
        UsageError: There is no judge, or two have the same name.
    """

    judges: tuple[Judge, ...]
    rule: Rule = "majority"

    def __post_init__(self) -> None:
        names = [judge.name for judge in self.judges]
        if not names:
            raise UsageError("a panel needs at least one judge")
        if twice := [name for name, count in Counter(names).items() if count > 1]:
            raise UsageError(f"the judge '{twice[0]}' is on the panel twice; name each once")

    @property
    def name(self) -> str:
        """Its name in the table of verdicts: its only judge's, or rule and judges."""
        if len(self.judges) == 1:
            return self.judges[0].name
        return f"{self.rule}({', '.join(judge.name for judge in self.judges)})"


def decide(rubric: Rubric, verdicts: Sequence[Verdict], rule: Rule) -> Verdict:
    """One verdict from those of a panel's judges, one each; ``rule`` is not ``each``.

    Where the answer is any number of levels, each level is voted on, and the panel abstains unless
    every level is decided. It cites what the judges cited that voted for its answer.
    """
    if len(verdicts) == 1:
        return verdicts[0]
    needed = len(verdicts) if rule == "unanimity" else len(verdicts) // 2 + 1
    answers = _by_level(rubric, verdicts, needed) if rubric.meta.answer == "any_of" else (
        _one(verdicts, needed)
    )  # fmt: skip
    if answers is None:
        reasons = {verdict.reason for verdict in verdicts}
        only = reasons.pop() if len(reasons) == 1 else None
        return abstain(only or "disagreement", _tally(verdicts))
    agreeing = [
        v
        for v in verdicts
        if v.answers is not None and (v.answers == answers or set(v.answers) & set(answers))
    ]
    citations: dict[Citation, None] = dict.fromkeys(c for v in agreeing for c in v.citations)
    return Verdict(
        answers,
        reasoning=_tally(verdicts),
        citations=tuple(citations),
        cut=max(v.cut for v in verdicts),
    )


def _one(verdicts: Sequence[Verdict], needed: int) -> tuple[str, ...] | None:
    votes = Counter(v.answers for v in verdicts if v.answers is not None)
    return next((answers for answers, count in votes.items() if count >= needed), None)


def _by_level(rubric: Rubric, verdicts: Sequence[Verdict], needed: int) -> tuple[str, ...] | None:
    given = [v.answers for v in verdicts if v.answers is not None]
    chosen: list[str] = []
    for level in rubric.answers:
        pro = sum(level in answers for answers in given)
        if pro >= needed:
            chosen.append(level)
        elif len(given) - pro < needed:
            return None
    return tuple(chosen)


def _tally(verdicts: Sequence[Verdict]) -> str:
    said = (
        ", ".join(v.answers) or "none" if v.answers is not None else f"abstained ({v.reason})"
        for v in verdicts
    )
    return "; ".join(f"judge {number}: {words}" for number, words in enumerate(said, 1))
