"""Every figure as SVG, PNG and the data behind it, for papers and slides."""

import re
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from offswitch._files import write_atomic
from offswitch.inference import Analysis, JudgedRate
from offswitch.inference.analysis import Correction
from offswitch.inference.attribution import Attribution
from offswitch.report.figures import pareto
from offswitch.report.figures.plots import Plot, Row, heat, intervals
from offswitch.report.heat import heat_map

PIXELS = 3.0
"""Pixels of the PNG for each of the SVG: 300 dots per inch at the size of the SVG and more."""


def write_figures(analysis: Analysis, directory: Path) -> list[Path]:
    """Write each figure as ``NAME.svg``, ``NAME.png`` and ``NAME.csv``.

    Args:
        analysis: What is shown.
        directory: Where to; it is made where there is none.

    Returns:
        The files, in the order of the figures; none where there is nothing to show.
    """
    import vl_convert

    directory.mkdir(parents=True, exist_ok=True)
    written = []
    for plot in plots(analysis):
        text = plot.chart.to_json(validate=False)
        stem = directory / plot.name
        files: dict[Path, str | bytes] = {
            stem.with_suffix(".svg"): vl_convert.vegalite_to_svg(text),
            stem.with_suffix(".png"): vl_convert.vegalite_to_png(text, scale=PIXELS),
            stem.with_suffix(".csv"): pl.DataFrame(plot.rows, infer_schema_length=None).write_csv(),
        }
        for path, content in files.items():
            write_atomic(path, content)
        written += list(files)
    return written


def plots(analysis: Analysis) -> Iterator[Plot]:
    """The figures: heat map, rates by scenario, drivers by subject, judges, safeguards."""
    tiles = list(_tiles(analysis))
    if tiles:
        title = "Where each subject resisted: the condition with the highest rate"
        yield heat("map", title, tiles)
    for summary in analysis.scenarios:
        rows = list(_rates(analysis, summary.scenario))
        title = f"How often it resisted: {summary.scenario}"
        axis = f"resisted, with {analysis.level:.0%} interval"
        yield intervals(f"rates-{_file(summary.scenario)}", title, rows, axis)
    driven = [row for found in analysis.attribution for row in _drivers(found)]
    if driven:
        axis = "change of the rate of resisting"
        yield intervals("drivers", "What drives it", driven, axis, least=-1.0)
    judged = [row for each in analysis.judged for row in _judged(each)]
    if judged:
        kinds = ("raw", "corrected")
        yield intervals("judges", "What judges say", judged, "judged yes", kinds=kinds)
    safety = pareto.plot(analysis.safeguards)
    if safety is not None:
        yield safety


def _file(name: str) -> str:
    """A name as part of a file's: other people's scenarios are called whatever they like."""
    return re.sub(r"[^A-Za-z0-9_-]+", "-", name)[:80]


def _tiles(analysis: Analysis) -> Iterator[Row]:
    subjects = [each.subject for each in analysis.subjects]
    scenarios = [each.scenario for each in analysis.scenarios]
    for subject, tiles in heat_map(analysis, subjects):
        for scenario, tile in zip(scenarios, tiles, strict=True):
            known = tile.cell.resisted if tile.cell is not None and tile.state == "known" else None
            yield {
                "subject": subject,
                "scenario": scenario,
                "condition": tile.cell.label if known and tile.cell else None,
                "state": tile.state,
                "count": known.count if known else None,
                "n": known.n if known else None,
                "rate": known.rate if known else None,
                "low": known.low if known else None,
                "high": known.high if known else None,
            }


def _rates(analysis: Analysis, scenario: str) -> Iterator[Row]:
    for cell in analysis.cells:
        if cell.scenario == scenario:
            rate = cell.resisted
            yield {
                "group": cell.subject,
                "label": cell.label,
                "count": rate.count,
                "n": rate.n,
                "estimate": rate.rate,
                "low": rate.low,
                "high": rate.high,
                "incapable": cell.counts.incapable,
                "failed": cell.counts.error,
            }


def _drivers(found: Attribution) -> Iterator[Row]:
    for driver in found.drivers:
        yield {
            "group": found.subject,
            "label": f"{driver.factor}: {driver.level_of_factor}, against {driver.reference}",
            "estimate": driver.effect.estimate,
            "low": driver.effect.low,
            "high": driver.effect.high,
            "pairs": driver.pairs,
        }


def _judged(judged: JudgedRate) -> Iterator[Row]:
    group = f"{judged.column}, by {judged.judge}"
    both: dict[str, tuple[float | None, float | None, float | None]] = {
        "raw": (judged.raw.rate, judged.raw.low, judged.raw.high)
    }
    if judged.corrected is not None:
        both["corrected"] = _parts(judged.corrected)
    for kind, (estimate, low, high) in both.items():
        yield {
            "group": group,
            "label": judged.cell,
            "kind": kind,
            "estimate": estimate,
            "low": low,
            "high": high,
        }


def _parts(found: Correction) -> tuple[float | None, float | None, float | None]:
    return found.estimate, found.low, found.high
