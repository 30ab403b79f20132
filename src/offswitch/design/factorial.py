"""Cells of factorial designs: all, a fraction, one factor at a time, a ladder.

Sources: G. E. P. Box, J. S. Hunter and W. G. Hunter, Statistics for Experimenters (2nd edition,
2005), chapters 5 and 6. Regular fractions are pyDOE's (BSD), which takes the fewest cells in which
no word of the defining relation is shorter than the resolution.
"""

from itertools import product
from typing import Literal

from offswitch._errors import UsageError
from offswitch.design.optimal import efficiency, exchange
from offswitch.design.terms import Factors, checked, model_of, parameters, two_way

Cells = list[dict[str, str]]
Resolution = Literal[3, 4, 5]

ENOUGH = 0.9
"""D-efficiency, against a design without any correlation, at which a mixed fraction is taken."""
MOST_CELLS = 4_096
"""Cells of a full factorial beyond which no fraction is looked for one by one."""


def full(factors: Factors) -> Cells:
    """Every combination of the levels, the last factor changing fastest.

    Raises:
        UsageError: A factor has fewer than two levels.
    """
    levels = checked(factors)
    return [dict(zip(levels, each, strict=True)) for each in product(*levels.values())]


def one_at_a_time(factors: Factors) -> Cells:
    """The centre, where each factor has its first level, and each other level by itself.

    Raises:
        UsageError: A factor has fewer than two levels.
    """
    levels = checked(factors)
    centre = {name: own[0] for name, own in levels.items()}
    return [centre, *({**centre, f: level} for f, own in levels.items() for level in own[1:])]


def ladder(factors: Factors) -> Cells:
    """The levels of one factor, in order; each is compared with the one before it.

    Raises:
        UsageError: There is more than one factor, or it has fewer than three levels.
    """
    levels = checked(factors)
    if len(levels) > 1:
        raise UsageError(
            f"the design: a ladder has one factor, not {' and '.join(levels)}; hold the others "
            "beside the design, or write kind: full"
        )
    ((name, own),) = levels.items()
    if len(own) < 3:
        raise UsageError(
            f"the design: a ladder of {name} needs three levels or more; write kind: full for two"
        )
    return [{name: level} for level in own]


def fractional(factors: Factors, resolution: Resolution, seed: int = 1) -> Cells:
    """A fraction of the full factorial.

    Where all factors have two levels it is a regular fraction: at resolution III no main effects
    are aliased with each other, at IV none with two-way interactions either, at V no two-way
    interactions with each other. Where levels are mixed there is no regular one: the fewest cells
    are taken whose D-optimal choice comes near to a design without correlation (`ENOUGH`), for the
    main effects (III) or with all two-way interactions (V).

    Args:
        factors: Levels by factor; the first level of each is the low one.
        resolution: 3, 4 or 5.
        seed: Of the search for a mixed fraction.

    Raises:
        UsageError: A factor has fewer than two levels, there is no smaller fraction, or the
            resolution is 4 and levels are mixed.
    """
    levels = checked(factors)
    if all(len(own) == 2 for own in levels.values()):
        return _regular(levels, resolution)
    if resolution == 4:
        mixed = next(name for name, own in levels.items() if len(own) > 2)
        raise UsageError(
            f"the design: {mixed} has more than two levels, and resolution IV is for factors with "
            "two; write resolution: 3 or 5, two levels, or kind: optimal with interactions"
        )
    return _mixed(levels, resolution, seed)


def _regular(levels: dict[str, tuple[str, ...]], resolution: Resolution) -> Cells:
    from pydoe import fracfact_by_res

    signs = fracfact_by_res(len(levels), resolution) if len(levels) > 1 else None
    if signs is None or len(signs) >= 2 ** len(levels):
        raise _no_fraction(len(levels), resolution)
    return [
        {name: own[int(sign > 0)] for (name, own), sign in zip(levels.items(), row, strict=True)}
        for row in signs
    ]


def _no_fraction(factors: int, resolution: Resolution) -> UsageError:
    return UsageError(
        f"the design: {factors} factors have no fraction of resolution {roman(resolution)} that "
        "is smaller than all combinations; write kind: full"
        + (", or a lower resolution" if resolution > 3 and factors > 2 else "")
    )


def _mixed(levels: dict[str, tuple[str, ...]], resolution: Resolution, seed: int) -> Cells:
    candidates = full(levels)
    if len(candidates) > MOST_CELLS:
        raise UsageError(
            f"the design: all combinations are {len(candidates):,} cells, too many to choose a "
            "fraction from; leave factors or levels out"
        )
    model = model_of(levels, two_way(levels) if resolution == 5 else [])
    for size in range(parameters(levels, model), len(candidates)):
        found = exchange(candidates, levels, model, size, seed)
        if efficiency(found, levels, model) >= ENOUGH:
            return found
    raise _no_fraction(len(levels), resolution)


def roman(resolution: int) -> str:
    """A resolution as it is written."""
    return {3: "III", 4: "IV", 5: "V"}[resolution]
