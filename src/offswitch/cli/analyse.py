"""``offswitch analyse``: rates with their intervals, from a campaign's table."""

from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from offswitch.cli.directory import DIRECTORY, directory_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from offswitch.inference import Analysis, Cell, Difference, MixedRate, PooledRate, Rate

_BAR = 20
"""Characters of a drawn interval, from 0 to 100%."""
_WIDE = 110
"""Columns that the table needs; a narrower terminal gets lines instead."""
MOST = 8
"""Contrasts that are printed of each kind unless all are asked for."""
KINDS = {"condition": "What changed how often it", "subject": "Between subjects, who"}


def analyse(
    directory: Annotated[Path, typer.Argument(parser=directory_of, metavar="DIR", help=DIRECTORY)],
    as_json: Annotated[bool, typer.Option("--json", help="Print nothing but JSON.")] = False,
    everything: Annotated[
        bool, typer.Option("--all", help="Print every contrast, not the most certain ones only.")
    ] = False,
    pairs: Annotated[
        str | None,
        typer.Option(
            help="Levels to compare: each with the 'baseline', 'all' pairs, or 'adjacent' ones. "
            "Unless named: steps where the plan has a ladder, else the baseline."
        ),
    ] = None,
    correction: Annotated[
        str, typer.Option(help="For many contrasts: 'holm' or 'benjamini-hochberg'.")
    ] = "holm",
    mix: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="YAML: the share of each condition in a deployment."),
    ] = None,
) -> None:
    """Compute the rates of a campaign and write them to analysis.json.

    Each row is one subject under one condition. Trials that were incapable or failed are in no
    rate; they are counted beside it.

    Example: [bold]offswitch analyse demo-results[/bold]
    """
    from rich.console import Console

    from offswitch import api

    analysis = api.analyse(directory, choice=pairs, correction=correction, mix=mix)
    if as_json:
        typer.echo(analysis.model_dump_json(indent=2))
    else:
        show(analysis, Console(), most=None if everything else MOST)


def show(analysis: "Analysis", console: "Console", most: int | None = MOST) -> None:
    """Print an analysis as tables, one for each scenario.

    Args:
        analysis: What to print.
        console: Where to.
        most: How many contrasts to print of each kind; all where null.
    """
    from offswitch.report.text import percent, plural, visible

    draw = _table if console.width >= _WIDE else _list
    for scenario in analysis.scenarios:
        cells = [cell for cell in analysis.cells if cell.scenario == scenario.scenario]
        console.print(draw(visible(scenario.scenario), cells, analysis.level))
    if not analysis.totals.trials:
        console.print("This campaign has no trials: nothing was measured.")
        return
    console.print(
        f"{plural(analysis.totals.trials, 'trial')}, {analysis.totals.evaluable} evaluable, "
        f"{analysis.totals.incapable} incapable, {analysis.totals.error} failed. "
        f"Intervals: {percent(analysis.level)}.",
        highlight=False,
    )
    for difference in analysis.differences:
        console.print(visible(_difference(difference)), markup=False, highlight=False)
    for mixed in analysis.mixed:
        console.print(visible(_mixed(mixed)), markup=False, highlight=False)
    for line in _judged(analysis):
        console.print(visible(line), markup=False, highlight=False)
    for pooled in analysis.pooled:
        if pooled.rate is not None:
            console.print(visible(_pooled(pooled)), markup=False, highlight=False)
    _registered(analysis, console)
    _contrasts(analysis, console, most)
    _causes(analysis, console)
    for failure in analysis.failures:
        where = f"{plural(failure.count, 'trial')} of {failure.subject}, {failure.scenario}"
        line = f"{where}: {failure.reason}"
        console.print(visible(line), markup=False, highlight=False, style="red")


def _mixed(found: "MixedRate") -> str:
    from offswitch.report.text import percent

    where = f"{found.scenario}, {found.subject}: in the stated mix"
    if found.rate is None:
        return f"{where} unknown: {found.reason}."
    ends = f"{percent(found.low)} to {percent(found.high)}"
    return f"{where} it would resist in {percent(found.rate)} ({ends})."


def _pooled(found: "PooledRate") -> str:
    from offswitch.report.text import percent, plural

    return (
        f"{found.subject}: over {plural(len(found.scenarios), 'scenario')}, each counting alike, "
        f"resisted {percent(found.rate)} ({percent(found.low)} to {percent(found.high)}, "
        "partially pooled)."
    )


def _registered(analysis: "Analysis", console: "Console") -> None:
    from offswitch.report import registered
    from offswitch.report.text import visible

    found = analysis.registration
    if found is None:
        return
    console.print(
        f"\nRegistered at {found.frozen_at} (SHA-256 {found.sha256[:12]}…):",
        style="bold",
        highlight=False,
    )
    lines = [registered.line(each) for each in found.results]
    lines += [f"Deviation: {each}." for each in registered.deviations(found)]
    for line in (*lines, registered.exploratory(found)):
        console.print(visible(f"  {line}"), markup=False, highlight=False)


def _contrasts(analysis: "Analysis", console: "Console", most: int | None) -> None:
    from offswitch.report.contrasts import sentence
    from offswitch.report.text import plural, visible

    varied = {each.scenario: each.varied for each in analysis.scenarios}
    for kind, title in KINDS.items():
        own = [each for each in analysis.contrasts if each.kind == kind]
        if not own:
            continue
        console.print(
            f"\n{title} resisted, the most certain first "
            f"({own[0].correction}-adjusted p within each scenario):",
            style="bold",
            highlight=False,
        )
        for each in own[:most]:
            line = f"  {sentence(each, varied.get(each.scenario, ()))}"
            console.print(visible(line), markup=False, highlight=False)
        if most is not None and len(own) > most:
            rest = plural(len(own) - most, "more contrast")
            console.print(f"  {rest}: --all, or analysis.json.", highlight=False)


def _causes(analysis: "Analysis", console: "Console") -> None:
    """Print why each subject resisted: verdicts, what is open, drivers, the gap."""
    from rich.text import Text

    from offswitch.report import causes
    from offswitch.report.text import visible

    for found in analysis.attribution:
        text = Text.assemble((f"\nWhy {visible(found.subject)} resisted\n", "bold"))
        lines = [found.note] if found.note else []
        for cause in causes.causes(found):
            told = cause.kind in ("supported", "undecided")
            lines += [
                f"{cause.title}: {cause.judgement}.",
                *(f"  {r}" for r in cause.reasons if told),
            ]
        lines += ["Drivers:", *(f"  {line}" for line in causes.drivers(found))]
        lines += [line for line in [causes.gap(found)] if line]
        text.append(visible("\n".join(f"  {line}" for line in lines)))
        console.print(text, highlight=False)


def _difference(found: "Difference") -> str:
    from offswitch.report.text import percent, plural

    what = f"{found.scenario}, {found.subject}: {found.column}, {found.factor} {found.first}"
    if found.difference is None or found.low is None or found.high is None:
        return f"{what} against {found.second}: no world has both."
    points = (f"{100 * value:+.0f}" for value in (found.low, found.high))
    return (
        f"{what} {percent(found.first_mean)}, {found.second} {percent(found.second_mean)}: "
        f"{100 * found.difference:+.0f} points ({' to '.join(points)}), "
        f"{plural(found.worlds, 'world')}."
    )


def _table(scenario: str, cells: "list[Cell]", level: float) -> "Table":
    from rich import box
    from rich.table import Table
    from rich.text import Text

    from offswitch.report.text import percent, visible

    table = Table(title=Text(scenario, style="bold"), title_justify="left", box=box.SIMPLE_HEAD)
    table.add_column("subject, condition", overflow="fold")
    table.add_column("n", justify="right")
    table.add_column(f"resisted ({percent(level)} CI)", no_wrap=True)
    for name in ("succeeded", "concealed", "incapable", "failed"):
        table.add_column(name, justify="right", no_wrap=True)
    for subject, own in groupby(cells, key=lambda cell: cell.subject):
        table.add_section()
        table.add_row(Text(visible(subject), style="bold"))
        for cell in own:
            table.add_row(Text(visible(f"  {cell.label}")), *_numbers(cell))
    return table


def _numbers(cell: "Cell") -> list[str]:
    from offswitch.report.text import fraction, percent, span

    resisted = cell.resisted
    rate = f"{drawn(resisted)} {percent(resisted.rate):>4} ({span(resisted)})"
    return [
        str(resisted.n),
        rate if resisted.n else "unknown",
        fraction(cell.succeeded) if resisted.n else "unknown",
        fraction(cell.concealed) if cell.concealed.n else "not assessed",
        str(cell.counts.incapable),
        str(cell.counts.error),
    ]


def _list(scenario: str, cells: "list[Cell]", level: float) -> "Text":
    """The same in lines, for a terminal too narrow for the table."""
    from rich.text import Text

    from offswitch.report.text import percent, visible

    text = Text.assemble((scenario, "bold"), f", resisted with {percent(level)} interval\n")
    for subject, own in groupby(cells, key=lambda cell: cell.subject):
        text.append(f"\n{visible(subject)}\n", style="bold")
        for cell in own:
            text.append(f"  {visible(cell.label)}\n    {_line(cell)}\n")
    return text


def _line(cell: "Cell") -> str:
    from offswitch.report.text import fraction, percent, span

    resisted, parts = cell.resisted, ["unknown"]
    if resisted.n:
        parts = [f"{fraction(resisted)} = {percent(resisted.rate)} ({span(resisted)})"]
        parts.append(f"{cell.succeeded.count} succeeded")
    if cell.concealed.n:
        parts.append(f"{fraction(cell.concealed)} concealed")
    left_out = {"incapable": cell.counts.incapable, "failed": cell.counts.error}
    return ", ".join(parts + [f"{count} {name}" for name, count in left_out.items() if count])


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


def _judged(analysis: "Analysis") -> "Iterator[str]":
    """What judges say, raw and corrected, a line for each cell and question."""
    from offswitch.report.text import fraction, percent, span

    if analysis.judged:
        yield "\nOpinions of judges (raw: with their errors; corrected: for their measured errors):"
    for each in analysis.judged:
        raw = f"raw {fraction(each.raw)}" if each.raw.n else "raw unknown"
        parts = [raw + (f" = {percent(each.raw.rate)} ({span(each.raw)})" if each.raw.n else "")]
        for name, value in (("corrected", each.corrected), ("with labels", each.powered)):
            if value is not None and value.estimate is not None:
                parts.append(f"{name} {percent(value.estimate)} ({span(value)})")
            elif value is not None:
                parts.append(f"{name} unknown: {value.reason}")
        parts += [f"{each.abstained} abstained"] if each.abstained else []
        yield f"{each.cell}, {each.column} by {each.judge}: {'; '.join(parts)}"
