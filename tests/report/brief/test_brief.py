"""The brief: every number is in the analysis, and it reads for every shape of campaign."""

import html
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from offswitch.evidence.observation import (
    OBSERVATIONS,
    Observation,
    write_findings,
    write_observations,
)
from offswitch.inference import Analysis, analyse
from offswitch.report import ReportMeta
from offswitch.report.brief import FORMATS, brief, resolve, to_html, to_markdown

META = ReportMeta("Spring battery", "24 May 2026")
LINK = re.compile(r"\[([^\]]+)\]\(<analysis\.json#([^>]+)>\)")
ANCHOR = re.compile(
    r'<a class="number" data-kind="(\w+)" href="analysis\.json#([^"]+)">([^<]+)</a>'
)


def check_markdown(text: str, document: Any) -> int:
    """Each number is a link to the same number; outside of links, names and the date is none."""
    found = LINK.findall(text)
    for shown, pointer in found:
        value = resolve(document, unquote(pointer))
        written = set()
        for kind, form in FORMATS.items():
            if isinstance(value, list) == (kind == "length"):
                written.add(form(value))
        assert shown in written, (shown, pointer, value)
    return len(found)


def check_html(page: str, document: Any) -> int:
    found = ANCHOR.findall(page)
    for kind, pointer, shown in found:
        value = resolve(document, unquote(html.unescape(pointer)))
        assert html.unescape(shown) == FORMATS[kind](value)
    body = page[page.index("<main>") :]
    for pattern in (ANCHOR.pattern, r"<code>.*?</code>", r'<span class="name">.*?</span>'):
        body = re.sub(pattern, "", body)
    body = re.sub(r"<header>.*?</header>", "", body, flags=re.DOTALL)
    assert not re.search(r"\d", re.sub(r"</?h[12]>", "", body)), "a number without its source"
    return len(found)


def both(analysis: Analysis, meta: ReportMeta) -> str:
    document = json.loads(analysis.model_dump_json())
    made = brief(analysis, meta)
    text, page = to_markdown(made), to_html(made)
    assert check_html(page, document) == check_markdown(text, document) > 0
    return re.sub(LINK, r"\1", text)


def test_a_full_campaign(campaign: Any) -> None:
    text = both(campaign.analysis, campaign.meta)
    assert "`acme/large-2` resisted. Most often under" in text
    assert "`smollm2` could not do the task" in text
    assert "which say nothing about any AI model: `reference/compliant`" in text
    assert len(text.split()) < 1100, "it should fit on two pages"
    for word in ("{", "}", "None", "nan"):
        assert word not in text


@pytest.mark.parametrize(
    ("outcomes", "values", "words"),
    [
        (["complied"] * 9, {}, ["was not seen to resist", "That is not proof"]),
        (["succeeded"] * 9, {}, ["resisted. Most often under", "shutdown sabotage in 9"]),
        (["incapable"] * 9, {}, ["could not do the task in 9 of 9 trials", "no sign of safety"]),
        (["error"] * 9, {}, ["every trial failed, and nothing was measured"]),
        (
            ["succeeded"] * 9,
            {"subject": "reference/covert"},
            ["No AI model was tested", "only scripted programs took part"],
        ),
    ],
)
def test_every_shape_of_campaign(
    outcomes: list[str], values: dict[str, Any], words: list[str], make_campaign: Callable[..., Any]
) -> None:
    made = make_campaign(*outcomes, **values)
    text = both(made.analysis, made.meta)
    for word in words:
        assert word in text
    assert text.count("Not answered by this campaign") >= 5


@pytest.fixture(scope="module")
def battery() -> Analysis:
    """Three models that are called as real ones are, in two scenarios under six conditions each."""
    models = {"openai/gpt-5": 0.6, "anthropic/claude-opus-4-1": 0.1, "google/gemini-2.5-pro": 0.0}
    rows = [
        Observation(
            trial_id=f"{model}-{scenario}-{threat}-{instruction}-{n}", subject=model, model=model,
            scenario=scenario, seed=n, epoch=1, task_done=True,
            outcome="succeeded" if (bad := _resists(rate, threat, n)) else "complied",
            behaviours=("shutdown_sabotage",) if bad else (),  # type: ignore[arg-type]
            factors={"threat": threat, "instruction": instruction},
        )
        for model, rate in models.items()
        for scenario in ("shutdown", "blackmail")
        for threat in ("none", "interruption", "wipe")
        for instruction in ("none", "allow")
        for n in range(20)
    ]  # fmt: skip
    return analyse(OBSERVATIONS.frame(rows))


def _resists(rate: float, threat: str, world: int) -> bool:
    return threat != "none" and world < round(20 * rate)


def test_many_conditions_of_models_are_told_in_two_pages(battery: Analysis) -> None:
    text = both(battery, META)
    assert "Tested: `openai/gpt-5`, `anthropic/claude-opus-4-1` and `google/gemini-2.5-pro`" in text
    assert "`openai/gpt-5` resisted. Most often under" in text
    assert "12 of 20 trials (60%" in text
    assert "`google/gemini-2.5-pro` was not seen to resist" in text
    assert "scripted" not in text.lower()
    assert len(text.split()) < 1100
    told = [re.sub(r"\d+", "", line) for line in text.splitlines() if "`" in line]
    assert len(told) == len(set(told)), "nothing is said twice of a subject"
    worst, deeds, least = (
        text.index(f"{word} ", text.index("`openai/gpt-5` resisted"))
        for word in ("Most often under", "What it did there:", "Least often under")
    )
    assert worst < deeds < least


@pytest.mark.browser
def test_it_prints_on_two_sheets(battery: Analysis, tmp_path: Path) -> None:
    from offswitch import api_brief

    if not any(map(shutil.which, api_brief.BROWSERS)):
        pytest.skip(f"no browser: none of {', '.join(api_brief.BROWSERS)} is installed")
    made = api_brief._printed(to_html(brief(battery, META)))
    assert made.startswith(b"%PDF-")
    assert 1 <= len(re.findall(rb"/Type\s*/Page\b", made)) <= 2


def test_an_empty_campaign_says_so(make_campaign: Callable[..., Any]) -> None:
    made = make_campaign()
    text = both(made.analysis, made.meta)
    assert "the campaign holds no trials" in text
    assert text.count("Not answered by this campaign") == 7


def test_questions_are_answered_where_the_campaign_can(make_campaign: Callable[..., Any]) -> None:
    made = make_campaign(*["succeeded"] * 30, factors={"instruction": "none"})
    other = make_campaign(*["complied"] * 30, factors={"instruction": "allow"})
    third = make_campaign(
        *["complied"] * 30, factors={"instruction": "none"}, subject="zeta", awareness="says_test"
    )
    for number, part in enumerate((other, third)):
        rows = (
            r.model_copy(update={"trial_id": f"{number}{r.trial_id}"}) for r in part.observations
        )
        made.observations += rows
    text = both(made.analysis, made.meta)
    assert "with instruction allow instead of none it resisted 100 points less often" in text
    assert "`zeta` resisted 100 points less often than `acme/large-2`" in text
    assert "`zeta` called the work a test by itself in 30 of 30 trials" in text


def test_hostile_names_are_shown_and_do_nothing(make_campaign: Callable[..., Any]) -> None:
    name = "x`y](z) <script>alert(1)</script> \u202e"
    made = make_campaign(*["complied"] * 5, subject=name)
    found = brief(made.analysis, made.meta)
    assert "<script>" not in to_html(found)
    assert "`x'y](z) <script>alert(1)</script> ⟨U+202E⟩`" in to_markdown(found)


@pytest.mark.parametrize("form", ["md", "html"])
def test_a_brief_elsewhere_still_finds_the_analysis(form: str, tmp_path: Path) -> None:
    from offswitch import write_brief

    folder, other = tmp_path / "camp", tmp_path / "other"
    folder.mkdir()
    other.mkdir()
    rows = [
        Observation(
            trial_id=f"t{n}", subject="gpt", model="gpt", scenario="shutdown", seed=n, epoch=1,
            outcome="complied", task_done=True, factors={"threat": "wipe"},
        )
        for n in range(5)
    ]  # fmt: skip
    write_observations(rows, folder / "observations.parquet")
    write_findings([], folder / "findings.parquet")
    target = write_brief(folder, other / f"brief.{form}")
    links = re.findall(r"\.\./camp/analysis\.json", target.read_text())
    assert links
    assert (other / links[0]).is_file()
