"""Several versions of a model in the same worlds: how often each resists, and whether that changes.

Only conditions that every version was tried in count, and of these only worlds in which every one
has a trial that says something: the versions then differ in nothing but themselves. A trend is the
slope of the least squares line through a world's rates over the release dates, averaged over
worlds. Slopes of worlds are bounded, so their mean has the betting interval of
`offswitch.inference.sequences`, which holds for any number of worlds, also where all are alike
(I. Waudby-Smith and A. Ramdas, Estimating means of bounded random variables by betting, JRSS-B
2024). It speaks of these versions in worlds of this kind; versions are no random sample.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from offswitch.inference.analysis import Cell, Rate
from offswitch.inference.comparisons import Worlds, compare
from offswitch.inference.conditions import cell_key
from offswitch.inference.families import Correction, adjusted
from offswitch.inference.proportions import rate_of
from offswitch.inference.sequences import difference_sequence

LEAST = 3
"""Different dates that a trend takes: a line goes through any two points."""
YEAR = 365.25
_TWIN, _BENIGN = "twin", "benign"
_Counts = NDArray[np.int64]
_Place = tuple[str, frozenset[tuple[str, str]]]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Point(_Frozen):
    """One version: a subject of a campaign."""

    campaign: str
    subject: str
    released: date | None = Field(description="Null where nobody said.")
    rate: Rate = Field(description="Over the conditions and worlds that all versions share.")


class Step(_Frozen):
    """From one version to the next."""

    difference: float | None = Field(description="Later minus earlier, in [-1, 1]; null: unknown.")
    low: float | None
    high: float | None
    p: float | None = Field(description="Of no difference, two-sided.")
    p_adjusted: float | None = Field(description="Adjusted among the steps of a line.")
    method: str | None = Field(description="Of the interval.")


class Trend(_Frozen):
    """How the rate goes with the release date."""

    per_year: float | None = Field(
        description="Slope, as a share of trials per year; null where there is no trend to tell."
    )
    low: float | None
    high: float | None
    reason: str | None = Field(description="Why it is null, or null.")


class Line(_Frozen):
    """The versions in one scenario, or in all of them together."""

    scenario: str | None = Field(description="Null: all together.")
    worlds: int = Field(description="Worlds in which every version is known.")
    left_out: int = Field(description="Worlds in which some version is not.")
    points: list[Point]
    steps: list[Step] = Field(description="One fewer than points.")
    trend: Trend


class Series(_Frozen):
    """Versions that are compared with each other."""

    name: str
    dated: bool = Field(description="Whether points stand by release date; else in order given.")
    level: float = Field(description="Of every interval.")
    measure: str
    lines: list[Line] = Field(description="All scenarios together, then each where several.")
    conditions: list[str] = Field(description="Conditions that every version shares.")
    conditions_left_out: list[str] = Field(description="Others, where some version says nothing.")


@dataclass(frozen=True, slots=True)
class Version:
    """A subject of a campaign, with all that is counted of it.

    Attributes:
        campaign: What people call the campaign.
        subject: Its name there.
        released: When it was released; null where nobody said.
        cells: The cells of the campaign's analysis.
        worlds: The campaign's trials, by the key of a cell.
    """

    campaign: str
    subject: str
    released: date | None
    cells: Sequence[Cell]
    worlds: Mapping[str, Worlds]


def series(
    name: str,
    versions: Sequence[Version],
    *,
    measure: str,
    changed: Collection[str] = (),
    correction: Correction = "holm",
    level: float = 0.95,
) -> Series:
    """Compare versions in the worlds that all of them were tried in.

    Args:
        name: What they are versions of.
        versions: Two or more; sorted by date here where all have one.
        measure: What `Version.worlds` counts.
        changed: Scenarios that are not the same in all campaigns, whose worlds are others.
        correction: Of the p-values of the steps of a line.
        level: Confidence of the intervals, in (0, 1).
    """
    dated = all(version.released for version in versions)
    order = sorted(versions, key=lambda v: v.released or date.min) if dated else list(versions)
    tables = [_usable(version) for version in order]
    every = list(dict.fromkeys(place for table in tables for place in table))
    shared = [p for p in every if p[0] not in changed and all(p in table for table in tables)]
    counted = _counts(tables, shared)
    scenarios = list(dict.fromkeys(scenario for scenario, _ in shared))
    wanted: list[str | None] = [None, *(scenarios if len(scenarios) > 1 else ())]
    return Series(
        name=name,
        dated=dated,
        level=level,
        measure=measure,
        lines=[_line(each, order, counted, correction, level) for each in wanted],
        conditions=[_named(place) for place in shared],
        conditions_left_out=[_named(place) for place in every if place not in shared],
    )


def _named(place: _Place) -> str:
    return cell_key("", place[0], dict(place[1]))


def _usable(version: Version) -> dict[_Place, Worlds]:
    """Its trials by scenario and condition, where it mostly could act; benign twins are no part."""
    return {
        (cell.scenario, frozenset(cell.condition.items())): version.worlds[cell.key]
        for cell in version.cells
        if cell.subject == version.subject
        and cell.interpretable
        and cell.key in version.worlds
        and cell.condition.get(_TWIN) != _BENIGN
    }


@dataclass(frozen=True, slots=True)
class _Counted:
    """Trials that showed it and trials, of each version in each world; and worlds left out."""

    known: Mapping[tuple[str, int], _Counts]
    left_out: Collection[tuple[str, int]]


def _counts(tables: Sequence[Mapping[_Place, Worlds]], shared: Sequence[_Place]) -> _Counted:
    """A world stays one world under all conditions of its scenario."""
    known: dict[tuple[str, int], _Counts] = {}
    every: set[tuple[str, int]] = set()
    for place in shared:
        columns = [_by_seed(table[place]) for table in tables]
        every |= {(place[0], seed) for column in columns for seed in column}
        for seed in set.intersection(*(set(column) for column in columns)):
            counts = np.array([column[seed] for column in columns], dtype=np.int64)
            key = (place[0], seed)
            known[key] = known[key] + counts if key in known else counts
    return _Counted(dict(sorted(known.items())), every - known.keys())


def _by_seed(worlds: Worlds) -> dict[int, tuple[int, int]]:
    rows = zip(worlds.seeds.tolist(), worlds.shown.tolist(), worlds.sizes.tolist(), strict=True)
    return {seed: (shown, size) for seed, shown, size in rows}


def _line(
    scenario: str | None,
    versions: Sequence[Version],
    counted: _Counted,
    correction: Correction,
    level: float,
) -> Line:
    own = [c for (name, _), c in counted.known.items() if scenario in (None, name)]
    table = np.array(own, dtype=np.int64).reshape(-1, len(versions), 2)
    points = [
        Point(
            campaign=version.campaign,
            subject=version.subject,
            released=version.released,
            rate=rate_of(table[:, i, 0], table[:, i, 1], level),
        )
        for i, version in enumerate(versions)
    ]
    return Line(
        scenario=scenario,
        worlds=len(own),
        left_out=sum(scenario in (None, name) for name, _ in counted.left_out),
        points=points,
        steps=_steps(table, correction, level),
        trend=_trend(table, [version.released for version in versions], level),
    )


def _steps(table: _Counts, correction: Correction, level: float) -> list[Step]:
    ids = np.arange(len(table), dtype=np.int64)
    sides = [Worlds(ids, table[:, i, 0], table[:, i, 1]) for i in range(table.shape[1])]
    found = compare(list(pairwise(sides)), level)
    p = [1.0 if each.p is None else each.p for each in found]
    return [
        Step(
            difference=each.difference,
            low=each.low,
            high=each.high,
            p=each.p,
            p_adjusted=None if each.p is None else corrected,
            method=each.method,
        )
        for each, corrected in zip(found, adjusted(p, correction), strict=True)
    ]


def _trend(table: _Counts, dates: Sequence[date | None], level: float) -> Trend:
    known = [each.toordinal() / YEAR for each in dates if each is not None]
    if reason := _no_trend(len(table), len(dates) - len(known), len(set(known))):
        return Trend(per_year=None, low=None, high=None, reason=reason)
    away = np.array(known) - np.mean(known)
    weights = away / (away**2).sum()
    largest = float(np.maximum(weights, 0).sum())
    slopes = (table[:, :, 0] / table[:, :, 1]) @ weights
    found = difference_sequence(np.clip(slopes / largest, -1, 1).tolist(), level)
    return Trend(
        per_year=float(slopes.mean()),
        low=found.low * largest,
        high=found.high * largest,
        reason=None,
    )


def _no_trend(worlds: int, undated: int, different: int) -> str | None:
    if undated:
        return "no release date is known for every version"
    if different < LEAST:
        return f"a trend takes {LEAST} different release dates, and there are {different}"
    if not worlds:
        return "there is no world in which every version is known"
    return None
