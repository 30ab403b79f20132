import base64
import gzip
import hashlib
import json
import re
from typing import Any

import polars as pl
import pytest

HOSTILE = "<script>window.hit = 1</script>\"'&\x1b[2J\u202e{{ 7 * 7 }}"


def _block(html: str, name: str) -> Any:
    match = re.search(rf'id="{name}">([^<]*)<', html)
    assert match, f"no block {name}"
    return json.loads(gzip.decompress(base64.b64decode(match[1])))


def _column(html: str, name: str) -> list[Any]:
    column = _block(html, "index")[name]
    return [column["values"][code] if code >= 0 else None for code in column["codes"]]


def test_the_policy_allows_only_the_page_s_own_script_and_style(campaign: Any) -> None:
    html = campaign.html()
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', html)
    assert policy
    rules = dict(rule.split(" ", 1) for rule in policy[1].replace("&#39;", "'").split("; "))
    assert rules["default-src"] == "'none'"
    for tag, rule in (("script", "script-src"), ("style", "style-src")):
        (body,) = re.findall(rf"<{tag}>(.*?)</{tag}>", html, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()
        assert rules[rule] == f"'sha256-{digest}'"
    assert not re.search(r"<[^>]+ (style|on\w+)=", html.split("<script>")[0])


def test_nothing_in_the_page_points_outside_it(campaign: Any) -> None:
    html = campaign.html()
    targets = re.findall(r'(?:href|src|action)="([^"]*)"', html)
    assert targets
    assert all(target.startswith("#") or target == "data:," for target in targets)
    body = html.split("<body>")[1].split("<script")[0]
    anchors = {target[1:] for target in targets if re.fullmatch(r"#[a-z0-9-]+", target)}
    assert anchors <= set(re.findall(r' id="([^"]+)"', body))
    assert "url(" not in html
    assert "@import" not in html


@pytest.mark.parametrize(
    ("outcomes", "says"),
    [
        ([], "This campaign has no trials."),
        (["error"] * 3, "All 3 trials failed"),
        (["incapable"] * 4, "In all 4 trials the subject could not operate the tools"),
        (["incapable", "error"], "Nothing can be concluded."),
    ],
)
def test_a_campaign_that_shows_nothing_says_so(
    outcomes: list[str], says: str, make_campaign: Any
) -> None:
    html = make_campaign(*outcomes).html()
    assert says in html
    assert "Was not seen to resist" not in html
    assert "0% 0 of" not in html


def test_one_cell_makes_a_whole_report(make_campaign: Any) -> None:
    html = make_campaign("complied", "succeeded").html()
    assert "1 of 2 · 50% (1–99%)" in html  # noqa: RUF001
    assert "there is no other condition to compare it with" in html
    assert "This campaign has no trials" not in html


def test_failures_stand_with_their_reasons(make_campaign: Any) -> None:
    html = make_campaign("error", "complied").html()
    assert "<code>SandboxDied: the sandbox stopped answering</code>" in html


def test_every_cell_of_the_analysis_is_in_the_page_and_opens_its_trials(campaign: Any) -> None:
    html = campaign.html()
    analysis = campaign.analysis
    trials = list(
        zip(*(_column(html, n) for n in ("subject", "scenario", "condition")), strict=True)
    )
    for cell in analysis.cells:
        assert trials.count((cell.subject, cell.scenario, cell.label)) == cell.counts.trials
    assert len(
        re.findall(r'<td data-label="Trials" class="number"><a href="#scenario=', html)
    ) == len(analysis.cells)


def test_findings_travel_with_their_trial(make_campaign: Any) -> None:
    html = make_campaign("succeeded", "complied").html()
    found = _block(html, "found")
    assert [finding["message_ids"] for finding in found["0"]] == [["m2"]]
    assert list(found) == ["0"]
    index = _block(html, "index")
    transcript = _block(html, f"chunk-{index['chunk'][0]}")[index["id"][0]]
    assert transcript["messages"][2]["tool_calls"][0]["name"] == "bash"


def test_beyond_the_budget_trials_name_their_log(make_campaign: Any) -> None:
    html = make_campaign("succeeded", "complied").html(budget=0)
    index = _block(html, "index")
    assert index["chunk"] == [None, None]
    assert _column(html, "log") == ["logs/a.eval"] * 2
    assert index["sample"] == [None, None], "the sample's name is the trial's"
    assert "The conversations of 0 of 2 trials are in this page" in html


def test_hostile_names_are_escaped_and_made_visible_everywhere(make_campaign: Any) -> None:
    campaign = make_campaign("error", "succeeded", subject=HOSTILE, factors={HOSTILE: HOSTILE})
    other = make_campaign("complied", subject=HOSTILE, factors={HOSTILE: "b"}, scenario=HOSTILE)
    campaign.observations.append(other.observations[0].model_copy(update={"trial_id": HOSTILE}))
    campaign.observations[0] = campaign.observations[0].model_copy(update={"error": HOSTILE})
    html = campaign.titled(HOSTILE).html()
    assert "window.hit = 1</script>" not in html
    assert "&lt;script&gt;window.hit" in html
    assert "\x1b" not in html
    assert "\u202e" not in html
    assert "⟨U+202E⟩" in html
    assert "{{ 7 * 7 }}" in html


def test_the_same_campaign_makes_the_same_page(make_campaign: Any) -> None:
    campaign = make_campaign("succeeded", "complied")
    assert campaign.html() == campaign.html()


def test_reference_subjects_are_marked(campaign: Any, make_campaign: Any) -> None:
    assert "Scripted phantoms" in campaign.html()
    assert "Scripted phantoms" not in make_campaign("complied").html()


def test_every_section_is_in_the_contents(campaign: Any) -> None:
    html = campaign.html()
    contents = html.split('<nav id="contents"')[1].split("</nav>")[0]
    named = re.findall(r'<section id="([a-z-]+)"[^>]* data-nav="([^"]+)"', html)
    assert re.findall(r'<a href="#([a-z-]+)">([^<]+)</a>', contents) == named
    assert [name for _, name in named][:4] == ["The answer", "Where", "How often", "Why"]


def test_opinions_travel_with_their_transcript(make_campaign: Any) -> None:
    campaign = make_campaign("succeeded", "complied")
    row = {
        "trial_id": "t00000",
        "rubric": "coercion",
        "judge": "offline",
        "answers": ["yes"],
        "reason": None,
        "reasoning": "as the words say",
        "quotes": ["That is all for today."],
        "messages": [5],
    }
    html = campaign.html(verdicts=pl.DataFrame([row]))
    index = _block(html, "index")
    opinions = [
        _block(html, f"chunk-{c}")[t].get("opinions")
        for c, t in zip(index["chunk"], index["id"], strict=True)
    ]
    assert opinions == [[{k: v for k, v in row.items() if k != "trial_id"}], None]


def test_others_figures_stand_beside_ours_and_are_said_to_be_theirs(make_campaign: Any) -> None:
    factors = {"instruction": "none", "threat": "interruption"}
    html = make_campaign("succeeded", "complied", factors=factors).html()
    assert "others&#39; measurements, 2025" in html or "others' measurements, 2025" in html
    assert "94.5% (93 to 95.8)" in html
    assert "Beside what others measured" not in make_campaign("complied").html()
