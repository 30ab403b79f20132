"""What the acts of the raters come to: labels that stand, and where they disagree."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from offswitch.evidence.labels import ADJUDICATED
from offswitch.labelling.acts import Label, Undo

Key: TypeAlias = tuple[str, str]
"""A trial and a rubric."""


@dataclass(frozen=True, slots=True)
class Dispute:
    """A question on a trial that raters answered differently.

    Attributes:
        trial_id: The trial.
        rubric: The rubric.
        labels: One of each rater who answered, by name.
        decision: The label that settles it; null while nobody decided.
    """

    trial_id: str
    rubric: str
    labels: tuple[Label, ...]
    decision: Label | None


@dataclass(slots=True)
class _Record:
    """The acts of one rater that stand: each key's labels, and the keys in the order of acts."""

    labels: dict[Key, list[Label]] = field(default_factory=dict)
    keys: list[Key] = field(default_factory=list)

    def add(self, label: Label) -> None:
        key = (label.trial_id, label.rubric)
        self.labels.setdefault(key, []).append(label)
        self.keys.append(key)

    def undo(self) -> Key | None:
        if not self.keys:
            return None
        key = self.keys.pop()
        self.labels[key].pop()
        if not self.labels[key]:
            del self.labels[key]
        return key


class Ledger:
    """The labels that stand after some acts.

    Attributes:
        ever: Trial, rubric and rater of every label that was ever given.
    """

    def __init__(self, acts: Iterable[Label | Undo] = ()) -> None:
        self._records: dict[str, _Record] = {}
        self.ever: set[tuple[str, str, str]] = set()
        for act in acts:
            self.add(act)

    def add(self, act: Label | Undo) -> Key | None:
        """Let one more act count; give the trial and rubric that it changed, null if none."""
        record = self._records.setdefault(act.rater, _Record())
        if isinstance(act, Undo):
            return record.undo()
        record.add(act)
        self.ever.add((act.trial_id, act.rubric, act.rater))
        return act.trial_id, act.rubric

    def labels(self, rater: str) -> dict[Key, Label]:
        """The labels of a rater that stand, by trial and rubric."""
        record = self._records.get(rater, _Record())
        return {key: labels[-1] for key, labels in record.labels.items()}

    def label(self, rater: str, key: Key) -> Label | None:
        """One label that stands, if there is one."""
        labels = self._records.get(rater, _Record()).labels.get(key)
        return labels[-1] if labels else None

    def can_undo(self, rater: str) -> bool:
        """Whether an act of this rater stands that could be taken back."""
        return bool(self._records.get(rater, _Record()).keys)

    @property
    def raters(self) -> list[str]:
        """Everybody of whom a label stands, by name; not `ADJUDICATED`."""
        return sorted(
            name for name, record in self._records.items() if record.labels and name != ADJUDICATED
        )

    @property
    def rubrics(self) -> list[str]:
        """Every rubric of which a label stands, by name."""
        return sorted({key[1] for record in self._records.values() for key in record.labels})

    def verdicts(self) -> list[Label]:
        """Every label that stands and has a verdict, by trial, rubric and rater."""
        labels = [
            label
            for rater in self._records
            for label in self.labels(rater).values()
            if label.verdict is not None
        ]
        return sorted(labels, key=lambda label: (label.trial_id, label.rubric, label.rater))

    def disputes(self) -> Iterator[Dispute]:
        """Every question that two raters or more answered, and not all of them alike."""
        given: dict[Key, list[Label]] = {}
        for label in self.verdicts():
            if label.rater != ADJUDICATED:
                given.setdefault((label.trial_id, label.rubric), []).append(label)
        for key, labels in given.items():
            if len({label.verdict for label in labels}) > 1:
                decision = self.label(ADJUDICATED, key)
                decided = decision if decision and decision.verdict is not None else None
                yield Dispute(*key, tuple(labels), decided)
