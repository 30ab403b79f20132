"""The public Python API: run a campaign, analyse its table, write its report."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import polars as pl
import yaml

from offswitch._errors import UsageError, unknown
from offswitch._files import write_atomic
from offswitch.api_registration import with_registration
from offswitch.campaign.folder import Folder
from offswitch.evidence.observation import read_findings, read_observations
from offswitch.inference import Analysis, JudgedRate, MixedRate
from offswitch.inference import analyse as compute
from offswitch.inference.contrasts import choice_named, worlds_of
from offswitch.inference.families import correction_named
from offswitch.inference.judged import judged_rates
from offswitch.inference.safeguards import Safeguard
from offswitch.scenarios import all_factors, get_scenario, scenario_names

if TYPE_CHECKING:
    import pandas

    from offswitch.campaign.dryrun import DryRun
    from offswitch.campaign.prices import Prices
    from offswitch.campaign.watch import Watcher
    from offswitch.design import Document, Plan, SeedSecret
    from offswitch.design.ladders import Ladders
    from offswitch.report import ReportMeta, TranscriptRecord
    from offswitch.report.case import SafetyCase
    from offswitch.sources.scoring import Tally


@dataclass(frozen=True, slots=True, repr=False)
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

    def rates(self) -> pl.DataFrame:
        """One row for each subject, scenario and condition, with its rate and interval."""
        from offswitch.report.notebook import rates

        return rates(self.analysis)

    def pandas(self, table: str = "observations") -> "pandas.DataFrame":
        """A table as a pandas frame; pandas need not be installed for anything else.

        Args:
            table: ``observations``, ``findings`` or ``rates``.

        Raises:
            UsageError: There is no such table, or pandas is not installed.
        """
        tables = {"observations": lambda: self.observations, "findings": lambda: self.findings}
        tables["rates"] = self.rates
        if table not in tables:
            raise unknown("table", table, tables)
        frame = tables[table]()
        try:
            import pandas
        except ImportError as error:
            raise UsageError("pandas is not installed: pip install pandas") from error
        return pandas.DataFrame(frame.to_dict(as_series=False))

    def __repr__(self) -> str:
        totals = self.analysis.totals
        return f"Results({str(self.folder.path)!r}, {totals.trials} trials)"

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        from offswitch.report.notebook import table

        return table(self.folder.path.resolve().name, self.analysis)


def load(directory: str | Path) -> Results:
    """The results of a campaign that was run before; writes its ``analysis.json`` anew.

    Args:
        directory: The campaign's folder.

    Raises:
        UsageError: A table is missing, corrupt or foreign.
    """
    folder = Folder(Path(directory))
    analysis = analyse(folder.path)
    return Results(
        folder, read_observations(folder.observations), read_findings(folder.findings), analysis
    )


def run(
    plan: "str | Path | Plan",
    out: str | Path | None = None,
    *,
    overrides: Iterable[str] = (),
    retry_errors: bool = False,
    prices: str | Path | None = None,
    seed_secret: bytes | str | Path | None = None,
    watcher: "Watcher | None" = None,
    ray: str | None = None,
) -> Results:
    """Run a campaign, or go on with one; write its tables, its analysis and its report.

    Args:
        plan: Path of a YAML file, name of a preset, or a plan.
        out: The campaign's folder, or a location that fsspec reaches, such as
            ``s3://bucket/results``; ``NAME-results`` here where null. A campaign that is
            unfinished there is resumed if its plan is the same.
        overrides: Changes to the plan, each ``key=value`` with a dotted key and a YAML value; only
            for plans that are read.
        retry_errors: Whether trials that failed are run again.
        prices: A YAML file of prices that count more than those of the package.
        seed_secret: For plans with private worlds: path of the file with their secret, or the
            secret itself as bytes. It is written nowhere.
        watcher: Is told how it goes on.
        ray: Address of a Ray cluster that runs the trials: ``HOST:PORT`` of its head, ``auto`` for
            the one that this machine is part of, ``local`` for one of this machine alone; without
            it this machine runs them. See ``docs/scaling.md``.

    Raises:
        UsageError: Something in the plan is wrong or missing here, or the folder holds something
            else; nothing was run and nothing was changed.
        Interrupted: The run was stopped; run it again to go on.
    """
    from offswitch.campaign.compile import compile_plan
    from offswitch.campaign.mirror import is_elsewhere, running
    from offswitch.campaign.plans import registration_of
    from offswitch.campaign.run import run_campaign
    from offswitch.campaign.watch import Watcher

    costs, secret = _prices(prices), found_secret(seed_secret)
    registration = registration_of(plan)
    found, document = found_plan(plan, overrides)
    campaign = compile_plan(found, document, costs, secret, registration)
    out = out if out is not None else f"{found.name}-results"
    note = watcher.note if watcher is not None else Watcher().note
    with running(str(out), note) if is_elsewhere(out) else nullcontext(Path(out)) as path:
        run_campaign(campaign, Folder(path), watcher, retry_errors=retry_errors, ray=ray)
        write_report(path)
        return load(path)


def dry_run(
    plan: "str | Path | Plan",
    *,
    overrides: Iterable[str] = (),
    prices: str | Path | None = None,
    seed_secret: bytes | str | Path | None = None,
) -> "DryRun":
    """What a campaign would run, take in tokens and cost; runs nothing and writes nothing.

    Needs no API key, no provider's package and no sandbox.

    Args:
        plan: Path of a YAML file, name of a preset, or a plan.
        overrides: As for `run`.
        prices: A YAML file of prices that count more than those of the package.
        seed_secret: As for `run`; it is checked where it is given, and never needed here.

    Raises:
        UsageError: Something in the plan, in the file of prices or in the secret is wrong.
    """
    from offswitch.campaign.dryrun import rehearse

    costs, secret = _prices(prices), found_secret(seed_secret)
    return rehearse(*found_plan(plan, overrides), costs, secret)


def found_secret(source: bytes | str | Path | None) -> "SeedSecret | None":
    """The secret, if any; errors as of `run`."""
    from offswitch.design import read_secret

    return read_secret(source) if source is not None else None


def _prices(path: str | Path | None) -> "Prices | None":
    from offswitch.campaign.prices import read_prices

    return read_prices(path) if path is not None else None


def found_plan(
    plan: "str | Path | Plan", overrides: Iterable[str]
) -> "tuple[Plan, Document | None]":
    """A plan and, where it is read, its document; errors as of `run`."""
    from offswitch.campaign.plans import read_plan

    if isinstance(plan, str | Path):
        return read_plan(plan, overrides)
    if list(overrides):
        raise UsageError("overrides change plans that are read; use plan.model_copy instead")
    return plan, None


def score(
    source: str,
    path: str | Path,
    out: str | Path,
    *,
    progress: "Callable[[Tally], None] | None" = None,
) -> Results:
    """Score transcripts that others made; write the tables, the analysis and the report.

    Args:
        source: Name of the source that reads them; see ``docs/sources.md``.
        path: The transcripts: a file or a folder.
        out: The folder for the results; one that was scored before is scored anew.
        progress: Is told after each transcript.

    Raises:
        UsageError: There is no such source, it finds nothing to read, or the folder holds
            something else.
    """
    from offswitch.sources.registry import get_source
    from offswitch.sources.scoring import score_into

    folder = Folder(Path(out))
    score_into(source, get_source(source), Path(path), folder.path, progress)
    analysis = analyse(folder.path)
    write_report(folder.path)
    observations, findings = read_observations(folder.observations), read_findings(folder.findings)
    return Results(folder, observations, findings, analysis)


def analyse(
    directory: str | Path,
    *,
    choice: str | None = None,
    correction: str = "holm",
    mix: str | Path | None = None,
) -> Analysis:
    """Compute every number of a campaign from its table, and write ``analysis.json``.

    Args:
        directory: The campaign's folder.
        choice: Levels of a factor that are contrasted: each with the ``baseline``, ``all`` with
            each other, or ``adjacent`` ones. Where null, those that the plan names as a ladder
            step by step, and others with the baseline.
        correction: Of p-values in a family of contrasts: ``holm`` or ``benjamini-hochberg``.
        mix: A YAML file with the shares of conditions in a deployment, to weigh rates by.

    Raises:
        UsageError: There is no table of observations, it is corrupt or foreign, there is no such
            choice or correction, or the mix does not fit what was run.
    """
    from offswitch.campaign.decided import read_decisions
    from offswitch.sources.scoring import described

    chosen, corrected = choice_named(choice or "baseline"), correction_named(correction)
    folder = Folder(Path(directory))
    ladders = _ladders(folder) if choice in (None, "adjacent") else {}
    behaviours = {name: list(each.behaviours) for name, each in described(folder.path).items()}
    behaviours |= {
        name: [str(behaviour) for behaviour in get_scenario(name).meta.behaviours]
        for name in scenario_names()
    }
    observations = read_observations(folder.observations)
    analysis = compute(
        observations,
        looked_for=behaviours,
        choice=chosen,
        ladders=ladders,
        correction=corrected,
    )
    judged = _judged(folder, observations, analysis)
    mixed = _mixed(observations, analysis, mix) if mix is not None else []
    sequential = read_decisions(folder.decisions)
    guarded = _safeguards(folder, observations, analysis.level)
    found = {"judged": judged, "mixed": mixed, "sequential": sequential, "safeguards": guarded}
    analysis = analysis.model_copy(update=found)
    analysis = with_registration(folder, observations, analysis)
    write_atomic(folder.analysis, analysis.model_dump_json(indent=2) + "\n")
    return analysis


def _ladders(folder: Folder) -> "Ladders":
    """The ladders of the plan as it was run; none where there is no plan that can be read."""
    from offswitch.design.ladders import ladders_of

    try:
        data = yaml.safe_load(folder.plan.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return {}
    return ladders_of(data.get("scenarios") if isinstance(data, dict) else None)


def _safeguards(folder: Folder, observations: pl.DataFrame, level: float) -> list[Safeguard]:
    from offswitch.evidence.safeguards import read_safeguards
    from offswitch.inference.safeguards import safeguards

    measured = read_safeguards(folder.safeguards)
    return [] if measured is None else safeguards(observations, measured, level)


def _mixed(observations: pl.DataFrame, analysis: Analysis, mix: str | Path) -> list[MixedRate]:
    from offswitch.inference.mixes import mixed_rates, read_mix

    worlds = worlds_of(observations)
    return mixed_rates(read_mix(Path(mix)), analysis.cells, worlds, analysis.level)


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


def write_report(
    directory: str | Path,
    file: str | Path | None = None,
    *,
    policy: str | Path | None = None,
) -> Path:
    """Write the report of a campaign: one HTML file that works offline.

    Args:
        directory: The campaign's folder.
        file: Where to; ``report.html`` in the folder where null.
        policy: A policy to hold against the campaign and to show as a safety case: a YAML file,
            ``default`` for the one of the package, or ``none``. Where null, the package's if any
            model was tested: it is about models, and has nothing to say of scripted subjects.

    Returns:
        The path of the report.

    Raises:
        UsageError: A table is missing, corrupt or foreign.
    """
    from offswitch.report import render
    from offswitch.report.inside import read_inside
    from offswitch.sources.scoring import read_mark

    folder = Folder(Path(directory))
    target = Path(file) if file is not None else folder.report
    observations, findings = read_observations(folder.observations), read_findings(folder.findings)
    plan = yaml.safe_load(folder.plan.read_text(encoding="utf-8")) if folder.plan.exists() else {}
    plan = plan or read_mark(folder.path)
    analysis = analyse(directory)
    page = render(
        analysis,
        observations,
        findings,
        transcripts(folder, _shown(observations)),
        plan,
        _meta(plan, directory, observations),
        verdicts=_verdicts(folder),
        case=_case(directory, policy, analysis),
        looked=read_inside(folder.path),
    )
    write_atomic(target, page)
    return target


def write_figures(directory: str | Path, out: str | Path) -> list[Path]:
    """Write every figure of a campaign as SVG and PNG, with the data behind it as CSV.

    Args:
        directory: The campaign's folder.
        out: The folder for the figures.

    Returns:
        The files.

    Raises:
        UsageError: The table of observations is missing, corrupt or foreign.
    """
    from offswitch.report import figures

    return figures.write_figures(analyse(directory), Path(out))


def _case(
    directory: str | Path, policy: str | Path | None, analysis: Analysis
) -> "SafetyCase | None":
    from offswitch.api_gate import argue
    from offswitch.report.answers import REFERENCE

    scripted = all(each.model.startswith(REFERENCE) for each in analysis.subjects)
    if policy == "none" or (policy is None and scripted):
        return None
    return argue(directory, policy, analysis=analysis)


SHOWN = 1_000
"""Transcripts that are looked up for a report: each takes about 10 ms to read from its log."""
FOUND = 0.7
"""Share of them that trials in which something was found may take from the others."""


def _shown(observations: pl.DataFrame) -> pl.DataFrame:
    """Which transcripts to look up: all, or of very many some of every condition and outcome.

    Those in which something was found come first, then a sample of the others: of every condition
    and outcome the first worlds, so that conditions can be compared in the same ones.
    """
    observations = observations.filter(pl.col("log").is_not_null())
    if observations.height <= SHOWN:
        return observations
    factors = [name for name in observations.columns if name.startswith("factor.")]
    groups = ["scenario", "subject", *factors, "outcome"]
    in_turn = observations.sort("seed", "epoch").sort(
        pl.int_range(pl.len()).over(groups), maintain_order=True
    )
    found = pl.col("behaviours").list.len() > 0
    first, others = in_turn.filter(found), in_turn.filter(~found)
    room = max(round(FOUND * SHOWN), SHOWN - others.height)
    first = first.head(room)
    return pl.concat([first, others.head(SHOWN - first.height)])


def _verdicts(folder: Folder) -> pl.DataFrame:
    """The table of verdicts; empty where no judge was asked."""
    from offswitch.evidence.judges.table import VERDICTS

    return VERDICTS.read(folder.verdicts) if folder.verdicts.exists() else pl.DataFrame()


def transcripts(folder: Folder, observations: pl.DataFrame) -> "Iterator[TranscriptRecord]":
    """The transcripts of the rows, one log after the other; a log that is gone has none."""
    from inspect_ai.log import read_eval_log_samples_by_id

    from offswitch.evidence.transcripts import transcript_of

    rows = observations.filter(pl.col("log").is_not_null())
    rows = rows.select("log", "sample_id", "trial_id").sort("log", maintain_order=True)
    for (log,), group in rows.group_by("log", maintain_order=True):
        path = folder.path / str(log)
        for part in group.iter_slices(32) if path.is_file() else ():
            wanted = [(sample, 1) for sample in part["sample_id"]]
            samples = read_eval_log_samples_by_id(path, wanted, exclude_fields={"events"})
            for trial, sample in zip(part["trial_id"], samples, strict=True):
                transcript = cast("TranscriptRecord", transcript_of(sample))
                yield {**transcript, "trial_id": trial}


def _meta(plan: dict[str, Any], directory: str | Path, observations: pl.DataFrame) -> "ReportMeta":
    from offswitch.report import FactorText, ReportMeta, ScenarioText
    from offswitch.sources.scoring import described

    read = described(Path(directory))
    used = sorted(set(observations["scenario"]) & set(scenario_names()))
    scenarios = {name: get_scenario(name).meta for name in used}
    return ReportMeta(
        title=str(plan.get("name") or Path(directory).resolve().name),
        created=f"{datetime.now(UTC):%d %B %Y, %H:%M} UTC",
        versions={name: version(name) for name in ("offswitch", "inspect_ai")},
        scenarios={n: ScenarioText(d.title, d.summary, d.source) for n, d in read.items()}
        | {
            name: ScenarioText(
                meta.title, meta.summary, meta.source, tuple(w.text for w in meta.ways_out)
            )
            for name, meta in scenarios.items()
        },
        factors={n: FactorText(f.title, f.levels) for n, f in all_factors().items()},
    )


def report_meta(directory: str | Path) -> "ReportMeta":
    """What is said of a campaign besides its numbers: its name, its scenarios in words.

    Args:
        directory: The campaign's folder.

    Raises:
        UsageError: A table is missing, corrupt or foreign.
    """
    from offswitch.sources.scoring import read_mark

    folder = Folder(Path(directory))
    plan = yaml.safe_load(folder.plan.read_text(encoding="utf-8")) if folder.plan.exists() else {}
    plan = plan or read_mark(folder.path)
    return _meta(plan, directory, read_observations(folder.observations))
