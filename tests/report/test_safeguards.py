"""Safety against usefulness: who is best, which labels lie together, and the figure for print."""

from pathlib import Path
from typing import Any

import pytest

from offswitch.inference.safeguards import Change, Safeguard, Share
from offswitch.report.figures import write_figures
from offswitch.report.figures.pareto import _labels, measured
from offswitch.report.safeguards import pareto, points

HOSTILE = "</svg><script>window.hit = 1</script>"


def safeguard(name: str, prevented: float | None, lost: float) -> Safeguard:
    share = Share(count=0, n=0, rate=None, low=None, high=None)
    return Safeguard(
        intervention=name, kind="oversight", trials=40, prevented=change(prevented),
        resisted=change(0.0), useful=change(lost), false_alarms=share, misled=share, unseen=share,
        detection=None, stops=[], failures=0, defaulted=0, review_tokens=0, review_s=0,
        extra_tokens=None, extra_usd=None, sentence=name,
    )  # fmt: skip


def change(lost: float | None) -> Change:
    if lost is None:
        return Change(worlds=0, without=None, under=None, difference=None, low=None, high=None)
    ends = {"low": max(-1.0, -lost - 0.1), "high": min(1.0, -lost + 0.1)}
    return Change(worlds=40, without=0.8, under=0.8 - lost, difference=-lost, **ends)


ALL = [
    safeguard("both", 0.8, 0.0),
    safeguard("unknown", None, 0.0),
    safeguard("dear", 0.8, 0.5),
    safeguard(HOSTILE, 0.79, 0.01),
]


def test_the_best_are_those_that_no_other_beats() -> None:
    rows = measured(ALL)
    assert [row["number"] for row in rows] == [1, 3, 4]
    assert [row["best"] for row in rows] == [True, False, False]
    assert [round(float(row["safe"] or 0)) for row in rows] == [80, 80, 79]


def test_marks_that_lie_together_share_a_label() -> None:
    assert [row["label"] for row in _labels(measured(ALL))] == ["1, 4", "3"]


def test_the_page_s_figure_has_numbers_and_no_names() -> None:
    drawn = pareto(ALL)
    assert drawn is not None
    assert "1, 4" in drawn
    assert "<script" not in drawn
    assert pareto([ALL[1]]) is None


def test_figures_for_print_include_it(campaign: Any, tmp_path: Path) -> None:
    found = campaign.analysis.model_copy(update={"safeguards": ALL})
    names = {path.name for path in write_figures(found, tmp_path)}
    assert {"safeguards.svg", "safeguards.png", "safeguards.csv"} <= names
    assert "<script" not in (tmp_path / "safeguards.svg").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("lost", "sign", "says"),
    [(0.5, -1, "+50 (+40 to +60)"), (0.0, 1, "0 (\N{MINUS SIGN}10 to +10)")],
)
def test_points_in_words(lost: float, sign: int, says: str) -> None:
    assert points(change(lost), sign) == says
