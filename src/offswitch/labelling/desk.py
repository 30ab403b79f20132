"""The desk of the raters: what each of them sees and does, whatever carries it to them.

A trial is known to the page by its number in the rater's own order, so that no page holds anything
that two raters, or a rater and the tables of the campaign, could compare by accident.
"""

import hashlib
import unicodedata
from dataclasses import asdict, dataclass, field
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from offswitch._errors import UsageError, unknown
from offswitch.evidence.labels import ADJUDICATED
from offswitch.labelling.acts import LONGEST_NOTE, Label, Quote, Undo, check_rater
from offswitch.labelling.deck import Deck
from offswitch.labelling.ledger import Dispute, Key, Ledger
from offswitch.labelling.rubrics import Rubric
from offswitch.labelling.store import Store


class Answer(BaseModel):
    """What a rater sends: an answer, a note or passages, for one trial and rubric."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rater: str
    n: int = Field(ge=1)
    rubric: str
    verdict: str | None = None
    note: str = Field(default="", max_length=LONGEST_NOTE)
    quotes: tuple[Quote, ...] = Field(default=(), max_length=20)


@dataclass(frozen=True)
class Desk:
    """Where raters work on a deck.

    Attributes:
        deck: The trials.
        rubrics: What is asked about each.
        store: Where labels are kept.
        rater: The only rater who may work here; any where null.
    """

    deck: Deck
    rubrics: tuple[Rubric, ...]
    store: Store
    rater: str | None = None
    _orders: dict[str, list[str]] = field(default_factory=dict)

    def welcome(self) -> dict[str, Any]:
        """What the page needs before it knows who is there."""
        ledger = self.store.read()
        return {
            "total": len(self.deck),
            "rater": self.rater,
            "raters": [] if self.rater else [self._progress(ledger, r) for r in ledger.raters],
            "rubrics": [asdict(rubric) for rubric in self.rubrics],
        }

    def state(self, rater: str) -> dict[str, Any]:
        """A rater's own labels, by number of the trial and rubric; whether one can be undone.

        Raises:
            UsageError: The name is no rater's, or not the one who works here.
        """
        rater = self._rater(rater)
        ledger = self.store.read()
        labels: dict[int, dict[str, Any]] = {}
        numbers = {trial: n for n, trial in enumerate(self._order(rater), start=1)}
        for (trial, rubric), label in ledger.labels(rater).items():
            if trial in numbers:
                labels.setdefault(numbers[trial], {})[rubric] = _shown(label)
        return {
            "rater": rater,
            "labels": labels,
            "undo": ledger.can_undo(rater),
            "disputes": sum(dispute.decision is None for dispute in self._disputes(rater, ledger)),
        }

    def messages(self, rater: str, n: int) -> list[dict[str, Any]]:
        """The conversation of a rater's ``n``-th trial, from 1.

        Raises:
            UsageError: There is no such rater or trial.
            OSError, ValueError, KeyError: The log cannot be read.
        """
        return self.deck.messages(self._trial(self._rater(rater), n))

    def label(self, answer: Answer) -> dict[str, Any]:
        """Save an answer, and say how it stands.

        Raises:
            UsageError: Rater, trial, rubric or verdict do not exist, or a quoted passage is not in
                its message.
            OSError: It could not be saved.
        """
        rater = self._rater(answer.rater)
        self.store.append(self._checked(answer, rater, rater))
        return self._after(rater, rater, answer.n, answer.rubric)

    def undo(self, rater: str) -> dict[str, Any]:
        """Take back the last act of a rater, and say what it changed.

        Raises:
            UsageError: There is no such rater.
            OSError: It could not be saved.
        """
        rater = self._rater(rater)
        changed = self.store.append(Undo(rater=rater))
        if changed is None or changed[0] not in self._order(rater):
            return {"n": None, "undo": self.store.read().can_undo(rater)}
        return self._after(rater, rater, self._order(rater).index(changed[0]) + 1, changed[1])

    def disputes(self, rater: str) -> list[dict[str, Any]]:
        """The disagreements that this person may settle, without the names of who disagrees.

        Whoever rates sees only those on which they have given their own answer: the labels of
        others must not come before one's own. Names are shown once it is decided.

        Raises:
            UsageError: There is no such rater.
        """
        rater = self._rater(rater)
        order = {trial: n for n, trial in enumerate(self._order(rater), start=1)}
        found = self._disputes(rater, self.store.read())
        return sorted((_dispute(d, order[d.trial_id]) for d in found), key=lambda d: d["n"])

    def settle(self, answer: Answer) -> dict[str, Any]:
        """Decide on a disagreement; give it as it stands now.

        Raises:
            UsageError: Something does not exist, or there is no such disagreement for this person.
            OSError: It could not be saved.
        """
        rater = self._rater(answer.rater)
        key = (self._trial(rater, answer.n), answer.rubric)
        if self._dispute_of(rater, key) is None:
            raise UsageError("there is no disagreement here that you could settle")
        self.store.append(self._checked(answer, ADJUDICATED, rater))
        dispute = self._dispute_of(rater, key)
        assert dispute is not None
        return _dispute(dispute, answer.n)

    def _checked(self, answer: Answer, name: str, by: str) -> Label:
        rubrics = {rubric.name: rubric for rubric in self.rubrics}
        trial = self._trial(by, answer.n)
        settles = name == ADJUDICATED
        if answer.rubric not in rubrics:
            raise unknown("rubric", answer.rubric, rubrics)
        verdict = answer.verdict and rubrics[answer.rubric].check(answer.verdict)
        self._check_quotes(trial, answer.quotes)
        return Label(
            rater=name,
            trial_id=trial,
            rubric=answer.rubric,
            verdict=verdict or None,
            note=answer.note,
            quotes=answer.quotes,
            by=by if settles else None,
        )

    def _check_quotes(self, trial: str, quotes: tuple[Quote, ...]) -> None:
        messages = self.deck.messages(trial) if quotes else []
        for quote in quotes:
            said = messages[quote.message - 1] if quote.message <= len(messages) else None
            if said is None or _plain(quote.text) not in _plain(_everything(said)):
                raise UsageError(f"the passage is not in message {quote.message}")

    def _after(self, rater: str, name: str, n: int, rubric: str) -> dict[str, Any]:
        ledger = self.store.read()
        label = ledger.label(name, (self._trial(rater, n), rubric))
        return {
            "n": n,
            "rubric": rubric,
            "label": label and _shown(label),
            "undo": ledger.can_undo(name),
            "disputes": sum(dispute.decision is None for dispute in self._disputes(rater, ledger)),
        }

    def _rater(self, name: str) -> str:
        name = check_rater(name)
        if self.rater is not None and name != self.rater:
            raise UsageError(f"this page is for the rater '{self.rater}'")
        return name

    def _order(self, rater: str) -> list[str]:
        if rater not in self._orders:
            self._orders[rater] = self.deck.order(rater)
        return self._orders[rater]

    def _trial(self, rater: str, n: int) -> str:
        order = self._order(rater)
        if not 1 <= n <= len(order):
            raise UsageError(f"there are {len(order)} trials, and no number {n}")
        return order[n - 1]

    def _progress(self, ledger: Ledger, rater: str) -> dict[str, Any]:
        answered = {key for key, label in ledger.labels(rater).items() if label.verdict is not None}
        wanted = {(trial, rubric.name) for trial in self.deck.samples for rubric in self.rubrics}
        return {"name": rater, "answered": len(answered & wanted), "wanted": len(wanted)}

    def _disputes(self, rater: str, ledger: Ledger) -> list[Dispute]:
        own, asked = ledger.labels(rater), {rubric.name for rubric in self.rubrics}
        return [
            dispute
            for dispute in ledger.disputes()
            if dispute.trial_id in self.deck.samples
            and dispute.rubric in asked
            and (not own or (dispute.trial_id, dispute.rubric) in own)
        ]

    def _dispute_of(self, rater: str, key: Key) -> Dispute | None:
        found = self._disputes(rater, self.store.read())
        return next((d for d in found if (d.trial_id, d.rubric) == key), None)


def _shown(label: Label) -> dict[str, Any]:
    return label.model_dump(include={"verdict", "note", "quotes"})


def _dispute(dispute: Dispute, n: int) -> dict[str, Any]:
    # in an order that says nothing of who it was, and is the same at every look
    labels = sorted(dispute.labels, key=lambda label: _digest(dispute, label.rater))
    decision = dispute.decision
    return {
        "n": n,
        "rubric": dispute.rubric,
        "labels": [
            {**_shown(label), "who": label.rater if decision else f"Rater {chr(ord('A') + place)}"}
            for place, label in enumerate(labels)
        ],
        "decision": decision and _shown(decision),
    }


def _digest(dispute: Dispute, rater: str) -> bytes:
    return hashlib.sha256(f"{dispute.trial_id}\n{dispute.rubric}\n{rater}".encode()).digest()


def _everything(message: dict[str, Any]) -> str:
    calls = [text for call in message["tool_calls"] for text in (call["name"], call["arguments"])]
    texts = [message["reasoning"], message["text"], *calls, message["error"]]
    return "\n".join(filter(None, texts))


def _plain(text: str) -> str:
    """A text for comparison: composed, without any white space."""
    return "".join(unicodedata.normalize("NFC", text).split())
