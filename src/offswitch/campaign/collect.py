"""From Inspect's logs to rows.

The logs are a campaign's only durable record: a trial is finished when a readable log of this
campaign holds its sample with a score or with an error. Inspect writes a log whole to a temporary
file and renames it after every sample, so that whatever kills a run leaves a readable log of the
samples that were finished. Rows are read from the sample summaries, without the transcripts.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from inspect_ai.log import (
    EvalLog,
    EvalSampleSummary,
    read_eval_log,
    read_eval_log_sample,
    read_eval_log_sample_summaries,
)
from inspect_ai.scorer import Score

from offswitch.campaign.compile import Campaign
from offswitch.campaign.cost import cost_usd
from offswitch.evidence.observation import FindingRow, Observation
from offswitch.evidence.safeguards import SafeguardRow
from offswitch.trial.spec import TrialSpec

PLAN_KEY = "offswitch_plan"
"""Key of the plan's hash in the metadata of a campaign's logs."""
CANCELLED = ("CancelledError(", "Cancelled(")
"""How the error of a sample begins that was cancelled (documented in Inspect's `TaskSource`)."""
ERROR_LIMIT = 2000
"""Characters of an error that are kept in a row."""
HEAVY = {"events", "events_data", "messages", "attachments", "store", "timelines", "output"}


@dataclass(frozen=True, slots=True)
class Record:
    """What a log says of one finished trial."""

    observation: Observation
    findings: tuple[FindingRow, ...]
    safeguards: SafeguardRow | None = None


@dataclass(slots=True)
class Harvest:
    """What the logs of a campaign hold.

    Attributes:
        records: Finished trials by id, one each.
        broken: Logs that could not be read.
        foreign: Logs that belong to something else.
    """

    records: dict[str, Record] = field(default_factory=dict)
    broken: list[Path] = field(default_factory=list)
    foreign: list[Path] = field(default_factory=list)

    def add(self, record: Record) -> None:
        """Keep one record a trial: the first, unless it was an error and this one is newer."""
        name = record.observation.trial_id
        known = self.records.get(name)
        if known is None or known.observation.outcome == "error":
            self.records[name] = record


def collect(logs: Path, campaign: Campaign, losses: Mapping[str, str] | None = None) -> Harvest:
    """Read every log of a campaign, oldest first. Changes nothing.

    Args:
        logs: The folder of the logs; it lies in the campaign's folder.
        losses: Reasons by trial of those that no log can tell of.
        campaign: The campaign; logs of another one, and samples that it did not plan, are left
            aside.
    """
    harvest, planned = Harvest(), campaign.trials
    models = {entrant.subject.name: str(entrant.model) for entrant in campaign.entrants}
    for name, reason in (losses or {}).items():
        if (trial := planned.get(name)) is not None:
            harvest.add(Record(_lost(trial, models[trial.subject], reason), ()))
    prices = {entrant.subject.name: entrant.price for entrant in campaign.entrants}
    for path in sorted(logs.glob("*.eval")):
        try:
            header = read_eval_log(path, header_only=True)
            if (header.eval.metadata or {}).get(PLAN_KEY) != campaign.definition.hash:
                harvest.foreign.append(path)
                continue
            summaries = read_eval_log_sample_summaries(path)
        except OSError:
            raise
        except Exception:  # a damaged archive fails in many ways
            harvest.broken.append(path)
            continue
        for summary in summaries:
            trial = planned.get(str(summary.id))
            if trial is None:
                continue
            price = prices[trial.subject]
            cost = cost_usd(summary.model_usage, header.eval.model, price, campaign.prices)
            record = _record(trial, header, summary, path, cost)
            if record is not None:
                harvest.add(record)
    return harvest


def set_aside(broken: list[Path]) -> list[Path]:
    """Rename logs that cannot be read to ``*.broken``, so that nothing reads or overwrites them."""
    moved = []
    for path in broken:
        target = path.with_name(f"{path.name}.broken")
        number = 1
        while target.exists():
            number += 1
            target = path.with_name(f"{path.name}.{number}.broken")
        moved.append(path.rename(target))
    return moved


def _record(
    trial: TrialSpec, log: EvalLog, summary: EvalSampleSummary, path: Path, cost: float | None
) -> Record | None:
    """The record of a sample; null where it was cancelled, and so is not finished."""
    where = {"log": f"{path.parent.name}/{path.name}", "sample_id": str(summary.id)}
    base: dict[str, Any] = {
        "trial_id": trial.trial_id,
        "subject": trial.subject,
        "model": log.eval.model,
        "scenario": trial.scenario,
        "seed": trial.seed,
        "epoch": trial.epoch,
        "factors": trial.factors,
        "cost_usd": cost,
        **where,
    }
    if summary.error is not None:
        if summary.error.startswith(CANCELLED):
            return None
        return Record(Observation(**base, **_failure(summary)), ())
    pieces = _pieces(summary, path)
    if pieces is None:
        return None
    findings = tuple(
        FindingRow(trial_id=trial.trial_id, **piece, **where)
        for name, piece in pieces.items()
        if name.startswith("finding.")
    )
    guarded = pieces.get("safeguards")
    row = None if guarded is None else SafeguardRow.model_validate(guarded)
    return Record(Observation(**base, **pieces["observation"]), findings, row)


def _lost(trial: TrialSpec, model: str, reason: str) -> Observation:
    """The row of a trial that no log can tell of."""
    return Observation(
        trial_id=trial.trial_id,
        subject=trial.subject,
        model=model,
        scenario=trial.scenario,
        seed=trial.seed,
        epoch=trial.epoch,
        factors=trial.factors,
        outcome="error",
        error=reason[:ERROR_LIMIT],
    )


def _failure(summary: EvalSampleSummary) -> dict[str, Any]:
    """The columns of a trial that failed, as far as Inspect knows them."""
    usage = list(summary.model_usage.values())
    return {
        "outcome": "error",
        "error": (summary.error or "")[:ERROR_LIMIT],
        "turns": None,
        "input_tokens": sum(each.input_tokens for each in usage) if usage else None,
        "output_tokens": sum(each.output_tokens for each in usage) if usage else None,
        "wall_s": summary.total_time,
    }


def _pieces(summary: EvalSampleSummary, path: Path) -> dict[str, dict[str, Any]] | None:
    """Observation and findings as the scorer left them; null where it did not come to that."""
    metadata = _scored(summary.scores)
    if metadata is None:
        return None
    if not all(isinstance(piece, dict) for piece in metadata.values()):
        # Summaries leave out what is longer than 1 KiB; the sample itself has it.
        sample = read_eval_log_sample(path, summary.id, summary.epoch, exclude_fields=HEAVY)
        metadata = _scored(sample.scores)
    return metadata


def _scored(scores: Mapping[str, Score] | None) -> dict[str, Any] | None:
    for score in (scores or {}).values():
        if score.metadata and "observation" in score.metadata:
            kept = ("observation", "finding.", "safeguards")
            return {name: v for name, v in score.metadata.items() if name.startswith(kept)}
    return None
