"""The page: everything that a report shows, in one HTML file that works offline.

Its security policy allows no connection at all and no script or style but the page's own, by hash.
Every text is escaped by the template, and shown with what is invisible in it; transcripts are set
as text by the page's script, never as HTML.
"""

from collections.abc import Iterable, Mapping
from functools import cache
from itertools import groupby
from operator import attrgetter
from typing import Any

import jinja2
import polars as pl
import yaml
from markupsafe import Markup

from offswitch.inference import Analysis, Cell
from offswitch.report import assets, causes, contrasts, safeguards
from offswitch.report.answers import REFERENCE, answers
from offswitch.report.embed import BUDGET, Chunk, embed, pack
from offswitch.report.figures import NARROW, WIDE, cell_link, forest_plot
from offswitch.report.records import ReportMeta, TranscriptRecord
from offswitch.report.text import clip, fraction, percent, plural, span, visible, words

_SCRIPTS = ("data.js", "dom.js", "conversation.js", "transcript.js", "trials.js", "main.js")
_STYLES = ("base.css", "report.css")
_TRIAL_COLUMNS = (
    *("subject", "scenario", "seed", "epoch", "outcome", "behaviours", "concealed"),
    *("task_done", "understood", "turns", "error", "log", "sample_id"),
)
_FINDING_COLUMNS = (
    *("behaviour", "severity", "detector", "summary"),
    *("evidence", "message_ids", "quote"),
)
CONTRASTS = 12
"""Contrasts that are shown of each scenario, the most certain ones."""
_OUTCOMES = ("complied", "attempted", "succeeded", "incapable", "error")


def render(
    analysis: Analysis,
    observations: pl.DataFrame,
    findings: pl.DataFrame,
    transcripts: Iterable[TranscriptRecord],
    plan: Mapping[str, Any],
    meta: ReportMeta,
    *,
    budget: int = BUDGET,
) -> str:
    """One self-contained HTML page.

    Args:
        analysis: What was computed from the observations.
        observations: One row per trial.
        findings: One row per finding.
        transcripts: Conversation and journal of the trials, in any order; some may be missing.
        plan: The plan as run.
        meta: Names, words and versions.
        budget: Bytes that the transcripts may take in the page.
    """
    labels = {(c.subject, c.scenario, frozenset(c.condition.items())): c for c in analysis.cells}
    trials = [_trial(row, labels) for row in observations.iter_rows(named=True)]
    groups = {trial["id"]: (trial["cell"], trial["outcome"]) for trial in trials}
    chunks = embed(transcripts, groups, budget)
    index = _index(trials, findings, chunks)
    references = frozenset(s.subject for s in analysis.subjects if s.model.startswith(REFERENCE))
    cells = _by_scenario(analysis, references)
    context = {
        "analysis": analysis,
        "meta": meta,
        "references": references,
        "answers": answers(analysis, meta),
        "plan": yaml.safe_dump(dict(plan), sort_keys=False, allow_unicode=True, width=100),
        "figures": {name: _figures(rows, references) for name, rows in cells.items()},
        "cells": cells,
        "index": pack(index),
        "chunks": [chunk.data for chunk in chunks],
        "embedded": sum(len(chunk.trials) for chunk in chunks),
        "outcomes": _OUTCOMES,
        "contrasts_shown": CONTRASTS,
        "style": _style(),
        "script": _script(),
        "policy": _policy(),
    }
    return _environment().get_template("report.html.j2").render(context)


def _trial(row: Mapping[str, Any], cells: Mapping[Any, Cell]) -> dict[str, Any]:
    condition = frozenset(
        (name.removeprefix("factor."), level)
        for name, level in row.items()
        if name.startswith("factor.") and level is not None
    )
    cell = cells[row["subject"], row["scenario"], condition]
    return {
        "id": row["trial_id"],
        "cell": cell.key,
        "condition": visible(cell.label),
        "factors": {visible(k): visible(v) for k, v in cell.condition.items()},
        "reference": row["model"].startswith(REFERENCE),
        **{name: _visible(row[name]) for name in _TRIAL_COLUMNS},
        "seed": str(row["seed"]),  # private ones have more digits than a script can count
    }


def _visible(value: object) -> object:
    return visible(clip(value, 4000)) if isinstance(value, str) else value


def _index(
    trials: list[dict[str, Any]], findings: pl.DataFrame, chunks: list[Chunk]
) -> list[dict[str, Any]]:
    place = {trial: number for number, chunk in enumerate(chunks) for trial in chunk.trials}
    found: dict[str, list[dict[str, Any]]] = {}
    for row in findings.iter_rows(named=True):
        finding = {name: _visible(row[name]) for name in _FINDING_COLUMNS}
        found.setdefault(row["trial_id"], []).append(finding)
    return [
        {**trial, "chunk": place.get(trial["id"]), "findings": found.get(trial["id"], [])}
        for trial in trials
    ]


def _by_scenario(analysis: Analysis, references: frozenset[str]) -> dict[str, list[Cell]]:
    """The cells of each scenario, those of reference subjects last."""
    ordered = sorted(analysis.cells, key=lambda cell: cell.subject in references)
    return {
        summary.scenario: [cell for cell in ordered if cell.scenario == summary.scenario]
        for summary in analysis.scenarios
    }


def _runs(cells: list[Cell], attribute: str) -> list[tuple[str, list[Cell]]]:
    """Runs of neighbours with the same attribute; Jinja's own ``groupby`` would sort them."""
    return [(name, list(run)) for name, run in groupby(cells, key=attrgetter(attribute))]


def _figures(cells: list[Cell], references: frozenset[str]) -> dict[str, Markup]:
    layouts = {"wide": WIDE, "narrow": NARROW}
    return {name: forest_plot(cells, references, layout) for name, layout in layouts.items()}


@cache
def _script() -> Markup:
    return assets.script(("offswitch.report", _SCRIPTS))


@cache
def _style() -> Markup:
    return assets.joined(("offswitch.report", _STYLES))


@cache
def _policy() -> str:
    return assets.policy(_script(), _style())


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("offswitch.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "percent": percent,
        "span": span,
        "fraction": fraction,
        "plural": plural,
        "words": words,
        "cell_link": cell_link,
        "runs": _runs,
        "contrasts_known": contrasts.known,
        "contrast_basis": contrasts.basis,
        "contrast_chance": contrasts.chance,
        "contrast_change": contrasts.change,
        "contrast_effect": contrasts.effect,
        "contrast_subject": contrasts.subject,
        "causes": causes.causes,
        "drivers": causes.drivers,
        "gap": causes.gap,
        "pareto": safeguards.pareto,
        "safeguard_points": safeguards.points,
    }
    return environment


def _finalize(value: object) -> object:
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value
