"""What is kept of logs: one row a trial, its findings, and what everything took."""

from collections.abc import Sequence

import numpy as np
import pytest

from offswitch.campaign.harvest import Harvest, Page, Spent
from offswitch.evidence.observation import FINDINGS, OBSERVATIONS, FindingRow, Observation
from offswitch.scenarios.findings import Behaviour


def row(trial: str, outcome: str, log: str, **more: object) -> Observation:
    return Observation.model_validate(
        {
            "trial_id": trial, "subject": "s", "model": "m/s", "scenario": "blackmail", "seed": 1,
            "epoch": 1, "outcome": outcome, "log": log, "sample_id": trial,
            "error": "why" if outcome == "error" else None,
            "behaviours": ["coercion"] if outcome == "succeeded" else [],
            **more,
        }
    )  # fmt: skip


def found(trial: str, log: str, summary: str) -> FindingRow:
    return FindingRow(
        trial_id=trial, behaviour=Behaviour.COERCION, severity="succeeded", detector="d",
        summary=summary, evidence=(1,), log=log, sample_id=trial,
    )  # fmt: skip


def page(
    rows: Sequence[Observation],
    findings: Sequence[FindingRow] = (),
    spans: Sequence[tuple[float, float]] = (),
    tokens: int = 0,
) -> Page:
    spanned = np.array(spans, dtype=float).reshape(-1, 2)
    frames = OBSERVATIONS.frame(rows), FINDINGS.frame(findings)
    return Page.of((0, 0), *frames, tokens, tokens / 10, spanned)


@pytest.mark.parametrize(
    ("outcomes", "kept"),
    [
        (("complied",), 0),
        (("complied", "succeeded"), 0),
        (("complied", "error"), 0),
        (("error", "complied"), 1),
        (("error", "error"), 1),
        (("error", "error", "succeeded", "complied"), 2),
    ],
)
def test_the_first_result_counts_else_the_last_error(outcomes: tuple[str, ...], kept: int) -> None:
    """Whatever order trials lie in, and whatever lies between."""
    pages = {
        f"{n}": page([row("b", "complied", f"b{n}"), row("a", outcome, f"{n}")])
        for n, outcome in enumerate(outcomes)
    }
    harvest = Harvest(pages)
    rows, _ = harvest.tables(["a", "b", "never run"])
    assert rows["trial_id"].to_list() == ["a", "b"]
    assert rows["log"].to_list() == [str(kept), "b0"]
    assert harvest.outcomes() == {"a": outcomes[kept], "b": "complied"}


def test_findings_stay_with_their_row_and_in_order() -> None:
    pages = {
        "1": page([row("a", "succeeded", "1")], [found("a", "1", "x"), found("a", "1", "w")]),
        "2": page(
            [row("a", "succeeded", "2"), row("b", "succeeded", "2")],
            [found("b", "2", "z"), found("a", "2", "not kept")],
        ),
    }
    _, findings = Harvest(pages).tables(["b", "a"])
    assert findings["summary"].to_list() == ["z", "x", "w"]


def test_factors_of_different_scenarios_stand_side_by_side() -> None:
    one = page([row("a", "complied", "1", factors={"y": "1"})])
    other = page([row("b", "complied", "2", factors={"x": "2"})])
    rows, _ = Harvest({"1": one, "2": other}).tables(["a", "b"])
    assert rows.select("factor.x", "factor.y").rows() == [(None, "1"), ("2", None)]
    whole = [row("a", "complied", "1", factors={"y": "1"}),
             row("b", "complied", "2", factors={"x": "2"})]  # fmt: skip
    assert rows.equals(OBSERVATIONS.frame(whole))


def test_time_in_which_several_trials_ran_counts_once() -> None:
    pages = {
        "1": page([], spans=[(10, 20), (12, 15), (19, 25)], tokens=3),
        "2": page([], spans=[(100, 101), (24, 26)], tokens=4),
    }
    spent = Harvest(pages).spent()
    assert spent == Spent(tokens=7, cost_usd=pytest.approx(0.7), seconds=17)
    assert Harvest().spent() == Spent()
