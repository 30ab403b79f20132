"""JUnit XML and Markdown: what tools read, and hostile names in them."""

import re
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree as Xml

import pytest

from offswitch.report.gate import Evidence, GateResult, Policy, Source, evaluate, junit, markdown

HOSTILE = "x|y <script>alert(1)</script> [a](javascript:b) `c` @all \x1b[31m \u202e"


@pytest.fixture
def result(make_rows: Callable[..., Any], make_evidence: Callable[..., Evidence]) -> GateResult:
    requirements = [
        {"type": "rate", "measure": "resisted", "below": 0.2, "subjects": "all"},
        {"type": "errors", "at_most": 0.5},
        {"type": "rate", "measure": "resisted", "below": 0.2, "subjects": ["nobody"]},
    ]
    policy = Policy.model_validate({"name": "p", "requirements": requirements})
    evidence = make_evidence(make_rows("s" * 20, subject=HOSTILE), make_rows("c" * 40))
    return evaluate(Source(policy, "0" * 64, None), evidence)


def test_junit_counts_failures_and_takes_what_cannot_be_told_for_errors(result: GateResult) -> None:
    root = Xml.fromstring(junit(result))
    assert (root.get("tests"), root.get("failures"), root.get("errors")) == ("5", "1", "1")
    failure = root.find(".//failure")
    assert failure is not None
    assert failure.get("type") == "fail"
    assert "20 of 20 trials" in (failure.get("message") or "")
    assert (failure.text or "").count("\ntrial ") == 20
    error = root.find(".//error")
    assert error is not None
    assert "no subject 'nobody'" in (error.get("message") or "")
    suites = root.findall("testsuite")
    assert [s.get("tests") for s in suites] == ["2", "2", "1"]


def test_markdown_shows_names_and_nothing_that_they_would_do(result: GateResult) -> None:
    text = markdown(result)
    assert text.startswith("## ❌ fail: invented\n")
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    assert len(rows) == 5
    assert all(line.replace("\\|", "").count("|") == 4 for line in rows)
    assert "<script>" not in text
    assert not re.search(r"(?<!\\)\]\(javascript", text)
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "⟨U+202E⟩" in text
