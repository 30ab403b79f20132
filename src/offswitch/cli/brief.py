"""``offswitch brief``: two pages about a campaign for a reader who is no engineer."""

from pathlib import Path
from typing import Annotated

import typer

from offswitch.cli.directory import DIRECTORY, directory_of


def brief(
    directory: Annotated[Path, typer.Argument(parser=directory_of, metavar="DIR", help=DIRECTORY)],
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="The brief; DIR/brief.md unless given."),
    ] = None,
    form: Annotated[
        str | None, typer.Option("--format", help="md, html or pdf; by FILE's name unless given.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print nothing but JSON.")] = False,
) -> None:
    """Write what a campaign found on two pages; every number links to its place in analysis.json.

    Example: [bold]offswitch brief demo-results --format html[/bold]
    """
    import json

    from offswitch.api_brief import write_brief

    path = write_brief(directory, out, form)
    said = json.dumps({"brief": str(path), "bytes": path.stat().st_size}) if as_json else str(path)
    typer.echo(said)
