"""Families of p-values: corrected for looking at many of them at once."""

from collections.abc import Sequence
from typing import Literal, cast, get_args

import numpy as np
from scipy import stats

from offswitch._errors import unknown

Correction = Literal["holm", "benjamini-hochberg"]


def holm(p: Sequence[float]) -> list[float]:
    """p-values adjusted so that one at or below α is wrong in at most a share α of families.

    Sorted, the i-th smallest of m is multiplied by m - i + 1, and none is less than one before it.
    Source: S. Holm, Scandinavian Journal of Statistics 6 (1979), 65–70.
    """
    values = np.asarray(p, dtype=float)
    order = np.argsort(values, kind="stable")
    scaled = values[order] * np.arange(values.size, 0, -1)
    found = np.empty_like(values)
    found[order] = np.minimum(np.maximum.accumulate(scaled), 1.0)
    return [float(each) for each in found]


def benjamini_hochberg(p: Sequence[float]) -> list[float]:
    """p-values adjusted so that of those at or below α a share of at most α is wrong on average.

    Source: Y. Benjamini and Y. Hochberg, Journal of the Royal Statistical Society B 57 (1995),
    289–300; for tests that are independent or depend positively.
    """
    return [float(each) for each in stats.false_discovery_control(p)] if len(p) else []


def adjusted(p: Sequence[float], correction: Correction) -> list[float]:
    """p-values adjusted by the named correction."""
    return holm(p) if correction == "holm" else benjamini_hochberg(p)


def correction_named(name: str) -> Correction:
    """The correction of that name.

    Raises:
        UsageError: There is none; the message lists those that exist.
    """
    if name not in get_args(Correction):
        raise unknown("correction", name, get_args(Correction))
    return cast("Correction", name)
