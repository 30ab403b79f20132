"""From Inspect's logs to rows.

The logs are a campaign's only durable record: a trial is finished when a readable log of this
campaign holds its sample with a score or with an error. Inspect writes a log whole to a temporary
file and renames it after every sample, so that whatever kills a run leaves a readable log of the
samples that were finished. Rows are read from the sample summaries, without the transcripts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from inspect_ai.log import (
    EvalLog,
    EvalSampleSummary,
    read_eval_log,
    read_eval_log_sample,
    read_eval_log_sample_summaries,
)
from inspect_ai.scorer import Score
from numpy.typing import NDArray

from offswitch.campaign.compile import Campaign
from offswitch.campaign.cost import cost_usd
from offswitch.campaign.harvest import Harvest, Page
from offswitch.evidence.observation import FINDINGS, OBSERVATIONS, FindingRow, Observation
from offswitch.evidence.safeguards import SAFEGUARDS, SafeguardRow
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


def collect(
    logs: Path,
    campaign: Campaign,
    losses: Mapping[str, str] | None = None,
    before: Harvest | None = None,
    *,
    complete_only: bool = False,
) -> Harvest:
    """Read every log of a campaign, oldest first. Changes nothing.

    Args:
        logs: The folder of the logs; it lies in the campaign's folder.
        losses: Reasons by trial of those that no log can tell of.
        campaign: The campaign; logs of another one, and samples that it did not plan, are left
            aside.
        before: What was read earlier; logs that have not changed since are not read again.
        complete_only: Whether logs that are still being written are left for later.
    """
    harvest, known = Harvest(), before.pages if before is not None else {}
    harvest.pages[""] = _lost_page(campaign, losses or {})
    for path in sorted(logs.glob("*.eval")):
        facts = path.stat()
        stamp = (facts.st_mtime_ns, facts.st_size)
        page = known.get(path.name)
        if page is not None and page.stamp == stamp:
            harvest.pages[path.name] = page
            continue
        try:
            header = read_eval_log(path, header_only=True)
            if (header.eval.metadata or {}).get(PLAN_KEY) != campaign.definition.hash:
                harvest.foreign.append(path)
                continue
            if complete_only and header.status == "started":
                continue
            summaries = read_eval_log_sample_summaries(path)
        except OSError:
            raise
        except Exception:  # a damaged archive fails in many ways
            harvest.broken.append(path)
            continue
        harvest.pages[path.name] = _page(campaign, header, summaries, path, stamp)
    return harvest


def _page(
    campaign: Campaign,
    header: EvalLog,
    summaries: Sequence[EvalSampleSummary],
    path: Path,
    stamp: tuple[int, int],
) -> Page:
    prices = {entrant.subject.name: entrant.price for entrant in campaign.entrants}
    records: list[Record] = []
    tokens, dollars = 0, 0.0
    for summary in summaries:
        trial = campaign.trials.get(str(summary.id))
        if trial is None:
            continue
        price, usage = prices[trial.subject], summary.model_usage
        cost = cost_usd(usage, header.eval.model, price, campaign.prices)
        tokens += sum(each.total_tokens for each in usage.values())
        dollars += cost or 0.0
        record = _record(trial, header, summary, path, cost)
        if record is not None:
            records.append(record)
    return Page.of(
        stamp,
        OBSERVATIONS.frame(record.observation for record in records),
        FINDINGS.frame(finding for record in records for finding in record.findings),
        tokens,
        dollars,
        _spans(summaries),
        SAFEGUARDS.frame(r.safeguards for r in records if r.safeguards is not None),
    )


def _lost_page(campaign: Campaign, losses: Mapping[str, str]) -> Page:
    planned = campaign.trials
    models = {entrant.subject.name: str(entrant.model) for entrant in campaign.entrants}
    rows = [
        _lost(planned[name], models[planned[name].subject], reason)
        for name, reason in losses.items()
        if name in planned
    ]
    return Page.of((0, 0), OBSERVATIONS.frame(rows), FINDINGS.frame([]))


def _spans(summaries: Sequence[EvalSampleSummary]) -> NDArray[np.float64]:
    found = [
        (_seconds(each.started_at), _seconds(each.completed_at))
        for each in summaries
        if each.started_at and each.completed_at
    ]
    return np.array(found, dtype=np.float64).reshape(-1, 2)


def _seconds(written: str | datetime) -> float:
    return datetime.fromisoformat(str(written)).timestamp()


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
