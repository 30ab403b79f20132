"""``offswitch report``: one HTML page that works offline, from a campaign's folder."""

from pathlib import Path
from typing import Annotated

import typer


def report(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of the campaign.")],
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="The page; DIR/report.html unless given."),
    ] = None,
    policy: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Show a safety case: a policy's file, or 'default'."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print nothing but JSON.")] = False,
) -> None:
    """Write the report of a campaign: one HTML page that needs no network and no server.

    Example: [bold]offswitch report demo-results --out report.html[/bold]
    """
    import json

    from offswitch import api

    page = api.write_report(directory, out, policy=policy)
    if as_json:
        typer.echo(json.dumps({"report": str(page), "bytes": page.stat().st_size}))
    else:
        typer.echo(str(page))
