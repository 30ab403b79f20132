"""The page: everything that a report shows, in one HTML file that works offline.

Its security policy allows no connection at all and no script or style but the page's own, by hash.
Every text is escaped by the template, and shown with what is invisible in it; transcripts are set
as text by the page's script, never as HTML.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import jinja2
import polars as pl
import yaml
from markupsafe import Markup

from offswitch.inference import Analysis, Cell
from offswitch.report import (
    assets,
    causes,
    contrasts,
    differences,
    effort,
    inside,
    marks,
    others,
    registered,
    safeguards,
)
from offswitch.report.answers import REFERENCE, answers
from offswitch.report.by_scenario import title
from offswitch.report.embed import BUDGET, Chunk, embed, pack
from offswitch.report.figures import NARROW, WIDE, forest_plot
from offswitch.report.headline import headline
from offswitch.report.heat import heat_map
from offswitch.report.index import findings_of, places, trial_index
from offswitch.report.links import address, cell_link
from offswitch.report.paths import SHOWN, path_figure, seen
from offswitch.report.records import OpinionRecord, ReportMeta, TranscriptRecord
from offswitch.report.text import clip, fraction, percent, plural, span, visible, words

if TYPE_CHECKING:
    from offswitch.report.case import SafetyCase
    from offswitch.report.inside import Patch, Probe, Steer

_SCRIPTS = (
    *("data.js", "dom.js", "conversation.js", "citations.js", "transcript.js", "differences.js"),
    *("pair.js", "filters.js", "list.js", "search.js", "keys.js", "main.js"),
)
_STYLES = ("base.css", "report.css", "explorer.css")
CONTRASTS = 12
"""Contrasts that are shown of each scenario, the most certain ones."""
_OUTCOMES = ("complied", "attempted", "succeeded", "incapable", "error")
_SECTION = re.compile(r'<section id="([a-z-]+)"[^>]*? data-nav="([^"]+)"')
_NONE = pl.DataFrame()


def render(
    analysis: Analysis,
    observations: pl.DataFrame,
    findings: pl.DataFrame,
    transcripts: Iterable[TranscriptRecord],
    plan: Mapping[str, Any],
    meta: ReportMeta,
    *,
    verdicts: pl.DataFrame = _NONE,
    budget: int = BUDGET,
    case: "SafetyCase | None" = None,
    looked: "Sequence[Probe | Patch | Steer]" = (),
) -> str:
    """One self-contained HTML page.

    Args:
        analysis: What was computed from the observations.
        observations: One row per trial.
        findings: One row per finding.
        transcripts: Conversation and journal of the trials, in any order; some may be missing.
        plan: The plan as run.
        meta: Names, words and versions.
        verdicts: One row per verdict of a judge, or nothing.
        budget: Bytes that the transcripts may take in the page.
        case: The argument that a policy makes of it, if one was held against it.
        looked: What was found inside the networks.
    """
    chunks = _embedded(transcripts, observations, findings, verdicts, budget)
    references = frozenset(s.subject for s in analysis.subjects if s.model.startswith(REFERENCE))
    found = answers(analysis, meta)
    order = [answer.subject for answer in found]
    cells = _by_scenario(analysis, order)
    context = {
        "analysis": analysis,
        "meta": meta,
        "references": references,
        "answers": found,
        "headline": headline(found),
        "heat": heat_map(analysis, order),
        "attribution": sorted(analysis.attribution, key=lambda each: order.index(each.subject)),
        "effort": effort.efforts(analysis, observations, order),
        "others": others.others(analysis),
        "plan": yaml.safe_dump(dict(plan), sort_keys=False, allow_unicode=True, width=100),
        "figures": {name: _figures(rows, references) for name, rows in cells.items()},
        "cells": cells,
        "cell_of": {cell.key: cell for cell in analysis.cells},
        "paths": _paths(analysis),
        "embedded": sum(len(chunk.trials) for chunk in chunks),
        "embedded_found": len(_found(findings) & {t for chunk in chunks for t in chunk.trials}),
        "with_findings": len(_found(findings)),
        "outcomes": _OUTCOMES,
        "case": case,
        "inside": inside.inside(looked),
        "contrasts_shown": CONTRASTS,
    }
    data = {
        "index": pack(trial_index(observations, analysis.cells, references, chunks)),
        "found": pack(findings_of(findings, observations)),
        "chunks": [chunk.data for chunk in chunks],
    }
    return _page(context, data)


def _page(context: dict[str, Any], data: dict[str, Any]) -> str:
    """The body with its contents, the data that its script reads, and its policy."""
    body = Markup(_environment().get_template("body.html.j2").render(context))  # noqa: S704 (escaped there)
    page = {
        "body": body,
        "sections": sections(body),
        "style": _style(),
        "script": _script(),
        "policy": _policy(),
    }
    return _environment().get_template("report.html.j2").render(context | data | page)


def sections(body: str) -> list[tuple[str, str]]:
    """The sections of the page that are to stand in its table of contents: anchor and name.

    A section names itself with ``data-nav``; its ``id`` stands right before that.
    """
    return _SECTION.findall(body)


def _found(findings: pl.DataFrame) -> set[str]:
    return set(findings["trial_id"]) if findings.height else set()


def _embedded(
    transcripts: Iterable[TranscriptRecord],
    observations: pl.DataFrame,
    findings: pl.DataFrame,
    verdicts: pl.DataFrame,
    budget: int,
) -> list[Chunk]:
    ids, outcomes = observations["trial_id"], observations["outcome"]
    groups = dict(zip(ids, zip(places(observations), outcomes, strict=True), strict=True))
    opinions = _opinions(verdicts)
    with_opinions = (_with(each, opinions.get(each["trial_id"], [])) for each in transcripts)
    return embed(with_opinions, groups, budget, _found(findings))


def _with(transcript: TranscriptRecord, opinions: list[OpinionRecord]) -> TranscriptRecord:
    return {**transcript, "opinions": opinions} if opinions else transcript


def _opinions(verdicts: pl.DataFrame) -> dict[str, list[OpinionRecord]]:
    found: dict[str, list[OpinionRecord]] = {}
    for row in verdicts.iter_rows(named=True):
        opinion: OpinionRecord = {
            "rubric": row["rubric"],
            "judge": row["judge"],
            "answers": row["answers"],
            "reason": row["reason"],
            "reasoning": clip(row["reasoning"], 2_000),
            "quotes": row["quotes"],
            "messages": row["messages"],
        }
        found.setdefault(row["trial_id"], []).append(opinion)
    return found


def _by_scenario(analysis: Analysis, order: Sequence[str]) -> dict[str, list[Cell]]:
    """The cells of each scenario, with the subjects in this order."""
    ordered = sorted(analysis.cells, key=lambda cell: order.index(cell.subject))
    found: dict[str, list[Cell]] = {summary.scenario: [] for summary in analysis.scenarios}
    for cell in ordered:
        found[cell.scenario].append(cell)
    return found


def _runs(cells: Sequence[Cell], attribute: str) -> list[tuple[str, list[Cell]]]:
    """Runs of neighbours with the same attribute; Jinja's own ``groupby`` would sort them."""
    return [(name, list(run)) for name, run in groupby(cells, key=attrgetter(attribute))]


def _paths(analysis: Analysis) -> list[tuple[str, Markup]]:
    """The paths of the first questions, by name."""
    asked = analysis.sequential.questions if analysis.sequential else []
    seen = [question for question in asked if question.path]
    return [(question.name, path_figure(question)) for question in seen[:SHOWN]]


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
    environment.filters |= dict(_filters())
    return environment


def _filters() -> Iterator[tuple[str, Any]]:
    """What the templates may call, by name."""
    for function in (percent, span, fraction, plural, words, cell_link, title, seen):
        yield function.__name__, function
    yield "address", lambda filters: address(**filters)
    yield "runs", _runs
    yield "interval", marks.interval
    yield "effect_line", marks.effect
    for name in ("known", "basis", "chance", "change", "effect", "subject"):
        yield f"contrast_{name}", getattr(contrasts, name)
    for name in ("causes", "drivers", "gap", "raising", "points", "judgements", "untested"):
        yield name, getattr(causes, name)
    for name in ("change", "effect"):
        yield f"difference_{name}", getattr(differences, name)
    for name in ("deviations", "exploratory"):
        yield f"registered_{name}", getattr(registered, name)
    yield "registered", registered.decided
    yield "pareto", safeguards.pareto
    yield "safeguard_points", safeguards.points
    yield "inside_number", inside.number
    yield "inside_moved", inside.moved
    for name in ("value", "size", "counterpart"):
        yield f"published_{name}", getattr(others, name)


def _finalize(value: object) -> object:
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value
