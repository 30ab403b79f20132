"""``offswitch report``: one HTML page that works offline, from a campaign's folder."""

from pathlib import Path
from typing import Annotated

import typer

from offswitch.cli.directory import DIRECTORY, directory_of


def report(
    directory: Annotated[Path, typer.Argument(parser=directory_of, metavar="DIR", help=DIRECTORY)],
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="The page; DIR/report.html unless given."),
    ] = None,
    figures: Annotated[
        Path | None,
        typer.Option(
            "--figures",
            metavar="FOLDER",
            help="Write every figure there as well: SVG, PNG, and its data as CSV.",
        ),
    ] = None,
    policy: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="Policy of its safety case: a file, 'default' (where models were tested), 'none'.",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print nothing but JSON.")] = False,
) -> None:
    """Write the report of a campaign: one HTML page that needs no network and no server.

    Example: [bold]offswitch report demo-results --out report.html --figures figures[/bold]
    """
    import json

    from offswitch import api

    page = api.write_report(directory, out, policy=policy)
    drawn = api.write_figures(directory, figures) if figures is not None else []
    if as_json:
        made: dict[str, object] = {"report": str(page), "bytes": page.stat().st_size}
        if figures is not None:
            made["figures"] = [str(path) for path in drawn]
        typer.echo(json.dumps(made))
        return
    typer.echo(str(page))
    for path in drawn:
        typer.echo(str(path))
