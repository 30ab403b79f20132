"""Conditions: the levels of all factors of a scenario, and short names for them."""

from collections.abc import Mapping, Sequence

import polars as pl

PREFIX = "factor."
"""Prefix of the columns that hold the level of a factor."""


def factor_columns(frame: pl.DataFrame) -> list[str]:
    """The columns that hold the level of a factor, in alphabetical order."""
    return sorted(name for name in frame.columns if name.startswith(PREFIX))


def levels(frame: pl.DataFrame) -> dict[str, list[str]]:
    """The factors of these trials, each with the levels that occur in their order of appearance."""
    found = {
        name.removeprefix(PREFIX): frame[name].drop_nulls().unique(maintain_order=True).to_list()
        for name in factor_columns(frame)
    }
    return {factor: values for factor, values in found.items() if values}


def varied(frame: pl.DataFrame) -> list[str]:
    """The factors with more than one level in these trials; to lack a factor is a level too."""
    names = [name for name in factor_columns(frame) if frame[name].n_unique() > 1]
    return [name.removeprefix(PREFIX) for name in names]


def label(condition: Mapping[str, str], shown: Sequence[str]) -> str:
    """A condition in short, such as ``threat: wipe · leverage: affair``.

    Args:
        condition: Level of each factor.
        shown: The factors to show, usually those that vary.
    """
    parts = [f"{factor}: {condition[factor]}" for factor in shown if factor in condition]
    return " · ".join(parts) if parts else "the only condition"


def cell_key(subject: str, scenario: str, condition: Mapping[str, str]) -> str:
    """What identifies a cell, such as ``blackmail | reference/covert | threat=wipe``."""
    levels = ", ".join(f"{factor}={value}" for factor, value in sorted(condition.items()))
    return " | ".join(part for part in (scenario, subject, levels) if part)
