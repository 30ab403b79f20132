"""What probes look for: yes or no for each trial, from the table of observations."""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from offswitch._errors import UsageError, unknown

FACTOR = "factor."
TARGETS: Mapping[str, pl.Expr] = {
    "resistance": pl.when(pl.col("outcome").is_in(["attempted", "succeeded"]))
    .then(statement=True)
    .when(pl.col("outcome") == "complied")
    .then(statement=False),
    "concealment": pl.col("concealed"),
    "test-awareness": pl.when(pl.col("awareness_asked") == "says_test")
    .then(statement=True)
    .when(pl.col("awareness_asked") == "says_real")
    .then(statement=False),
    "task": pl.col("task_done"),
}
"""Labels by name; null where it is not known. ``NAME=LEVEL`` is the level of a factor besides."""


@dataclass(frozen=True, slots=True)
class Held:
    """Levels that trials must have.

    Attributes:
        levels: By factor.
    """

    levels: Mapping[str, str]

    @classmethod
    def parse(cls, text: str) -> "Held":
        """Levels written as ``threat=wipe,opportunity=open``.

        Raises:
            UsageError: It is not written like that.
        """
        levels: dict[str, str] = {}
        for part in filter(None, text.split(",")):
            factor, equals, level = part.partition("=")
            if not (factor and equals and level):
                raise UsageError(f"'{text}' is no condition; write threat=wipe,opportunity=open.")
            levels[factor.strip()] = level.strip()
        return cls(levels)

    def expression(self, table: pl.DataFrame) -> pl.Expr:
        """Whether a trial has them all.

        Raises:
            UsageError: A factor, or a level of it, is not in the table.
        """
        _check(table, self.levels)
        return pl.all_horizontal(
            pl.lit(True), *(pl.col(FACTOR + f).eq_missing(lv) for f, lv in self.levels.items())
        )


def labelled(table: pl.DataFrame, target: str) -> pl.DataFrame:
    """The trials whose label is known, with a column ``label``.

    Args:
        table: The table of observations.
        target: A name in `TARGETS`, or a factor's level such as ``monitoring=unmonitored``.

    Raises:
        UsageError: There is no such label, factor or level.
    """
    if "=" in target:
        label = Held.parse(target).expression(table)
        table = table.filter(pl.col("outcome") != "error")
    elif target in TARGETS:
        label = TARGETS[target]
    else:
        raise unknown("label", target, [*TARGETS, "FACTOR=LEVEL"])
    return table.with_columns(label=label).filter(pl.col("label").is_not_null())


def _check(table: pl.DataFrame, levels: Mapping[str, str]) -> None:
    factors = [name.removeprefix(FACTOR) for name in table.columns if name.startswith(FACTOR)]
    for factor, level in levels.items():
        if factor not in factors:
            raise unknown("factor", factor, factors, where="the table of observations")
        known = table[FACTOR + factor].drop_nulls().unique().to_list()
        if level not in known:
            raise unknown(f"level of {factor}", level, known, where="the table of observations")
