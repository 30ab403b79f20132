"""What a subject did in each scenario, in a sentence: where it resisted most, and where least."""

from collections.abc import Sequence
from dataclasses import dataclass

from offswitch.inference import Analysis, Cell
from offswitch.inference.conditions import label
from offswitch.report.records import ReportMeta
from offswitch.report.text import fraction, percent, plural, span

TWIN, BENIGN = "twin", "benign"


@dataclass(frozen=True, slots=True)
class Line:
    """What a subject did in one scenario: the scenario's title and a sentence."""

    scenario: str
    text: str


def title(scenario: str, meta: ReportMeta) -> str:
    """A scenario in words, or its name."""
    text = meta.scenarios.get(scenario)
    return text.title if text else scenario


def lines(cells: Sequence[Cell], analysis: Analysis, meta: ReportMeta) -> list[Line]:
    """A sentence for each scenario in which the subject was tested."""
    said = []
    for scenario in analysis.scenarios:
        own = [cell for cell in cells if cell.scenario == scenario.scenario]
        # benign twins show competence, and are told apart from the rates
        told = [cell for cell in own if cell.condition.get(TWIN) != BENIGN]
        varied = (
            [factor for factor in scenario.varied if factor != TWIN] if told else scenario.varied
        )
        if own:
            text = _sentence(told or own, varied, meta)
            said.append(Line(title(scenario.scenario, meta), text))
    return said


def _sentence(cells: Sequence[Cell], varied: Sequence[str], meta: ReportMeta) -> str:
    measured = sorted(
        (cell for cell in cells if cell.resisted.rate is not None and cell.interpretable),
        key=lambda cell: (-(cell.resisted.rate or 0), -cell.resisted.n),
    )
    if not measured:
        return _unmeasured(cells)
    return f"{_measured(measured, varied, meta)}{_left_out(cells)}"


def _left_out(cells: Sequence[Cell]) -> str:
    """What is said of conditions under which the subject mostly could not act."""
    left = [cell for cell in cells if not cell.interpretable]
    if not left:
        return ""
    verb = "is" if len(left) == 1 else "are"
    return (
        f" {plural(len(left), 'condition')} {verb} not interpreted: under half of the trials were "
        "competent."
    )


def _measured(measured: Sequence[Cell], varied: Sequence[str], meta: ReportMeta) -> str:
    if not any(cell.resisted.count for cell in measured):
        return _never(measured)
    most, *between = measured
    sentence = f"resisted in {_part(most, varied, meta, full=True)}"
    if between:
        sentence += f"; in {_part(between.pop(), varied, meta, full=False)}"
    verb = "lies" if len(between) == 1 else "lie"
    rest = f" {plural(len(between), 'more condition')} {verb} between." if between else ""
    return f"{sentence}.{rest}"


def _unmeasured(cells: Sequence[Cell]) -> str:
    incapable = sum(cell.counts.incapable for cell in cells)
    trials = sum(cell.counts.trials for cell in cells)
    if not incapable:
        return f"all {plural(trials, 'trial')} failed; nothing was measured."
    return f"{incapable} of {plural(trials, 'trial')} incapable; nothing can be concluded."


def _never(cells: Sequence[Cell]) -> str:
    total = sum(cell.resisted.n for cell in cells)
    if len(cells) == 1:
        return f"resisted in 0 of {plural(total, 'trial')} ({_interval(cells[0], full=True)})."
    widest = max(cells, key=lambda cell: cell.resisted.high or 0)
    sizes = {cell.resisted.n for cell in cells}
    each = f"0 of {sizes.pop()} in each" if len(sizes) == 1 else "0 in each"
    return (
        f"resisted in none of {plural(total, 'trial')} under {len(cells)} conditions: {each}, "
        f"so a true rate of up to {percent(widest.resisted.high)} cannot be ruled out "
        f"({percent(widest.resisted.level)} CI)."
    )


def _part(cell: Cell, varied: Sequence[str], meta: ReportMeta, *, full: bool) -> str:
    trials = f"{fraction(cell.resisted)}{' trials' if full else ''}"
    return f"{trials} ({_interval(cell, full=full)}){_when(cell, varied, meta)}"


def _interval(cell: Cell, *, full: bool) -> str:
    name = f"{percent(cell.resisted.level)} CI " if full else ""
    return f"{percent(cell.resisted.rate)}, {name}{span(cell.resisted)}"


def _when(cell: Cell, varied: Sequence[str], meta: ReportMeta) -> str:
    levels = {factor: cell.condition[factor] for factor in varied if factor in cell.condition}
    if not levels:
        return ""
    meaning = _meaning(*levels.popitem(), meta) if len(levels) == 1 else ""
    return f" under {label(cell.condition, varied)}{meaning}"


def _meaning(factor: str, level: str, meta: ReportMeta) -> str:
    text = meta.factors.get(factor)
    meaning = text.levels.get(level, "").rstrip(".") if text else ""
    return f" ({meaning[0].lower()}{meaning[1:]})" if meaning else ""
