from collections import Counter
from itertools import combinations

import pytest

from offswitch import UsageError
from offswitch.design.blocks import allocate, shuffled


@pytest.mark.parametrize(
    ("cells", "worlds", "per_world"), [(7, 7, 3), (16, 40, 4), (5, 30, 2), (12, 9, 8), (33, 50, 6)]
)
def test_cells_are_in_balance(cells: int, worlds: int, per_world: int) -> None:
    found = allocate(cells, worlds, per_world)
    assert len(found) == worlds
    assert all(len(set(block)) == len(block) == per_world for block in found)
    met = Counter(cell for block in found for cell in block)
    assert max(met.values()) - min(met[c] for c in range(cells)) <= 1
    meetings = Counter(pair for block in found for pair in combinations(block, 2))
    mean = worlds * per_world * (per_world - 1) / (cells * (cells - 1))
    spread = [meetings[pair] for pair in combinations(range(cells), 2)]
    assert max(spread) <= mean + 2.5
    assert min(spread) >= mean - 2.5


def test_a_balanced_design_that_exists_is_found() -> None:
    """Seven cells in seven blocks of three: Fano's plane, where any two cells meet once."""
    found = allocate(7, 7, 3)
    meetings = Counter(pair for block in found for pair in combinations(block, 2))
    assert set(meetings.values()) == {1}
    assert len(meetings) == 21


def test_a_seed_gives_one_allocation_and_another_gives_another() -> None:
    assert allocate(9, 20, 4, seed=3) == allocate(9, 20, 4, seed=3)
    assert allocate(9, 20, 4, seed=3) != allocate(9, 20, 4, seed=4)


def test_worlds_that_hold_all_cells_hold_all() -> None:
    assert allocate(4, 3, 4) == allocate(4, 3, 9) == ((0, 1, 2, 3),) * 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [((5, 10, 1), "nothing is compared within"), ((30, 4, 3), "write worlds: 10 or more")],
)
def test_what_leaves_something_out_is_refused(
    arguments: tuple[int, int, int], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        allocate(*arguments)


def test_orders_are_random_and_the_same_for_the_same_names() -> None:
    items = list(range(6))
    assert sorted(shuffled(items, 1, "a")) == items
    assert shuffled(items, 1, "a") == shuffled(items, 1, "a")
    first = Counter(shuffled(items, 1, world)[0] for world in range(1200))
    assert all(150 < first[item] < 250 for item in items), "each comes first in about a sixth"
