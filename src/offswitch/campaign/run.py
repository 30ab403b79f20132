"""Runs a campaign in Inspect, in this process or in workers; resumes it; writes its tables."""

from dataclasses import dataclass
from functools import partial

import polars as pl

from offswitch._files import write_atomic
from offswitch.campaign.collect import collect, set_aside
from offswitch.campaign.compile import Campaign
from offswitch.campaign.crew import Crew, place_for
from offswitch.campaign.desk import Desk, Seat
from offswitch.campaign.folder import Folder, locked, settle
from offswitch.campaign.harvest import Harvest
from offswitch.campaign.integrity import seal
from offswitch.campaign.lanes import Lanes, run_lanes
from offswitch.campaign.losses import read_losses, write_losses
from offswitch.campaign.sequential import Monitor
from offswitch.campaign.shards import shards
from offswitch.campaign.streaming import Stream
from offswitch.campaign.watch import Watcher
from offswitch.campaign.workers import RECYCLE, Workers
from offswitch.evidence.judges.table import add_opinions, read_verdicts
from offswitch.evidence.observation import FINDINGS, OBSERVATIONS
from offswitch.evidence.safeguards import SAFEGUARDS


class Interrupted(KeyboardInterrupt):
    """The run was stopped from outside; what is finished is kept, and the tables hold it."""


class IncompleteError(RuntimeError):
    """Some trials came to no result, not even to an error of their own."""


@dataclass(frozen=True, slots=True)
class Tables:
    """What a campaign has found so far.

    Attributes:
        observations: One row per finished trial, in the order of the plan.
        findings: One row per finding.
        missing: Planned trials that are not finished and are still needed.
    """

    observations: pl.DataFrame
    findings: pl.DataFrame
    missing: int


def run_campaign(
    campaign: Campaign,
    folder: Folder,
    watcher: Watcher | None = None,
    *,
    retry_errors: bool = False,
    ray: str | None = None,
) -> Tables:
    """Run what is not finished yet and write the tables.

    Args:
        campaign: What to run.
        folder: Where; an unfinished run of the same campaign there is resumed.
        watcher: Is told how it goes on.
        retry_errors: Whether trials that failed are run again.
        ray: Address of a Ray cluster that runs the trials; this machine does where null.

    Raises:
        UsageError: There is no such cluster, or the folder holds something else, or another run
            is at work in it.
        Interrupted: The run was stopped; the tables hold what is finished.
        IncompleteError: Inspect gave up on some trials.
    """
    watcher = watcher or Watcher()
    with locked(folder), place_for(campaign, folder, ray) as place:
        for line in (*settle(folder, campaign), *campaign.skipped):
            watcher.note(line)
        harvest = _harvest(campaign, folder, watcher)
        outcomes = harvest.outcomes()
        if retry_errors:
            outcomes = {name: o for name, o in outcomes.items() if o != "error"}
        monitor = Monitor(campaign, outcomes, harvest.spent())
        crew = place(outcomes)
        desk = Desk(
            campaign, monitor, watcher, crew.size, crew.homes, RECYCLE if crew.start else None
        )
        desk.add(shards(campaign, outcomes, crew.size))
        watcher.begin(campaign, outcomes)
        watcher.standings(monitor.standings)
        ledger = Ledger(campaign, folder, harvest)
        try:
            with Stream(ledger.update, watcher.note):
                interrupted = _run(desk, crew, folder)
        finally:
            watcher.end()
        tables = _write(ledger, _harvest(campaign, folder, watcher, ledger.harvest), monitor)
        seal(folder)
        for line in monitor.state():
            watcher.note(line)
        if monitor.exhausted:
            watcher.note(f"The budget is spent: {monitor.exhausted}.")
    if tables.missing and interrupted:
        raise Interrupted(f"{tables.missing} of {len(campaign.trials)} trials are left")
    if tables.missing:
        reasons = "; ".join(desk.failures) or "Inspect ended without a reason"
        raise IncompleteError(f"{tables.missing} trials came to no result: {reasons}")
    return tables


def _run(desk: Desk, crew: Crew, folder: Folder) -> bool:
    """Run all that is left, here or in workers; whether it was interrupted."""
    if not any(desk.has_work(worker) for worker in range(crew.size)):
        return False
    if crew.start is not None:
        return Workers(desk, crew.start, partial(write_losses, folder)).run()
    trials, digest = desk.campaign.plan.concurrency.trials, desk.campaign.definition.hash
    return run_lanes(Lanes(Seat(desk)), str(folder.logs), digest, trials)


def _harvest(
    campaign: Campaign, folder: Folder, watcher: Watcher, before: Harvest | None = None
) -> Harvest:
    harvest = collect(folder.logs, campaign, read_losses(folder.losses), before)
    for path in set_aside(harvest.broken):
        watcher.note(f"{path}: this log could not be read and was set aside; its trials run again.")
    for path in harvest.foreign:
        watcher.note(f"{path}: this log belongs to something else and is left alone.")
    return harvest


@dataclass
class Ledger:
    """Writes the tables of a campaign.

    Attributes:
        campaign: The campaign.
        folder: Its folder.
        harvest: What was read of its logs so far.
    """

    campaign: Campaign
    folder: Folder
    harvest: Harvest

    def update(self) -> None:
        """Bring the tables up to date with the logs that are complete."""
        losses = read_losses(self.folder.losses)
        found = collect(self.folder.logs, self.campaign, losses, self.harvest, complete_only=True)
        if found.pages.keys() != self.harvest.pages.keys():
            self.write(found)
        self.harvest = found

    def write(self, harvest: Harvest) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Write observations and findings, whole; return them."""
        rows, findings = harvest.tables(self.campaign.trials)
        if verdicts := read_verdicts(self.folder.verdicts):
            rows = OBSERVATIONS.joined([add_opinions(rows, verdicts)])
        OBSERVATIONS.write_frame(rows, self.folder.observations)
        FINDINGS.write_frame(findings, self.folder.findings)
        guarded = harvest.safeguards(self.campaign.trials)
        if guarded.height:
            SAFEGUARDS.write_frame(guarded, self.folder.safeguards)
        return rows, findings


def _write(ledger: Ledger, harvest: Harvest, monitor: Monitor) -> Tables:
    decisions, path = monitor.decisions(), ledger.folder.decisions
    if decisions is not None:
        write_atomic(path, decisions.model_dump_json(indent=2) + "\n")
    else:
        path.unlink(missing_ok=True)
    rows, findings = ledger.write(harvest)
    finished = set(rows["trial_id"])
    planned = ledger.campaign.trials.items()
    missing = sum(name not in finished and monitor.needs((trial,)) for name, trial in planned)
    return Tables(rows, findings, missing)
