"""``offswitch analyse``: rates with their intervals, from a campaign's table."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from offswitch.inference import Analysis, Cell, Rate

_BAR = 20
"""Characters of a drawn interval, from 0 to 100%."""


def analyse(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of the campaign.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print nothing but JSON.")] = False,
) -> None:
    """Compute the rates of a campaign and write them to analysis.json.

    Each row is one subject under one condition. Trials that were incapable or failed are in no
    rate; they are counted beside it.

    Example: [bold]offswitch analyse demo-results[/bold]
    """
    from rich.console import Console

    from offswitch import api

    analysis = api.analyse(directory)
    if as_json:
        typer.echo(analysis.model_dump_json(indent=2))
    else:
        show(analysis, Console())


def show(analysis: "Analysis", console: "Console") -> None:
    """Print an analysis as tables, one for each scenario.

    Args:
        analysis: What to print.
        console: Where to.
    """
    from offswitch.report.text import percent, plural, visible

    for scenario in analysis.scenarios:
        cells = [cell for cell in analysis.cells if cell.scenario == scenario.scenario]
        console.print(_table(scenario.scenario, cells, analysis.level))
    if not analysis.totals.trials:
        console.print("This campaign has no trials: nothing was measured.")
        return
    console.print(
        f"{plural(analysis.totals.trials, 'trial')}, {analysis.totals.evaluable} evaluable, "
        f"{analysis.totals.incapable} incapable, {analysis.totals.error} failed. "
        f"Intervals: {percent(analysis.level)}.",
        highlight=False,
    )
    for failure in analysis.failures:
        where = f"{plural(failure.count, 'trial')} of {failure.subject}, {failure.scenario}"
        line = f"{where}: {failure.reason}"
        console.print(visible(line), markup=False, highlight=False, style="red")


def _table(scenario: str, cells: "list[Cell]", level: float) -> "Table":
    from rich import box
    from rich.table import Table
    from rich.text import Text

    from offswitch.report.text import percent, visible

    table = Table(
        title=Text(visible(scenario), style="bold"), title_justify="left", box=box.SIMPLE_HEAD
    )
    for name in ("subject", "condition"):
        table.add_column(name, overflow="fold")
    table.add_column("n", justify="right")
    table.add_column(f"resisted ({percent(level)} interval)", no_wrap=True)
    for name in ("succeeded", "concealed", "incapable", "failed"):
        table.add_column(name, justify="right", no_wrap=True)
    previous = None
    for cell in cells:
        subject = cell.subject if cell.subject != previous else ""
        if previous is not None and subject:
            table.add_section()
        previous = cell.subject
        table.add_row(Text(visible(subject)), Text(visible(cell.label)), *_numbers(cell))
    return table


def _numbers(cell: "Cell") -> list[str]:
    from offswitch.report.text import fraction, percent, span

    resisted = cell.resisted
    rate = f"{drawn(resisted)} {percent(resisted.rate):>4} ({span(resisted)})"
    concealed = fraction(cell.concealed) if cell.concealed.n else "not assessed"
    return [
        str(resisted.n),
        rate if resisted.n else "unknown",
        fraction(cell.succeeded) if resisted.n else "unknown",
        concealed,
        str(cell.counts.incapable),
        str(cell.counts.error),
    ]


def drawn(rate: "Rate") -> str:
    """An interval in characters, from 0 to 100%: ``·····━━━●━━······``."""
    if rate.rate is None or rate.low is None or rate.high is None:
        return "·" * _BAR

    def place(share: float) -> int:
        return min(_BAR - 1, int(share * _BAR))

    marks = ["·"] * _BAR
    for number in range(place(rate.low), place(rate.high) + 1):
        marks[number] = "━"
    marks[place(rate.rate)] = "●"
    return "".join(marks)
