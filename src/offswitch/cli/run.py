"""``offswitch run`` and ``offswitch demo``: campaigns."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from offswitch.campaign.presets import preset_names

if TYPE_CHECKING:
    from offswitch.api import Results

Out = Annotated[
    str | None,
    typer.Option(
        "--out",
        metavar="DIR",
        help="Folder of the campaign, or a location such as s3://bucket/results; an unfinished "
        "one in it is resumed.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print nothing but JSON.")]
RetryErrors = Annotated[
    bool, typer.Option("--retry-errors", help="Run trials again that failed earlier.")
]


def _list(wanted: bool) -> None:
    """Print what each preset is for."""
    if not wanted:
        return
    from rich.console import Console
    from rich.table import Table

    from offswitch.campaign.plans import presets

    table = Table.grid(padding=(0, 2))
    for name, about in presets().items():
        table.add_row(name, about)
    Console(highlight=False).print(table)
    raise typer.Exit


def run(
    plan: Annotated[
        str, typer.Argument(help=f"YAML file, or a preset: {', '.join(preset_names())}.")
    ],
    out: Out = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Change the plan, such as worlds=5."),
    ] = None,
    retry_errors: RetryErrors = False,
    dry: Annotated[
        bool,
        typer.Option(
            "--dry-run", help="Say what would run and cost; needs no key and writes nothing."
        ),
    ] = False,
    prices: Annotated[
        Path | None,
        typer.Option("--prices", metavar="FILE", help="YAML file of prices, before our own."),
    ] = None,
    seed_secret: Annotated[
        Path | None,
        typer.Option(
            "--seed-secret", metavar="FILE", help="Secret of the worlds of a private split."
        ),
    ] = None,
    ray: Annotated[
        str | None,
        typer.Option(
            "--ray",
            metavar="ADDRESS",
            help="Run the trials on a Ray cluster: HOST:PORT of its head, auto, or local.",
        ),
    ] = None,
    as_json: AsJson = False,
    listed: Annotated[
        bool,
        typer.Option("--list", callback=_list, is_eager=True, help="Say what each preset is for."),
    ] = False,
) -> None:
    """Run a campaign, or go on with one that was stopped.

    Ends with the rates, the path of the report and the line that opens the logs.

    After Ctrl-C, or whatever killed it, the same command goes on where it was.

    Example: [bold]offswitch run smoke --out results --set worlds=5[/bold]
    """
    changes, files = tuple(settings or ()), {"prices": prices, "seed_secret": seed_secret}
    if dry:
        from offswitch.cli.dryrun import dry_run

        dry_run(plan, changes, as_json, **files)
    else:
        _campaign(plan, out, changes, as_json, retry_errors=retry_errors, ray=ray, **files)


def demo(out: Out = "demo-results", as_json: AsJson = False) -> None:
    """Run the demonstration: two scenarios on subjects whose behaviour is known.

    Five scripted subjects and, where they can run, three small language models, in two of which a
    tendency was planted; some minutes.

    Example: [bold]offswitch demo --out demo-results[/bold]
    """
    if not as_json:
        typer.echo(
            "The demonstration runs both scenarios under three conditions each, on five scripted\n"
            "subjects whose propensity is known because we set it (the instrument has to find\n"
            "it), and on a language model of 135 million parameters. Then two such models, in\n"
            "which opposite tendencies were planted, are told apart. It takes some minutes.\n"
        )
    _campaign("demo", out, (), as_json)


def _campaign(
    plan: str,
    out: str | None,
    settings: tuple[str, ...],
    as_json: bool,
    **options: Any,  # noqa: ANN401 - options of `offswitch.run`
) -> None:
    from rich.console import Console

    from offswitch import api
    from offswitch.campaign.run import Interrupted
    from offswitch.cli.progress import Silence, watcher_for

    silence = Silence()
    watcher = silence if as_json else watcher_for(Console(stderr=True))
    try:
        results = api.run(plan, out, overrides=settings, watcher=watcher, **options)
    except Interrupted as stop:
        typer.echo(f"Stopped: {stop}. Run the same command again to go on.", err=True)
        raise typer.Exit(130) from None
    if as_json:
        _print_json(results, silence.notes, out)
    else:
        _print(results, out)


def _print_json(results: "Results", notes: list[str], out: str | None) -> None:
    import json

    from offswitch.campaign.mirror import is_elsewhere

    folder = results.folder
    content = {
        "out": out if is_elsewhere(out or "") else str(folder.path),
        "report": str(folder.report),
        "logs": str(folder.logs),
        "notes": notes,
        "analysis": results.analysis.model_dump(mode="json"),
    }
    typer.echo(json.dumps(content, indent=2, ensure_ascii=False))


def _print(results: "Results", out: str | None) -> None:
    from rich.console import Console

    from offswitch.campaign.mirror import is_elsewhere
    from offswitch.cli.analyse import show

    show(results.analysis, Console())
    if is_elsewhere(out or ""):
        typer.echo(f"\nEverything is in {out}; a copy of it is here:")
    typer.echo(f"\nReport: {results.folder.report}")
    typer.echo(f"Logs:   inspect view --log-dir {results.folder.logs}")
