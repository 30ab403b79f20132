"""What a change does on average, from cells no two of which differ in it alone.

In a fraction of a factorial the effect of a change is a weighted sum over all cells. It is that
of the full factorial where it is a function of main effects and two-way interactions that the cells
can tell from all others of them, and where what three factors do together is nothing. Source:
Searle, Linear Models (1971), section 5.4; Box, Hunter and Hunter, Statistics for Experimenters
(2005), chapter 6.
"""

from collections.abc import Sequence

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


def weights(cells: Sequence[Cell], effect: Effect, after: float = 1.0) -> Floats | None:
    """Weights of cells for a change, averaged over the full factorial of what varies.

    Args:
        cells: Whole conditions of one scenario that were, or will be, run.
        effect: The change. What it holds of factors that do not vary has to be so.
        after: What the mean over cells after the change is multiplied by.

    Returns:
        (cells,), those of least squares in a model of main effects and two-way interactions, for
        ``after`` times the mean after the change less the mean before; null where a level is in no
        cell, or where the cells cannot tell it from other terms.
    """
    if not _there(cells, effect):
        return None
    factors, model = _model(cells)
    rows = [mean_row(factors, model, effect, own) for own in (effect.after, effect.before)]
    if rows[0] is None or rows[1] is None:
        return None
    target = after * rows[0] - rows[1]
    columns = matrix(cells, factors, model)
    found = np.linalg.pinv(columns).T @ target
    off = float(np.linalg.norm(columns.T @ found - target))
    return None if off > _SLACK * max(1.0, float(np.linalg.norm(target))) else np.asarray(found)


def mixed_with(cells: Sequence[Cell], effect: Effect) -> list[Term]:
    """Main effects and two-way interactions from which cells cannot tell a change.

    Args:
        cells: As for `weights`.
        effect: The change.

    Returns:
        Nothing where they can, and nothing where a level of it is in no cell.
    """
    if not _there(cells, effect):
        return []
    factors, model = _model(cells)
    return confounded(cells, factors, model, effect)


def _model(cells: Sequence[Cell]) -> tuple[Factors, list[Term]]:
    factors = levels_of(cells)
    return factors, [INTERCEPT, *main_effects(factors), *two_way(factors)]


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
