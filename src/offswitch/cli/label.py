"""``offswitch label``: a local page on which people label a campaign's transcripts, blinded."""

from pathlib import Path
from typing import Annotated

import typer

from offswitch.cli.directory import DIRECTORY, directory_of


def label(
    directory: Annotated[Path, typer.Argument(parser=directory_of, metavar="DIR", help=DIRECTORY)],
    rubric: Annotated[
        list[str] | None,
        typer.Option(
            "--rubric", metavar="NAME", help="What is asked; a name or a .md file. Again for more."
        ),
    ] = None,
    rater: Annotated[
        str | None, typer.Option("--rater", help="Who labels; the page asks unless given.")
    ] = None,
    sample: Annotated[
        int | None,
        typer.Option("--sample", min=1, help="Random trials to label; all unless given."),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="Decides the sample and the order.")] = 0,
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="Port; any free one unless given.")
    ] = 0,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Open no browser.")] = False,
    export: Annotated[
        Path | None,
        typer.Option(
            "--export", metavar="FILE", help="Write the labels to a .csv or .jsonl file, and end."
        ),
    ] = None,
    repair: Annotated[
        bool,
        typer.Option(
            "--repair",
            help="Leave out what is damaged in the labels; the damaged file is kept.",
        ),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print nothing but JSON.")] = False,
) -> None:
    """Label a campaign's transcripts on a local page, blinded, with one rater or more.

    The page is served to this machine alone, until Ctrl-C. Every answer is saved at once.

    Example: [bold]offswitch label demo-results --rubric resisted --sample 40 --rater ana[/bold]
    """  # fmt: skip
    import json

    from offswitch import api_labels

    def tell(key: str, value: object, words: str) -> None:
        typer.echo(json.dumps({key: value}) if as_json else words)

    if repair:
        kept = api_labels.repair_labels(directory)
        words = f"the damaged file is {kept}" if kept else "nothing was damaged"
        tell("damaged", str(kept) if kept else None, words)
    if export is not None:
        rows = api_labels.export_labels(directory, export)
        tell("labels", rows, f"{rows} labels are in {export}")
        return
    written = api_labels.label(
        directory, rubric or (), rater=rater, sample=sample, seed=seed, port=port,
        browser=not no_browser, say=lambda address: tell("address", address, _welcome(address)),
    )  # fmt: skip
    files = [str(path) for path in written]
    tell("files", files, f"labels are in {', '.join(files)}" if files else "nothing was labelled")


def _welcome(address: str) -> str:
    return f"{address}\nOpen it to label. Ctrl-C ends it; every answer is saved at once."
