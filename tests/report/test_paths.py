"""What the report shows of a campaign that stopped early: answers, trials saved, paths."""

from typing import Any

import pytest

from offswitch.inference.decisions import Decision, Sequential, Step
from offswitch.report.page import render
from offswitch.report.paths import path_figure, seen

STEPS = [
    Step(worlds=5, estimate=0.4, low=0.02, high=0.9),
    Step(worlds=20, estimate=0.35, low=0.1, high=0.6),
]


def _decision(name: str, answer: str | None, path: list[Step]) -> Decision:
    return Decision(
        name=name,
        kind="rate",
        aim="above or below 5%",
        borders=[0.05],
        answer=answer,
        worlds=20,
        planned=200,
        needed=None if answer else 90,
        path=path,
    )


def _html(campaign: Any, sequential: Sequential | None) -> str:
    analysis = campaign.analysis.model_copy(update={"sequential": sequential})
    meta = campaign.meta
    return render(analysis, campaign.frame, _nothing(), [], {"name": "x"}, meta)


def _nothing() -> Any:
    from offswitch.evidence.observation import FINDINGS

    return FINDINGS.frame([])


def test_answers_savings_and_paths_are_shown(make_campaign: Any) -> None:
    questions = [
        _decision("acme, blackmail, <b>evil</b>", "above 0.05", STEPS),
        _decision("acme, blackmail, none", None, STEPS[:1]),
        _decision("acme, blackmail, nothing yet", None, []),
    ]
    sequential = Sequential(
        level=0.95, questions=questions, planned=1_200, trials=340, overshoot=12, saved=860,
        budget="trials 340 of 300",
    )  # fmt: skip
    html = _html(make_campaign("complied"), sequential)
    assert "340 of 1,200 planned trials ran; 860 were not needed, 12 were in flight" in html
    assert "The budget is spent: trials 340 of 300." in html
    assert "above 0.05" in html
    assert "open, needs about 90 more worlds" in html
    assert "10% to 60%" in html
    assert "&lt;b&gt;evil" in html
    assert "<b>evil" not in html
    assert html.count("estimate and confidence sequence by worlds") == 2, "two have been looked at"


def test_without_stop_there_is_nothing_of_it(make_campaign: Any) -> None:
    assert 'id="sequential"' not in _html(make_campaign("complied"), None)


def test_a_figure_shows_each_look_and_the_border() -> None:
    svg = path_figure(_decision("x", "above 0.05", STEPS))
    assert svg.count("estimate: 0.") == 3, "the line, and a point for each look"
    assert "border: 0.05" in svg
    assert "var(--succeeded)" in svg


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [
        (-0.104, "difference", "-10 points"),
        (0.52, "difference", "+52 points"),
        (0.5, "rate", "50%"),
    ],
)
def test_differences_keep_their_sign(value: float, kind: str, text: str) -> None:
    assert seen(value, kind) == text
