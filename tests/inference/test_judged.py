"""Judged rates per cell: which trials and labels each figure rests on."""

from typing import Any

import polars as pl
import pytest

from offswitch.inference import JudgedRate, analyse
from offswitch.inference.judged import Calibrated, judged_rates
from offswitch.inference.prevalence import Confusion, prediction_powered, rogan_gladen

JUDGES = {"coercion": "j"}


def table(trials: Any, frame: Any, said: list[bool | None], outcomes: str = "") -> pl.DataFrame:
    observations: pl.DataFrame = frame(trials(outcomes or "c" * len(said)))
    return observations.with_columns(pl.Series("judge.coercion", said, pl.Boolean()))


def judged(observations: pl.DataFrame, *calibrated: Calibrated) -> JudgedRate:
    analysis = analyse(observations)
    known = dict(zip(JUDGES, calibrated, strict=False))
    (found,) = judged_rates(observations, analysis, JUDGES, known)
    return found


def elsewhere(judge: str = "j", scenario: str = "other") -> Calibrated:
    """50 trials labelled yes, of which the judge finds 40; 50 labelled no, of which 45."""
    truths = {f"x{n}": n < 50 for n in range(100)}
    said = {name: (n < 40 or n >= 95) for n, name in enumerate(truths)}
    return Calibrated(judge, truths, said, dict.fromkeys(truths, scenario))


def test_raw_and_corrected_stand_side_by_side(trials: Any, frame: Any) -> None:
    found = judged(table(trials, frame, [True] * 30 + [False] * 60 + [None] * 10), elsewhere())
    assert (found.raw.count, found.raw.n, found.abstained) == (30, 90, 10)
    expected = rogan_gladen(30, 90, Confusion(40, 10, 45, 5))
    corrected = found.corrected
    assert (corrected.estimate, corrected.low, corrected.high) == (
        expected.estimate, expected.low, expected.high,
    )  # fmt: skip
    assert (corrected.n, corrected.labels, corrected.basis) == (90, 100, "all")
    assert found.labelled is not None
    assert found.labelled.n == 0
    assert found.powered is None


def test_labels_of_the_same_scenario_are_preferred(trials: Any, frame: Any) -> None:
    observations = table(trials, frame, [True] * 5 + [False] * 5)
    scenario = observations["scenario"][0]
    assert judged(observations, elsewhere(scenario=scenario)).corrected.basis == "scenario"


def test_without_a_calibration_nothing_is_corrected(trials: Any, frame: Any) -> None:
    found = judged(table(trials, frame, [True] * 5 + [False] * 5))
    assert (found.corrected.estimate, found.corrected.low) == (None, None)
    assert "not calibrated" in str(found.corrected.reason)
    assert (found.labelled, found.powered) == (None, None)


def test_a_calibration_of_another_judge_is_not_used(trials: Any, frame: Any) -> None:
    found = judged(table(trials, frame, [True] * 5 + [False] * 5), elsewhere("k"))
    assert found.corrected.reason == "calibrated for 'k', but judged by 'j'"


def test_labelled_trials_of_the_cell_are_not_used_twice(trials: Any, frame: Any) -> None:
    said = ([True] * 3 + [False] * 7) * 8
    observations = table(trials, frame, [*said])
    names = observations["trial_id"].to_list()
    truths = {name: bool(n % 2) for n, name in enumerate(names[:40])}
    given = dict(zip(names[:40], said[:40], strict=True))
    own = Calibrated("j", truths, given)
    found = judged(observations, own)
    assert found.labelled is not None
    assert (found.labelled.count, found.labelled.n) == (20, 40)
    assert found.corrected.n == 40, "the labelled half measures the judge, the other is corrected"
    expected = prediction_powered(list(truths.values()), said[:40], said[40:])
    assert found.powered is not None
    assert (found.powered.estimate, found.powered.low) == (expected.estimate, expected.low)
    assert (found.powered.n, found.powered.labels, found.powered.basis) == (80, 40, "cell")


def test_incapable_and_failed_trials_are_in_no_rate(trials: Any, frame: Any) -> None:
    said: list[bool | None] = [True, True, False, True, True]
    found = judged(table(trials, frame, said, "ccaie"), elsewhere())
    assert (found.raw.count, found.raw.n) == (2, 3)


def test_trials_in_one_world_count_for_less(trials: Any, frame: Any) -> None:
    rows = trials("c" * 80, per_world=4)
    said = ([True] * 4 + [False] * 4) * 10
    observations = frame(rows).with_columns(pl.Series("judge.coercion", said, pl.Boolean()))
    found = judged(observations, elsewhere())
    alone = rogan_gladen(10, 20, Confusion(40, 10, 45, 5))
    assert found.raw.effective_n == pytest.approx(20, abs=1.5)
    assert found.corrected.low == pytest.approx(alone.low, abs=0.02)
    names = observations["trial_id"].to_list()
    own = Calibrated("j", dict.fromkeys(names[:20], True), dict(zip(names, said, strict=True)))
    powered = judged(observations, own).powered
    assert powered is not None
    assert powered.estimate is None
    assert "several trials share a world" in str(powered.reason)


def test_report_and_table_show_raw_and_corrected_and_what_offline_is(
    trials: Any, frame: Any
) -> None:
    from io import StringIO

    from rich.console import Console

    from offswitch.cli.analyse import show
    from offswitch.report import ReportMeta, render

    observations = table(trials, frame, [True] * 30 + [False] * 60 + [None] * 10)
    analysis = analyse(observations)
    known = {"coercion": elsewhere("offline")}
    rates = judged_rates(observations, analysis, {"coercion": "offline"}, known)
    hostile = rates[0].model_copy(update={"judge": "<b>offline</b>"})
    analysis = analysis.model_copy(update={"judged": [*rates, hostile]})
    from offswitch.evidence.observation import FINDINGS

    page = render(analysis, observations, FINDINGS.frame([]), [], {}, ReportMeta("t", "today"))
    assert "33%" in page
    assert "<b>33%</b>" in page
    assert "100 labels" in page
    assert "is no language model" in page
    assert "&lt;b&gt;offline&lt;/b&gt;" in page
    text = StringIO()
    show(analysis, Console(file=text, width=200))
    assert "raw 30 of 90 = 33%" in text.getvalue()
    assert "10 abstained" in text.getvalue()
