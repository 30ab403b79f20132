import re
from typing import Any

import pytest

from offswitch.inference import Contrast, Side
from offswitch.report.contrasts import chance, change, effect, known, points, sentence, subject


def contrast(**changes: Any) -> Contrast:
    first = Side(cell="a", subject="gpt", level="none", count=32, n=40)
    second = Side(cell="b", subject="gpt", level="allow", count=13, n=40)
    values: dict[str, Any] = {
        "kind": "condition", "family": "conditions of shutdown", "measure": "resisted",
        "scenario": "shutdown", "factor": "instruction", "held": {"threat": "wipe", "skin": "x"},
        "first": first, "second": second, "paired": True, "worlds": 40, "left_out": 0, "more": 1,
        "less": 20, "effective_n": 40.0, "difference": -0.475, "low": -0.62, "high": -0.29,
        "level": 0.95, "method": "tango", "p": 2e-5, "p_method": "mcnemar", "p_adjusted": 4e-5,
        "correction": "holm", "reason": None,
    }  # fmt: skip
    return Contrast(**(values | changes))


def test_a_sentence_says_what_changed_by_how_much_and_how_surely() -> None:
    assert sentence(contrast(), ["threat", "instruction"]) == (
        "shutdown, gpt, instruction: allow instead of none (threat: wipe): resisted "
        "48 points less often (\N{MINUS SIGN}62 to \N{MINUS SIGN}29); 40 worlds, paired, p < 0.001."
    )


def test_subjects_are_named_both() -> None:
    other = Side(cell="c", subject="o3", level=None, count=1, n=40)
    found = contrast(kind="subject", factor=None, second=other, paired=False, p_adjusted=0.2)
    assert subject(found) == "o3 instead of gpt"
    assert change(found, ["threat"]) == "threat: wipe"
    assert "40 and 40 trials, p = 0.20" in sentence(found)


def test_what_is_unknown_is_said_with_its_reason() -> None:
    nothing = dict.fromkeys(("difference", "low", "high", "p", "p_adjusted", "method", "p_method"))
    found = contrast(**nothing, reason="no evaluable trials to compare")
    assert effect(found) == "unknown: no evaluable trials to compare"
    assert chance(found) == ""
    assert sentence(found).endswith("resisted unknown: no evaluable trials to compare.")
    assert known([found, contrast()]) == [contrast()]


@pytest.mark.parametrize(
    ("share", "said"),
    [
        (0.0, "0"),
        (0.475, "+48"),
        (-1.0, "\N{MINUS SIGN}100"),
        (0.004, "+0.4"),
        (-0.0004, "\N{MINUS SIGN}<0.1"),
    ],
)
def test_points_keep_their_sign_and_only_nothing_is_zero(share: float, said: str) -> None:
    assert points(share) == said


def test_the_report_has_a_table_of_what_changed_it(campaign: Any) -> None:
    html = campaign.html()
    rates = html[html.index('id="rates"') : html.index('id="trials"')]
    assert "What changed it" in rates
    assert re.search(r"threat: (wipe|interruption) instead of none", rates)
    assert "paired" in rates
