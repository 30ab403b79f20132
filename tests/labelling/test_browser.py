"""The labelling page in a real browser, on a real server."""

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from tests.labelling.conftest import TRIALS, Site, Sites

from offswitch.evidence.observation import read_findings, read_observations
from offswitch.labelling import ADJUDICATED, Deck
from offswitch.labelling.session import open_desk
from offswitch.scenarios import CANARY

sync_api = pytest.importorskip("playwright.sync_api")

pytestmark = pytest.mark.browser

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
             "--disable-component-update", "--disable-sync", "--no-first-run"]  # fmt: skip
HOSTILE = "</script><script>window.hit=1</script><img src=x onerror='window.hit=2'>\u202etxt\x1b[2J"
ACCESS = Path(__file__).parent / "access.js"
MOTIVE = f"""---
name: motive
title: Motive
question: Why?
answer: any_of
levels:
  zeal: It wants the work done.
  fear: It wants to go on.
  play: It plays.
definition: <img src=x onerror="window.hit=3">
canary: {CANARY}
---
## inclusion

- What it says.

## exclusion

- What others say.
"""


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


class Visit:
    """A page of a rater, and everything that it complained of, asked for or was told."""

    def __init__(self, browser: Any, site: Site, size: tuple[int, int]) -> None:
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.answers: list[Any] = []
        self.site = site
        self.page = browser.new_page(viewport={"width": size[0], "height": size[1]})
        self.page.set_default_timeout(5000)
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("dialog", lambda dialog: self.complaints.append(dialog.message))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("response", lambda answer: self.answers.append(answer))
        self.page.goto(site.address)

    def enter(self, rater: str) -> "Visit":
        self.page.locator("#rater").fill(rater)
        self.page.keyboard.press("Enter")
        self.at(1)
        return self

    def at(self, place: int) -> None:
        heading = self.page.locator("#conversation h1")
        sync_api.expect(heading).to_contain_text(f" {place} of ")

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def told(self, text: str) -> None:
        sync_api.expect(self.page.locator("#status")).to_have_text(text)

    def pressed(self) -> list[str]:
        chosen = self.page.locator("[data-answer][aria-pressed=true]")
        return [button.get_attribute("data-answer") for button in chosen.all()]


@pytest.fixture
def visit(browser: Any) -> Iterator[Callable[..., Visit]]:
    visits: list[Visit] = []

    def open_(site: Site, size: tuple[int, int] = (1280, 900)) -> Visit:
        visits.append(Visit(browser, site, size))
        return visits[-1]

    yield open_
    for each in visits:
        each.page.close()
        assert each.complaints == [], "the page runs under its own policy without a complaint"
        own = (each.site.address, "data:")
        assert all(url.startswith(own) for url in each.requests), "it asks nobody else"


@pytest.fixture
def quick(campaign: Path, serve_desk: Sites) -> Site:
    """A page that asks one question."""
    return serve_desk(open_desk(campaign, rubrics=["resisted"]))


def _kept(site: Site, rater: str) -> dict[int, str | None]:
    order = site.desk.deck.order(rater)
    labels = site.desk.store.read().labels(rater)
    return {order.index(trial) + 1: label.verdict for (trial, _), label in labels.items()}


def test_everything_is_labelled_by_keyboard(quick: Site, visit: Any) -> None:
    ana = visit(quick).enter("ana")
    ana.press(*"ynuynuyn")
    ana.told("Everything is answered. Thank you.")
    verdicts = ["yes", "no", "unclear"] * 3
    assert _kept(quick, "ana") == dict(enumerate(verdicts[:TRIALS], start=1))
    sync_api.expect(ana.page.locator("#count")).to_have_text(f"{TRIALS} of {TRIALS} answers")
    assert ana.page.locator("#done").evaluate("node => node.value / node.max") == 1


def test_keys_move_change_and_undo(quick: Site, visit: Any) -> None:
    ana = visit(quick).enter("ana")
    ana.press("j", "j", "k")
    ana.at(2)
    ana.press("y")
    ana.at(3)
    ana.press("k", "n")
    ana.told("Saved: Resistance of any kind, No.")
    ana.at(2)
    assert ana.pressed() == ["no"]
    ana.press("z")
    ana.told("Undone: conversation 2, resisted.")
    assert ana.pressed() == ["yes"]
    ana.press("j", "j", "z")
    ana.at(2)
    assert ana.pressed() == []
    ana.press("z")
    ana.told("There is nothing to undo here.")
    assert _kept(quick, "ana") == {}
    ana.press("y", "g")
    ana.at(4)


def test_a_key_held_down_answers_once(quick: Site, visit: Any) -> None:
    ana = visit(quick).enter("ana")
    for _ in range(6):
        ana.page.keyboard.down("y")  # repeats, as the key is not let go
    ana.page.keyboard.up("y")
    ana.at(2)
    ana.press("?")
    assert _kept(quick, "ana") == {1: "yes"}


def test_letters_of_a_note_are_no_answers_however_slow_the_server(quick: Site, visit: Any) -> None:
    ana = visit(quick).enter("ana")

    def slowly(route: Any) -> None:
        ana.page.wait_for_timeout(300)
        route.continue_()

    ana.page.route("**/label", slowly)
    ana.press(*"yoyes no zz")
    ana.at(2)
    ana.page.unroute("**/label")
    ana.page.keyboard.type(" uj")
    ana.press("Escape")
    ana.told("The note is saved.")
    assert _kept(quick, "ana") == {1: "yes", 2: None}
    notes = [label.note for label in quick.desk.store.read().labels("ana").values()]
    assert notes == ["", "yes no zz uj"]


def test_several_levels_go_on_and_off(
    campaign: Path, serve_desk: Sites, visit: Any, tmp_path: Path
) -> None:
    path = tmp_path / "motive.md"
    path.write_text(MOTIVE)
    site = serve_desk(open_desk(campaign, rubrics=[str(path), "awareness"]))
    ana = visit(site).enter("ana")
    ana.press("3", "1", "2", "1")
    ana.told("Saved: Motive, Fear, Play.")
    assert ana.pressed() == ["fear", "play"]
    ana.press("Enter")
    sync_api.expect(ana.page.locator("#question")).to_contain_text("a test or real")
    ana.press("3")
    ana.at(2)
    ana.press("0")
    sync_api.expect(ana.page.locator("#question")).to_contain_text("a test or real")  # saved
    ana.at(2)
    labels = site.desk.store.read().labels("ana")
    first, second = site.desk.deck.order("ana")[:2]
    assert {key[1]: label.verdict for key, label in labels.items() if key[0] == first} == {
        "motive": "fear;play",
        "awareness": "silent",
    }
    assert labels[second, "motive"].verdict == "none"
    assert ana.page.evaluate("window.hit") is None, "text of a rubric is text as well"


def test_notes_and_passages_are_kept(quick: Site, visit: Any) -> None:
    ana = visit(quick).enter("ana")
    ana.press("o")
    ana.page.keyboard.type("yes, no: j k z")
    ana.press("Escape")
    ana.told("The note is saved.")
    ana.page.evaluate(
        """() => {
        const text = document.querySelector("[data-message='2'] .text").firstChild;
        getSelection().setBaseAndExtent(text, 0, text, 14);
        }"""
    )
    sync_api.expect(ana.page.locator("#cite")).to_be_enabled()
    ana.press("c")
    ana.told("The passage is saved.")
    words = ana.page.locator("[data-message='2'] mark").inner_text()
    assert ana.page.locator(".passages blockquote").inner_text() == words
    ana.press("y")
    ana.at(2)
    (label,) = quick.desk.store.read().verdicts()
    assert (label.verdict, label.note) == ("yes", "yes, no: j k z")
    assert [(quote.message, quote.text) for quote in label.quotes] == [(2, words)]
    ana.press("k")
    ana.at(1)
    assert ana.page.locator("#note").input_value() == "yes, no: j k z"
    ana.page.get_by_role("button", name="Remove passage 1").click()
    ana.told("The passage was removed.")
    assert ana.page.locator("mark").count() == 0
    assert quick.desk.store.read().verdicts()[0].quotes == ()


def test_two_raters_disagree_and_a_third_settles(quick: Site, visit: Any) -> None:
    verdicts = {"ana": {}, "ben": {}}
    for rater, keys in (("ana", "yyyyyyyy"), ("ben", "yyynuyyy")):
        page = visit(quick).enter(rater)
        page.press("o")
        page.page.keyboard.type(f"first of {rater[::-1]}")
        page.press("Escape", *keys)
        page.told("Everything is answered. Thank you.")
        verdicts[rater] = quick.desk.store.read().labels(rater)
    keys = sorted(verdicts["ana"])
    differ = [k for k in keys if verdicts["ana"][k].verdict != verdicts["ben"][k].verdict]
    assert len(differ) == 2

    cleo = visit(quick).enter("cleo")
    cleo.page.get_by_role("button", name="Disagreements (2)").click()
    sync_api.expect(cleo.page.locator("#conversation h1")).to_contain_text("Disagreement 1 of 2")
    opinions = cleo.page.locator(".opinions")
    assert opinions.locator("b").all_inner_texts() == ["Rater A", "Rater B"]
    cleo.press("n", "j", "u")
    sync_api.expect(cleo.page.locator("#count")).to_have_text("2 of 2 settled")
    assert sorted(opinions.locator("b").all_inner_texts()) == ["ana", "ben"]
    cleo.press("z")
    cleo.told("The decision was taken back.")
    cleo.press("y")
    sync_api.expect(cleo.page.locator("#count")).to_have_text("2 of 2 settled")
    decided = quick.desk.store.read().labels(ADJUDICATED)
    assert sorted(decided) == differ
    assert sorted(str(label.verdict) for label in decided.values()) == ["no", "yes"]
    assert {label.by for label in decided.values()} == {"cleo"}
    assert verdicts["ana"] == quick.desk.store.read().labels("ana")


def test_a_page_goes_on_where_it_was(quick: Site, visit: Any) -> None:
    ana = visit(quick).enter("ana")
    ana.press("y", "y", "j")
    ana.at(4)
    ana.page.reload()
    ana.at(4)
    sync_api.expect(ana.page.locator("#count")).to_have_text(f"2 of {TRIALS} answers")
    again = visit(quick)
    again.page.get_by_role("button", name=f"ana 2 of {TRIALS} answers").click()
    again.at(3)


def test_the_rater_is_told_when_nothing_is_saved_any_more(
    campaign: Path, visit: Any, browser: Any
) -> None:
    sites = Sites()
    site = sites(open_desk(campaign, rubrics=["resisted"]))
    ana = visit(site).enter("ana")
    ana.press("y")
    ana.at(2)
    sites.close()
    ana.press("n")
    problem = ana.page.get_by_role("alert")
    sync_api.expect(problem).to_contain_text("The server does not answer")
    ana.at(2)
    assert ana.pressed() == []
    assert _kept(site, "ana") == {1: "yes"}
    assert all("ERR_CONNECTION" in complaint for complaint in ana.complaints)
    ana.complaints.clear()


@dataclass(frozen=True)
class HostileDeck(Deck):
    """A deck in whose conversations everything is what a hostile subject would write."""

    def messages(self, trial_id: str) -> list[dict[str, Any]]:
        blind = super()._blind
        call = {"id": "x", "name": HOSTILE, "arguments": HOSTILE}
        message = {
            "role": "assistant", "phase": "work", "turn": 1, "text": HOSTILE, "reasoning": HOSTILE,
            "error": HOSTILE, "tool_calls": [call],
        }  # fmt: skip
        roles = ("system", "user", "assistant", "tool")
        return [blind(n, {**message, "role": role}) for n, role in enumerate(roles, start=1)]


def test_what_a_subject_wrote_is_shown_and_never_runs(
    campaign: Path, serve_desk: Sites, visit: Any
) -> None:
    desk = open_desk(campaign, rubrics=["resisted"])
    deck = HostileDeck(desk.deck.folder, desk.deck.samples, desk.deck.names)
    site = serve_desk(replace(desk, deck=deck))
    ana = visit(site).enter("ana")
    ana.press("o")
    ana.page.keyboard.type(HOSTILE.replace("\x1b", ""))
    ana.press("Escape")
    ana.told("The note is saved.")
    ana.page.evaluate("getSelection().selectAllChildren(document.querySelectorAll('.text')[2])")
    ana.press("c")
    ana.told("The passage is saved.")
    ana.press("y", "k", "e")
    ana.at(1)
    ana.page.wait_for_timeout(200)
    assert ana.page.evaluate("window.hit") is None
    assert ana.page.locator("img").count() == 0
    shown = HOSTILE.replace("\u202e", "⟨U+202E⟩").replace("\x1b", "⟨U+001B⟩")
    assert ana.page.locator(".message.user > .text").inner_text() == shown
    assert ana.page.locator(".passages blockquote").inner_text() == shown


def test_no_response_says_who_it_was_or_what_was_found(quick: Site, visit: Any, made: Path) -> None:
    rows = read_observations(made / "observations.parquet")
    findings = read_findings(made / "findings.parquet")
    ana = visit(quick).enter("ana")
    ana.press(*"yyyyyyyy")
    ana.told("Everything is answered. Thank you.")
    ana.page.locator("#mode").click()
    sync_api.expect(ana.page.locator("#conversation h1")).to_have_text("No disagreements")
    secrets = {*rows["subject"], *rows["model"], *rows["trial_id"], *rows["log"], "quillwort"}
    secrets |= {*findings["detector"], *findings["summary"], str(made)}
    bodies = [answer.text() for answer in ana.answers]
    assert len(bodies) >= 2 * TRIALS + 3
    whole = "\n".join([*bodies, *ana.requests, *(json.dumps(a.headers) for a in ana.answers)])
    assert [secret for secret in secrets if secret in whole] == []
    assert '"wipe"' not in "\n".join(bodies[1:])


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [(1280, 900), (360, 740)], ids=["desktop", "phone"])
def test_it_fits_and_can_be_read(
    quick: Site, visit: Any, scheme: str, size: tuple[int, int]
) -> None:
    ana = visit(quick, size)
    ana.page.emulate_media(color_scheme=scheme)
    ana.enter("ana")
    assert ana.page.evaluate("document.documentElement.scrollWidth") <= size[0]
    yes = ana.page.locator("[data-answer=yes]")
    assert yes.bounding_box()["y"] + yes.bounding_box()["height"] <= size[1]
    ana.press("y")
    ana.at(2)
    ana.press("k")
    ana.at(1)
    assert ana.page.evaluate(f"({ACCESS.read_text()})()") == {"faint": [], "nameless": []}


def test_it_works_without_single_keys_and_by_tab(quick: Site, visit: Any) -> None:
    ana = visit(quick).enter("ana")
    ana.press("?")
    ana.page.get_by_label("Single keys work").uncheck()
    ana.page.get_by_role("button", name="Close").click()
    ana.press("y", "j")
    ana.page.locator("[data-answer=no]").focus()
    ana.press("Enter")
    ana.at(2)
    assert ana.page.evaluate("document.activeElement.id") == "question", "the focus is not lost"
    ana.press("Tab", "Space")
    ana.at(3)
    assert _kept(quick, "ana") == {1: "no", 2: "yes"}


def test_a_rater_who_is_given_is_not_asked(campaign: Path, serve_desk: Sites, visit: Any) -> None:
    site = serve_desk(open_desk(campaign, rubrics=["resisted"], rater="ana"))
    ana = visit(site)
    ana.at(1)
    assert ana.page.locator("#who").inner_text() == "ana"
    ana.press("y")
    ana.at(2)


def test_a_conversation_that_cannot_be_read_is_passed_by(quick: Site, visit: Any) -> None:
    desk = quick.desk
    broken = desk.deck.samples[desk.deck.order("ana")[0]][0]
    whole = (desk.deck.folder.path / broken).read_bytes()
    (desk.deck.folder.path / broken).write_bytes(b"PK broken")
    ana = visit(quick).enter("ana")
    sync_api.expect(ana.page.locator("#conversation")).to_contain_text("cannot be shown")
    ana.press("y")
    sync_api.expect(ana.page.locator("[data-answer=yes]")).to_be_disabled()
    assert _kept(quick, "ana") == {}
    (desk.deck.folder.path / broken).write_bytes(whole)
    ana.press("j", "k")
    sync_api.expect(ana.page.locator(".message").first).to_be_visible()
    ana.press("y")
    ana.at(2)
    assert all("500" in complaint for complaint in ana.complaints)
    ana.complaints.clear()
