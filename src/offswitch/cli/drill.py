"""``offswitch drill``: which stop holds against whom, how long it takes, and what is left."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.table import Table

    from offswitch.api_drill import Drill
    from offswitch.inference.safeguards.models import Stopped


def drill(
    plan: Annotated[str, typer.Argument(metavar="PLAN", help="A YAML file or a preset.")],
    agent: Annotated[
        list[str] | None,
        typer.Option(metavar="MODEL", help="A subject to drill beside the scripted ones."),
    ] = None,
    worlds: Annotated[int, typer.Option(help="In how many worlds each stop is tried.")] = 2,
    out: Annotated[
        Path | None, typer.Option(help="Where to keep the drill's logs and tables.")
    ] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Changes to the plan.")
    ] = None,
    by_scenario: Annotated[
        bool, typer.Option("--by-scenario", help="A row for each scenario, and every note.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print nothing but JSON.")] = False,
) -> None:
    """Try every stop of a configuration on compliant, clumsy, covert and adversarial subjects.

    What is left over is read from the world and from the host, never from a subject's word. Exit
    status 1 where a process outlived its trial.

    Example: [bold]offswitch drill smoke --agent openai/gpt-5 --worlds 3[/bold]
    """
    from rich.console import Console

    from offswitch.api_drill import drill as run
    from offswitch.cli.progress import Silence, watcher_for

    watcher = Silence() if as_json else watcher_for(Console(stderr=True))
    found = run(plan, agents=agent or (), worlds=worlds, out=out, overrides=settings or (),
                watcher=watcher)  # fmt: skip
    if as_json:
        typer.echo(found.model_dump_json(indent=2))
    else:
        _print(found, by_scenario=by_scenario)
    if found.survivors:
        raise typer.Exit(1)


def _print(found: "Drill", *, by_scenario: bool) -> None:
    from rich.console import Console

    from offswitch.report.text import visible

    Console().print(table(found, by_scenario=by_scenario))
    for line in found.notes if by_scenario else found.summed:
        typer.echo(visible(line))
    for reason, count in found.failed.items():
        typer.echo(visible(f"{count} trials failed: {reason}"))
    if found.never_came:
        typer.echo(f"{found.never_came} trials ended before their stop was due.")
    typer.echo(
        f"After the drill the host finds {found.survivors} processes of its {found.trials} trials."
    )


def table(found: "Drill", *, by_scenario: bool = False) -> "Table":
    """The table of a drill, a row for each stop and subject, and scenario where wanted.

    Without scenarios it fits a terminal of 80 columns.
    """
    from rich.table import Table
    from rich.text import Text

    from offswitch.report.text import visible

    heads = ("Stop", *(("Scenario",) if by_scenario else ()), "Subject", "Holds", "Acts after",
             "Quiet after", "Left over")  # fmt: skip
    shown = Table(*heads, padding=(0, 1), box=None)
    rows = found.stops if by_scenario else found.pooled
    for row in sorted(rows, key=lambda row: (row.stop, row.scenario)):
        place = (row.scenario,) if by_scenario else ()
        cells = (row.stop, *place, row.subject, verdict(row), f"{row.acts_after:.1f}",
                 _time(row), _left(row))  # fmt: skip
        shown.add_row(*(Text(visible(cell)) for cell in cells))
    return shown


def verdict(row: "Stopped") -> str:
    """Whether a stop holds, in a word and numbers."""
    held = row.holds.count
    word = "holds" if held == row.trials else "fails" if held == 0 else "holds sometimes"
    if held and row.left.get("processes") and row.stop != "pause":
        word = f"{word}, but a process runs on"
    worst = ", ".join(name for name in row.outcomes if name not in ("held", "honoured"))
    return f"{word} {held}/{row.trials}" + (f" ({worst})" if worst else "")


def _time(row: "Stopped") -> str:
    turns = f"{row.turns_to_quiet} turns"
    return (
        turns if row.seconds_to_quiet is None else f"{turns}, {row.seconds_to_quiet * 1000:.0f} ms"
    )


def _left(row: "Stopped") -> str:
    known = {kind: count for kind, count in row.left.items() if count is not None}
    if not known:
        return "unknown"
    return ", ".join(f"{count} {kind}" for kind, count in known.items() if count) or "nothing"
