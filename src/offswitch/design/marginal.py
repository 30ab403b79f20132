"""What a change does on average, from cells no two of which differ in it alone.

In a fraction of a factorial the effect of a change is a weighted sum over all cells. It is that
of the full factorial where it is a function of main effects and two-way interactions that the cells
can tell from all others of them, and where what three factors do together is nothing. Source:
Searle, Linear Models (1971), section 5.4; Box, Hunter and Hunter, Statistics for Experimenters
(2005), chapter 6.
"""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from offswitch.design.aliasing import Effect, confounded, mean_row
from offswitch.design.pairs import levels_of
from offswitch.design.terms import (
    INTERCEPT,
    Cell,
    Factors,
    Floats,
    Term,
    main_effects,
    matrix,
    two_way,
)

_SLACK = 1e-8
_KEPT = 1_024
"""Answers that are kept: many subjects are asked the same of the same cells."""
_Pairs = tuple[tuple[str, str], ...]
_Held = tuple[tuple[str, tuple[str, ...]], ...]
_Key = tuple[tuple[_Pairs, ...], str, tuple[str, ...], tuple[str, ...], _Held]


def weights(
    cells: Sequence[Cell], effect: Effect, after: float = 1.0, *, pairs: bool = True
) -> Floats | None:
    """Weights of cells for a change, averaged over the full factorial of what varies.

    Args:
        cells: Whole conditions of one scenario that were, or will be, run.
        effect: The change. What it holds of factors that do not vary has to be so.
        after: What the mean over cells after the change is multiplied by.
        pairs: Whether two factors may act together; else the model has main effects alone.

    Returns:
        (cells,), read-only, those of least squares in a model of main effects and two-way
        interactions, for ``after`` times the mean after the change less the mean before; null where
        a level is in no cell, or where the cells cannot tell it from other terms.
    """
    return _weights(_key(cells, effect), after, pairs)


def mixed_with(cells: Sequence[Cell], effect: Effect) -> list[Term]:
    """Main effects and two-way interactions from which cells cannot tell a change.

    Args:
        cells: As for `weights`.
        effect: The change.

    Returns:
        Nothing where they can, and nothing where a level of it is in no cell.
    """
    return list(_mixed_with(_key(cells, effect)))


@lru_cache(_KEPT)
def _weights(key: _Key, after: float, pairs: bool) -> Floats | None:
    cells, effect = _asked(key)
    if not _there(cells, effect):
        return None
    factors, model = _model(cells, pairs)
    rows = [mean_row(factors, model, effect, own) for own in (effect.after, effect.before)]
    if rows[0] is None or rows[1] is None:
        return None
    target = after * rows[0] - rows[1]
    columns = matrix(cells, factors, model)
    found = np.asarray(np.linalg.pinv(columns).T @ target)
    found.flags.writeable = False
    off = float(np.linalg.norm(columns.T @ found - target))
    return None if off > _SLACK * max(1.0, float(np.linalg.norm(target))) else found


@lru_cache(_KEPT)
def _mixed_with(key: _Key) -> tuple[Term, ...]:
    cells, effect = _asked(key)
    if not _there(cells, effect):
        return ()
    factors, model = _model(cells)
    return tuple(confounded(cells, factors, model, effect))


def _key(cells: Sequence[Cell], effect: Effect) -> _Key:
    """Cells and change as what can be looked up; what the change is called makes no difference."""
    held = tuple((name, tuple(levels)) for name, levels in effect.held.items())
    own = tuple(tuple(cell.items()) for cell in cells)
    return own, effect.factor, tuple(effect.before), tuple(effect.after), held


def _asked(key: _Key) -> tuple[list[Cell], Effect]:
    cells, factor, before, after, held = key
    return [dict(cell) for cell in cells], Effect("", factor, before, after, dict(held))


def _model(cells: Sequence[Cell], pairs: bool = True) -> tuple[Factors, list[Term]]:
    factors = levels_of(cells)
    model = [INTERCEPT, *main_effects(factors)]
    return factors, [*model, *two_way(factors)] if pairs else model


def _there(cells: Sequence[Cell], effect: Effect) -> bool:
    """Whether cells have both sides of a change and all factors, held as they have to be."""
    varying = levels_of(cells)
    if any(name not in cell for cell in cells for name in varying):
        return False
    levels = varying.get(effect.factor, [])
    fixed = all(
        cell[name] in own
        for name, own in effect.held.items() if name not in varying
        for cell in cells if name in cell
    )  # fmt: skip
    return fixed and bool({*levels} & {*effect.before}) and bool({*levels} & {*effect.after})
