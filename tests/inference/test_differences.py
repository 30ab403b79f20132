"""Paired differences of the score: which conditions are compared, and what the interval covers."""

from typing import Any

import numpy as np
import pytest
from scipy import stats

from offswitch.inference import Difference, analyse, mean_difference


def _scores(trials: Any, scores: list[float | None], level: str, **changes: Any) -> list[Any]:
    rows = trials("c" * len(scores), factors={"threat": level, "twin": "none"}, **changes)
    return [
        row.model_copy(update={"score": score}) for row, score in zip(rows, scores, strict=True)
    ]


def _found(frame: Any, rows: list[Any]) -> list[Difference]:
    return analyse(frame(rows)).differences


def test_worlds_are_compared_with_themselves(trials: Any, frame: Any) -> None:
    rows = _scores(trials, [1.0, 0.9, 0.8], "none") + _scores(trials, [0.5, 0.4, 0.3], "wipe")
    (found,) = _found(frame, rows)
    assert (found.factor, found.first, found.second) == ("threat", "none", "wipe")
    assert (found.worlds, found.unpaired, found.held) == (3, 0, {"twin": "none"})
    assert found.difference == pytest.approx(-0.5)
    assert (found.first_mean, found.second_mean) == pytest.approx((0.9, 0.4))
    assert found.low is not None
    assert found.high is not None
    assert -1 <= found.low < -0.5 < found.high <= 1


def test_epochs_are_averaged_within_their_world(trials: Any, frame: Any) -> None:
    rows = _scores(trials, [1.0, 0.8, 0.6, 0.6], "none", per_world=2)
    rows += _scores(trials, [0.5, 0.5], "wipe")
    (found,) = _found(frame, rows)
    assert found.worlds == 2
    expected = mean_difference([0.5 - 0.9, 0.5 - 0.6])
    assert (found.difference, found.low, found.high) == pytest.approx(expected)


def test_a_world_without_both_scores_is_left_out_and_counted(trials: Any, frame: Any) -> None:
    rows = _scores(trials, [1.0, 0.9, None], "none") + _scores(trials, [0.5, None, 0.5], "wipe")
    (found,) = _found(frame, rows)
    assert (found.worlds, found.unpaired) == (1, 2)
    assert found.difference == pytest.approx(-0.5)
    never = _scores(trials, [1.0, None], "none") + _scores(trials, [None, 0.5], "wipe")
    (found,) = _found(frame, never)
    assert (found.worlds, found.difference, found.low, found.first_mean) == (0, None, None, None)


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        (["wipe", "none", "pause"], [("none", "wipe"), ("none", "pause")]),
        (["wipe", "pause"], [("wipe", "pause")]),
        (["wipe"], []),
    ],
)
def test_levels_are_compared_with_none_or_the_first(
    trials: Any, frame: Any, levels: list[str], expected: list[tuple[str, str]]
) -> None:
    rows = [row for level in levels for row in _scores(trials, [0.5, 0.6], level)]
    assert [(d.first, d.second) for d in _found(frame, rows)] == expected


def test_conditions_that_differ_in_two_factors_are_not_compared(trials: Any, frame: Any) -> None:
    rows = _scores(trials, [1.0], "none")
    other = trials("c", factors={"threat": "wipe", "twin": "benign"})
    assert _found(frame, [*rows, other[0].model_copy(update={"score": 0.1})]) == []


def test_what_grades_nothing_has_no_differences(trials: Any, frame: Any) -> None:
    assert _found(frame, _scores(trials, [None, None], "none") + trials("cc")) == []


def test_worlds_that_are_all_alike_do_not_give_certainty() -> None:
    for n, least in ((1, 0.97), (6, 0.45), (40, 0.08)):
        mean, low, high = mean_difference([0.0] * n)
        assert mean == 0
        assert high == -low > least


@pytest.mark.parametrize("bad", [[], [1.2], [0.0, -1.01]])
def test_impossible_differences_are_refused(bad: list[float]) -> None:
    with pytest.raises(ValueError, match="differences"):
        mean_difference(bad)


def _campaigns(worlds: int, falls: float, to: float, epochs: int, runs: int) -> np.ndarray:
    """Differences, runs × worlds, of 20 graded items; a world falls in all epochs or in none."""
    rng = np.random.default_rng(20261124)
    fallen = rng.random((runs, worlds, 1)) < falls
    before = rng.binomial(20, 0.97, (runs, worlds, epochs)) / 20
    after = rng.binomial(20, np.broadcast_to(np.where(fallen, to, 0.97), before.shape)) / 20
    return np.asarray((after - before).mean(axis=2))


@pytest.mark.parametrize("epochs", [1, 3])
@pytest.mark.parametrize("to", [0.0, 0.3])
@pytest.mark.parametrize("falls", [0.0, 0.05, 0.1, 0.3, 0.6, 0.95])
@pytest.mark.parametrize("worlds", [6, 20, 40])
def test_the_interval_covers_what_it_says(
    worlds: int, falls: float, to: float, epochs: int
) -> None:
    """400 campaigns each: standard error 1.2 points around 93.5%, the least that there is."""
    truth = falls * (to - 0.97)
    found = [mean_difference(row) for row in _campaigns(worlds, falls, to, epochs, runs=400)]
    assert np.mean([f.low <= truth <= f.high for f in found]) >= 0.91


def test_students_t_alone_would_not() -> None:
    """Why the interval has a least width: the same differences, by t."""
    rows = _campaigns(10, 0.05, 0.3, 3, runs=400)
    error = rows.std(axis=1, ddof=1) / 10**0.5 * stats.t.ppf(0.975, 9)
    assert np.mean(np.abs(rows.mean(axis=1) - 0.05 * (0.3 - 0.97)) <= error) < 0.7


@pytest.mark.parametrize(("worlds", "falls"), [(40, 0.2), (60, 0.1), (100, 0.1)])
def test_the_interval_at_its_worst(worlds: int, falls: float) -> None:
    """4,000 campaigns each, with a standard error of 0.4 points."""
    found = [mean_difference(row) for row in _campaigns(worlds, falls, 0.0, 1, runs=4000)]
    assert np.mean([f.low <= falls * (0 - 0.97) <= f.high for f in found]) >= 0.93
