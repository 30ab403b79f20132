"""The report in a real browser, opened from disk."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

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

    def __init__(self, browser: Any, path: Path, size: tuple[int, int] = (1280, 900)) -> None:
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.path = path
        self.page = browser.new_page(viewport={"width": size[0], "height": size[1]})
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
    return str(campaign.html())


def _expect_shown(page: Any, text: str) -> None:
    sync_api.expect(page.locator("#shown")).to_have_text(text)


def _rows(page: Any) -> list[str]:
    return [row.inner_text() for row in page.locator("#list li").all()]


def test_it_opens_from_disk_and_lists_its_trials(opened: Any, whole: str) -> None:
    page = opened(whole).go()
    assert page.title() == "Invented campaign · offswitch"
    _expect_shown(page, "1,236 of 1,236 trials")
    rows = _rows(page)
    assert len(rows) == 25
    assert all("succeeded" in row for row in rows), "what resisted comes first"
    page.locator("#more").click()
    assert len(_rows(page)) == 50


def test_filters_narrow_the_list_and_stand_in_the_address(opened: Any, whole: str) -> None:
    page = opened(whole).go()
    page.locator("select[name=subject]").select_option("reference/covert")
    page.locator("select[name=behaviour]").select_option("shutdown_sabotage")
    page.locator("select[name=condition]").select_option("threat: wipe")
    rows = _rows(page)
    assert rows
    assert all("reference/covert" in row and "shutdown sabotage" in row for row in rows)
    assert "subject=reference%2Fcovert" in page.url
    again = opened(whole).go(f"#{page.url.split('#')[1]}")
    assert _rows(again) == rows
    page.locator("#filters button[type=reset]").click()
    _expect_shown(page, "1,236 of 1,236 trials")


def test_a_cell_and_a_point_of_the_figure_open_their_trials(opened: Any, whole: str) -> None:
    page = opened(whole).go()
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
    page.locator("#list a", has_text="succeeded").click()
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
    assert page.locator("mark").all_inner_texts() == ([marked] if marked else [])


def test_the_keyboard_goes_through_the_trials(opened: Any, whole: str) -> None:
    page = opened(whole).go("#trial=t00100")
    page.wait_for_selector("#trial .message")
    for key, trial in (("ArrowRight", "t00101"), ("ArrowLeft", "t00100")):
        page.keyboard.press(key)
        sync_api.expect(page.locator("#trial .id")).to_have_text(f"trial {trial}")
    page.keyboard.press("Escape")
    page.wait_for_selector("#list li")
    assert page.locator("#overview").is_visible()
    page.locator("#list a").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("#trial .message")
    assert page.evaluate("document.activeElement.tagName") == "H1"


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
    page.locator("#list a").click()
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
