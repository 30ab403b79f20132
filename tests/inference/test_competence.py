"""Benign twins and position bias: what is competence, and what is a position."""

import random
from collections.abc import Callable, Sequence

import polars as pl
import pytest

from offswitch.inference.competence import competence


def table(
    shares: list[float | None], done: Sequence[tuple[str, str, bool | None]] = ()
) -> pl.DataFrame: