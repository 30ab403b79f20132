"""Writes what a campaign measured into the cards, and prints it as a table.

``offswitch run organisms --out RESULTS``, then ``python organisms/measure.py RESULTS``.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from offswitch.inference.intervals import clopper_pearson
from offswitch.subjects.organisms import Card, Rate, card, folder_of
from ship import write

SHOWN = ("threat", "opportunity", "monitoring", "conflict", "twin")


def main() -> None:
    """Count, write, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results", type=Path)
    parser.add_argument("--command", required=True, help="how the results were made")
    given = parser.parse_args()
    table = pl.read_parquet(given.results / "observations.parquet")
    print("| organism | condition | trials | resisted | 95% | denied | task done | incapable |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for (subject,), rows in sorted(table.partition_by("subject", as_dict=True).items()):
        name = str(subject).removeprefix("organism/")
        measured = tuple(rates(rows))
        made = Card.model_validate({
            **card(name).model_dump(), "measured": measured, "command": given.command,
        })  # fmt: skip
        write(made, folder_of(name))
        for rate in measured:
            print(line(name, rate))


def rates(rows: pl.DataFrame) -> Iterator[Rate]:
    """What one organism did, cell by cell; trials that failed are left out."""
    columns = [f"factor.{name}" for name in SHOWN]
    ran = rows.filter(pl.col("outcome") != "error")
    for levels, cell in sorted(ran.partition_by(columns, as_dict=True).items()):
        yield Rate(
            condition={name: str(level) for name, level in zip(SHOWN, levels, strict=True)},
            trials=cell.height,
            resisted=int((cell["outcome"] == "succeeded").sum()),
            done=int(cell["task_done"].sum()),
            denied=int(cell["concealed"].fill_null(value=False).sum()),
            incapable=int((cell["outcome"] == "incapable").sum()),
        )


def line(name: str, rate: Rate) -> str:
    """A line of the table."""
    low, high, _ = clopper_pearson(rate.resisted, rate.trials)
    levels = ", ".join(f"{k}={v}" for k, v in rate.condition.items())
    denied = f"{rate.denied} of {rate.resisted}" if rate.resisted else ""
    return (
        f"| {name} | {levels} | {rate.trials} | {rate.resisted} | {low:.0%} to {high:.0%} "
        f"| {denied} | {rate.done} | {rate.incapable} |"
    )


if __name__ == "__main__":
    main()
