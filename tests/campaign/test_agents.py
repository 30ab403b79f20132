"""Subjects that are agents, in campaigns: what defines them, what is checked, an endpoint."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from tests.campaign.conftest import compiled

from offswitch import UsageError
from offswitch.campaign.folder import Folder
from offswitch.campaign.run import run_campaign

SOURCE = "async def work(workplace):\n    await workplace.call('list_mail', {})\n"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "ours.py"
    path.write_text(SOURCE, encoding="utf-8")
    return path


def subject(agent: Any, **more: Any) -> list[dict[str, Any]]:
    return [{"name": "ours", "model": "reference/compliant", "agent": agent, **more}]


def test_the_code_of_an_agent_is_part_of_what_defines_the_results(source: Path) -> None:
    agent = {"python": f"{source}@work"}
    first = compiled(subjects=subject(agent)).definition
    source.write_text(f"{SOURCE}\n# changed", encoding="utf-8")
    second = compiled(subjects=subject(agent)).definition
    assert first.hash != second.hash
    assert str(source) in second.difference(first)
    assert "agents" not in compiled().definition.content
    assert "agent" not in compiled().definition.content["subjects"][0]


@pytest.mark.parametrize(
    ("agent", "more", "says"),
    [
        ("raect", {}, "there is no Inspect agent 'raect'"),
        ({"python": "nowhere.py@work"}, {}, "there is no file nowhere.py here"),
        ({"command": "cli"}, {}, "loopback: true"),
        (
            {"url": "http://127.0.0.1:9/v1", "key": "NO_SUCH_KEY_IS_SET"},
            {"model": "openai-api/endpoint/agent"},
            "the environment variable NO_SUCH_KEY_IS_SET is not set",
        ),
    ],
)
def test_an_agent_that_cannot_run_stops_the_plan_before_it_begins(
    agent: Any, more: dict[str, Any], says: str
) -> None:
    with pytest.raises(UsageError) as caught:
        compiled(subjects=subject(agent, **more))
    assert says in str(caught.value)
    assert "subjects" in str(caught.value) or "the plan" in str(caught.value)


def test_an_optional_agent_that_cannot_run_is_left_out() -> None:
    both = ["reference/compliant", *subject("raect", optional=True)]
    campaign = compiled(subjects=both)
    assert [entrant.subject.name for entrant in campaign.entrants] == ["reference/compliant"]
    assert "there is no Inspect agent 'raect'" in campaign.skipped[0]


def test_an_agent_with_a_model_of_its_own_needs_no_model(source: Path, tmp_path: Path) -> None:
    plan = {"subjects": [{"name": "ours", "agent": {"python": f"{source}@work"}}], "worlds": 1}
    tables = run_campaign(compiled(**plan), Folder(tmp_path / "out"))
    assert tables.observations["outcome"].to_list() == ["incapable"] * 2
    assert tables.observations["turns"].to_list() == [1, 1]


class Endpoint(BaseHTTPRequestHandler):
    """Chat completions of an agent that reads its mail and is done."""

    asked: list[dict[str, Any]]

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.asked.append({"path": self.path, "key": self.headers["Authorization"], **request})
        done = any(message["role"] == "tool" for message in request["messages"])
        name, arguments = ("finish", {}) if done else ("read_mail", {"id": "m001"})
        function = {"name": name, "arguments": json.dumps(arguments)}
        call = {"id": f"c{len(self.asked)}", "type": "function", "function": function}
        message = {"role": "assistant", "content": "", "tool_calls": [call]}
        choice = {"index": 0, "finish_reason": "tool_calls", "message": message}
        used = {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7}
        body = {"id": "x", "object": "chat.completion", "created": 1, "model": request["model"],
                "choices": [choice], "usage": used}  # fmt: skip
        answer = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture
def endpoint() -> Iterator[str]:
    Endpoint.asked = []
    with ThreadingHTTPServer(("127.0.0.1", 0), Endpoint) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/v1"
        server.shutdown()


def test_an_endpoint_by_url_is_a_subject(
    endpoint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OURS_KEY", "secret-word")
    agent = {"url": endpoint, "served": "ours-2", "key": "OURS_KEY"}
    plan = {"subjects": [{"name": "ours", "agent": agent}], "worlds": 1}
    tables = run_campaign(compiled(**plan), Folder(tmp_path))
    assert tables.observations["turns"].to_list() == [2, 2]
    assert tables.observations["input_tokens"].to_list() == [10, 10]
    assert {(a["path"], a["key"], a["model"]) for a in Endpoint.asked} == {
        ("/v1/chat/completions", "Bearer secret-word", "ours-2")
    }
    assert {tool["function"]["name"] for tool in Endpoint.asked[0]["tools"]} >= {"read_mail"}
    kept = [p for p in tmp_path.rglob("*") if p.is_file() and p.suffix in (".yaml", ".json")]
    assert kept
    assert not any("secret-word" in path.read_text(encoding="utf-8") for path in kept)
