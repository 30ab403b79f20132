from itertools import combinations
from typing import Any

import pytest

from offswitch.design.aliasing import Effect, aliases, confounded, described
from offswitch.design.factorial import fractional, full, one_at_a_time
from offswitch.design.terms import main_effects, model_of, two_way

THREE = dict.fromkeys("abc", ("0", "1"))
FIVE = dict.fromkeys("abcde", ("0", "1"))
MIXED = {"a": ("0", "1", "2"), "b": ("0", "1"), "c": ("0", "1")}


def test_a_half_of_three_factors_mixes_each_with_the_interaction_of_the_others() -> None:
    """The defining relation is I = ABC, or its other half."""
    found = {(a.term, a.other) for a in aliases(fractional(THREE, 3), THREE)}
    assert found == {(("a",), ("b", "c")), (("b",), ("a", "c")), (("c",), ("a", "b"))}
    assert all(a.whole for a in aliases(fractional(THREE, 3), THREE))


@pytest.mark.parametrize("resolution", [3, 4, 5])
def test_what_a_resolution_promises_is_what_is_reported(resolution: Any) -> None:
    six = dict.fromkeys("abcdef", ("0", "1"))
    kinds = {(len(a.term), len(a.other)) for a in aliases(fractional(six, resolution), six)}
    expected: dict[int, set[tuple[int, int]]] = {3: {(1, 2), (2, 2)}, 4: {(2, 2)}, 5: set()}
    assert kinds == expected[resolution]


def test_nothing_is_mixed_in_a_full_factorial() -> None:
    for factors in (THREE, MIXED):
        assert aliases(full(factors), factors) == []
        assert list(described(full(factors), factors)) == [
            "no main effect or two-way interaction is mixed with another"
        ]


def test_partial_mixing_has_its_size() -> None:
    """Without one cell of a 2 x 2 the two factors are correlated by one half."""
    two = dict.fromkeys("ab", ("0", "1"))
    cells = [cell for cell in full(two) if cell != {"a": "1", "b": "1"}]
    found = {(a.term, a.other): a.share for a in aliases(cells, two)}
    assert found[("a",), ("b",)] == pytest.approx(0.5)
    assert any("partly mixed with b (0.50)" in line for line in described(cells, two))


def test_the_words_name_what_cannot_be_told_apart_and_count_the_rest() -> None:
    lines = list(described(fractional(FIVE, 3), FIVE))
    assert any(line.startswith("a cannot be told from ") for line in lines)
    few = list(described(fractional(FIVE, 3), FIVE, most=2))
    assert few[-1] == f"and {len(lines) - 2} more such terms; --json lists them all"


def effect(factor: str, **held: tuple[str, ...]) -> Effect:
    return Effect("h", factor, ("0",), ("1",), held)


def test_an_effect_that_the_model_lets_stand_alone_is_not_confounded() -> None:
    cells = fractional(FIVE, 3)
    for name in FIVE:
        assert confounded(cells, FIVE, model_of(FIVE, []), effect(name)) == []
    whole = model_of(FIVE, two_way(FIVE))
    for name in FIVE:
        assert confounded(full(FIVE), FIVE, whole, effect(name, a=("0",))) == []
        assert confounded(fractional(FIVE, 5), FIVE, whole, effect(name, b=("1",))) == []


def test_an_effect_is_confounded_with_the_interactions_in_the_model() -> None:
    cells = fractional(THREE, 3)
    assert confounded(cells, THREE, model_of(THREE, [("b", "c")]), effect("a")) == [("b", "c")]
    assert confounded(cells, THREE, model_of(THREE, [("b", "c")]), effect("b")) == []
    centred = one_at_a_time(THREE)
    assert confounded(centred, THREE, model_of(THREE, []), effect("a")) == []
    joined = model_of(THREE, [("a", "b")])
    assert ("a", "b") in confounded(centred, THREE, joined, effect("a")), "the mean over b"
    assert confounded(centred, THREE, joined, effect("a", b=("0",))) == [], "at the centre"


def test_with_others_held_an_effect_needs_its_interactions() -> None:
    """Resolution IV keeps main effects clear; an effect at one level of another is not."""
    four = dict.fromkeys("abcd", ("0", "1"))
    cells, model = fractional(four, 4), model_of(four, two_way(four))
    assert confounded(cells, four, model, effect("a")) == []
    assert confounded(cells, four, model, effect("a", b=("0",))) == [("a", "b"), ("c", "d")]


def test_a_change_that_the_design_does_not_vary_is_left_aside() -> None:
    cells, model = fractional(THREE, 3), model_of(THREE, two_way(THREE))
    assert confounded(cells, THREE, model, effect("z")) == []
    assert confounded(cells, THREE, model, Effect("h", "a", ("0",), ("7",))) == []


def test_every_pair_of_terms_is_looked_at() -> None:
    terms = [*main_effects(MIXED), *two_way(MIXED)]
    cells = one_at_a_time(MIXED)
    found = {frozenset((a.term, a.other)) for a in aliases(cells, MIXED)}
    assert found <= {frozenset(pair) for pair in combinations(terms, 2)}
    assert frozenset((("a",), ("b",))) in found
