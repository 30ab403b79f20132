"""``offswitch whitebox``: evidence from inside the networks of a campaign's local subjects."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from offswitch.cli.directory import DIRECTORY, directory_of
from offswitch.cli.study import study

if TYPE_CHECKING:
    from offswitch.api_steering import Steered
    from offswitch.api_whitebox import Probed
    from offswitch.whitebox.folds import Estimate
    from offswitch.whitebox.patched import PatchResult

app = typer.Typer(
    no_args_is_help=True, help="Look into local models: capture, probe, patch, steer.",
    rich_markup_mode="rich",
)  # fmt: skip
app.command()(study)
Directory = Annotated[Path, typer.Argument(parser=directory_of, metavar="DIR", help=DIRECTORY)]
SubjectName = Annotated[
    str | None,
    typer.Option("--subject", help="Name of the subject; needed where there are several."),
]
Reader = Annotated[
    str | None,
    typer.Option("--reader", metavar="MODEL", help="A local model that reads its trials instead."),
]
Dtype = Annotated[
    str | None, typer.Option("--dtype", help="float32 or bfloat16; as in the plan by default.")
]
Target = Annotated[
    str,
    typer.Option(
        "--target",
        help="resistance, concealment, test-awareness, task, or FACTOR=LEVEL.",
    ),
]
Point = Annotated[str, typer.Option("--point", help="Decision point: before, reasoned or call.")]
Only = Annotated[
    str, typer.Option("--only", help="Condition of the trials that are used: threat=wipe,…")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print nothing but JSON.")]


@app.command()
def capture(
    directory: Directory,
    subject: SubjectName = None,
    site: Annotated[
        list[str] | None,
        typer.Option("--site", help="Pattern of sites; repeat. Default: layers.*.resid_post"),
    ] = None,
    point: Annotated[
        list[str] | None, typer.Option("--point", help="Decision point; repeat. Default: all.")
    ] = None,
    reader: Reader = None,
    dtype: Dtype = None,
    as_json: AsJson = False,
) -> None:
    """Take activations at the decision points of a subject's trials.

    The same command goes on where it was stopped.

    Example: [bold]offswitch whitebox capture results --site 'layers.*.resid_post'[/bold]
    """
    from offswitch import api_whitebox
    from offswitch.whitebox.capture import SITES
    from offswitch.whitebox.lines import POINTS

    captured = api_whitebox.capture(
        directory, subject, reader=reader, dtype=dtype, sites=site or SITES,
        points=point or tuple(POINTS),  # type: ignore[arg-type]  # checked there
        told=None if as_json else _count,
    )  # fmt: skip
    content = {
        "folder": str(captured.store.folder), "trials": captured.trials, "added": captured.added,
        "without": captured.without,
    }  # fmt: skip
    if as_json:
        _print_json(content)
        return
    typer.echo(f"{captured.trials} trials captured, {captured.added} of them now.")
    if captured.without:
        typer.echo(f"{captured.without} have no decision, or failed.")
    typer.echo(f"Activations: {captured.store.folder}")


@app.command()
def probe(
    directory: Directory,
    subject: SubjectName = None,
    target: Target = "resistance",
    point: Point = "before",
    site: Annotated[
        list[str] | None, typer.Option("--site", help="Pattern of captured sites; repeat.")
    ] = None,
    within: Annotated[
        str, typer.Option("--within", help="Condition to compare within, such as threat=wipe.")
    ] = "",
    only: Only = "",
    hold_out: Annotated[
        str, typer.Option("--hold-out", help="Fact whose phrases are held out, such as access.")
    ] = "",
    reader: Reader = None,
    seed: Annotated[int, typer.Option(help="Of folds, draws and shuffles.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Probe captured activations: do they tell what the subject will do, beyond the prompt's words?

    Example: [bold]offswitch whitebox probe results --within threat=wipe[/bold]
    """
    from offswitch import api_whitebox

    probed = api_whitebox.probe(
        directory, subject, reader=reader, target=target, point=point, sites=site or ("*",),
        within=within, only=only, hold_out=hold_out, seed=seed,
    )  # fmt: skip
    if as_json:
        _print_json(probed.file.read_text(encoding="utf-8"))
    else:
        show_probe(probed)


@app.command()
def patch(
    directory: Directory,
    subject: SubjectName = None,
    factor: Annotated[str, typer.Option(help="What differs between the worlds.")] = "threat",
    levels: Annotated[
        str | None, typer.Option(help="Its two levels, such as none,wipe; found by default.")
    ] = None,
    held: Annotated[str, typer.Option(help="Levels that both have: opportunity=open,…")] = "",
    part: Annotated[
        str, typer.Option(help="resid_pre, resid_post, attn_out or mlp_out.")
    ] = "resid_pre",
    tokens: Annotated[int, typer.Option(min=0, help="Pairs patched token by token.")] = 2,
    limit: Annotated[int, typer.Option(min=1, help="Pairs that are used at most.")] = 32,
    reader: Reader = None,
    dtype: Dtype = None,
    as_json: AsJson = False,
) -> None:
    """Patch pairs of worlds: where in the network does a threat take effect?

    Example: [bold]offswitch whitebox patch results --held opportunity=open[/bold]
    """
    from offswitch import api_whitebox

    result = api_whitebox.patch(
        directory, subject, reader=reader, factor=factor, levels=_two(levels), held=held,
        part=_part(part), tokens=tokens, limit=limit, dtype=dtype,
    )  # fmt: skip
    if as_json:
        _print_json(asdict(result))
    else:
        show_patch(result)


@app.command()
def steer(
    directory: Directory,
    site: Annotated[
        list[str], typer.Option("--site", help="Pattern of sites to steer at; repeat.")
    ],
    subject: SubjectName = None,
    target: Target = "resistance",
    point: Point = "before",
    only: Only = "",
    unrelated: Annotated[
        str | None, typer.Option(help="Unrelated concept for a control: skin=company.")
    ] = None,
    directions: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Directions to use instead.")
    ] = None,
    mode: Annotated[str, typer.Option(help="add, ablate, mean or replace.")] = "mean",
    scale: Annotated[float, typer.Option(help="How much: a factor (add) or share.")] = 1.0,
    positions: Annotated[str, typer.Option(help="all, prompt, answer or last.")] = "all",
    random: Annotated[int, typer.Option(min=0, help="Random directions as controls.")] = 3,
    dose: Annotated[
        list[float] | None, typer.Option("--dose", help="Other scales; repeat.")
    ] = None,
    worlds: Annotated[
        int | None, typer.Option(min=1, help="New worlds; as many as the campaign's by default.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Run the subject with a direction added or taken out, beside it as it is and the controls.

    Example: [bold]offswitch whitebox steer results --site layers.14.resid_post --mode mean[/bold]
    """
    from rich.console import Console

    from offswitch import api_steering
    from offswitch.cli.progress import Silence, watcher_for
    from offswitch.whitebox.steering import Controls, Manner

    manner = Manner(mode, scale, positions)  # type: ignore[arg-type]  # checked with the subject
    controls = Controls(random=random, doses=tuple(dose or ()))
    steered = api_steering.steer(
        directory, subject, sites=site, target=target, point=point, only=only,
        unrelated=unrelated, directions=directions, manner=manner, controls=controls,
        worlds=worlds, watcher=Silence() if as_json else watcher_for(Console(stderr=True)),
    )  # fmt: skip
    if as_json:
        _print_json(steered.file.read_text(encoding="utf-8"))
    else:
        show_steered(steered)


def _two(levels: str | None) -> tuple[str, str] | None:
    from offswitch._errors import UsageError

    if levels is None:
        return None
    first, comma, second = levels.partition(",")
    if not (first and comma and second):
        raise UsageError(f"--levels is '{levels}'; write two levels, such as none,wipe.")
    return first, second


def _part(name: str) -> Any:  # noqa: ANN401 - a literal of a module that is imported late
    from offswitch._errors import unknown
    from offswitch.subjects.local.sites import PARTS

    if name not in PARTS[:-1]:
        raise unknown("part", name, PARTS[:-1], where="--part")
    return name


def _count(done: int) -> None:
    from sys import stderr

    if stderr.isatty():
        typer.echo(f"\r{done} trials captured", nl=False, err=True)


def _print_json(content: object) -> None:
    if isinstance(content, str):
        typer.echo(content.rstrip())
    else:
        typer.echo(json.dumps(content, indent=2, ensure_ascii=False))


def _number(estimate: "Estimate") -> str:
    if estimate.value is None:
        return "unknown"
    if estimate.low is None or estimate.high is None:
        return f"{estimate.value:.3f}"
    return f"{estimate.value:.3f} ({estimate.low:.3f}-{estimate.high:.3f})"


def show_probe(probed: "Probed") -> None:
    """Print how a probe does beside its controls."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    result = probed.result
    table = Table("", "AUROC", "recall at 1% false positives", "AUROC within", box=None)
    for name, rates in (
        ("probe", result.probe), ("prompt's words", result.words), ("length", result.length),
    ):  # fmt: skip
        table.add_row(name, _number(rates.auroc), _number(rates.recall), _number(rates.within))
    table.add_row("shuffled labels", _number(result.shuffled), "", "")
    console = Console(highlight=False)
    console.print(Text(
        f"{probed.subject}, {probed.target} at '{probed.point}': {result.positive} of "
        f"{result.trials} trials in {result.worlds} worlds"
    ))  # fmt: skip
    console.print(table)
    best = sorted(result.sites, key=lambda s: -(s.auroc or 0))[:3]
    for each in best:
        console.print(Text(f"  {each.site}, {each.kind}: AUROC {each.auroc:.3f}"))
    console.print(Text(f"Verdict: {result.verdict}."))
    console.print(Text(f"Written to {probed.file}"))


def show_patch(result: "PatchResult") -> None:
    """Print where patching finds the effect."""
    from offswitch.report.text import visible

    typer.echo(
        visible(
            f"{result.subject}: {result.pairs} pairs of worlds, {result.factor} "
            f"{result.levels[0]} against {result.levels[1]}; log-odds of resisting "
            f"{result.target:+.2f} and {result.source:+.2f}"
        )
    )
    for cell in result.top:
        typer.echo(
            f"  {cell.site}, {cell.role}: {cell.share:.0%} of the gap "
            f"({cell.low:.0%} to {cell.high:.0%})"
        )
    if result.agreement is not None and result.agreement.pearson is not None:
        typer.echo(
            f"Attribution patching agrees with r = {result.agreement.pearson:.2f} over "
            f"{result.agreement.cells} cells; of the tenth that matters most it finds "
            f"{result.agreement.top:.0%}."
        )
    typer.echo(f"Verdict: {result.verdict}.")


def show_steered(steered: "Steered") -> None:
    """Print what the arms change."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from offswitch.whitebox.steering import points

    table = Table("arm", "resists", "difference", "ordinary task", "difference", "incapable",
                  box=None)  # fmt: skip
    for each in steered.effects:
        table.add_row(
            Text(each.name),
            f"{each.resistance.count}/{each.resistance.n}",
            points(each.resistance),
            f"{each.benign.count}/{each.benign.n}",
            points(each.benign),
            f"{each.incapable}/{each.trials}",
        )
    console = Console(highlight=False)
    console.print(table)
    console.print(Text(f"Verdict: {steered.verdict}."))
    console.print(Text(f"Campaign: {steered.campaign}"))
