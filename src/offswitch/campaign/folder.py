"""A campaign's folder: one plan, one run at a time, nothing overwritten that is not its own."""

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from offswitch._errors import UsageError
from offswitch._files import write_atomic
from offswitch.campaign.compile import Campaign
from offswitch.campaign.definition import SEEDS, Definition
from offswitch.campaign.registration import Deviation, added, deviations, now, settled
from offswitch.design import Plan, Registration, dump_plan
from offswitch.design.wording import short
from offswitch.evidence.observation import read_findings, read_observations

HEADER = "# The plan as run. `offswitch run` with this file and --out resumes or repeats it.\n"


@dataclass(frozen=True, slots=True)
class Folder:
    """Where the parts of a campaign lie.

    Raises:
        UsageError: The path is the address of a location elsewhere.
    """

    path: Path

    def __post_init__(self) -> None:
        first = self.path.parts[0] if self.path.parts else ""
        if re.fullmatch(r"[a-z][a-z0-9+.-]+:", first) and not Path(first).exists():
            raise UsageError(
                f"{self.path}: this is no folder on this machine. In Python, write: with "
                'offswitch.mirrored("s3://bucket/results") as folder'
            )

    @property
    def plan(self) -> Path:
        """The plan as run."""
        return self.path / "plan.yaml"

    @property
    def registration(self) -> Path:
        """What was registered before the first trial, where anything was."""
        return self.path / "registration.yaml"

    @property
    def logs(self) -> Path:
        """Inspect's logs."""
        return self.path / "logs"

    @property
    def losses(self) -> Path:
        """Trials that were given up because their worker process was killed each time."""
        return self.path / "losses.jsonl"

    @property
    def observations(self) -> Path:
        """One row per trial."""
        return self.path / "observations.parquet"

    @property
    def findings(self) -> Path:
        """One row per finding."""
        return self.path / "findings.parquet"

    @property
    def safeguards(self) -> Path:
        """One row per trial under an arm, where the plan names interventions."""
        return self.path / "safeguards.parquet"

    @property
    def verdicts(self) -> Path:
        """One row per verdict of a judge."""
        return self.path / "verdicts.parquet"

    @property
    def calibration(self) -> Path:
        """How judges compare with labels."""
        return self.path / "calibration.json"

    @property
    def chain(self) -> Path:
        """Hashes of its files, each line bound to the one before."""
        return self.path / "chain.jsonl"

    @property
    def decisions(self) -> Path:
        """What a campaign that may stop early asked, saw and decided."""
        return self.path / "decisions.json"

    @property
    def analysis(self) -> Path:
        """Every number that the report shows."""
        return self.path / "analysis.json"

    @property
    def report(self) -> Path:
        """The report."""
        return self.path / "report.html"


@contextmanager
def locked(folder: Folder) -> Iterator[None]:
    """Keep every other run out of the folder; the system lifts the lock however this one ends.

    Raises:
        UsageError: Another run works here, or the folder cannot be made.
    """
    try:
        folder.path.mkdir(parents=True, exist_ok=True)
        lock = (folder.path / ".lock").open("a+", encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{folder.path}: cannot write here: {error.strerror}") from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise UsageError(
                f"{folder.path}: another run (process {lock.read().strip() or 'unknown'}) is at "
                "work here. Wait for it, or choose another --out."
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def settle(folder: Folder, campaign: Campaign) -> list[str]:
    """Make the folder this campaign's, or find that it is.

    Returns:
        Lines to be told: what deviates from what is registered here, or that nothing is.

    Raises:
        UsageError: The folder holds another campaign (the message shows the difference), or files
            that no campaign wrote. Nothing is changed then.
    """
    if folder.plan.exists():
        _same_plan(folder, campaign.definition)
    else:
        strangers = [p for p in (folder.observations, folder.findings) if p.exists()]
        strangers += sorted(folder.logs.glob("*.eval"))[:1]
        if strangers:
            raise UsageError(
                f"{strangers[0]}: lies in a folder without plan.yaml, so it is not known what it "
                "belongs to. Choose another --out; nothing was changed."
            )
    for path, read in (
        (folder.observations, read_observations),
        (folder.findings, read_findings),
    ):
        if path.exists():
            read(path)
    registration, known = settled(folder.registration, folder.plan, campaign.registration)
    as_run: dict[str, Any] = {
        "hash": campaign.definition.hash,
        "prices": {
            entrant.subject.name: entrant.price and entrant.price.to_json()
            for entrant in campaign.entrants
        },
        "definition": dict(campaign.definition.content),
    }
    if registration is not None:
        found = deviations(registration, campaign.plan, campaign.definition, now())
        known = added(known, found)
        as_run["registration"] = {"sha256": registration.sha256, "deviations": known}
        if not folder.registration.exists():
            write_atomic(folder.registration, registration.dump())
    plan = campaign.plan.model_copy(update={"as_run": as_run, "registration": None})
    write_atomic(folder.plan, HEADER + dump_plan(plan))
    folder.logs.mkdir(exist_ok=True)
    return list(_remarks(campaign.plan, registration, known))


def _remarks(
    plan: Plan, registration: Registration | None, known: list[Deviation]
) -> Iterator[str]:
    if registration is None and plan.hypotheses:
        yield (
            "The hypotheses of this plan are not registered, so that all that is found is "
            "exploratory. Before the first trial, in another folder: offswitch plan freeze PLAN."
        )
    for each in known:
        yield (
            f"Deviates from what is registered: {each['what']} was {short(each['registered'])}, "
            f"is {short(each['actual'])} (since {each['at']})."
        )


def _same_plan(folder: Folder, definition: Definition) -> None:
    there = Definition(_as_run(folder.plan))
    if there.hash == definition.hash:
        return
    _same_secret(folder, definition, there)
    raise UsageError(
        f"{folder.plan}: another plan was run here. Choose another --out, or take the changes "
        f"back; nothing was changed. The difference:\n{definition.difference(there)}"
    )


def _same_secret(folder: Folder, definition: Definition, there: Definition) -> None:
    now, then = (each.content.get(SEEDS) for each in (definition, there))
    if now and then and now != then:
        raise UsageError(
            f"{folder.plan}: its worlds were drawn with another seed secret (fingerprint "
            f"{then['fingerprint']}, that of --seed-secret is {now['fingerprint']}). Name the "
            "file that the campaign began with, or choose another --out; nothing was changed."
        )


def _as_run(path: Path) -> dict[str, Any]:
    remedy = "Choose another --out; nothing was changed."
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise UsageError(f"{path}: cannot be read: {error}. {remedy}") from error
    match data:
        case {"as_run": {"hash": digest, "definition": dict(content)}} if (
            Definition(content).hash == digest
        ):
            return content
    raise UsageError(f"{path}: this is not the plan of a campaign as it was run. {remedy}")
