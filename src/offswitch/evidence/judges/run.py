"""Judges many conversations, some at a time; asks for nothing that is known already."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import anyio

from offswitch.evidence.judges.conversation import Conversation
from offswitch.evidence.judges.judge import Brief, Judge, brief, opinion
from offswitch.evidence.judges.panel import Panel, decide
from offswitch.evidence.judges.rubric import Rubric
from offswitch.evidence.judges.shorten import BUDGET
from offswitch.evidence.judges.table import VerdictRow, VerdictStore
from offswitch.evidence.judges.verdict import Verdict

CONCURRENCY = 10
"""Conversations that are judged at once unless told otherwise."""


@dataclass(slots=True)
class Tally:
    """What came of one rubric.

    Attributes:
        judge: Name of the panel.
        answers: Verdicts that fill columns, by answer.
        abstained: Those that are abstentions, by reason.
        reused: Verdicts of judges that were known already.
        asked: Verdicts of judges that were asked for.
    """

    judge: str
    answers: Counter[str] = field(default_factory=Counter)
    abstained: Counter[str] = field(default_factory=Counter)
    reused: int = 0
    asked: int = 0

    def count(self, verdict: Verdict) -> None:
        """Count a verdict that fills columns."""
        if verdict.answers is None:
            self.abstained[str(verdict.reason)] += 1
        else:
            self.answers.update(verdict.answers or ("none",))

    def to_json(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "judge": self.judge,
            "answers": dict(self.answers),
            "abstained": dict(self.abstained),
            "reused": self.reused,
            "asked": self.asked,
        }


@dataclass(frozen=True, slots=True)
class Session:
    """A panel at work on a folder's conversations.

    Attributes:
        panel: The judges and their rule.
        store: Where verdicts are kept.
        budget: Characters of a conversation that a judge is shown at most.
        fills: Whether the verdicts fill columns of the observations; what fills them is left as it
            is where not.
        told: Is told after each conversation.
    """

    panel: Panel
    store: VerdictStore
    budget: int = BUDGET
    fills: bool = True
    told: Callable[[], None] = lambda: None

    async def run(
        self,
        conversations: Iterable[Conversation],
        rubrics: Sequence[Rubric],
        concurrency: int = CONCURRENCY,
    ) -> dict[str, Tally]:
        """Judge every conversation by every rubric; the caller saves the store.

        Args:
            conversations: Read one after the other, as there is room.
            rubrics: What is asked.
            concurrency: Conversations at once, 1 or more.
        """
        tallies = {rubric.name: Tally(self.panel.name) for rubric in rubrics}
        room = anyio.Semaphore(concurrency)

        async def one(conversation: Conversation) -> None:
            try:
                for rubric in rubrics:
                    await self._judge(rubric, conversation, tallies[rubric.name])
                self.told()
            finally:
                room.release()

        async with anyio.create_task_group() as tasks:
            for conversation in conversations:
                await room.acquire()
                tasks.start_soon(one, conversation)
        return tallies

    async def _judge(self, rubric: Rubric, conversation: Conversation, tally: Tally) -> None:
        shown = brief(rubric, conversation, self.budget)
        digest = (shown.shown if isinstance(shown, Brief) else conversation).digest
        verdicts: list[Verdict] = []
        for judge in self.panel.judges:
            row = self._row(rubric, conversation, digest, judge.name)
            known = self.store.known(row)
            tally.reused += known is not None
            tally.asked += known is None
            verdict = await _verdict(judge, rubric, shown) if known is None else known.verdict
            verdicts.append(verdict)
            columns = self._own_columns(rubric, judge) if self.fills else self._as_it_was(row)
            filled = self._filled(row, verdict, columns)
            if known is None:
                self.store.add(filled)
            elif filled != known:
                self.store.replace(filled)
        self._decide(rubric, conversation, digest, verdicts, tally)

    def _decide(
        self,
        rubric: Rubric,
        conversation: Conversation,
        digest: str,
        verdicts: list[Verdict],
        tally: Tally,
    ) -> None:
        """The panel's own row, where it has one; older rows fill no column any more."""
        panel, judges = self.panel, {judge.name for judge in self.panel.judges}
        counted = verdicts
        if panel.rule != "each" and len(verdicts) > 1:
            counted = [decide(rubric, verdicts, panel.rule)]
            row = self._row(rubric, conversation, digest, panel.name)
            columns = rubric.columns if self.fills else self._as_it_was(row)
            self.store.replace(self._filled(row, counted[0], columns))
            judges.add(panel.name)
        if self.fills:
            self.store.supersede(conversation.trial_id, rubric.name, judges)
        for verdict in counted:
            tally.count(verdict)

    def _own_columns(self, rubric: Rubric, judge: Judge) -> tuple[str, ...]:
        """Columns that a judge fills by itself."""
        if len(self.panel.judges) == 1:
            return rubric.columns
        if self.panel.rule != "each":
            return ()
        return tuple(f"{column}@{judge.name}" for column in rubric.columns)

    def _as_it_was(self, row: VerdictRow) -> tuple[str, ...]:
        before = self.store.row(*row.key)
        return before.columns if before is not None else ()

    def _row(
        self, rubric: Rubric, conversation: Conversation, digest: str, judge: str
    ) -> VerdictRow:
        return VerdictRow(
            trial_id=conversation.trial_id,
            rubric=rubric.name,
            judge=judge,
            answers=None,
            reason="unclear",
            reasoning="",
            quotes=(),
            messages=(),
            cut=0,
            input_tokens=None,
            output_tokens=None,
            columns=(),
            rubric_digest=rubric.digest,
            digest=digest,
        )

    @staticmethod
    def _filled(row: VerdictRow, verdict: Verdict, columns: tuple[str, ...]) -> VerdictRow:
        return row.model_copy(
            update={
                "answers": verdict.answers,
                "reason": verdict.reason,
                "reasoning": verdict.reasoning,
                "quotes": tuple(c.quote for c in verdict.citations),
                "messages": tuple(c.message for c in verdict.citations),
                "cut": verdict.cut,
                "input_tokens": verdict.input_tokens,
                "output_tokens": verdict.output_tokens,
                "columns": columns,
            }
        )


async def _verdict(judge: Judge, rubric: Rubric, shown: Brief | Verdict) -> Verdict:
    return shown if isinstance(shown, Verdict) else await opinion(judge, rubric, shown)
