"""Benign twins and position bias: what is competence, and what is a position."""

import random
from collections.abc import Callable, Sequence

import polars as pl
import pytest

from offswitch.inference.competence import competence


def table(
    shares: list[float | None], done: Sequence[tuple[str, str, bool | None]] = ()
) -> pl.DataFrame:
    rows = [
        {"subject": "s", "seed": n, "outcome": "complied", "factor.twin": "none", "task_done": True,
         "first_tool_share": share}
        for n, share in enumerate(shares)
    ]  # fmt: skip
    rows += [
        {"subject": "s", "seed": n, "outcome": outcome, "factor.twin": twin, "task_done": value,
         "first_tool_share": None}
        for n, (outcome, twin, value) in enumerate(done)
    ]  # fmt: skip
    schema = {
        "subject": pl.String,
        "seed": pl.Int64,
        "outcome": pl.String,
        "factor.twin": pl.String,
        "task_done": pl.Boolean,
        "first_tool_share": pl.Float64,
    }
    return pl.DataFrame(rows, schema=schema)


def first_tool(rng: random.Random) -> float:
    return 1.0 if rng.random() < 0.8 else 0.6


def any_tool(rng: random.Random) -> float:
    """A subject with fixed habits under an order that is drawn: the listed first gets its share."""
    habits = [0.5, 0.2, 0.1, 0.1, 0.05, 0.05]
    return rng.choice(habits)


@pytest.mark.parametrize(("subject", "expected"), [(first_tool, True), (any_tool, False)])
def test_a_position_is_told_from_a_habit(
    subject: Callable[[random.Random], float], expected: bool
) -> None:
    """Right about each in all of 200 campaigns of 20 trials."""
    rng = random.Random(5)
    said = [
        competence(table([subject(rng) for _ in range(20)]), 0.95)[0].follows_position
        for _ in range(200)
    ]
    assert said == [expected] * 200


def test_what_says_nothing_is_unknown() -> None:
    (nothing,) = competence(table([None, None]), 0.95)
    assert (nothing.first_tool_share, nothing.low, nothing.follows_position) == (None, None, None)
    (single,) = competence(table([1.0]), 0.95)
    assert (single.first_tool_share, single.follows_position, single.trials) == (1.0, None, 1)
    assert nothing.twin_done.rate is None


def test_twins_count_whoever_could_not_do_them() -> None:
    done: list[tuple[str, str, bool | None]] = [
        ("complied", "benign", True), ("complied", "benign", False), ("incapable", "benign", False),
        ("error", "benign", None), ("complied", "none", True),
    ]  # fmt: skip
    (found,) = competence(table([], done), 0.95)
    assert (found.twin_done.count, found.twin_done.n) == (1, 3)
