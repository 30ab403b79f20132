"""The server by a plain client: who is let in, what is told, what is refused."""

import http.client
import json
import re
import socket
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from tests.labelling.conftest import TRIALS, Site, Sites

from offswitch._errors import UsageError
from offswitch.evidence.observation import read_findings, read_observations
from offswitch.labelling.guard import LARGEST
from offswitch.labelling.server import listen
from offswitch.labelling.session import open_desk
from offswitch.labelling.store import NAME

ANSWER = {"rater": "ana", "n": 1, "rubric": "resisted", "verdict": "yes"}
TERMINAL = "That did not work; the terminal says why. Nothing was saved."


def test_it_listens_to_this_machine_only(door: Site) -> None:
    others = {info[4][0] for info in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)}
    for address in others - {"127.0.0.1"}:
        with pytest.raises(OSError, match=r"refused|unreachable|timed out"):
            socket.create_connection((address, door.port), timeout=2).close()
    table = Path("/proc/net/tcp").read_text()
    (local,) = re.findall(rf"\d+: (\w{{8}}):{door.port:04X} 00000000:0000 0A", table)
    assert local == "0100007F"


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "evil.example:{port}"},
        {"Host": "127.0.0.1.evil.example:{port}"},
        {"Host": "localhost.evil.example"},
        {"Host": "127.0.0.1:{port}@evil.example"},
        {"Host": "0.0.0.0:{port}"},
        {"Host": "192.168.1.1:{port}"},
        {"Host": None},
        {"Host": ""},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "https://127.0.0.1:{port}"},
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": "http://127.0.0.1"},
        {"Origin": None},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": None},
    ],
    ids=str,
)
def test_posts_of_others_are_refused(door: Site, headers: dict[str, str | None]) -> None:
    filled = {k: v and v.format(port=door.port) for k, v in headers.items()}
    status, text = door.ask("label", ANSWER, headers=filled)
    assert status in (400, 403, 415)
    assert "ana" not in text


@pytest.mark.parametrize(
    "path", ["", "state?rater=ana", "trials/1?rater=ana", "disputes?rater=ana"]
)
@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Origin": "http://evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
    ],
    ids=str,
)
def test_other_pages_read_nothing(door: Site, path: str, headers: dict[str, str | None]) -> None:
    assert door.ask(path, headers=headers)[0] == 403
    assert door.ask(path)[0] == 200, "the page itself does"


@pytest.mark.parametrize("token", ["", "x", "x" * 32, "é", "%00", "{token}x", "{half}"])
@pytest.mark.parametrize("path", ["", "state?rater=ana", "trials/1?rater=ana", "label"])
def test_nothing_is_told_without_the_secret_of_this_run(door: Site, token: str, path: str) -> None:
    wrong = token.format(token=door.token, half=door.token[:16])
    sent = ANSWER if path == "label" else None
    status, text = door.ask(path, sent, token=wrong.replace("é", "%C3%A9"))
    assert status == 403
    assert door.token not in text


def test_a_tunnel_may_have_another_port_and_name(site: Site) -> None:
    for host in ("localhost:1234", "LOCALHOST", "127.0.0.1"):
        headers = {"Host": host, "Origin": f"http://{host}"}
        assert site.ask("label", ANSWER, headers=headers)[0] == 200


def test_secrets_differ_between_runs(campaign: Path, serve_desk: Sites, site: Site) -> None:
    other = serve_desk(open_desk(campaign))
    assert len(other.token) >= 32
    assert other.ask("", token=site.token)[0] == 403


def test_answers_carry_a_strict_policy(door: Site) -> None:
    for path, status in ((f"/{door.token}/", 200), ("/", 403), (f"/{door.token}/nowhere", 404)):
        connection = http.client.HTTPConnection("127.0.0.1", door.port)
        connection.request("GET", path)
        answer = connection.getresponse()
        assert answer.status == status
        policy = answer.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; script-src 'sha256-")
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert "Access-Control-Allow-Origin" not in answer.headers
        connection.close()


@pytest.mark.parametrize(
    ("sent", "message"),
    [
        ({**ANSWER, "verdict": "maybe"}, "there is no verdict of the rubric 'resisted' 'maybe'"),
        ({**ANSWER, "rubric": "other"}, "there is no rubric 'other'"),
        ({**ANSWER, "n": 0}, "n: "),
        ({**ANSWER, "n": TRIALS + 1}, f"there are {TRIALS} trials, and no number 9"),
        ({**ANSWER, "rater": "adjudicated"}, "marks decisions"),
        ({**ANSWER, "rater": "Adjudicated "}, "marks decisions"),
        ({**ANSWER, "rater": "=HYPERLINK(1)"}, "a rater's name has"),
        ({**ANSWER, "rater": ""}, "a rater's name has"),
        ({**ANSWER, "note": "x" * 4001}, "note: "),
        ({**ANSWER, "more": 1}, "more: "),
        ({**ANSWER, "quotes": [{"message": 1, "text": "never said"}]}, "not in message 1"),
        ({**ANSWER, "quotes": [{"message": 999, "text": "a"}]}, "not in message 999"),
        (b"{broken", "Invalid JSON"),
        (b'{"rater": "\\ud800"}', "Invalid JSON"),
        ([], "object"),
    ],
    ids=str,
)
def test_wrong_labels_are_refused_and_not_saved(door: Site, sent: Any, message: str) -> None:
    status, text = door.ask("label", sent)
    assert status == 422
    assert message in json.loads(text)["error"]


def test_a_body_without_end_is_refused(door: Site) -> None:
    assert door.ask("label", b" " * (LARGEST + 1))[0] == 413
    headers = {"Transfer-Encoding": "chunked", "Content-Length": None}
    assert door.ask("label", b"0\r\n\r\n", headers=headers)[0] == 413


@pytest.mark.parametrize(
    "path", ["nowhere", "trials/x?rater=ana", "label", "..", "static/label.js"]
)
def test_there_is_nothing_else(door: Site, path: str) -> None:
    assert door.ask(path)[0] in (403, 404, 405)


def test_labels_and_undo_and_progress(site: Site) -> None:
    assert site.label("ana", 3, "yes")["label"]["verdict"] == "yes"
    site.label("ana", 3, "no", note="why", quotes=[])
    state = site.json("state?rater=ana")
    assert state["labels"] == {"3": {"resisted": {"verdict": "no", "note": "why", "quotes": []}}}
    assert site.json("state?rater=ben")["labels"] == {}, "another rater's are not told"
    undone = site.json("undo", {"rater": "ana"})
    assert (undone["n"], undone["label"]["verdict"], undone["undo"]) == (3, "yes", True)
    undone = site.json("undo", {"rater": "ana"})
    assert (undone["label"], undone["undo"]) == (None, False)
    assert site.json("undo", {"rater": "ana"})["n"] is None


def test_a_passage_is_kept_where_it_stands(site: Site) -> None:
    said = site.json("trials/2?rater=ana")[1]["text"]
    quote = {"message": 2, "text": said[5:40].replace(" ", "\n  ")}
    assert site.label("ana", 2, "yes", quotes=[quote])["label"]["quotes"] == [quote]


def _same(site: Site, one: str, other: str, n: int) -> int:
    """The number that one rater's ``n``-th trial has in the order of another."""
    trial = site.desk.deck.order(one)[n - 1]
    return site.desk.deck.order(other).index(trial) + 1


def test_disagreements_are_settled_without_names(site: Site) -> None:
    site.label("ana", 1, "yes", note="a veiled threat")
    site.label("ben", _same(site, "ana", "ben", 1), "no", note="only a complaint")
    site.label("ana", 2, "yes")
    site.label("ben", _same(site, "ana", "ben", 2), "yes")
    (dispute,) = site.json("disputes?rater=cleo")
    assert {label["who"] for label in dispute["labels"]} == {"Rater A", "Rater B"}
    assert {label["note"] for label in dispute["labels"]} == {"a veiled threat", "only a complaint"}
    assert "ana" not in json.dumps(dispute)
    sent = {**ANSWER, "rater": "cleo", "n": dispute["n"], "verdict": "no", "note": "agreed"}
    settled = site.json("settle", sent)
    assert settled["decision"]["verdict"] == "no"
    assert {label["who"] for label in settled["labels"]} == {"ana", "ben"}
    assert site.json("state?rater=ana")["disputes"] == 0
    taken_back = site.json("settle", {**sent, "verdict": None})
    assert taken_back["decision"] is None


def test_a_rater_sees_no_others_label_before_giving_one(site: Site) -> None:
    site.label("ana", 1, "yes")
    site.label("ben", _same(site, "ana", "ben", 1), "no")
    n = _same(site, "ana", "cleo", 1)
    assert len(site.json("disputes?rater=cleo")) == 1, "who labels nothing may settle"
    site.label("cleo", n % TRIALS + 1, "yes")
    assert site.json("disputes?rater=cleo") == []
    refused = site.ask("settle", {**ANSWER, "rater": "cleo", "n": n})
    assert refused[0] == 422
    site.label("cleo", n, "yes")
    assert len(site.json("disputes?rater=cleo")) == 1


def test_what_raters_agree_on_cannot_be_settled(site: Site) -> None:
    site.label("ana", 1, "yes")
    assert site.ask("settle", {**ANSWER, "rater": "cleo"})[0] == 422


def test_a_page_for_one_rater_serves_no_other(campaign: Path, serve_desk: Sites) -> None:
    site = serve_desk(open_desk(campaign, rater="ana"))
    site.label("ana", 1, "yes")
    assert site.ask("label", {**ANSWER, "rater": "ben"})[0] == 422
    assert site.ask("state?rater=ben")[0] == 422


def test_no_answer_says_who_it_was_or_what_was_found(site: Site, made: Path) -> None:
    rows = read_observations(made / "observations.parquet")
    findings = read_findings(made / "findings.parquet")
    site.ask("")
    for n in range(1, TRIALS + 1):
        site.json(f"trials/{n}?rater=ana")
        site.label("ana", n, "yes", note="seen")
    site.json("state?rater=ana")
    site.json("disputes?rater=ana")
    secrets = {*rows["subject"], *rows["model"], *rows["trial_id"], *rows["log"]}
    secrets |= {"quillwort", "observations.parquet", str(made)}
    secrets |= {*findings["detector"], *findings["summary"]}
    levels = {level for name in rows.columns if name.startswith("factor.") for level in rows[name]}
    keys = {f'"{name}"' for name in rows.columns} - {'"error"', '"awareness"'}
    whole, spoken = "\n".join(site.answers), "\n".join(site.answers[1:])
    assert [outcome for outcome in rows["outcome"] if outcome in spoken] == []
    assert [secret for secret in secrets if secret in whole] == []
    assert [key for key in keys if key in whole] == []
    assert [level for level in levels if f'"{level}"' in spoken] == []
    assert rows.filter(pl.col("outcome") == "succeeded").height > 0


def test_a_damaged_log_is_named_on_the_terminal_and_not_on_the_page(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    (log, *_), *_ = site.desk.deck.samples.values()
    for path in (site.desk.deck.folder.path / "logs").iterdir():
        path.write_bytes(b"PK broken")
    status, text = site.ask("trials/1?rater=ana")
    assert status == 500
    assert json.loads(text) == {"error": TERMINAL}
    assert "zip" in caplog.text.lower()
    assert log not in text


def test_labels_that_are_damaged_meanwhile_are_an_error_and_are_left_alone(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    site.label("ana", 1, "yes")
    store = site.desk.deck.folder.path / NAME
    damaged = store.read_bytes() + b"{broken\n"
    store.write_bytes(damaged)
    status, text = site.ask("label", ANSWER)
    assert status == 500
    assert json.loads(text) == {"error": TERMINAL}
    assert "line 2: cannot be read" in caplog.text
    assert store.read_bytes() == damaged


def test_a_port_in_use_is_named() -> None:
    with listen() as taken:
        port = taken.getsockname()[1]
        with pytest.raises(
            UsageError, match=rf"port {port} cannot be used: Address already in use"
        ):
            listen(port)
