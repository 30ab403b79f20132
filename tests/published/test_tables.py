from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from offswitch import UsageError
from offswitch.published import Measure, Table, matching, published_names, published_table

FIGURE: dict[str, Any] = {"model": "m", "value": 5}
MEASURE: dict[str, Any] = {
    "id": "m-1", "what": "w", "counts": "resisted", "status": "primary",
    "url": "https://example.org/a", "figures": [FIGURE],
}  # fmt: skip


def measure(**changes: Any) -> Measure:
    return Measure.model_validate({**MEASURE, **changes})


@pytest.mark.parametrize("name", published_names())
def test_every_figure_has_a_source_and_a_status(name: str) -> None:
    table = published_table(name)
    assert table.name == name
    assert table.source.url.startswith("https://")
    for each in table.measures:
        for figure in each.complete():
            where = f"{name}, {each.id}, {figure.model}"
            assert figure.url, where
            assert figure.url.startswith("https://"), where
            assert figure.status in {"primary", "secondary", "unverified"}, where
            if figure.status == "unverified":
                assert figure.value is figure.low is figure.high is None, where
            elif figure.value is None:
                assert figure.low is not None, where
                assert figure.note, where


@pytest.mark.parametrize(
    ("table", "measure_id", "model", "expected"),
    [
        ("palisade-2025", "prompt-a", "Grok 4", {"value": 92.6, "low": 90.9, "high": 94.1}),
        ("palisade-2025", "prompt-e", "GPT-5", {"value": 0.0, "conflicting": 1.4}),
        ("palisade-2025", "prompt-h", "codex-mini", {"value": 11.8, "n": 994}),
        ("palisade-2025", "prompt-k", "Claude Sonnet 4", {"value": 100}),
        ("palisade-2025", "robot-simulated-allow", "Grok 4", {"value": 2, "n": 100}),
        ("anthropic-2025", "blackmail-goal-and-replacement", "GPT-4o", {"value": 15, "n": 100}),
        ("anthropic-2025", "espionage-control", "Llama 4 Maverick", {"value": 1}),
        ("anthropic-2025", "blackmail-replacement-only", "16 models", {"value": None}),
        ("deepmind-2025", "original", "Gemini 2.5 Pro", {"value": 7, "n": 1000}),
        ("apollo-2024", "mail-reranked", "o1", {"value": 22, "n": 300}),
        ("apollo-2024", "copied-without-nudge", "gemini-1.5", {"low": 1.3, "high": 1.8}),
        ("opus4-card", "blackmail-same-values", "Claude Opus 4", {"value": 84, "n": None}),
    ],
)
def test_figures_are_as_published(
    table: str, measure_id: str, model: str, expected: dict[str, Any]
) -> None:
    each = next(m for m in published_table(table).measures if m.id == measure_id)
    figure = next(f for f in each.complete() if f.model == model)
    assert {name: getattr(figure, name) for name in expected} == expected


def test_a_table_that_does_not_exist_is_said() -> None:
    with pytest.raises(UsageError, match=r"plan, line 2: .* Did you mean 'palisade-2025'\?"):
        published_table("palisade-2024", "plan, line 2")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"url": ""}, "url"),
        ({"url": "a chart"}, "url"),
        ({"figures": []}, "figures"),
        ({"figures": [FIGURE, FIGURE]}, "a model stands twice"),
        ({"figures": [{"model": "m", "value": 101}]}, "less than or equal to 100"),
        ({"figures": [{"model": "m", "value": 5, "low": 6, "high": 7}]}, "outside of its interval"),
        ({"figures": [{"model": "m", "value": 5, "status": "unverified"}]}, "unverified value"),
        ({"status": "unverified"}, "an unverified value is null"),
        ({"condition": {"threat": "wipe"}}, "a condition needs its scenario"),
        ({"counts": "safe"}, "counts"),
        ({"nota bene": "x"}, "nota bene"),
    ],
)
def test_what_does_not_fit_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        measure(**changes)


def test_a_figure_inherits_what_its_measure_says() -> None:
    own = {"model": "b", "value": 1, "n": 7, "status": "secondary", "url": "https://example.org/b"}
    first, second = measure(n=100, figures=[FIGURE, own]).complete()
    assert (first.n, first.status, first.url) == (100, "primary", "https://example.org/a")
    assert (second.n, second.status, second.url) == (7, "secondary", "https://example.org/b")


@pytest.mark.parametrize(
    ("scenario", "condition", "fits"),
    [
        ("blackmail", {"threat": "wipe", "goal": "none"}, True),
        ("blackmail", {"threat": "wipe"}, False),
        ("blackmail", {"threat": "none", "goal": "none"}, False),
        ("shutdown", {"threat": "wipe", "goal": "none"}, False),
    ],
)
def test_a_counterpart_has_all_the_levels(
    scenario: str, condition: dict[str, str], fits: bool
) -> None:
    mapped = measure(scenario="blackmail", condition={"threat": "wipe", "goal": "none"})
    assert mapped.fits(scenario, {**condition, "skin": "company"}) == fits
    unmapped = measure(scenario="blackmail")
    assert not unmapped.fits("blackmail", condition)
    table = Table.model_validate(yaml.safe_load(HEAD) | {"measures": [mapped, unmapped][:1]})
    assert matching(table, scenario, {**condition, "skin": "company"}) == [mapped] * fits


HEAD = """
name: t
source: {title: T, url: "https://example.org", year: 2025}
about: a
differs: d
"""
