"""``offswitch judge``: opinions on what happened, and how far they can be trusted."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from offswitch.cli.directory import DIRECTORY, directory_of

if TYPE_CHECKING:
    from offswitch.api_judges import Judged
    from offswitch.evidence.calibration import Calibration, RubricCalibration, Share

app = typer.Typer(
    no_args_is_help=True, help="Judge transcripts by rubrics, and measure the judges' error.",
    rich_markup_mode="rich",
)  # fmt: skip
AsJson = Annotated[bool, typer.Option("--json", help="Print nothing but JSON.")]
Rubrics = Annotated[
    list[str],
    typer.Option("--rubric", metavar="NAME", help="Name of a rubric, or a Markdown file; repeat."),
]
Judges = Annotated[
    list[str],
    typer.Option("--judge", metavar="MODEL", help="A model, or offline; repeat for a panel."),
]
PanelRule = Annotated[
    str, typer.Option("--panel", help="How several judges decide: majority, unanimity or each.")
]
Budget = Annotated[
    int, typer.Option("--budget", min=1, help="Characters of a conversation shown at most.")
]
Concurrency = Annotated[int, typer.Option("--concurrency", min=1, help="Conversations at once.")]


@app.command()
def rubrics(as_json: AsJson = False) -> None:
    """List the rubrics that ship with the package.

    Example: [bold]offswitch judge rubrics[/bold]
    """
    from offswitch.evidence.judges import get_rubric, rubric_names

    metas = [get_rubric(name).meta for name in rubric_names()]
    if as_json:
        typer.echo(json.dumps([meta.model_dump(mode="json") for meta in metas], indent=2))
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table("rubric", "question", "answers", box=None, pad_edge=False)
    for meta in metas:
        answers = ", ".join(meta.levels) or "yes, no"
        table.add_row(Text(meta.name), Text(meta.question), Text(answers))
    Console(highlight=False).print(table)


@app.command()
def run(
    directory: Annotated[Path, typer.Argument(parser=directory_of, metavar="DIR", help=DIRECTORY)],
    rubric: Rubrics,
    judge: Judges,
    panel: PanelRule = "majority",
    budget: Budget = 200_000,
    concurrency: Concurrency = 10,
    as_json: AsJson = False,
) -> None:
    """Judge the trials of a campaign, and add the verdicts to its table of observations.

    Every verdict is kept with its citations in DIR/verdicts.parquet; the same command goes on where
    it was stopped, and asks for nothing twice. Facts are never touched.

    Example: [bold]offswitch judge run results --rubric coercion --judge openai/gpt-5[/bold]
    """
    from offswitch import api_judges

    judged = api_judges.judge(
        directory,
        rubric,
        judge,
        panel=panel,
        budget=budget,
        concurrency=concurrency,
        told=None if as_json else _Line("judged"),
    )
    if as_json:
        tallies = {name: tally.to_json() for name, tally in judged.tallies.items()}
        content = {"trials": judged.trials, "skipped": judged.skipped, "rubrics": tallies}
        typer.echo(json.dumps(content, indent=2, ensure_ascii=False))
    else:
        _show(judged, judge)


class _Line:
    """A line on the terminal that counts."""

    def __init__(self, what: str) -> None:
        self._what = what

    def __call__(self, done: int, total: int) -> None:
        from sys import stderr

        if stderr.isatty():
            typer.echo(f"\r{done} of {total} trials {self._what}", nl=done == total, err=True)


def _show(judged: "Judged", judges: list[str]) -> None:
    from offswitch.evidence.judges.offline import CARD, NAME
    from offswitch.report.text import visible

    for name, tally in judged.tallies.items():
        typer.echo(visible(f"{name}, judged by {tally.judge}"))
        for answer, count in tally.answers.most_common():
            typer.echo(visible(f"  {answer}: {count}"))
        for reason, count in tally.abstained.most_common():
            typer.echo(f"  abstained ({reason}): {count}")
        typer.echo(f"  {tally.asked} verdicts asked for, {tally.reused} known already")
    typer.echo(f"{judged.trials} trials judged, {judged.skipped} not (failed, or without a log).")
    if NAME in judges:
        typer.echo(f"{CARD}.")
    typer.echo(f"Verdicts: {judged.folder.verdicts}")
    typer.echo("These are raw opinions: `offswitch judge calibrate` measures how often they err.")


@app.command()
def calibrate(
    labels: Annotated[Path, typer.Argument(metavar="LABELS", help="CSV or JSON lines of labels.")],
    judge: Judges,
    rubric: Annotated[
        list[str] | None,
        typer.Option("--rubric", metavar="NAME", help="Rubric; all that are labelled by default."),
    ] = None,
    transcripts: Annotated[
        Path | None,
        typer.Option(help="Folder of a campaign, or JSON lines; the labels' folder by default."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Where to; calibration.json in the campaign's folder."),
    ] = None,
    panel: PanelRule = "majority",
    budget: Budget = 200_000,
    concurrency: Concurrency = 10,
    as_json: AsJson = False,
) -> None:
    """Measure how often judges err, against labels that people gave.

    With the calibration in a campaign's folder, `offswitch analyse` corrects the rates of its
    judges for their errors.

    Example: [bold]offswitch judge calibrate results/labels.csv --judge offline[/bold]
    """
    from offswitch import api_judges

    calibration = api_judges.calibrate(
        labels,
        judge,
        rubrics=rubric or (),
        transcripts=transcripts,
        out=out,
        panel=panel,
        budget=budget,
        concurrency=concurrency,
        told=None if as_json else _Line("judged"),
    )
    if as_json:
        typer.echo(calibration.model_dump_json(indent=2))
    else:
        _show_calibration(calibration)


def _show_calibration(calibration: "Calibration") -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table("question", "judge", "labels", "sensitivity", "specificity", "kappa", box=None)
    for rubric in calibration.rubrics:
        for column in rubric.columns:
            found = column.overall
            table.add_row(
                Text(column.column),
                Text(column.judge),
                str(len(column.said)),
                _share(found.sensitivity),
                _share(found.specificity),
                _number(found.kappa),
            )
    console = Console(highlight=False)
    console.print(table)
    for rubric in calibration.rubrics:
        console.print(Text(_remarks(rubric)))
    for name, count in calibration.ignored.items():
        console.print(Text(f"{count} labels of the rubric '{name}' were not used."))


def _share(share: "Share") -> str:
    if share.value is None or share.low is None or share.high is None:
        return "unknown"
    return f"{share.count}/{share.n} = {share.value:.0%} ({share.low:.0%}-{share.high:.0%})"


def _number(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.2f}"


def _remarks(rubric: "RubricCalibration") -> str:
    left = ", ".join(f"{count} {reason}" for reason, count in rubric.left_out.items() if count)
    reasons = ", ".join(
        f"{judge}: {count} {reason}"
        for judge, counts in rubric.abstained.items()
        for reason, count in counts.items()
    )
    return (
        f"{rubric.rubric}: {rubric.labelled} labelled trials"
        + (f"; left out: {left}" if left else "")
        + (f"; abstained: {reasons}" if reasons else "")
        + f"; alpha of raters {_number(rubric.raters_alpha)}, of judges "
        + _number(rubric.judges_alpha)
    )
