"""``offswitch plan``: register a plan before its first trial, and look at what is registered."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="rich",
    help="Register a plan before its first trial; say what is registered; check it.",
)
AsJson = Annotated[bool, typer.Option("--json", help="Print nothing but JSON.")]
Frozen = Annotated[
    Path, typer.Argument(metavar="FILE", help="A frozen plan, or the folder of its campaign.")
]


@app.command()
def freeze(
    plan: Annotated[str, typer.Argument(help="YAML file, or a preset.")],
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="File to write; else NAME.frozen.yaml here."),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Change the plan, such as worlds=5."),
    ] = None,
    seed_secret: Annotated[
        Path | None,
        typer.Option(
            "--seed-secret", metavar="FILE", help="Secret of the worlds of a private split."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write a plan complete, with its hypotheses, thresholds, code version and a hash over all.

    Publish the hash before the first trial: then nobody can doubt which came first.

    Example: [bold]offswitch plan freeze ladder.yaml --out ladder.frozen.yaml[/bold]
    """
    from offswitch import api_registration as api

    file = api.freeze(plan, out, overrides=settings or (), seed_secret=seed_secret)
    if as_json:
        _print_json(file)
        return
    typer.echo(f"Frozen:  {file}")
    typer.echo(f"SHA-256: {api.read_registration(file).sha256}")
    typer.echo(f"Run it:  offswitch run {file}")


@app.command()
def show(file: Frozen, as_json: AsJson = False) -> None:
    """Say in words what is registered.

    Example: [bold]offswitch plan show ladder.frozen.yaml[/bold]
    """
    from offswitch import api_registration as api
    from offswitch.design.wording import statement
    from offswitch.report.text import visible

    if as_json:
        _print_json(file)
        return
    registration = api.read_registration(file)
    for line in statement(registration):
        typer.echo(visible(line))
    typer.echo(f"SHA-256: {registration.sha256}")


@app.command()
def check(file: Frozen, as_json: AsJson = False) -> None:
    """Check that a frozen plan is as it was frozen; the exit status is 3 where it is not.

    Example: [bold]offswitch plan check ladder.frozen.yaml[/bold]
    """
    from offswitch import api_registration as api

    registration = api.read_registration(file)
    if as_json:
        _print_json(file)
    else:
        typer.echo(f"As it was frozen at {registration.facts['frozen_at']}.")
        typer.echo(f"SHA-256: {registration.sha256}")


def _print_json(file: Path) -> None:
    import json

    from offswitch import api_registration as api
    from offswitch.design.wording import statement

    found = api.read_registration(file)
    content = {
        "file": str(file),
        "sha256": found.sha256,
        "frozen_at": found.facts["frozen_at"],
        "statement": statement(found),
        "registration": dict(found.content),
    }
    typer.echo(json.dumps(content, indent=2, ensure_ascii=False, default=str))
