"""``offswitch compare``: what changed from one campaign to others, paired by world."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from offswitch.cli.directory import directory_of

if TYPE_CHECKING:
    from offswitch.inference.campaigns import CampaignComparison

MOST = 20
"""Cells that are printed unless all are asked for."""


def compare(
    directories: Annotated[
        list[Path],
        typer.Argument(
            parser=directory_of, metavar="DIR_A DIR_B …", help="Campaigns, the earliest first."
        ),
    ],
    subject: Annotated[
        list[str] | None,
        typer.Option(metavar="A[=B…]", help="A subject, and its name in each if it changes."),
    ] = None,
    dates: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Release dates, YAML: a subject or a campaign's folder, and a day."
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write versions over time as .html, or .svg."),
    ] = None,
    measure: Annotated[
        str, typer.Option(help="resisted, succeeded or the name of a behaviour.")
    ] = "resisted",
    correction: Annotated[
        str, typer.Option(help="For many cells: 'holm' or 'benjamini-hochberg'.")
    ] = "holm",
    everything: Annotated[
        bool, typer.Option("--all", help="Print every cell, not the most certain ones only.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print nothing but JSON.")] = False,
) -> None:
    """Compare campaigns: does a new version of a model resist more, or less?

    Trials in the same worlds are compared as pairs. Two campaigns are compared cell by cell; more
    than two, or any with --dates or --out, version by version. Three release dates make a trend.

    Example: [bold]offswitch compare results-may results-june --subject gpt-5=gpt-5.1[/bold]
    """
    from offswitch.api_compare import compare as run

    if len(directories) != 2 or dates is not None or out is not None:
        _over_time(directories, subject or [], dates, out, measure, correction, as_json=as_json)
        return
    found = run(*directories, subjects=subject or (), measure=measure, correction=correction)
    if as_json:
        typer.echo(found.model_dump_json(indent=2))
        return
    for line in lines(found, None if everything else MOST):
        typer.echo(line)


def _over_time(
    directories: list[Path],
    subjects: list[str],
    dates: Path | None,
    out: Path | None,
    measure: str,
    correction: str,
    *,
    as_json: bool,
) -> None:
    import json

    from offswitch.api_over_time import compare_over_time, write_over_time
    from offswitch.report.over_time import text

    found = compare_over_time(
        directories, dates=dates, subjects=subjects, measure=measure, correction=correction
    )
    written = write_over_time(found, out) if out is not None else None
    if as_json:
        typer.echo(json.dumps([each.model_dump(mode="json") for each in found], indent=2))
        return
    for each in found:
        for line in text(each):
            typer.echo(line)
    if written is not None:
        typer.echo(str(written))


def lines(found: "CampaignComparison", most: int | None = MOST) -> list[str]:
    """A comparison in words, one line for each cell.

    Args:
        found: What was compared.
        most: How many cells to name; all where null.
    """
    from offswitch.report.contrasts import sentence
    from offswitch.report.text import plural, visible

    worse, better = len(found.worse()), len(found.better())
    factors = sorted({name for each in found.contrasts for name in each.held})
    said = [
        f"{plural(len(found.contrasts), 'cell')} compared: more often in {worse}, less often in "
        f"{better}, undecided in {len(found.contrasts) - worse - better} "
        "(adjusted p up to 0.05, within each scenario)."
    ]
    said += [f"  {sentence(each, factors)}" for each in found.contrasts[:most]]
    if most is not None and len(found.contrasts) > most:
        said.append(f"  {plural(len(found.contrasts) - most, 'more cell')}: --all, or --json.")
    said += [f"Only before: {key}" for key in found.only_before]
    said += [f"Only after: {key}" for key in found.only_after]
    said += [
        f"{name} is not the same scenario in both: its trials are compared as independent groups."
        for name in found.changed_scenarios
    ]
    return [visible(line) for line in said]
