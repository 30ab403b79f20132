"""``offswitch score``: other people's transcripts in, the same tables and report out."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Callable

    from offswitch.api import Results
    from offswitch.sources.scoring import Tally

_EVERY = 1000
"""Transcripts between two lines of progress."""


def score(
    source: Annotated[
        str,
        typer.Argument(
            help="What made them: palisade-robot, agentic-misalignment, inspect, jsonl."
        ),
    ],
    path: Annotated[Path, typer.Argument(help="The transcripts: a file or a folder.")],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder for the results.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print nothing but JSON.")] = False,
) -> None:
    """Score transcripts that others made, by what happened in them.

    Writes the tables, the analysis and the report that a campaign has. What cannot be read is
    named, counted as failed, and the rest is scored.

    Example: [bold]offswitch score palisade-robot logs/default --out robot[/bold]
    """
    from offswitch import api
    from offswitch.sources.scoring import read_mark

    results = api.score(source, path, out, progress=None if as_json else _progress())
    mark = read_mark(results.folder.path)
    if as_json:
        _print_json(results, mark)
    else:
        _print(results, mark)


def _progress() -> "Callable[[Tally], None]":
    def tell(tally: "Tally") -> None:
        read = tally.transcripts + tally.broken
        if read % _EVERY == 0:
            typer.echo(f"{read} read", err=True)

    return tell


def _print_json(results: "Results", mark: dict[str, Any]) -> None:
    import json

    content = {
        "out": str(results.folder.path),
        "report": str(results.folder.report),
        "logs": str(results.folder.logs),
        **{key: mark[key] for key in ("transcripts", "unreadable", "unreadable_places", "notes")},
        "agreement": mark["agreement"],
        "analysis": results.analysis.model_dump(mode="json"),
    }
    typer.echo(json.dumps(content, indent=2, ensure_ascii=False))


def _print(results: "Results", mark: dict[str, Any]) -> None:
    from rich.console import Console

    from offswitch.cli.analyse import show
    from offswitch.report.text import visible

    show(results.analysis, Console())
    for place in mark["unreadable_places"]:
        typer.echo(f"Not read: {visible(place)}", err=True)
    for note in mark["notes"]:
        typer.echo(f"Note: {visible(note)}", err=True)
    if agreement := mark["agreement"]:
        typer.echo(f"Labels of others: {agreement['agreed']} of {agreement['labelled']} agree.")
        for each in agreement["disagreements"]:
            line = f"  {each['place']}: theirs {each['theirs']}, ours {each['ours']}"
            typer.echo(visible(line))
    typer.echo(f"\nReport: {results.folder.report}")
    typer.echo(f"Logs:   inspect view --log-dir {results.folder.logs}")
