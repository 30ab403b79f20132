"""What a design cannot tell from what: main effects and two-way interactions.

Two terms are aliased as far as some contrast of one goes up and down, over the cells of the design,
with some contrast of the other: their largest canonical correlation, in [0, 1]. At 1 no number of
trials tells them apart; in between both are known less well, and an effect of one that is left out
of the model moves the estimate of the other. Source: Box, Hunter and Hunter, Statistics for
Experimenters (2005), chapter 6; H. Hotelling, Biometrika 28 (1936), 321-377, for factors with more
than two levels.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, product

import numpy as np

from offswitch.design.terms import (
    INTERCEPT,
    Cell,
    Factors,
    Floats,
    Term,
    columns,
    main_effects,
    matrix,
    two_way,
)

FULLY = 1 - 1e-6
SLIGHT = 1e-6
"""Correlation below which terms are apart."""


@dataclass(frozen=True, slots=True)
class Alias:
    """Two terms that a design mixes.

    Attributes:
        term: A main effect or an interaction, as the factors that it joins.
        other: Another one.
        share: How far, in (0, 1]: 1 where nothing tells them apart.
    """

    term: Term
    other: Term
    share: float

    @property
    def whole(self) -> bool:
        """Whether nothing tells them apart."""
        return self.share >= FULLY


@dataclass(frozen=True, slots=True)
class Effect:
    """A question that a design has to answer: a change of one factor.

    Attributes:
        name: What it is called, such as the hypothesis that needs it.
        factor: The factor.
        before: Its levels before the change.
        after: Its levels after it.
        held: For other factors, the levels at which it is asked.
    """

    name: str
    factor: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    held: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def term_name(term: Term) -> str:
    """A term in words: ``threat``, or ``threat x goal``."""
    return " x ".join(term) or "the mean"


def aliases(cells: Sequence[Cell], factors: Factors) -> list[Alias]:
    """Which main effects and two-way interactions a design mixes, most mixed first.

    Args:
        cells: The cells of the design.
        factors: Levels by factor.
    """
    found = {t: _basis(columns(cells, factors, t)) for t in _effects(factors)}
    mixed = (
        Alias(one, other, _correlation(found[one], found[other]))
        for one, other in combinations(found, 2)
    )
    kept = [alias for alias in mixed if alias.share > SLIGHT]
    return sorted(kept, key=lambda a: (-a.share, len(a.term) + len(a.other)))


def _effects(factors: Factors) -> list[Term]:
    return [*main_effects(factors), *two_way(factors)]


def _basis(found: Floats) -> Floats:
    """An orthonormal basis of columns less their means, (cells, rank)."""
    centred = found - found.mean(axis=0)
    left, sizes, _ = np.linalg.svd(centred, full_matrices=False)
    return np.asarray(left[:, sizes > 1e-8 * np.sqrt(len(found))])


def _correlation(one: Floats, other: Floats) -> float:
    if not one.shape[1] or not other.shape[1]:
        return 0.0
    return float(min(1.0, np.linalg.svd(one.T @ other, compute_uv=False)[0]))


def confounded(
    cells: Sequence[Cell], factors: Factors, model: Sequence[Term], effect: Effect
) -> list[Term]:
    """The terms of a model from which the design cannot tell an effect; none if it can.

    The effect is a linear function of the coefficients: the mean over all cells of the full
    factorial that have a level of ``after``, less that over those with one of ``before``, the other
    factors as they are held. It can be estimated if and only if that function is a combination of
    the rows of the model's matrix (Searle, Linear Models, 1971, section 5.4). Where it is not,
    some change of coefficients alters the effect and no cell; the terms in such changes are named.

    Args:
        cells: The cells of the design.
        factors: Levels by factor.
        model: Terms that are in the model.
        effect: What is asked. A factor that the design does not vary is left aside, and so is an
            effect none of whose levels, or of the levels held, are in the design.

    Returns:
        The other terms; a term of the effect's own factor where that alone does it.
    """
    wanted = _functional(factors, model, effect)
    if wanted is None:
        return []
    free = _null(matrix(cells, factors, model))
    moving = free @ (free.T @ wanted)
    if np.linalg.norm(moving) <= 1e-8 * max(1.0, float(np.linalg.norm(wanted))):
        return []
    owners = [t for t in model for _ in range(columns(cells[:1], factors, t).shape[1])]
    active = np.abs(moving) > 1e-8
    named = [t for t, on in zip(owners, active, strict=True) if on]
    others = [t for t in dict.fromkeys(named) if t not in (INTERCEPT, (effect.factor,))]
    return others or [(effect.factor,)]


def _functional(factors: Factors, model: Sequence[Term], effect: Effect) -> Floats | None:
    sides = [_mean_row(factors, model, effect, levels) for levels in (effect.after, effect.before)]
    after, before = sides
    return None if after is None or before is None else after - before


def _mean_row(
    factors: Factors, model: Sequence[Term], effect: Effect, levels: Sequence[str]
) -> Floats | None:
    """The mean row of the model over cells with these levels; null where the design has none."""
    own = [level for level in factors.get(effect.factor, ()) if level in levels]
    if not own or any(_held_off(factors[f], levels) for f, levels in effect.held.items()
                      if f in factors):  # fmt: skip
        return None
    parts = []
    for term in model:
        used = [effect.factor, *term]
        allowed = {f: _allowed(f, factors[f], own, effect) for f in dict.fromkeys(used)}
        inside = [dict(zip(allowed, each, strict=True)) for each in product(*allowed.values())]
        parts.append(columns(inside, factors, term).mean(axis=0))
    return np.concatenate(parts)


def _held_off(levels: Sequence[str], held: Sequence[str]) -> bool:
    return not set(levels) & set(held)


def _allowed(
    factor: str, levels: Sequence[str], own: Sequence[str], effect: Effect
) -> Sequence[str]:
    if factor == effect.factor:
        return own
    return [level for level in levels if level in effect.held.get(factor, levels)]


def _null(found: Floats) -> Floats:
    """An orthonormal basis of what changes no row, (columns, nullity)."""
    _, sizes, right = np.linalg.svd(found, full_matrices=True)
    full = np.zeros(right.shape[0])
    full[: sizes.size] = sizes
    return np.asarray(right[full <= 1e-8 * np.sqrt(len(found))].T)


def described(cells: Sequence[Cell], factors: Factors, most: int = 12) -> Iterator[str]:
    """The aliases of a design in words, a line for each term that is mixed with others.

    Args:
        cells: The cells of the design.
        factors: Levels by factor.
        most: Lines, of each kind, beyond which the rest is counted.
    """
    found = aliases(cells, factors)
    for whole, verb in ((True, "cannot be told from"), (False, "partly mixed with")):
        lines = list(_lines([a for a in found if a.whole == whole], verb))
        yield from lines[:most]
        if len(lines) > most:
            yield f"and {len(lines) - most} more such terms; --json lists them all"
    if not found:
        yield "no main effect or two-way interaction is mixed with another"


def _lines(found: Sequence[Alias], verb: str) -> Iterator[str]:
    by_term: dict[Term, list[Alias]] = {}
    for alias in found:
        by_term.setdefault(alias.term, []).append(alias)
    for term, own in by_term.items():
        yield f"{term_name(term)} {verb} {', '.join(map(_other, own))}"


def _other(alias: Alias) -> str:
    return term_name(alias.other) + ("" if alias.whole else f" ({alias.share:.2f})")
