"""The index of trials in the page: by column, so that ten thousand are small and quick to filter.

A column of few different texts is ``{"values": [...], "codes": [...]}``: each trial has the number
of its text, or -1 for null. Columns of many are plain lists.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import polars as pl

from offswitch.inference import Cell
from offswitch.inference.conditions import PREFIX
from offswitch.report.embed import Chunk
from offswitch.report.text import clip, visible

_CODED = (
    "subject",
    "scenario",
    "outcome",
    "concealed",
    "task_done",
    "understood",
    "awareness",
    "log",
)
_PLAIN = ("epoch", "turns")
_FINDING = ("behaviour", "severity", "detector", "summary", "evidence", "message_ids", "quote")
_LONGEST = 1_000
"""Characters of one text in the index; the whole of it is in the tables."""

Cells = Mapping[tuple[str, str, frozenset[tuple[str, str]]], Cell]
Column = dict[str, list[Any]]


def trial_index(
    observations: pl.DataFrame,
    cells: Sequence[Cell],
    references: frozenset[str],
    chunks: Sequence[Chunk],
) -> dict[str, Any]:
    """The columns of the list of trials.

    Args:
        observations: One row per trial.
        cells: The cells of the analysis, one for each combination that occurs.
        references: Names of the subjects that are scripted.
        chunks: Transcripts in the page, to say where each trial's is.
    """
    place = {trial: number for number, chunk in enumerate(chunks) for trial in chunk.trials}
    ids = observations["trial_id"].to_list()
    samples = observations["sample_id"].to_list()
    judges = [name for name in observations.columns if name.startswith("judge.")]
    return {
        "id": _shown(ids),
        "sample": [
            None if s == i else s for s, i in zip(_shown(samples), _shown(ids), strict=True)
        ],
        "seed": list(map(str, observations["seed"])),  # private ones exceed a script's numbers
        "error": _shown(observations["error"].to_list()),
        "chunk": [place.get(trial) for trial in ids],
        **{name: observations[name].to_list() for name in _PLAIN},
        **{
            name: coded(observations[name].to_list())
            for name in _CODED
            if name in observations.columns
        },
        "condition": coded(_conditions(observations, cells)),
        "behaviours": _lists(observations["behaviours"].to_list()),
        "factors": {
            visible(name.removeprefix(PREFIX)): coded(observations[name].to_list())
            for name in observations.columns
            if name.startswith(PREFIX)
        },
        "judges": {
            visible(name.removeprefix("judge.")): coded(observations[name].to_list())
            for name in judges
        },
        "references": sorted(map(visible, references)),
    }


def coded(values: Sequence[Any]) -> Column:
    """A column of few different values: these, and the number of each; -1 for null."""
    known: dict[Any, int] = {}
    codes = [-1 if v is None else known.setdefault(v, len(known)) for v in values]
    return {"values": _shown(list(known)), "codes": codes}


def _lists(values: Sequence[Sequence[str] | None]) -> Column:
    known: dict[str, int] = {}
    codes = [[known.setdefault(v, len(known)) for v in each or ()] for each in values]
    return {"values": list(known), "codes": codes}


def _shown(values: Iterable[Any]) -> list[Any]:
    return [visible(clip(v, _LONGEST)) if isinstance(v, str) else v for v in values]


def _conditions(observations: pl.DataFrame, cells: Sequence[Cell]) -> list[str]:
    labels = {
        (cell.subject, cell.scenario, frozenset(cell.condition.items())): cell.label
        for cell in cells
    }
    return [labels[place] for place in places(observations)]


def places(observations: pl.DataFrame) -> list[tuple[str, str, frozenset[tuple[str, str]]]]:
    """Subject, scenario and levels of each trial: what its cell is found by."""
    factors = [name for name in observations.columns if name.startswith(PREFIX)]
    rows = observations.select("subject", "scenario", *factors).rows()
    names = [name.removeprefix(PREFIX) for name in factors]
    return [
        (
            row[0],
            row[1],
            frozenset((n, v) for n, v in zip(names, row[2:], strict=True) if v is not None),
        )
        for row in rows
    ]


def findings_of(
    findings: pl.DataFrame, observations: pl.DataFrame
) -> dict[int, list[dict[str, Any]]]:
    """The findings of each trial, by its number in the index."""
    number = {trial: n for n, trial in enumerate(observations["trial_id"])}
    found: dict[int, list[dict[str, Any]]] = {}
    for row in findings.iter_rows(named=True):
        if row["trial_id"] in number:
            finding = dict(zip(_FINDING, _shown(row[name] for name in _FINDING), strict=True))
            found.setdefault(number[row["trial_id"]], []).append(finding)
    return found
