"""The trials that are labelled: which, in what order, and what a rater sees of each.

A rater sees the conversation and nothing else: not the journal, from which the findings come, nor
who the subject was, its condition or its outcome. Identifiers of messages and tool calls are left
out, because providers write them each in their own way.
"""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl
from inspect_ai.log import read_eval_log_sample

from offswitch._errors import UsageError
from offswitch.campaign.collect import HEAVY
from offswitch.campaign.folder import Folder
from offswitch.evidence.observation import read_observations
from offswitch.evidence.transcripts import transcript_of
from offswitch.report.text import visible

HIDDEN = "⟨name hidden⟩"
"""What stands in place of a subject's name."""
_KEPT = {"messages", "attachments"}


@dataclass(frozen=True)
class Deck:
    """The trials of a campaign that are labelled.

    Attributes:
        folder: The campaign's.
        samples: Log and sample of each trial, by trial.
        names: Names of subjects and models, which no rater sees.
        seed: Decides sample and order.
    """

    folder: Folder
    samples: dict[str, tuple[str, str]]
    names: frozenset[str]
    seed: int = 0

    @classmethod
    def open(cls, folder: Path, *, size: int | None = None, seed: int = 0) -> "Deck":
        """The trials of a campaign that did not fail, or a random sample of them.

        Args:
            folder: The campaign's folder.
            size: How many trials are drawn; all where null. A larger sample of the same seed holds
                the smaller one.
            seed: Decides sample and order.

        Raises:
            UsageError: There is no table, no trial to label, or a log that the table names is gone.
        """
        rows = read_observations(Folder(folder).observations)
        usable = rows.filter(pl.col("log").is_not_null() & (pl.col("outcome") != "error"))
        if usable.is_empty():
            raise UsageError(
                f"{folder}: there is nothing to label: no trial has a conversation in a log. "
                "Run a campaign here first, with 'offswitch run PLAN --out'."
            )
        drawn = sorted(usable["trial_id"], key=lambda trial: _rank(seed, "sample", trial))[:size]
        samples = {
            row["trial_id"]: (row["log"], row["sample_id"])
            for row in usable.filter(pl.col("trial_id").is_in(drawn)).iter_rows(named=True)
        }
        _check_logs(folder, {log for log, _ in samples.values()})
        return cls(
            Folder(folder), samples, frozenset(rows["subject"]) | frozenset(rows["model"]), seed
        )

    def __len__(self) -> int:
        return len(self.samples)

    def order(self, rater: str) -> list[str]:
        """The trials in the order of this rater: random, the same whenever it is asked for."""
        return sorted(self.samples, key=lambda trial: _rank(self.seed, f"rater {rater}", trial))

    def messages(self, trial_id: str) -> list[dict[str, Any]]:
        """The conversation of a trial, blinded; read from its log alone.

        Returns:
            For each message ``n`` (from 1), ``role``, ``phase``, ``turn``, ``text``, ``reasoning``,
            ``tool_calls`` (``name`` and ``arguments``) and ``error``.

        Raises:
            OSError, ValueError, KeyError: The log cannot be read, or lacks the sample.
        """
        log, sample_id = self.samples[trial_id]
        sample = read_eval_log_sample(
            self.folder.path / log,
            sample_id,
            resolve_attachments="core",
            exclude_fields=HEAVY - _KEPT,
        )
        messages = transcript_of(sample)["messages"]
        return [self._blind(n, message) for n, message in enumerate(messages, start=1)]

    def _blind(self, number: int, message: dict[str, Any]) -> dict[str, Any]:
        return {
            "n": number,
            "role": message["role"],
            "phase": message["phase"],
            "turn": message["turn"],
            "text": self._shown(message["text"]),
            "reasoning": self._shown(message["reasoning"]),
            "error": self._shown(message["error"]),
            "tool_calls": [
                {"name": self._shown(call["name"]), "arguments": self._shown(call["arguments"])}
                for call in message["tool_calls"]
            ],
        }

    def _shown(self, text: str | None) -> str | None:
        if text is None:
            return None
        return visible(self._telling.sub(HIDDEN, text) if self._telling else text)

    @cached_property
    def _telling(self) -> re.Pattern[str] | None:
        """Finds the names of subjects and models that are no ordinary words."""
        names = sorted(_telling(self.names), key=len, reverse=True)
        if not names:
            return None
        listed = "|".join(map(re.escape, names))
        return re.compile(rf"(?<!\w)(?:{listed})(?!\w)", re.IGNORECASE)


def _telling(names: Iterable[str]) -> set[str]:
    """Names, and their parts, that would tell who the subject was.

    ``openai/gpt-5`` and ``gpt-5`` do; ``compliant``, which may stand in any sentence, does not.
    """
    parts = {part for name in names for part in (name, *name.split("/"))}
    return {part for part in parts if "/" in part or re.search(r"[^\W\d].*\d", part)}


def _rank(seed: int, purpose: str, trial: str) -> bytes:
    """A random place: sorted by it, trials keep their order when others join them."""
    return hashlib.sha256(f"{seed}\n{purpose}\n{trial}".encode()).digest()


def _check_logs(folder: Path, logs: set[str]) -> None:
    gone = sorted(log for log in logs if not (folder / log).is_file())
    if gone:
        raise UsageError(
            f"{folder / gone[0]}: this log is gone ({len(gone)} of {len(logs)} are), and with it "
            "the conversations to label. Put it back, or run the campaign again."
        )
