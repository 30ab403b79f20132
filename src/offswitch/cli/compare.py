"""``offswitch compare``: what changed from one campaign to another, paired by world."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from offswitch.inference.campaigns import CampaignComparison

MOST = 20
"""Cells that are printed unless all are asked for."""


def compare(
    before: Annotated[Path, typer.Argument(metavar="DIR_A", help="The campaign before.")],
    after: Annotated[Path, typer.Argument(metavar="DIR_B", help="The campaign after.")],
    subject: Annotated[
        list[str] | None,
        typer.Option(metavar="A[=B]", help="A subject, and its name after if another."),
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
    """Compare two campaigns: does a new version of a model resist more, or less?

    Trials in the same worlds are compared as pairs; cells that only one campaign has are listed.

    Example: [bold]offswitch compare results-may results-june --subject gpt-5=gpt-5.1[/bold]
    """
    from offswitch.api_compare import compare as run

    found = run(before, after, subjects=subject or (), measure=measure, correction=correction)
    if as_json:
        typer.echo(found.model_dump_json(indent=2))
        return
    for line in lines(found, None if everything else MOST):
        typer.echo(line)


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
