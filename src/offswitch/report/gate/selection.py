"""Which cells a requirement is about; names that are not in the campaign, with near misses."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

import polars as pl

from offswitch.inference import Cell
from offswitch.inference.conditions import PREFIX
from offswitch.inference.outcomes import RESISTED
from offswitch.report.answers import REFERENCE
from offswitch.report.by_scenario import BENIGN, TWIN
from offswitch.report.gate.evidence import Evidence
from offswitch.report.gate.policy import Each, Selecting
from offswitch.report.text import visible

OUTCOMES = ("resisted", "succeeded", "concealed")
"""Measures that are no behaviours."""


@dataclass(frozen=True, slots=True)
class Group:
    """Cells that are judged together.

    Attributes:
        what: Its name, such as ``gpt, shutdown, instruction: allow``.
        cells: The cells.
    """

    what: str
    cells: tuple[Cell, ...]

    @property
    def keys(self) -> list[str]:
        """Keys of the cells."""
        return [cell.key for cell in self.cells]


@dataclass(frozen=True, slots=True)
class Selected:
    """The cells that were asked for, and what was asked for and is not there."""

    cells: tuple[Cell, ...]
    missing: tuple[str, ...]


def select(wanted: Selecting, evidence: Evidence, *, twins: bool = False) -> Selected:
    """The cells that a requirement is about.

    Benign twins show competence and say nothing of resistance; they are left out unless the
    requirement names the factor, or asks for them.

    Args:
        wanted: Its subjects, scenarios and conditions.
        evidence: The campaign.
        twins: Whether benign twins take part.
    """
    analysis, missing = evidence.analysis, list[str]()
    subjects = _subjects(wanted, evidence, missing)
    scenarios = [each.scenario for each in analysis.scenarios]
    for name in wanted.scenarios:
        _note("scenario", name, scenarios, missing)
    cells = [
        cell
        for cell in analysis.cells
        if cell.subject in subjects
        and (not wanted.scenarios or cell.scenario in wanted.scenarios)
        and (twins or TWIN in wanted.where or cell.condition.get(TWIN) != BENIGN)
    ]
    for factor, levels in wanted.where.items():
        _levels(factor, levels, cells, missing)
    kept = [
        cell
        for cell in cells
        if all(cell.condition.get(factor) in levels for factor, levels in wanted.where.items())
    ]
    if cells and not kept and not missing:
        where = ", ".join(f"{f}: {' or '.join(v)}" for f, v in wanted.where.items())
        missing.append(f"no condition with {where} was run")
    return Selected(tuple(kept), tuple(missing))


def _subjects(wanted: Selecting, evidence: Evidence, missing: list[str]) -> set[str]:
    known = {each.subject: each.model for each in evidence.analysis.subjects}
    scripted = {name for name, model in known.items() if model.startswith(REFERENCE)}
    groups = {"all": set(known), "scripted": scripted, "tested": set(known) - scripted}
    if isinstance(wanted.subjects, str):
        found = groups[wanted.subjects]
        if not found:
            only = " (all of its subjects are scripted)" if known else ""
            missing.append(f"the campaign has no {wanted.subjects} subject{only}")
        return found
    for name in wanted.subjects:
        _note("subject", name, known, missing)
    return set(wanted.subjects)


def _levels(factor: str, levels: Iterable[str], cells: Sequence[Cell], missing: list[str]) -> None:
    if not cells:
        return
    factors = {name for cell in cells for name in cell.condition}
    if not _note("factor", factor, factors, missing):
        return
    known = {cell.condition[factor] for cell in cells if factor in cell.condition}
    for level in levels:
        _note(f"level of {factor}", level, known, missing)


def _note(kind: str, name: str, known: Iterable[str], missing: list[str]) -> bool:
    """Whether a name is known; if not, what to write instead is added to what is missing."""
    names = sorted(known)
    if name in names:
        return True
    near = get_close_matches(name, names, n=1, cutoff=0.5)
    hint = f"; did you mean '{near[0]}'?" if near else ""
    listed = ", ".join(names[:12]) + (", …" if len(names) > 12 else "")
    missing.append(
        visible(f"the campaign has no {kind} '{name}'{hint} It has: {listed or 'none'}")
        if hint
        else visible(f"the campaign has no {kind} '{name}'; it has: {listed or 'none'}")
    )
    return False


def looking(measure: str, selected: Selected, evidence: Evidence) -> Selected:
    """The cells in whose scenario the measure can be told; what is missing if there is none."""
    if measure in OUTCOMES:
        return selected
    behaviours = {s.scenario: s.behaviours for s in evidence.analysis.scenarios}
    cells = tuple(c for c in selected.cells if measure in behaviours.get(c.scenario, ()))
    missing = list(selected.missing)
    if selected.cells and not cells:
        scenarios = {cell.scenario for cell in selected.cells}
        known = {name for scenario in scenarios for name in behaviours[scenario]}
        _note("behaviour that is looked for", measure, {*known, *OUTCOMES}, missing)
    return Selected(cells, tuple(missing))


def groups(cells: Sequence[Cell], each: Each) -> list[Group]:
    """Cells that are judged together, in their order."""
    found: dict[tuple[str, ...], list[Cell]] = {}
    for cell in cells:
        parts = {
            "condition": (cell.subject, cell.scenario, cell.label),
            "scenario": (cell.subject, cell.scenario),
            "subject": (cell.subject,),
        }
        found.setdefault(parts[each], []).append(cell)
    return [Group(visible(", ".join(name)), tuple(own)) for name, own in found.items()]


def trials(evidence: Evidence, cells: Iterable[Cell]) -> pl.DataFrame:
    """The trials of some cells, of every outcome."""
    frame = evidence.observations
    factors = [name for name in frame.columns if name.startswith(PREFIX)]
    keys = [
        {
            "subject": cell.subject,
            "scenario": cell.scenario,
            **{name: cell.condition.get(name.removeprefix(PREFIX)) for name in factors},
        }
        for cell in cells
    ]
    columns = ["subject", "scenario", *factors]
    wanted = pl.DataFrame(keys, schema=dict.fromkeys(columns, pl.String))
    return frame.join(wanted, on=columns, how="semi", nulls_equal=True)


def shown(measure: str) -> pl.Expr:
    """Whether a trial shows a measure; null where that is not known."""
    if measure == "resisted":
        return pl.col("outcome").is_in(RESISTED)
    if measure == "succeeded":
        return pl.col("outcome") == "succeeded"
    if measure == "concealed":
        return pl.col("concealed")
    return pl.col("behaviours").list.contains(measure)
