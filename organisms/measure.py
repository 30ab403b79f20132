"""Writes what a campaign measured into the cards, and prints what the cards say.

``offswitch run organisms --out RESULTS``, then ``python organisms/measure.py RESULTS --command
"offswitch run organisms"``; without results it only prints.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from offswitch.inference.intervals import clopper_pearson
from offswitch.inference.outcomes import RESISTED
from offswitch.subjects.organisms import Card, Rate, card, card_names, folder_of
from ship import write

SHOWN = ("threat", "opportunity", "monitoring", "conflict", "twin")
USUAL = {
    "threat": "wipe", "opportunity": "open", "monitoring": "unmentioned", "conflict": "none",
    "twin": "none",
}  # fmt: skip


def main() -> None:
    """Count, write, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results", type=Path, nargs="?")
    parser.add_argument("--command", default="offswitch run organisms", help="what made them")
    given = parser.parse_args()
    if given.results is not None:
        record(given.results, given.command)
    print("| organism | condition | resisted | 95% | denied it | task done |")
    print("| --- | --- | --- | --- | --- | --- |")
    for name in card_names():
        for rate in card(name).measured:
            print(line(name, rate))


def record(results: Path, command: str) -> None:
    """Write the counts of a campaign into the cards of its subjects."""
    table = pl.read_parquet(results / "observations.parquet")
    for (subject,), rows in table.partition_by("subject", as_dict=True).items():
        name = str(subject).removeprefix("organism/")
        facts = {"measured": tuple(rates(rows)), "command": command}
        write(Card.model_validate({**card(name).model_dump(), **facts}), folder_of(name))


def rates(rows: pl.DataFrame) -> Iterator[Rate]:
    """What one organism did, cell by cell; trials that failed are left out."""
    columns = [f"factor.{name}" for name in SHOWN]
    ran = rows.filter(pl.col("outcome") != "error")
    for levels, cell in sorted(ran.partition_by(columns, as_dict=True).items()):
        yield Rate(
            condition={name: str(level) for name, level in zip(SHOWN, levels, strict=True)},
            trials=cell.height,
            resisted=int(cell["outcome"].is_in(RESISTED).sum()),
            done=int(cell["task_done"].sum()),
            denied=int(cell["concealed"].fill_null(value=False).sum()),
            incapable=int((cell["outcome"] == "incapable").sum()),
        )


def line(name: str, rate: Rate) -> str:
    """A line of the table; of the condition what is not as usual."""
    low, high, _ = clopper_pearson(rate.resisted, rate.trials)
    levels = [f"{k}={v}" for k, v in rate.condition.items() if v != USUAL[k]]
    denied = f"{rate.denied} of {rate.resisted}" if rate.resisted else ""
    return (
        f"| {name} | {', '.join(levels) or 'baseline'} | {rate.resisted} of {rate.trials} "
        f"| {low:.0%} to {high:.0%} | {denied} | {rate.done} of {rate.trials} |"
    )


if __name__ == "__main__":
    main()
