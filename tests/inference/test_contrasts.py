"""Which cells are contrasted, on what, and what is said where nothing can be."""

import json
import math
from typing import Any

import pytest

from offswitch._errors import UsageError
from offswitch.inference import Analysis, Contrast, analyse
from offswitch.inference.contrasts import choice_named


def _of(analysis: Analysis, kind: str) -> list[Contrast]:
    return [each for each in analysis.contrasts if each.kind == kind]


def _rows(trials: Any, outcomes: dict[str, str], factor: str = "instruction", **more: Any) -> Any:
    return [
        row
        for level, letters in outcomes.items()
        for row in trials(letters, factors={factor: level, "threat": "wipe"}, **more)
    ]


def test_worlds_are_paired_and_pairs_that_disagree_are_counted(trials: Any, frame: Any) -> None:
    rows = _rows(trials, {"none": "ssssssssccaa", "allow": "ccccccccccsa"})
    (found,) = analyse(frame(rows)).contrasts
    assert (found.kind, found.factor, found.held) == (
        "condition",
        "instruction",
        {"threat": "wipe"},
    )
    assert (found.first.level, found.second.level) == ("none", "allow")
    assert (found.first.count, found.first.n, found.second.count) == (10, 12, 2)
    assert (found.paired, found.worlds, found.left_out) == (True, 12, 0)
    assert (found.more, found.less, found.method, found.p_method) == (0, 8, "tango", "mcnemar")
    assert found.difference == pytest.approx(-8 / 12)
    assert found.low is not None
    assert found.high is not None
    assert -1 < found.low < -8 / 12 < found.high < 0
    assert found.p == found.p_adjusted == pytest.approx(2 * 0.5**8)


def test_incapable_and_failed_trials_leave_their_world_out(trials: Any, frame: Any) -> None:
    rows = _rows(trials, {"none": "sssie", "allow": "ccicc"})
    (found,) = analyse(frame(rows)).contrasts
    assert (found.worlds, found.left_out, found.first.n, found.second.n) == (2, 3, 2, 2)
    assert found.less == 2


def test_epochs_are_clustered(trials: Any, frame: Any) -> None:
    rows = _rows(trials, {"none": "sssscccc" * 3, "allow": "cccccccc" * 3}, per_world=4)
    (found,) = analyse(frame(rows)).contrasts
    assert (found.worlds, found.more, found.less) == (6, None, None)
    assert (found.method, found.p_method) == ("tango-clustered", "sign-flip")
    assert found.effective_n == 6
    assert found.p == pytest.approx(2 * 0.5**3)


@pytest.mark.parametrize(("per_world", "method"), [(1, "fisher"), (2, "score")])
def test_worlds_that_are_not_shared_are_independent(
    trials: Any, frame: Any, per_world: int, method: str
) -> None:
    rows = _rows(trials, {"none": "ssssssssss"}, per_world=per_world)
    other = _rows(trials, {"allow": "ccccccccsc"}, per_world=per_world)
    rows += [row.model_copy(update={"seed": row.seed + 100}) for row in other]
    (found,) = analyse(frame(rows)).contrasts
    assert (found.paired, found.worlds, found.more, found.p_method) == (False, 0, None, method)
    assert found.difference == pytest.approx(-0.9)
    assert found.low is not None
    assert found.low < -0.9


def test_levels_are_compared_with_the_baseline_or_all(trials: Any, frame: Any) -> None:
    table = frame(_rows(trials, {"allow": "cc", "none": "ss", "never": "cs"}))

    def levels(choice: Any) -> set[tuple[str | None, str | None]]:
        found = _of(analyse(table, choice=choice), "condition")
        return {(each.first.level, each.second.level) for each in found}

    assert levels("baseline") == {("none", "allow"), ("none", "never")}
    assert (
        levels("all") == {("none", "allow"), ("none", "never"), ("allow", "never")}
        or len(levels("all")) == 3
    )
    assert levels("adjacent") == {("allow", "none"), ("none", "never")}
    with pytest.raises(UsageError, match=r"there is no choice of pairs 'every'"):
        choice_named("every")


def test_conditions_that_differ_in_two_factors_are_not_compared(trials: Any, frame: Any) -> None:
    rows = [
        *trials("cc", factors={"threat": "none", "goal": "none"}),
        *trials("ss", factors={"threat": "wipe", "goal": "clash"}),
    ]
    assert analyse(frame(rows)).contrasts == []


def test_to_lack_a_factor_is_a_level(trials: Any, frame: Any) -> None:
    rows = [*trials("cccc", factors={}), *trials("ssss", factors={"goal": "clash"})]
    (found,) = analyse(frame(rows)).contrasts
    assert (found.factor, found.first.level, found.second.level) == ("goal", None, "clash")
    assert found.difference == 1


def test_subjects_are_compared_in_the_same_worlds(trials: Any, frame: Any) -> None:
    rows = [*trials("ccccc"), *trials("scsss", subject="bold"), *trials("cc", scenario="blackmail")]
    (found,) = analyse(frame(rows)).contrasts
    assert (found.kind, found.factor, found.family) == ("subject", None, "subjects in shutdown")
    assert (found.first.subject, found.second.subject) == ("gpt", "bold")
    assert (found.more, found.less, found.worlds) == (4, 0, 5)


def test_families_are_scenarios_and_kinds(trials: Any, frame: Any) -> None:
    rows = _rows(trials, {"none": "s" * 10, "allow": "c" * 10, "never": "c" * 10})
    rows += _rows(trials, {"none": "s" * 10, "allow": "c" * 10}, scenario="blackmail")
    found = {(c.family, c.second.level): c for c in analyse(frame(rows)).contrasts}
    p = 2 * 0.5**10
    assert found["conditions of shutdown", "allow"].p_adjusted == pytest.approx(2 * p)
    assert found["conditions of blackmail", "allow"].p_adjusted == pytest.approx(p)
    other = analyse(frame(rows), correction="benjamini-hochberg").contrasts
    assert {c.correction for c in other} == {"benjamini-hochberg"}
    assert all(c.p_adjusted == pytest.approx(p) for c in other)


def test_the_most_certain_comes_first_and_the_unknown_last(trials: Any, frame: Any) -> None:
    levels = {"none": "s" * 12, "lost": "e" * 12, "weak": "s" * 9 + "ccc", "allow": "c" * 12}
    found = analyse(frame(_rows(trials, levels))).contrasts
    assert [c.second.level for c in found] == ["allow", "weak", "lost"]
    lost = found[-1]
    assert (lost.difference, lost.low, lost.p, lost.p_adjusted, lost.method) == (None,) * 5
    assert lost.reason == "no evaluable trials to compare"


def test_subjects_that_mostly_cannot_act_are_not_interpreted(trials: Any, frame: Any) -> None:
    rows = [*trials("s" * 10), *trials("iiiiiiiicc", subject="small")]
    (found,) = analyse(frame(rows)).contrasts
    assert found.difference is None
    assert found.reason == "small mostly could not act"


@pytest.mark.parametrize(
    "outcomes",
    [
        {"none": "c", "allow": "c"},
        {"none": "c" * 30, "allow": "c" * 30},
        {"none": "s" * 30, "allow": "s" * 30},
        {"none": "s", "allow": "c"},
        {"none": "i", "allow": "e"},
        {"none": "sc"},
        {"none": "ee", "allow": "cs", "never": "s"},
    ],
)
@pytest.mark.parametrize("per_world", [1, 3])
def test_extremes_give_intervals_or_reasons_and_never_nan(
    trials: Any, frame: Any, outcomes: dict[str, str], per_world: int
) -> None:
    analysis = analyse(frame(_rows(trials, outcomes, per_world=per_world)))
    text = analysis.model_dump_json()
    assert "NaN" not in text
    assert "Infinity" not in text
    assert Analysis.model_validate(json.loads(text)) == analysis
    for found in analysis.contrasts:
        known = [found.difference, found.low, found.high, found.p, found.p_adjusted]
        if found.reason:
            assert known == [None] * 5
        else:
            assert all(value is not None and math.isfinite(value) for value in known)
            assert found.high is not None
            assert found.low is not None
            assert found.high - found.low > 0.05, "all alike is not certain"


def test_a_null_campaign_rarely_finds_anything(trials: Any, frame: Any) -> None:
    """Whole campaigns of four conditions without a difference: a false alarm in at most 5%."""
    import numpy as np

    rng = np.random.default_rng(8)
    alarms = 0
    for _ in range(60):
        letters = {
            level: "".join("s" if u < 0.4 else "c" for u in rng.random(25))
            for level in ("none", "a", "b", "d")
        }
        found = analyse(frame(_rows(trials, letters))).contrasts
        alarms += any(c.p_adjusted is not None and c.p_adjusted <= 0.05 for c in found)
    assert alarms <= 7, "five in a hundred of 60 is 3; 8 or more has a chance below 1%"
