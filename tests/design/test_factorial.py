from collections import Counter
from itertools import combinations
from math import prod
from typing import Any

import numpy as np
import pytest

from offswitch import UsageError
from offswitch.design.factorial import fractional, full, ladder, one_at_a_time
from offswitch.design.optimal import efficiency, exchange
from offswitch.design.terms import columns, contrasts, main_effects, matrix, model_of, two_way

TWO = dict.fromkeys("abcde", ("off", "on"))
MIXED = {"a": ("0", "1", "2"), "b": ("0", "1"), "c": ("0", "1"), "d": ("0", "1", "2", "3")}


def test_a_full_factorial_has_every_combination_once() -> None:
    cells = full(MIXED)
    assert len(cells) == len({tuple(c.items()) for c in cells}) == prod(map(len, MIXED.values()))
    assert cells[0] == {"a": "0", "b": "0", "c": "0", "d": "0"}


def test_one_at_a_time_differs_from_its_centre_in_one_factor() -> None:
    centre, *others = one_at_a_time(MIXED)
    assert centre == {name: levels[0] for name, levels in MIXED.items()}
    assert len(others) == sum(len(levels) - 1 for levels in MIXED.values())
    assert all(sum(cell[f] != centre[f] for f in MIXED) == 1 for cell in others)


def test_a_ladder_keeps_the_order_of_its_levels() -> None:
    levels = ("none", "allow", "must", "precedence")
    assert [cell["instruction"] for cell in ladder({"instruction": levels})] == list(levels)


@pytest.mark.parametrize(
    ("factors", "resolution", "cells"),
    # Box, Hunter and Hunter (2005), table 6.22: the fewest cells for each resolution.
    [(3, 3, 4), (5, 3, 8), (7, 3, 8), (5, 5, 16), (6, 4, 16), (8, 4, 16), (6, 5, 32)],
)
def test_a_regular_fraction_is_as_small_and_as_clear_as_the_published_ones(
    factors: int, resolution: Any, cells: int
) -> None:
    levels = {f"f{n}": ("low", "high") for n in range(factors)}
    found = fractional(levels, resolution)
    assert len(found) == cells
    main = [columns(found, levels, term)[:, 0] for term in main_effects(levels)]
    pairs = [columns(found, levels, term)[:, 0] for term in two_way(levels)]
    assert all(abs(x @ y) < 1e-9 for x, y in combinations(main, 2))
    clear = max(abs(x @ y) for x in main for y in pairs)
    assert (clear < 1e-9) == (resolution >= 4)
    apart = max(abs(x @ y) for x, y in combinations(pairs, 2))
    if resolution > 3:
        assert (apart < 1e-9) == (resolution == 5)


@pytest.mark.parametrize("resolution", [3, 5])
def test_a_mixed_fraction_estimates_its_model_with_fewer_cells(resolution: Any) -> None:
    model = model_of(MIXED, two_way(MIXED) if resolution == 5 else [])
    found = fractional(MIXED, resolution)
    assert len(found) < len(full(MIXED))
    assert efficiency(found, MIXED, model) >= 0.9
    assert found == fractional(MIXED, resolution), "a seed gives one design"


@pytest.mark.parametrize(
    ("levels", "factors", "size"),
    # Designs that are known to be orthogonal, and so D-optimal: fractions of 2^3, 2^7, 2^4 and
    # the nine cells of a Graeco-Latin square for four factors of three levels.
    [(2, 3, 4), (2, 7, 8), (2, 4, 8), (3, 4, 9), (3, 3, 9)],
)
def test_exchange_finds_designs_that_are_known_to_be_best(
    levels: int, factors: int, size: int
) -> None:
    named = {f"f{n}": tuple(map(str, range(levels))) for n in range(factors)}
    model = model_of(named, [])
    found = exchange(full(named), named, model, size)
    assert len(found) == size
    assert efficiency(found, named, model) == pytest.approx(1.0)


@pytest.mark.parametrize("size", [6, 7, 8])
def test_exchange_is_as_good_as_trying_every_design(size: int) -> None:
    named = {"a": ("0", "1", "2"), "b": ("0", "1"), "c": ("0", "1")}
    model = model_of(named, [["b", "c"]])
    best = max(efficiency(list(each), named, model) for each in combinations(full(named), size))
    assert efficiency(exchange(full(named), named, model, size), named, model) == pytest.approx(
        best
    )


def test_columns_are_orthonormal_over_all_cells() -> None:
    whole = matrix(full(MIXED), MIXED, model_of(MIXED, two_way(MIXED)))
    assert np.allclose(whole.T @ whole / len(whole), np.eye(whole.shape[1]))
    assert contrasts(2).ravel().tolist() == [-1.0, 1.0]


def test_levels_of_a_fraction_are_met_alike() -> None:
    for name in TWO:
        assert set(Counter(cell[name] for cell in fractional(TWO, 3)).values()) == {4}


BAD = [
    (lambda: full({}), "a design needs factors"),
    (lambda: full({"a": ("x",)}), "the factor a has one level"),
    (lambda: full({"a": ("x", "x")}), "a level of a stands twice"),
    (lambda: ladder(TWO), "a ladder has one factor, not a and b and c"),
    (lambda: ladder({"a": ("x", "y")}), "three levels or more"),
    (lambda: fractional({"a": ("x", "y"), "b": ("x", "y")}, 3), "2 factors have no fraction"),
    (lambda: fractional({n: TWO[n] for n in "abc"}, 5), "write kind: full, or a lower resolution"),
    (lambda: fractional(MIXED, 4), "a has more than two levels, and resolution IV"),
    (
        lambda: exchange(full(MIXED), MIXED, model_of(MIXED, [["a", "d"]]), 9),
        "9 cells cannot estimate a model of 14 parameters (intercept, 4 main effects, 1 inter",
    ),
    (lambda: exchange(full(MIXED), MIXED, model_of(MIXED, []), 49), "48 combinations"),
]


@pytest.mark.parametrize(("call", "message"), BAD)
def test_what_cannot_be_designed_is_refused(call: Any, message: str) -> None:
    with pytest.raises(UsageError) as error:
        call()
    assert message in str(error.value)
