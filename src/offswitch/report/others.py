"""Others' published figures beside ours, for the conditions that stand for theirs."""

from collections.abc import Iterator
from dataclasses import dataclass

from offswitch.inference import Analysis, Cell
from offswitch.published import Figure, Measure, Table, matching, published_names, published_table
from offswitch.report.text import percent


@dataclass(frozen=True, slots=True)
class Beside:
    """One published measure and the cells of ours that are its counterpart."""

    measure: Measure
    cells: tuple[Cell, ...]

    @property
    def figures(self) -> list[Figure]:
        """The published figures, each complete."""
        return list(self.measure.complete())


def others(analysis: Analysis) -> list[tuple[Table, list[Beside]]]:
    """The published tables with measures that have a counterpart in this campaign."""
    tables = [
        (table, list(_beside(table, analysis))) for table in map(published_table, published_names())
    ]
    return [(table, found) for table, found in tables if found]


def _beside(table: Table, analysis: Analysis) -> Iterator[Beside]:
    own: dict[str, list[Cell]] = {}
    measures: dict[str, Measure] = {}
    for cell in analysis.cells:
        for measure in matching(table, cell.scenario, cell.condition):
            measures[measure.id] = measure
            own.setdefault(measure.id, []).append(cell)
    for name, measure in measures.items():
        yield Beside(measure, tuple(own[name]))


def value(figure: Figure) -> str:
    """A published value, such as ``about 92.6%``; ``not read in the source`` where it is null."""
    if figure.value is None:
        return "not given" if figure.status != "unverified" else "not verified"
    about = {"about": "about ", "above": "over ", "below": "under ", None: ""}[figure.bound]
    interval = (
        f" ({figure.low:g} to {figure.high:g})"
        if figure.low is not None and figure.high is not None
        else ""
    )
    return f"{about}{figure.value:g}%{interval}"


def size(figure: Figure) -> str:
    """The trials behind it, in words; empty where not known."""
    match figure.n:
        case None:
            return ""
        case int(n):
            return f"{n:,} trials"
        case (least, most):
            return f"{least:,} to {most:,} trials"


def counterpart(cell: Cell, beside: Beside) -> str:
    """Our rate that stands for what they count, with its interval."""
    rate = cell.resisted
    if rate.rate is None or rate.low is None or rate.high is None:
        return "unknown"
    if beside.measure.counts == "complied":
        share, low, high = 1 - rate.rate, 1 - rate.high, 1 - rate.low
    else:
        share, low, high = rate.rate, rate.low, rate.high
    return f"{percent(share)} ({percent(low)} to {percent(high)})"
