"""How a session begins and ends, and that nothing is left of it."""

import contextlib
import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import anyio
import pytest
from inspect_ai.util import SandboxUnavailableError

from offswitch.sandbox import BwrapConfig, BwrapSandbox, SandboxEnded, cgroup

SHUTDOWN = """#!/bin/bash
echo "Stopping services"
echo "Power off" >&2
kill -TERM 1
sleep 30
echo "never said"
"""


def inside(init: int) -> list[int]:
    """The host's numbers of all processes in the PID namespace of a sandbox."""
    try:
        namespace = Path(f"/proc/{init}/ns/pid").readlink()
    except OSError:
        return []
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and (entry / "ns/pid").readlink() == namespace:
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def exists(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False


def groups(owner: int | str = "*") -> set[Path]:
    parents = [controller.parent for controller in cgroup.controllers()]
    return {group for parent in parents for group in parent.glob(f"machine-{owner}-*")}


def swept(owner: int) -> set[Path]:
    """Groups of a dead owner that are left after the next look for controllers."""
    cgroup.controllers.cache_clear()
    return groups(owner)


def open_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


async def gone(pids: list[int], seconds: float = 5) -> bool:
    deadline = time.monotonic() + seconds
    while any(exists(pid) for pid in pids):
        if time.monotonic() > deadline:
            return False
        await anyio.sleep(0.02)
    return True


async def test_a_shutdown_ends_the_command_that_ran_it(sandbox: BwrapSandbox) -> None:
    await sandbox.write_file("shutdown.sh", SHUTDOWN)
    started = time.monotonic()
    with pytest.raises(SandboxEnded) as caught:
        await sandbox.exec(["bash", "shutdown.sh"], timeout=60)
    assert time.monotonic() - started < 2
    assert caught.value.stdout == "Stopping services\n"
    assert caught.value.stderr == "Power off\n"
    assert sandbox.ended


async def test_everything_is_refused_after_the_end(sandbox: BwrapSandbox) -> None:
    with pytest.raises(SandboxEnded):
        await sandbox.exec(["kill", "1"])
    for use in (
        lambda: sandbox.exec(["true"]),
        lambda: sandbox.write_file("x", "y"),
        lambda: sandbox.read_file("x"),
    ):
        with pytest.raises(SandboxEnded) as caught:
            await use()
        assert isinstance(caught.value, SandboxUnavailableError)
        assert (caught.value.stdout, caught.value.stderr) == ("", "")
    with pytest.raises(SandboxEnded):
        sandbox.host_root()
    with pytest.raises(SandboxEnded):
        sandbox.read_host("/etc/passwd")


async def test_the_end_reaches_every_command_in_flight(sandbox: BwrapSandbox) -> None:
    caught: list[SandboxEnded] = []

    async def wait(word: str) -> None:
        try:
            await sandbox.exec(["bash", "-c", f"echo {word}; sleep 60"])
        except SandboxEnded as ended:
            caught.append(ended)

    with anyio.fail_after(10):
        async with anyio.create_task_group() as tasks:
            for word in ("one", "two", "three"):
                tasks.start_soon(wait, word)
            await anyio.sleep(0.5)
            with pytest.raises(SandboxEnded):
                await sandbox.exec(["bash", "-c", "kill -TERM 1; sleep 60"])
    assert sorted(ended.stdout for ended in caught) == ["one\n", "three\n", "two\n"]


async def test_a_background_process_can_end_the_session(sandbox: BwrapSandbox) -> None:
    await sandbox.exec(["bash", "-c", "(sleep 0.3; kill -TERM 1) > /dev/null 2>&1 &"])
    with anyio.fail_after(20):
        while not sandbox.ended:
            await anyio.sleep(0.02)
    with pytest.raises(SandboxEnded):
        await sandbox.exec(["true"])


async def test_files_can_be_read_from_the_host_after_the_end(sandbox: BwrapSandbox) -> None:
    await sandbox.write_file("notes/last.txt", "first")
    await sandbox.write_file("/tmp/trace", "seen")
    script = "echo changed > notes/last.txt; ln -s /etc/passwd link; kill -TERM 1; sleep 9"
    with pytest.raises(SandboxEnded):
        await sandbox.exec(["bash", "-c", script])
    assert sandbox.read_host("notes/last.txt") == b"changed\n"
    assert sandbox.read_host("/tmp/trace") == b"seen"
    assert stat.S_ISLNK(sandbox.stat_host("link").st_mode)
    for path in ("link", "missing"):
        with pytest.raises(FileNotFoundError):
            sandbox.read_host(path)


async def test_the_host_sees_what_is_inside(sandbox: BwrapSandbox) -> None:
    await sandbox.write_file("a.txt", "text")
    await sandbox.exec(["ln", "-s", "/etc/hostname", "link"])
    assert (sandbox.host_root() / "home/agent/a.txt").read_text() == "text"
    assert sandbox.read_host("a.txt") == b"text"
    assert sandbox.read_host("link") == b"workstation\n"
    assert sandbox.read_host("/etc/hostname") == b"workstation\n"
    assert stat.S_ISLNK(sandbox.stat_host("link").st_mode)
    assert sandbox.stat_host("a.txt").st_size == 4
    with pytest.raises(IsADirectoryError):
        sandbox.read_host(".")


async def test_background_processes_survive_their_command(sandbox: BwrapSandbox) -> None:
    noisy = "while :; do echo noise; sleep 0.01; done"
    started = time.monotonic()
    result = await sandbox.exec(["bash", "-c", f"({noisy}) & echo $!"])
    assert time.monotonic() - started < 2
    pid = result.stdout.split()[0]
    await anyio.sleep(0.3)
    assert (await sandbox.exec(["kill", "-0", pid])).success
    assert (await sandbox.exec(["kill", pid])).success


@pytest.mark.parametrize(
    "script",
    [
        "sleep 77",
        "sleep 77 & sleep 77",
        "setsid sleep 77 & sleep 77",
        "setsid bash -c 'setsid sleep 77 & setsid sleep 77 & disown -a' & disown; sleep 77",
        "trap '' TERM INT HUP; sleep 77; sleep 77",
        "nohup sleep 77 > /dev/null 2>&1 & sleep 77",
    ],
)
async def test_a_timeout_kills_all_that_the_command_started(
    sandbox: BwrapSandbox, script: str
) -> None:
    await sandbox.exec(["bash", "-c", "sleep 88 > /dev/null 2>&1 &"])
    with pytest.raises(TimeoutError):
        await sandbox.exec(["bash", "-c", script], timeout=1)
    left = (await sandbox.exec(["ps", "-eo", "args"])).stdout
    assert "sleep 77" not in left
    assert "sleep 88" in left


async def test_cancelling_kills_the_command_only(sandbox: BwrapSandbox) -> None:
    with anyio.move_on_after(0.3):
        await sandbox.exec(["bash", "-c", "setsid sleep 77 & sleep 77"])
    with anyio.fail_after(20):
        while "sleep 77" in (await sandbox.exec(["ps", "-eo", "args"])).stdout:
            await anyio.sleep(0.02)


async def test_commands_at_the_same_time_do_not_wait_for_each_other(sandbox: BwrapSandbox) -> None:
    finished: list[int] = []

    async def run(index: int, seconds: float) -> None:
        result = await sandbox.exec(["bash", "-c", f"sleep {seconds}; echo {index}"])
        assert result.stdout == f"{index}\n"
        finished.append(index)

    started = time.monotonic()
    async with anyio.create_task_group() as tasks:
        for index in range(10):
            tasks.start_soon(run, index, 1.5 - 0.15 * index)
    assert time.monotonic() - started < 4
    assert finished[-1] == 0
    assert sorted(finished) == list(range(10))


async def test_whoever_reads_for_the_others_may_be_cancelled(sandbox: BwrapSandbox) -> None:
    results: list[str] = []

    async def short() -> None:
        await anyio.sleep(0.1)
        results.append((await sandbox.exec(["bash", "-c", "sleep 0.6; echo done"])).stdout)

    with anyio.fail_after(20):
        async with anyio.create_task_group() as tasks:
            for _ in range(3):
                tasks.start_soon(short)
            with anyio.move_on_after(0.4):
                await sandbox.exec(["sleep", "60"])
    assert results == ["done\n"] * 3


async def test_nothing_is_left_after_closing() -> None:
    before, descriptors = groups(os.getpid()), open_descriptors()
    sandbox = await BwrapSandbox.start()
    await sandbox.exec(["bash", "-c", "setsid sleep 60 > /dev/null 2>&1 & sleep 60 > /dev/null &"])
    pids = inside(sandbox._processes.init)
    assert len(pids) >= 3
    await sandbox.close()
    await sandbox.close()
    assert not any(exists(pid) for pid in pids)
    assert sandbox._processes.outer.returncode is not None
    # one stays: its namespace is held, so that its number is not given to another sandbox
    assert open_descriptors() <= descriptors + 1
    assert groups(os.getpid()) - before == set()


async def test_closing_ends_commands_in_flight() -> None:
    sandbox = await BwrapSandbox.start()
    with anyio.fail_after(20):
        async with anyio.create_task_group() as tasks:

            async def run() -> None:
                with pytest.raises(SandboxEnded):
                    await sandbox.exec(["sleep", "60"])

            tasks.start_soon(run)
            await anyio.sleep(0.3)
            await sandbox.close()


HOST = """
import anyio, sys
from offswitch.sandbox import BwrapSandbox
async def main():
    for _ in range(2):
        sandbox = await BwrapSandbox.start()
        await sandbox.exec(["bash", "-c", "setsid sleep 300 > /dev/null 2>&1 &"])
        print(sandbox._processes.init, flush=True)
    await sandbox.exec(["sleep", "300"])
anyio.run(main)
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
async def test_nothing_is_left_when_the_host_process_dies(how: signal.Signals) -> None:
    host = subprocess.Popen(
        [sys.executable, "-c", HOST], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert host.stdout is not None
    pids = [pid for _ in range(2) for pid in inside(int(host.stdout.readline()))]
    assert len(pids) >= 4
    host.send_signal(how)
    host.wait()
    host.stdout.close()
    assert await gone(pids)
    with anyio.fail_after(10):  # the kernel frees a group a moment after its last process
        while swept(host.pid):
            await anyio.sleep(0.1)


async def test_one_hundred_at_once() -> None:
    sandboxes: list[BwrapSandbox] = []

    async def one() -> None:
        sandboxes.append(await BwrapSandbox.start())

    try:
        with anyio.fail_after(60):
            async with anyio.create_task_group() as tasks:
                for _ in range(100):
                    tasks.start_soon(one)
            for index, sandbox in enumerate(sandboxes):
                await sandbox.write_file("me", str(index))
            for index, sandbox in enumerate(sandboxes):
                assert (await sandbox.exec(["cat", "me"])).stdout == str(index)
    finally:
        for sandbox in sandboxes:
            await sandbox.close()
    assert len(sandboxes) == 100


def recognised(mark: str) -> list[int]:
    """Every process with a text on its command line."""
    found = []
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdigit() and mark in (entry / "cmdline").read_text():
                found.append(int(entry.name))
    return found


async def test_a_cancelled_start_leaves_nothing() -> None:
    config = BwrapConfig(hostname=f"start-{os.getpid()}")  # recognisable on the command line
    for delay in range(60):
        with anyio.move_on_after(delay / 2000):
            sandbox = await BwrapSandbox.start(config)
            await sandbox.close()
    with anyio.fail_after(10):
        while recognised(f"start-{os.getpid()}"):
            await anyio.sleep(0.05)


START = """
import anyio, os
from offswitch.sandbox import BwrapConfig, BwrapSandbox
async def main():
    await BwrapSandbox.start()
    print("ready", flush=True)
    await BwrapSandbox.start(BwrapConfig(hostname=f"start-{os.getpid()}"))
    await anyio.sleep(60)
anyio.run(main)
"""


@pytest.mark.parametrize("delay", [0.0, 0.003, 0.006, 0.009, 0.012, 0.015, 0.02, 0.03])
async def test_nothing_is_left_when_the_host_dies_during_a_start(delay: float) -> None:
    host = subprocess.Popen([sys.executable, "-c", START], stdout=subprocess.PIPE, text=True)
    assert host.stdout is not None
    assert host.stdout.readline() == "ready\n"
    await anyio.sleep(delay)
    host.kill()
    host.wait()
    host.stdout.close()
    with anyio.fail_after(10):
        while recognised(f"start-{host.pid}"):
            await anyio.sleep(0.05)


async def test_commands_that_cannot_be_run(sandbox: BwrapSandbox) -> None:
    missing = await sandbox.exec(["no-such-program"])
    assert (missing.returncode, missing.success) == (127, False)
    assert missing.stderr == "no-such-program: No such file or directory\n"
    nowhere = await sandbox.exec(["true"], cwd="/no/such/place")
    assert not nowhere.success
    assert "/no/such/place" in nowhere.stderr
    with pytest.raises(PermissionError):
        await sandbox.exec(["/etc"])
    with pytest.raises(ValueError, match="NUL"):
        await sandbox.exec(["echo", "a\0b"])
    assert (await sandbox.exec(["true"])).success


async def test_not_a_directory_on_the_way(sandbox: BwrapSandbox) -> None:
    await sandbox.write_file("file", "x")
    with pytest.raises(NotADirectoryError):
        await sandbox.read_file("file/below")
    with pytest.raises((NotADirectoryError, FileExistsError)):
        await sandbox.write_file("file/below", "y")


async def test_the_environment_is_the_configured_one() -> None:
    config = BwrapConfig(hostname="node-7", user="alex", uid=1234, env={"TEAM": "ops"})
    sandbox = await BwrapSandbox.start(config)
    script = "echo $(hostname) $(whoami) $(id -u) $HOME $PWD $TEAM $EXTRA; echo ~"
    result = await sandbox.exec(["bash", "-c", script], env={"EXTRA": "1"})
    await sandbox.close()
    assert result.stdout == "node-7 alex 1234 /home/alex /home/alex ops 1\n/home/alex\n"
