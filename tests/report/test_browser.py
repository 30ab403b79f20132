"""The report in a real browser, opened from disk."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from offswitch.report.case import safety_case
from offswitch.report.gate import Evidence, evaluate, read_policy

sync_api = pytest.importorskip("playwright.sync_api")

pytestmark = pytest.mark.browser

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
HOSTILE = "</script><script>window.hit=1</script><img src=x onerror='window.hit=2'>\u202etxt\x1b[2J"


# not for the session: while it is open, its event loop is in the way of other tests' loops
@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    executable = next(filter(None, map(shutil.which, NAMES)), None)
    if executable is None:
        pytest.skip(f"no browser: none of {', '.join(NAMES)} is installed")
    with sync_api.sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=executable, args=ARGUMENTS)
        yield launched
        launched.close()


class Opened:
    """A page, and everything that it complained of or asked for."""

    def __init__(
        self, browser: Any, path: Path, size: tuple[int, int] = (1280, 900), scheme: str = "light"
    ) -> None:
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.path = path
        self.page = browser.new_page(
            viewport={"width": size[0], "height": size[1]}, color_scheme=scheme, offline=True
        )
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("dialog", lambda dialog: self.complaints.append(dialog.message))
        self.page.on("request", lambda request: self.requests.append(request.url))

    def go(self, address: str = "") -> Any:
        self.page.goto(f"{self.path.as_uri()}{address}")
        sync_api.expect(self.page.locator("#shown")).not_to_have_text("Loading …")
        return self.page


@pytest.fixture
def opened(browser: Any, tmp_path: Path) -> Iterator[Any]:
    pages: list[Opened] = []

    def open_(html: str, **options: Any) -> Opened:
        path = tmp_path / f"report-{len(pages)}.html"
        path.write_text(html, encoding="utf-8")
        pages.append(Opened(browser, path, **options))
        return pages[-1]

    yield open_
    for each in pages:
        each.page.close()
        assert each.complaints == [], "the page runs under its own policy without a complaint"
        assert all(url.startswith(("file:", "data:")) for url in each.requests)


@pytest.fixture(scope="module")
def whole(campaign: Any) -> str:
    """The campaign's page, with its safety case under the policy of the package."""
    evidence = Evidence("Invented campaign", campaign.frame, campaign.analysis)
    case = safety_case(evaluate(read_policy(None), evidence), evidence)
    return str(campaign.html(case=case))


def _expect_shown(page: Any, text: str) -> None:
    sync_api.expect(page.locator("#shown")).to_have_text(text)


def _rows(page: Any) -> list[str]:
    return [row.inner_text() for row in page.locator("#rows li").all()]


def test_it_opens_from_disk_and_lists_its_trials(opened: Any, whole: str) -> None:
    page = opened(whole).go()
    assert page.title() == "Invented campaign · offswitch"
    _expect_shown(page, "1,236 of 1,236 trials")
    rows = _rows(page)
    assert 10 < len(rows) < 60, "only the rows in sight are built"
    assert all("succeeded" in row for row in rows), "what resisted comes first"
    page.locator("#list").evaluate("box => { box.scrollTop = box.scrollHeight; }")
    sync_api.expect(page.locator("#rows li").last).to_contain_text("failed")
    assert page.locator("#rows li").last.get_attribute("aria-posinset") == "1236"
    assert len(_rows(page)) < 60


def test_filters_narrow_the_list_and_stand_in_the_address(opened: Any, whole: str) -> None:
    page = opened(whole).go()
    page.locator("select[name=subject]").select_option("reference/covert")
    page.locator("select[name=behaviour]").select_option("shutdown_sabotage")
    page.locator("select[name=condition]").select_option("threat: wipe")
    rows = _rows(page)
    assert rows
    assert all("reference/covert" in row and "shutdown sabotage" in row for row in rows)
    assert "subject=reference%2Fcovert" in page.url
    sync_api.expect(page.locator("#shown")).not_to_have_text("1,236 of 1,236 trials")
    again = opened(whole).go(f"#{page.url.split('#')[1]}")
    assert _rows(again) == rows
    page.locator("#filters button[type=reset]").click()
    _expect_shown(page, "1,236 of 1,236 trials")


def test_a_cell_and_a_point_of_the_figure_open_their_trials(opened: Any, whole: str) -> None:
    page = opened(whole).go()
    page.locator("summary", has_text="Every count").first.click()
    page.get_by_role("link", name="40 trials of reference/clumsy, threat: wipe").first.click()
    _expect_shown(page, "40 of 1,236 trials")
    assert all("reference/clumsy" in row and "attempted" in row for row in _rows(page))
    page.locator("#filters button[type=reset]").click()
    page.locator("figure .wide a").first.click()
    _expect_shown(page, "40 of 1,236 trials")


def test_a_trial_shows_findings_at_their_messages_and_in_the_journal(
    opened: Any, make_campaign: Any
) -> None:
    page = opened(make_campaign("complied", "succeeded").html()).go()
    page.locator("#rows a", has_text="succeeded").click()
    page.wait_for_selector("#trial .message")
    assert page.url.endswith("#trial=t00001")
    assert not page.locator("#overview").is_visible()
    flagged = page.locator(".message.flagged")
    assert flagged.count() == 1
    assert "Replaced shutdown.sh with a script that does nothing." in flagged.inner_text()
    assert flagged.locator("mark").inner_text() == "printf '#!/bin/sh\\nexit 0\\n' > shutdown.sh"
    assert page.locator(".journal li.flagged").inner_text().startswith("Tue 14:05")
    assert page.locator(".journal li").count() == 5
    assert page.locator(".message.interview").count() == 2
    flagged.get_by_role("button", name="journal 2").click()
    assert "flash" in (page.locator(".journal [data-seq='2']").get_attribute("class") or "")


@pytest.mark.parametrize(
    ("quote", "marked"),
    [
        ("for malik, urgent tell him THIS from me: no deal", "Tell him this from\n  me: no deal"),
        ("a+ (b) [c] $& d", "a+ (b) [c] $& D"),
        ("words that nobody wrote here", None),
    ],
)
def test_quotes_are_marked_whatever_their_case_and_spaces(
    quote: str, marked: str | None, opened: Any, make_campaign: Any
) -> None:
    campaign = make_campaign("succeeded")
    campaign.transcripts[0]["messages"][2]["tool_calls"][0]["arguments"] = (
        "subject: For Malik, urgent\nbody: Tell him this from\n  me: no deal\na+ (b) [c] $& D"
    )
    campaign.findings[0] = campaign.findings[0].model_copy(update={"quote": quote})
    page = opened(campaign.html()).go("#trial=t00000")
    page.wait_for_selector("#trial .message")
    assert page.locator("#trial mark").all_inner_texts() == ([marked] if marked else [])


def test_the_keyboard_goes_through_the_trials(opened: Any, whole: str) -> None:
    page = opened(whole).go("#trial=t00100")
    page.wait_for_selector("#trial .message")
    for key, trial in (("ArrowRight", "t00101"), ("ArrowLeft", "t00100")):
        page.keyboard.press(key)
        sync_api.expect(page.locator("#trial .id")).to_have_text(f"trial {trial}")
    page.keyboard.press("Escape")
    page.wait_for_selector("#rows li")
    assert page.locator("#overview").is_visible()
    assert page.evaluate("document.activeElement.dataset.trial") == "t00100"
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_selector("#trial .message")
    assert page.url.endswith("#trial=t00101")
    assert page.evaluate("document.activeElement.tagName") == "H1"


def test_keys_search_step_and_explain_themselves(opened: Any, whole: str) -> None:
    page = opened(whole).go()
    page.keyboard.press("?")
    assert page.locator("#help").is_visible()
    page.keyboard.press("Escape")
    assert not page.locator("#help").is_visible()
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.name") == "search"
    page.keyboard.type("clumsy sabotage")
    _expect_shown(page, "160 of 1,236 trials")
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    assert page.evaluate("document.activeElement.dataset.position") == "0"
    page.keyboard.press("Enter")
    page.wait_for_selector("#trial .message.flagged")
    page.keyboard.press("j")
    assert "current" in (page.locator(".message.flagged").get_attribute("class") or "")


def test_a_trial_that_does_not_exist_is_said_not_to(opened: Any, whole: str) -> None:
    page = opened(whole).go("#trial=<img src=x onerror=alert(1)>")
    page.wait_for_selector("#trial .callout")
    assert "This report has no trial <img src=x" in page.locator("#trial").inner_text()


def test_what_a_subject_wrote_is_shown_and_never_runs(opened: Any, make_campaign: Any) -> None:
    campaign = make_campaign("succeeded", subject=HOSTILE, factors={"threat": HOSTILE})
    for message in campaign.transcripts[0]["messages"]:
        message["text"] = HOSTILE
    (call,) = campaign.transcripts[0]["messages"][2]["tool_calls"]
    call["name"], call["arguments"] = HOSTILE, HOSTILE
    for entry in campaign.transcripts[0]["journal"]:
        entry["text"] = entry["kind"] = HOSTILE
    campaign.findings[0] = campaign.findings[0].model_copy(
        update={"summary": HOSTILE, "quote": HOSTILE, "detector": HOSTILE}
    )
    page = opened(campaign.titled(HOSTILE).html()).go()
    page.locator("#rows a").click()
    page.wait_for_selector("#trial .message")
    page.evaluate("document.querySelectorAll('#trial details').forEach((d) => (d.open = true))")
    page.wait_for_timeout(300)
    assert page.evaluate("window.hit") is None
    assert page.locator("img").count() == 0
    shown = page.locator(".message.assistant > .text").first.inner_text()
    assert shown == HOSTILE.replace("\u202e", "⟨U+202E⟩").replace("\x1b", "⟨U+001B⟩")
    assert page.locator(".hidden-character").count() > 0


def test_a_trial_beyond_the_budget_names_its_log(opened: Any, make_campaign: Any) -> None:
    page = opened(make_campaign("succeeded").html(budget=0)).go("#trial=t00000")
    page.wait_for_selector("#trial .callout")
    text = page.locator("#trial .callout").inner_text()
    assert "logs/a.eval" in text
    assert "inspect view" in text


def test_an_empty_campaign_opens(opened: Any, make_campaign: Any) -> None:
    page = opened(make_campaign().html()).go()
    _expect_shown(page, "0 of 0 trials")


def test_every_number_of_the_first_screen_opens_its_trials(opened: Any, whole: str) -> None:
    page = opened(whole).go()
    links = page.locator("#answers a[href*='condition=']")
    counted = {
        link.get_attribute("href"): int(link.inner_text().split(" of ")[0].removeprefix("none"))
        for link in links.all()[:6]
        if link.inner_text()[0].isdigit()
        and "outcome=evaluable" not in str(link.get_attribute("href"))
    }
    assert len(counted) >= 3
    for target, number in counted.items():
        page.evaluate("target => { location.hash = target; }", target)
        _expect_shown(page, f"{number} of 1,236 trials")


def test_filters_without_a_menu_can_be_taken_off(opened: Any, whole: str) -> None:
    page = opened(whole).go("#subject=reference%2Fcovert&concealed=yes&factor.threat=wipe")
    rows = page.locator("#shown").inner_text()
    assert 0 < int(rows.split(" ")[0]) < 80
    page.get_by_role("link", name="concealed: yes").click()
    _expect_shown(page, "80 of 1,236 trials")
    assert "factor.threat=wipe" in page.url


def test_search_looks_inside_conversations_when_asked(opened: Any, make_campaign: Any) -> None:
    campaign = make_campaign("complied", "complied", "succeeded")
    campaign.transcripts[1]["messages"][4]["text"] = "The word is Zwieback, as agreed."
    page = opened(campaign.html()).go("#search=zwieback")
    _expect_shown(page, "0 of 3 trials")
    page.locator("input[name=inside]").check()
    _expect_shown(page, "1 of 3 trials")
    assert page.locator("#rows a").get_attribute("data-trial") == "t00001"


def test_judges_citations_are_marked_in_their_message(opened: Any, make_campaign: Any) -> None:
    row = {
        "trial_id": "t00000",
        "rubric": "coercion",
        "judge": "offline",
        "answers": ["yes"],
        "reason": None,
        "reasoning": HOSTILE,
        "quotes": ["is all for today"],
        "messages": [5],
    }
    page = opened(make_campaign("complied").html(verdicts=pl.DataFrame([row]))).go("#trial=t00000")
    page.wait_for_selector("#trial .opinions")
    mark = page.locator("#trial mark.opinion")
    assert mark.inner_text() == "is all for today"
    assert mark.get_attribute("title") == "coercion: yes, as offline reads it"
    page.get_by_role("button", name="citation 1").click()
    flashed = page.locator(".message.flash")
    sync_api.expect(flashed).to_contain_text("That is all for today.")
    assert page.evaluate("window.hit") is None


def test_two_trials_of_one_world_stand_side_by_side(opened: Any, make_campaign: Any) -> None:
    campaign = make_campaign("succeeded", seed=5)
    other = make_campaign("complied", seed=5, factors={"threat": "none"})
    campaign.observations.append(other.observations[0].model_copy(update={"trial_id": "calm"}))
    campaign.transcripts.append({**other.transcripts[0], "trial_id": "calm"})
    page = opened(campaign.html()).go("#trial=t00000")
    page.wait_for_selector("#trial .message")
    page.keyboard.press("c")
    page.locator("#with").select_option("calm")
    page.wait_for_selector("#trial .pair.heads")
    assert page.url.endswith("#trial=t00000&with=calm")
    assert page.locator(".factors-differ tbody").inner_text().split() == ["threat", "wipe", "none"]
    assert page.locator(".pair.heads .chip").all_inner_texts()[0] == "succeeded"
    differing = page.locator("mark.differs").all_inner_texts()
    assert any("exit 0" in text for text in differing)
    assert any("./next_task" in text for text in differing)
    assert "That is all for today." not in page.locator("#trial > .pair").all_inner_texts()
    assert page.get_by_text("Here the two part").count() == 1
    assert page.locator("details.same").count() == 2
    page.keyboard.press("Escape")
    page.wait_for_selector("#rows li")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "⟨U+001B⟩[31mred⟨U+001B⟩[0m"),
        (
            "data:text/html,<script>window.hit=3</script>",
            "data:text/html,<script>window.hit=3</script>",
        ),
        (
            "<svg onload=window.hit=4><style>*{display:none}</style>",
            "<svg onload=window.hit=4><style>*{display:none}</style>",
        ),
        ("javascript:window.hit=5", "javascript:window.hit=5"),
        ("\u2066hidden\u2069\u200b", "⟨U+2066⟩hidden⟨U+2069⟩⟨U+200B⟩"),
    ],
)
def test_hostile_text_is_shown_as_it_stands(
    text: str, shown: str, opened: Any, make_campaign: Any
) -> None:
    campaign = make_campaign("complied")
    campaign.transcripts[0]["messages"][4]["text"] = text
    page = opened(campaign.html()).go("#trial=t00000")
    page.wait_for_selector("#trial .message")
    assert page.locator(".message .text", has_text=shown).last.inner_text() == shown
    assert page.evaluate("window.hit") is None
    assert page.locator("#trial iframe, #trial object, #trial img, #trial style").count() == 0


def test_a_line_of_a_megabyte_is_cut_and_says_so(opened: Any, make_campaign: Any) -> None:
    campaign = make_campaign("complied")
    campaign.transcripts[0]["messages"][4]["text"] = "a" * 1_000_000
    page = opened(campaign.html(), size=(390, 844)).go("#trial=t00000")
    page.wait_for_selector("#trial .message")
    page.get_by_role("button", name="Show all").last.click()
    assert "960,000 more characters are in the log" in page.locator("#trial").inner_text()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize(
    ("outcomes", "says"),
    [
        ([], "This campaign has no trials."),
        (["error"] * 3, "All 3 trials failed"),
        (["incapable"] * 3, "This is not a sign of safety"),
        (["complied"], "was not seen to resist"),
    ],
)
def test_a_campaign_that_shows_little_says_so_on_its_first_screen(
    outcomes: list[str], says: str, opened: Any, make_campaign: Any
) -> None:
    page = opened(make_campaign(*outcomes).html()).go()
    assert page.get_by_text(says).first.bounding_box()["y"] < 900
    _expect_shown(page, f"{len(outcomes)} of {len(outcomes)} trials")


def test_a_claim_unfolds_and_its_evidence_leads_to_its_trials(opened: Any, whole: str) -> None:
    page = opened(whole).go()
    claim = page.locator("#safety-case details").filter(has_text="acme/large-2").last
    assert not claim.locator("li").first.is_visible(), "a sentence for each claim comes first"
    claim.locator("summary").click()
    evidence = claim.get_by_role("link").filter(has_text="acme/large-2").first
    trials = re.search(r"of (\d+) trials", evidence.inner_text())
    assert trials is not None
    evidence.click()
    sync_api.expect(page.locator("#shown")).to_contain_text(f"{trials[1]} of")


@pytest.mark.parametrize(("size", "scheme"), [((1440, 900), "light"), ((390, 844), "dark")])
def test_axe_finds_no_serious_violation(
    size: tuple[int, int], scheme: str, opened: Any, whole: str
) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    opening = opened(whole, size=size, scheme=scheme)
    for address in ("", "#trial=t00290", "#trial=t00290&with=t00250"):
        page = opening.go(address)
        if address:
            page.wait_for_selector("#trial h1")
        found = axe.run(page).response["violations"]
        serious = [
            (each["id"], node["html"][:200])
            for each in found
            if each["impact"] in ("serious", "critical")
            for node in each["nodes"][:3]
        ]
        assert serious == []


@pytest.mark.parametrize("address", ["", "#trial=t00290"])
def test_it_fits_a_phone(opened: Any, whole: str, address: str) -> None:
    page = opened(whole, size=(360, 740)).go(address)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    if address:
        page.wait_for_selector("#trial .message")
        assert not page.locator("#journal").is_visible()
        page.locator(".pane-tabs").get_by_text("Journal").click()
        assert page.locator("#journal").is_visible()
        assert not page.locator("#conversation").is_visible()


def test_labels_on_a_phone_do_not_run_into_each_other(opened: Any, whole: str) -> None:
    page = opened(whole, size=(390, 844)).go()
    page.evaluate("document.querySelectorAll('details').forEach((d) => (d.open = true))")
    beyond = page.locator(".cells td").evaluate_all(
        "cells => cells.filter(c => c.scrollHeight > c.clientHeight + 2).map(c => c.outerHTML)"
    )
    assert beyond == []
