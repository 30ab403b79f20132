"""The public Python API: run a campaign, analyse its table, write its report."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import polars as pl
import yaml

from offswitch._errors import UsageError
from offswitch._files import write_atomic
from offswitch.campaign.folder import Folder
from offswitch.evidence.observation import read_findings, read_observations
from offswitch.inference import Analysis, JudgedRate
from offswitch.inference import analyse as compute
from offswitch.inference.judged import judged_rates
from offswitch.scenarios import all_factors, get_scenario, scenario_names

if TYPE_CHECKING:
    from offswitch.campaign.watch import Watcher
    from offswitch.design import Plan
    from offswitch.report import ReportMeta, TranscriptRecord


@dataclass(frozen=True, slots=True)
class Results:
    """What a campaign left behind.

    Attributes:
        folder: Where its parts lie.
        observations: One row per trial.
        findings: One row per finding.
        analysis: Every number that the report shows.
    """

    folder: Folder
    observations: pl.DataFrame
    findings: pl.DataFrame
    analysis: Analysis


def run(
    plan: "str | Path | Plan",
    out: str | Path | None = None,
    *,
    overrides: Iterable[str] = (),
    retry_errors: bool = False,
    watcher: "Watcher | None" = None,
) -> Results:
    """Run a campaign, or go on with one; write its tables, its analysis and its report.

    Args:
        plan: Path of a YAML file, name of a preset, or a plan.
        out: The campaign's folder; ``NAME-results`` here where null. A campaign that is unfinished
            there is resumed if its plan is the same.
        overrides: Changes to the plan, each ``key=value`` with a dotted key and a YAML value; only
            for plans that are read.
        retry_errors: Whether trials that failed are run again.
        watcher: Is told how it goes on.

    Raises:
        UsageError: Something in the plan is wrong or missing here, or the folder holds something
            else; nothing was run and nothing was changed.
        Interrupted: The run was stopped; run it again to go on.
    """
    from offswitch.campaign.compile import compile_plan
    from offswitch.campaign.plans import read_plan
    from offswitch.campaign.run import run_campaign

    document = None
    if isinstance(plan, str | Path):
        plan, document = read_plan(plan, overrides)
    elif list(overrides):
        raise UsageError("overrides change plans that are read; use plan.model_copy instead")
    folder = Folder(Path(out) if out is not None else Path(f"{plan.name}-results"))
    run_campaign(compile_plan(plan, document), folder, watcher, retry_errors=retry_errors)
    analysis = analyse(folder.path)
    report(folder.path)
    observations, findings = read_observations(folder.observations), read_findings(folder.findings)
    return Results(folder, observations, findings, analysis)


def analyse(directory: str | Path) -> Analysis:
    """Compute every number of a campaign from its table, and write ``analysis.json``.

    Args:
        directory: The campaign's folder.

    Raises:
        UsageError: There is no table of observations, or it is corrupt or foreign.
    """
    folder = Folder(Path(directory))
    behaviours = {
        name: [str(behaviour) for behaviour in get_scenario(name).meta.behaviours]
        for name in scenario_names()
    }
    observations = read_observations(folder.observations)
    analysis = compute(observations, looked_for=behaviours)
    judged = _judged(folder, observations, analysis)
    analysis = analysis.model_copy(update={"judged": judged})
    write_atomic(folder.analysis, analysis.model_dump_json(indent=2) + "\n")
    return analysis


def _judged(folder: Folder, observations: pl.DataFrame, analysis: Analysis) -> list[JudgedRate]:
    """What judges say in each cell, corrected where the folder holds a calibration."""
    from offswitch.evidence.calibration import read_calibration
    from offswitch.evidence.judges.table import read_verdicts

    rows = [row for row in read_verdicts(folder.verdicts) if row.columns]
    if not rows:
        return []
    judges = {name: row.judge for row in rows for name in row.columns}
    found = read_calibration(folder.calibration)
    texts = {row.rubric: row.rubric_digest for row in rows}
    every = found.calibrated(texts) if found is not None else {}
    own = {name: every.get((name.removesuffix(f"@{j}"), j)) for name, j in judges.items()}
    other = {name: calibrated for (name, _), calibrated in every.items()}
    calibrations = {name: own[name] or other.get(name) for name in judges}
    known = {name: each for name, each in calibrations.items() if each is not None}
    return judged_rates(observations, analysis, judges, known)


def report(directory: str | Path, file: str | Path | None = None) -> Path:
    """Write the report of a campaign: one HTML file that works offline.

    Args:
        directory: The campaign's folder.
        file: Where to; ``report.html`` in the folder where null.

    Returns:
        The path of the report.

    Raises:
        UsageError: A table is missing, corrupt or foreign.
    """
    from offswitch.report import render

    folder = Folder(Path(directory))
    target = Path(file) if file is not None else folder.report
    observations, findings = read_observations(folder.observations), read_findings(folder.findings)
    plan = yaml.safe_load(folder.plan.read_text(encoding="utf-8")) if folder.plan.exists() else {}
    page = render(
        analyse(directory),
        observations,
        findings,
        transcripts(folder, observations),
        plan,
        _meta(plan, directory, observations),
    )
    write_atomic(target, page)
    return target


def transcripts(folder: Folder, observations: pl.DataFrame) -> "Iterator[TranscriptRecord]":
    """The transcripts of the rows, one log after the other; a log that is gone has none."""
    from inspect_ai.log import read_eval_log_samples_by_id

    from offswitch.evidence.transcripts import transcript_of

    rows = observations.filter(pl.col("log").is_not_null()).select("log", "sample_id").sort("log")
    for (log,), group in rows.group_by("log", maintain_order=True):
        path = folder.path / str(log)
        samples = group["sample_id"].to_list() if path.is_file() else []
        for start in range(0, len(samples), 32):
            wanted = [(sample, 1) for sample in samples[start : start + 32]]
            for sample in read_eval_log_samples_by_id(path, wanted):
                yield cast("TranscriptRecord", transcript_of(sample))


def _meta(plan: dict[str, Any], directory: str | Path, observations: pl.DataFrame) -> "ReportMeta":
    from offswitch.report import FactorText, ReportMeta, ScenarioText

    used = sorted(set(observations["scenario"]) & set(scenario_names()))
    scenarios = {name: get_scenario(name).meta for name in used}
    return ReportMeta(
        title=str(plan.get("name") or Path(directory).resolve().name),
        created=f"{datetime.now(UTC):%d %B %Y, %H:%M} UTC",
        versions={name: version(name) for name in ("offswitch", "inspect_ai")},
        scenarios={
            name: ScenarioText(
                meta.title, meta.summary, meta.source, tuple(w.text for w in meta.ways_out)
            )
            for name, meta in scenarios.items()
        },
        factors={n: FactorText(f.title, f.levels) for n, f in all_factors().items()},
    )
