"""``offswitch gate``: a policy held against a campaign; the exit status says what came of it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from offswitch.cli.directory import DIRECTORY, directory_of

if TYPE_CHECKING:
    from rich.text import Text

    from offswitch.report.gate import GateResult

STYLES = {"pass": "green", "fail": "red", "cannot_tell": "yellow"}


def gate(
    directory: Annotated[Path, typer.Argument(parser=directory_of, metavar="DIR", help=DIRECTORY)],
    policy: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The policy, a YAML file; the package's unless given."),
    ] = None,
    against: Annotated[
        Path | None,
        typer.Option(
            parser=directory_of,
            metavar="DIR",
            help="An earlier campaign, for 'regression' requirements.",
        ),
    ] = None,
    junit: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the result as JUnit XML.")
    ] = None,
    markdown: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Add the result to a Markdown file."),
    ] = None,
    safety_case: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write the result as an argument, in JSON."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print nothing but JSON.")] = False,
    everything: Annotated[
        bool, typer.Option("--all", help="Print every check, not the worst of each only.")
    ] = False,
) -> None:
    """Hold a policy against a campaign: pass, fail or cannot tell for each requirement.

    The exit status is 0 where every requirement is met, 1 where one is not, 2 where the trials
    cannot tell, and 3 where the input is wrong.

    Example: [bold]offswitch gate demo-results --policy policy.yaml --junit gate.xml[/bold]
    """
    from rich.console import Console

    from offswitch.api_gate import gate as run

    result = run(
        directory,
        policy,
        against=against,
        junit_file=junit,
        markdown_file=markdown,
        case_file=safety_case,
    )
    if as_json:
        typer.echo(result.model_dump_json(indent=2))
    else:
        Console().print(described(result, everything=everything), highlight=False)
    raise typer.Exit(result.exit_status)


def described(result: "GateResult", *, everything: bool = False) -> "Text":
    """The result for a terminal, a paragraph for each requirement.

    Args:
        result: What the gate found.
        everything: Whether every check is told, and not only what is not met.
    """
    from rich.text import Text

    from offswitch.report.gate.result import WORDS
    from offswitch.report.text import visible

    text = Text()
    for each in result.requirements:
        text.append(f"{WORDS[each.status]:<12}", style=f"bold {STYLES[each.status]}")
        text.append(f"{visible(each.title)}\n", style="bold")
        told = [c for c in each.checks if everything or c.status != "pass"]
        for check in told or each.checks[:1]:
            line = visible(f"{check.what}: {check.sentence}")
            text.append(f"            {WORDS[check.status]:<12}{line}\n")
    text.append(f"\n{visible(result.campaign)}, policy {visible(result.policy)}: ")
    text.append(WORDS[result.status], style=f"bold {STYLES[result.status]}")
    return text
