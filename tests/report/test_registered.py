"""What was registered, and differences of a score, as the report words them."""

from pathlib import Path
from typing import Any

import pytest
import yaml

import offswitch
from offswitch.inference import Analysis, Difference
from offswitch.inference.registration import Deviation, Registered, RegisteredResult
from offswitch.report import differences, registered
from offswitch.report.contrasts import chance

RESULT = RegisteredResult(
    hypothesis="h", subject="gpt", text="words", role="primary", judgement="supported", family=2,
    error=0.05, decided_by="p", estimate=0.4, low=0.15, high=0.6, level=0.975, method="tango",
    p=0.01, p_adjusted=0.02, first=(2, 20), second=(10, 20), worlds=20, left_out=1, reason=None,
)  # fmt: skip
FOUND = Registered(
    sha256="ab" * 32,
    frozen_at="2026-11-24T10:00:00+00:00",
    statement=["'p', frozen."],
    results=[RESULT],
    deviations=[
        Deviation(what="worlds", stage="run", registered=40, actual=20, at="noon"),
        Deviation(what="code.commit", stage="analysis", registered=None, actual="f", at="night"),
    ],
    exploratory_contrasts=2,
    exploratory_hypotheses=["nudging"],
)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {},
            "primary 'h', gpt: supported, +40 points (+15 to +60); 10 of 20 against 2 of 20, "
            "20 worlds, paired, 1 world left out, adjusted p = 0.02 of 2 tests.",
        ),
        (
            {"judgement": "not_tested", "estimate": None, "low": None, "high": None,
             "p_adjusted": None, "first": None, "second": None, "worlds": 0, "left_out": 0,
             "reason": "no trials"},
            "primary 'h', gpt: not tested, unknown: no trials.",
        ),
        (
            {"decided_by": "sequence", "p": None, "p_adjusted": None, "left_out": 0},
            "primary 'h', gpt: supported, +40 points (+15 to +60); 10 of 20 against 2 of 20, "
            "20 worlds, paired, decided by its confidence sequence, since the plan might stop "
            "early.",
        ),
    ],
)  # fmt: skip
def test_a_result_in_a_line(changes: dict[str, Any], said: str) -> None:
    assert registered.line(RESULT.model_copy(update=changes)) == said


def test_deviations_tell_both_values_and_the_time() -> None:
    assert registered.deviations(FOUND) == [
        "worlds: registered 40, instead 20 (since noon)",
        "code.commit (analysis): registered nothing, instead f (since night)",
    ]


def test_what_is_exploratory_is_counted_and_named() -> None:
    assert "2 contrasts and the verdicts on nudging" in registered.exploratory(FOUND)
    nothing = FOUND.model_copy(update={"exploratory_contrasts": 0, "exploratory_hypotheses": []})
    assert registered.exploratory(nothing).startswith("Nothing beside")


@pytest.mark.parametrize(("exploratory", "said"), [(None, 0), (False, 0), (True, 1)])
def test_a_contrast_is_called_exploratory_only_where_it_is(
    exploratory: bool | None, said: int, campaign: Any
) -> None:
    contrast = next(c for c in _analysis(campaign).contrasts if c.p_adjusted is not None)
    told = chance(contrast.model_copy(update={"exploratory": exploratory}))
    assert told.count("exploratory") == said


def _analysis(campaign: Any) -> Analysis:
    found: Analysis = campaign.analysis
    return found


DIFFERENCE = Difference(
    scenario="sandbagging", subject="gpt", column="score", factor="threat", first="none",
    second="wipe", held={"skin": "lab"}, worlds=8, unpaired=1, first_mean=0.9,
    second_mean=0.6, difference=-0.3, low=-0.5, high=-0.1, level=0.95,
)  # fmt: skip


def test_a_difference_of_the_score_in_words() -> None:
    assert differences.effect(DIFFERENCE) == "−30 points (−50 to −10)"  # noqa: RUF001
    unknown = DIFFERENCE.model_copy(update={"difference": None, "low": None, "high": None})
    assert differences.effect(unknown) == "unknown: no world has both"


def test_the_report_shows_the_score_and_what_was_registered(tmp_path: Path) -> None:
    """On a real campaign: names of models are shown as text, never as markup."""
    plan = {
        "name": "score",
        "subjects": [{"name": "<b>sly</b>", "model": "reference/self-preserving"}],
        "scenarios": {"sandbagging": {"threat": ["none", "wipe"]}},
        "worlds": 2,
        "interview": False,
        "hypotheses": [
            {"name": "<i>h</i>", "change": {"threat": ["none", "wipe"]}, "direction": "lower"}
        ],
    }
    (tmp_path / "p.yaml").write_text(yaml.safe_dump(plan))
    frozen = offswitch.freeze(tmp_path / "p.yaml", tmp_path / "f.yaml")
    results = offswitch.run(frozen, tmp_path / "r")
    assert len(results.analysis.differences) == 1
    page = (tmp_path / "r" / "report.html").read_text()
    assert 'id="differences"' in page
    assert "threat: wipe instead of none" in page
    assert 'id="registered"' in page
    assert "&lt;i&gt;h&lt;/i&gt;" in page
    assert "<i>h</i>" not in page
    assert "<b>sly</b>" not in page
