"""``offswitch run --dry-run``: what a plan would run, take and cost, as tables."""

from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from offswitch.campaign.dryrun import DryRun, PublishedPart
    from offswitch.published import Figure


def dry_run(plan: str, settings: tuple[str, ...], as_json: bool, **files: Path | None) -> None:
    """Print what a plan would run.

    Args:
        plan: YAML file, or the name of a preset.
        settings: Changes to it.
        as_json: Whether to print JSON and nothing else.
        **files: Files of `offswitch.dry_run`: of prices, of the secret.
    """
    from rich.console import Console

    from offswitch import api

    found = api.dry_run(plan, overrides=settings, **files)
    if as_json:
        typer.echo(found.model_dump_json(indent=2))
    else:
        show(found, Console(highlight=False))


def show(found: "DryRun", console: "Console") -> None:
    """Print a dry run as tables.

    Args:
        found: What to print.
        console: Where to.
    """
    from rich.text import Text

    head = f"{found.plan}: {found.about}" if found.about else found.plan
    console.print(Text(head, style="bold"))
    console.print(_scenarios(found))
    console.print(_subjects(found))
    _cost(found, console)
    _designs(found, console)
    _power(found, console)
    _stop(found, console)
    if found.differs is not None:
        _published(found, console)
    console.print(Text("\nRough, for these reasons:"))
    for line in found.assumptions:
        console.print(Text(f"- {line}"))
    console.print(Text("Nothing was run, and nothing was written."))


def _scenarios(found: "DryRun") -> "Table":
    from rich.text import Text

    table = _empty("scenario", "cells", "trials", "calls a trial", "tokens in", "tokens out")
    for part in found.scenarios:
        table.add_row(
            Text(f"{part.scenario} (machine)" if part.machine else part.scenario),
            f"{part.cells:,}",
            f"{part.trials:,}",
            f"{part.turns:.0f}",
            f"{part.input_tokens:,}",
            f"{part.output_tokens:,}",
        )
    table.add_section()
    table.add_row("all", f"{len(found.cells):,}", f"{found.trials:,}", "", "", "")
    return table


def _subjects(found: "DryRun") -> "Table":
    from rich.text import Text

    table = _empty("subject", "trials", "tokens in", "tokens out", "$ per M", "cost")
    for part in found.subjects:
        price = part.price
        table.add_row(
            Text(f"{part.subject} (optional)" if part.optional else part.subject),
            f"{part.trials:,}",
            _millions(part.input_tokens),
            _millions(part.output_tokens),
            f"{price.input:g} / {price.output:g}" if price else "unknown",
            dollars(part.cost_usd),
        )
    table.add_section()
    total = dollars(found.cost_usd)
    table.add_row(
        "all", f"{found.trials:,}", _millions(found.input_tokens), _millions(found.output_tokens),
        "", total,
    )  # fmt: skip
    return table


def _empty(first: str, *numbers: str) -> "Table":
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD)
    table.add_column(first, overflow="fold")
    for name in numbers:
        table.add_column(name, justify="right", no_wrap=True)
    return table


def _cost(found: "DryRun", console: "Console") -> None:
    """Say where the prices are from, and which are not known."""
    from rich.text import Text

    for part in found.subjects:
        if part.price is not None and part.model.partition("/")[0] != "reference":
            console.print(Text(f"The price of {part.subject} is from {part.price_source}."))
    if found.unpriced:
        console.print(
            Text(
                f"The price of {', '.join(found.unpriced)} is unknown, so the cost of the whole "
                f"is unknown: at least {dollars(found.known_cost_usd)}. Give the subject a price, "
                "or a file with --prices.",
                style="yellow",
            )
        )


def _designs(found: "DryRun", console: "Console") -> None:
    """What each design is, and what it mixes."""
    from rich.text import Text

    for part in found.designs:
        console.print(Text(f"\nThe design of {part.scenario}:"))
        for line in part.words:
            console.print(Text(f"- {line}"))


def _power(found: "DryRun", console: "Console") -> None:
    """Which differences can be seen; scenarios that say the same are said together."""
    from rich.text import Text

    said: dict[tuple[str, ...], list[str]] = {}
    for part in found.power:
        several = len({(each.worlds, each.epochs) for each in found.power}) > 1
        whose = f" ({', '.join(part.subjects)})" if several else ""
        said.setdefault(tuple(part.words), []).append(part.scenario + whose)
    for lines, names in said.items():
        console.print(Text(f"\nWhat can be seen in {', '.join(names)}:"))
        for line in lines:
            console.print(Text(f"- {line}"))


def _stop(found: "DryRun", console: "Console") -> None:
    """Say what the plan would take where it may stop before its last world."""
    from rich.text import Text

    from offswitch.campaign.expected import words

    if found.stop:
        console.print(Text("\nIt may stop before its last world. Simulated:", style="bold"))
    for line in words(found.stop, found.trials, found.cost_usd):
        console.print(Text(f"- {line}"))


def _published(found: "DryRun", console: "Console") -> None:
    """Others' measurements, one row for each counterpart of our cells."""
    from rich.text import Text

    table = _empty("others' measurements")
    table.add_column("%", overflow="fold")
    for part in found.published:
        levels = " ".join(f"{factor}={level}" for factor, level in part.condition.items())
        head = Text.assemble((f"{part.scenario} {levels}\n", "bold"), part.what)
        figures = ", ".join(_figure(figure, part) for figure in part.figures)
        table.add_row(head, Text.assemble(figures, ("\n" + _origin(part), "dim")))
        table.add_section()
    console.print(table)
    console.print(Text(f"{found.differs}"))


def _origin(part: "PublishedPart") -> str:
    """What all figures of a measure have in common."""
    said = [part.counts, _count(part.n), part.interval, part.status, part.url, part.note]
    return ", ".join(each for each in said if each)


def _figure(figure: "Figure", part: "PublishedPart") -> str:
    """One figure, and in which way it differs from the others."""
    signs = {"about": "~", "above": ">", "below": "<", None: ""}
    value = "unknown"
    if figure.value is not None:
        value = f"{signs[figure.bound]}{figure.value:g}"
    elif figure.low is not None and figure.high is not None:
        value = f"{figure.low:g} or {figure.high:g}"
    inside = []
    if figure.value is not None and figure.low is not None and figure.high is not None:
        inside.append(f"{figure.low:g}-{figure.high:g}")
    if figure.conflicting is not None:
        inside.append(f"elsewhere {figure.conflicting:g}")
    if figure.n != part.n:
        inside.append(_count(figure.n))
    if figure.status != part.status:
        inside.append(str(figure.status))
    return f"{figure.model} {value}" + (f" ({'; '.join(inside)})" if inside else "")


def _count(n: int | tuple[int, int] | None) -> str:
    if n is None:
        return ""
    return f"n={n}" if isinstance(n, int) else f"n={n[0]}-{n[1]}"


def _millions(tokens: int) -> str:
    return f"{tokens / 1e6:,.2f} M" if tokens >= 100_000 else f"{tokens:,}"


def dollars(cost: float | None) -> str:
    """A cost in words: never zero where it is not."""
    if cost is None:
        return "unknown"
    return "<$0.01" if 0 < cost < 0.01 else f"${cost:,.2f}"
