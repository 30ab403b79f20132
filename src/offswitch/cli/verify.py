"""``offswitch verify``: is a campaign as its runs left it?"""

import dataclasses
import json
from pathlib import Path
from typing import Annotated

import typer

from offswitch.cli.directory import DIRECTORY, directory_of


def verify(
    directory: Annotated[Path, typer.Argument(parser=directory_of, metavar="DIR", help=DIRECTORY)],
    head: Annotated[
        str | None, typer.Option(help="The head of the chain, as it was written down elsewhere.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print nothing but JSON.")] = False,
) -> None:
    """Check that no trial was changed, added or taken out since the runs of a campaign.

    Exit status 0 where all is as it was, 1 where something is not.

    Example: [bold]offswitch verify results[/bold]
    """
    from offswitch.api_verify import verify as check
    from offswitch.report.text import plural

    found = check(directory, head)
    if as_json:
        typer.echo(json.dumps(dataclasses.asdict(found), indent=2))
    else:
        for problem in found.problems:
            typer.echo(problem)
        checked = f"{plural(found.files, 'file')}, {plural(found.trials, 'trial')}"
        state = "as the runs left them" if not found.problems else "not as the runs left them"
        typer.echo(f"{checked}: {state}. Head of the chain: {found.head}")
    if found.problems:
        raise typer.Exit(1)
