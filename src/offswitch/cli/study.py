"""``offswitch whitebox study``: all of it, for networks with and without a planted tendency."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from offswitch.api_study import Study


def study(
    subjects: Annotated[
        list[str] | None,
        typer.Argument(metavar="MODEL", help="Local models; two organisms by default."),
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder of the campaign.")] = Path("study"),
    worlds: Annotated[
        int | None, typer.Option(min=16, help="Worlds of the campaign; 32 by default.")
    ] = None,
    steered: Annotated[
        int, typer.Option(min=2, help="Further worlds, in which steering is measured.")
    ] = 12,
    as_json: Annotated[bool, typer.Option("--json", help="Print nothing but JSON.")] = False,
) -> None:
    """Run a campaign of local models and look inside: capture, probe, patch, steer, ablate.

    Layers, directions and strengths are chosen on the first half of the worlds; what they do is
    measured in others. The same command goes on where it was stopped.

    Example: [bold]offswitch whitebox study organism/self-preserving organism/compliant[/bold]
    """
    from rich.console import Console

    from offswitch import api_study
    from offswitch.cli.progress import Silence, watcher_for

    console = Console(stderr=True, highlight=False)
    found = api_study.study(
        out, subjects or (), worlds=worlds, steered=steered,
        watcher=Silence() if as_json else watcher_for(console),
        told=None if as_json else console.print,
    )  # fmt: skip
    if as_json:
        typer.echo(found.file.read_text(encoding="utf-8").rstrip())
    else:
        _show(found)


def _show(found: "Study") -> None:
    from offswitch.cli.whitebox import show_patch, show_probe, show_steered
    from offswitch.report.text import visible

    for each in found.subjects:
        typer.echo(visible(f"\n== {each.subject}"))
        for probed in each.probes:
            show_probe(probed)
        if each.patched is not None:
            show_patch(each.patched)
        show_steered(each.steered)
        typer.echo(f"\nWhat was found in {visible(each.subject)}:")
        for line in each.verdict:
            typer.echo(visible(f"- {line}."))
    clock, processor = found.seconds
    typer.echo(f"\n{clock / 60:.0f} minutes, {processor / 60:.0f} of a processor.")
    typer.echo(f"Report: {found.directory / 'report.html'}")
