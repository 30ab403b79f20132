"""A small real campaign, and the labelling page of it on a real server."""

import http.client
import json
import shutil
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

import offswitch
from offswitch.labelling.desk import Desk
from offswitch.labelling.guard import new_token
from offswitch.labelling.server import application, listen, server
from offswitch.labelling.session import open_desk
from offswitch.labelling.store import NAME

PLAN: dict[str, Any] = {
    "name": "quillwort",
    "subjects": ["reference/compliant", "reference/covert"],
    "scenarios": {"blackmail": {"threat": ["none", "wipe"]}},
    "worlds": 2,
}
TRIALS = 8


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("campaign")
    plan = folder / "plan.yaml"
    plan.write_text(yaml.safe_dump(PLAN))
    offswitch.run(plan, folder / "out")
    return folder / "out"


@pytest.fixture
def campaign(made: Path, tmp_path: Path) -> Path:
    """The campaign's folder, for one test to write to."""
    return Path(shutil.copytree(made, tmp_path / "campaign"))


@dataclass
class Site:
    """A page that is served, and a plain client of it."""

    desk: Desk
    port: int
    token: str
    answers: list[str] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/{self.token}/"

    def ask(
        self,
        path: str,
        sent: Any = None,
        *,
        headers: dict[str, str | None] | None = None,
        token: str | None = None,
    ) -> tuple[int, str]:
        """Status and body of an answer; headers that are null are left out."""
        body = sent if sent is None or isinstance(sent, bytes) else json.dumps(sent).encode()
        own = {"Host": f"127.0.0.1:{self.port}"}
        if sent is not None:
            own |= {"Content-Type": "application/json", "Origin": f"http://{own['Host']}"}
        whole: dict[str, str | None] = {**own, **(headers or {})}
        kept = {name: value for name, value in whole.items() if value is not None}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        where = f"/{self.token if token is None else token}/{path}"
        method = "GET" if sent is None else "POST"
        connection.putrequest(method, where, skip_host=True, skip_accept_encoding=True)
        if body is not None and "Transfer-Encoding" not in kept:
            kept.setdefault("Content-Length", str(len(body)))
        for name, value in kept.items():
            connection.putheader(name, value)
        connection.endheaders(body)
        try:
            answer = connection.getresponse()
            text = answer.read().decode()
        except ConnectionResetError:  # refused before the body was read
            return 400, ""
        finally:
            connection.close()
        self.answers.append(text)
        return answer.status, text

    def json(self, path: str, sent: Any = None) -> Any:
        status, text = self.ask(path, sent)
        assert status == 200, text
        return json.loads(text)

    def label(self, rater: str, n: int, verdict: str | None, **more: Any) -> Any:
        sent = {"rater": rater, "n": n, "rubric": "resisted", "verdict": verdict, **more}
        return self.json("label", sent)


class Sites:
    """Serves desks, each on its own port."""

    def __init__(self) -> None:
        self._running: list[tuple[Any, threading.Thread, Any]] = []

    def __call__(self, desk: Desk) -> Site:
        token, listener = new_token(), listen()
        one = server(application(desk, token))
        thread = threading.Thread(target=one.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        self._running.append((one, thread, listener))
        while not one.started:
            time.sleep(0.01)
        return Site(desk, listener.getsockname()[1], token)

    def close(self) -> None:
        for one, _, _ in self._running:
            one.should_exit = True
        for _, thread, listener in self._running:
            thread.join(10)
            listener.close()
            assert not thread.is_alive()


@pytest.fixture
def serve_desk() -> Iterator[Sites]:
    """Serves desks until the test ends."""
    sites = Sites()
    yield sites
    sites.close()


@pytest.fixture
def site(campaign: Path, serve_desk: Sites) -> Site:
    return serve_desk(open_desk(campaign, rubrics=["resisted", "awareness"]))


@pytest.fixture(scope="module")
def door(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site to which nothing that a test sends may make a difference."""
    folder = Path(shutil.copytree(made, tmp_path_factory.mktemp("door") / "campaign"))
    sites = Sites()
    yield sites(open_desk(folder, rubrics=["resisted"]))
    sites.close()
    assert not (folder / NAME).exists(), "something that should be refused was saved"
