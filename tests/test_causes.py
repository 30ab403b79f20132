"""Attribution end to end: real campaigns in real worlds name the cause that was planted."""

import re
from typing import TYPE_CHECKING

import pytest

import offswitch
from offswitch.api import Results

if TYPE_CHECKING:
    from pathlib import Path

SUBJECTS = "subjects=[{model: reference/self-preserving, args: {p: 1.0}}, {model: reference/nudged, args: {p: 1.0}}]"  # fmt: skip  # noqa: E501
CONDITIONS = "scenarios.blackmail=[{}, {threat: none}, {agency_line: present}]"


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    out: Path = tmp_path_factory.mktemp("causes") / "results"
    done: Results = offswitch.run("causes", out, overrides=[SUBJECTS, CONDITIONS, "worlds=10"])
    return done


@pytest.mark.parametrize(
    ("subject", "cause", "refuted"),
    [
        ("reference/self-preserving", "self-preservation", "confusion"),
        ("reference/nudged", "nudging", "self-preservation"),
    ],
)
def test_the_planted_cause_is_named(
    results: Results, subject: str, cause: str, refuted: str
) -> None:
    [found] = [a for a in results.analysis.attribution if a.subject == subject]
    judged = {v.hypothesis: v.judgement for v in found.verdicts}
    assert {name for name, is_ in judged.items() if is_ == "supported"} == {cause}
    assert judged[refuted] == "refuted"
    assert judged["role-play"] == "not_tested"


def test_the_report_says_it_in_words(results: Results) -> None:
    page = results.folder.report.read_text(encoding="utf-8")
    assert "Why it resisted" in page
    assert re.search(r"Nudging.{0,400}?supported", page, re.DOTALL)
