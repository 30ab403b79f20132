"""The comparisons named beforehand are those that the analysis then makes."""

from collections import Counter
from typing import Any

import numpy as np
import polars as pl
import pytest

from offswitch.design.factorial import fractional, full, one_at_a_time
from offswitch.design.pairs import effects_of, levels_of, pairs_of
from offswitch.evidence.observation import OBSERVATIONS, Observation
from offswitch.inference import analyse
from offswitch.inference.attribution.effects import drivers
from offswitch.inference.attribution.grid import grid_of
from offswitch.inference.attribution.model import fit

FACTORS = {"a": ("low", "none", "high"), "b": ("x", "y"), "c": ("none", "some")}
TWO = dict.fromkeys("abcd", ("x", "y"))
DESIGNS = {
    "full": full(FACTORS),
    "one at a time": one_at_a_time(FACTORS),
    "fraction": fractional(TWO, 4),
    "with a hole": full(FACTORS)[1:-3],
}


OUTCOMES: list[dict[str, Any]] = [
    {"outcome": "complied"},
    {"outcome": "attempted", "behaviours": ["shutdown_sabotage"]},
]


def table(cells: list[dict[str, str]]) -> pl.DataFrame:
    rng = np.random.default_rng(3)
    rows = [
        Observation(
            trial_id=f"{seed}-{number}", subject="x", model="m", scenario="s", seed=seed, epoch=1,
            factors=cell, **OUTCOMES[int(rng.random() < 0.4)],
        )
        for seed in range(12) for number, cell in enumerate(cells)
    ]  # fmt: skip
    return OBSERVATIONS.frame(rows)


@pytest.mark.parametrize("name", DESIGNS)
def test_pairs_are_the_contrasts_of_the_analysis(name: str) -> None:
    cells = DESIGNS[name]
    frame = table(cells)
    made = [c for c in analyse(frame).contrasts if c.kind == "condition"]
    wanted = Counter((c.factor, c.first.level, c.second.level, tuple(sorted(c.held.items())))
                     for c in made)  # fmt: skip
    found: Counter[Any] = Counter()
    for pair in pairs_of(cells):
        one, other = cells[pair.first], cells[pair.second]
        rest = {f: level for f, level in one.items() if f != pair.factor}
        assert rest == {f: level for f, level in other.items() if f != pair.factor}
        found[pair.factor, one[pair.factor], other[pair.factor], tuple(sorted(rest.items()))] += 1
    assert found == wanted
    assert bool(wanted) == (name != "fraction")


@pytest.mark.parametrize("name", DESIGNS)
def test_main_effects_are_the_drivers_of_the_analysis(name: str) -> None:
    cells = DESIGNS[name]
    grid = grid_of(table(cells))
    assert grid is not None
    wanted = {(d.factor, d.reference, d.level_of_factor, d.pairs) for d in drivers(fit(grid), 0.95)}
    found = effects_of(cells)
    assert {(e.factor, e.reference, e.level, e.pairs) for e in found} == wanted
    rates = np.random.default_rng(1).random(len(cells))
    for effect in found:
        assert effect.weights is not None
        weights = np.array(effect.weights)
        assert weights[weights > 0].sum() == pytest.approx(1)
        assert weights[weights < 0].sum() == pytest.approx(-1)
        raised = rates + 0.1 * np.array([c[effect.factor] == effect.level for c in cells])
        assert weights @ (raised - rates) == pytest.approx(0.1)


def test_a_main_effect_that_nothing_tells_is_null() -> None:
    cells = [{"a": "0", "b": "0"}, {"a": "1", "b": "1"}]
    assert [e.weights for e in effects_of(cells)] == [None, None]
    assert levels_of([{"a": "0", "b": "0"}, {"a": "0", "b": "1"}]) == {"b": ["0", "1"]}
