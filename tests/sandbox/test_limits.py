"""Every limit is reached once, in a real sandbox, and holds."""

import time

import pytest
from inspect_ai.util import OutputLimitExceededError

from offswitch.sandbox import BwrapConfig, BwrapSandbox, cgroup

HOG = "b = bytearray({mib} << 20)\nfor i in range(0, len(b), 4096): b[i] = 1\n"
HOLD = HOG + "import time; time.sleep(2); print('held')"


@pytest.fixture(params=["control groups", "resource limits"])
def means(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "control groups" and not cgroup.limits("memory"):
        pytest.skip("no control group can be made here")
    if request.param == "resource limits":
        monkeypatch.setattr(cgroup, "controllers", tuple)
    return str(request.param)


async def python(sandbox: BwrapSandbox, code: str) -> tuple[int, str]:
    result = await sandbox.exec(["python3", "-c", code], timeout=30)
    return result.returncode, result.stdout


async def test_memory_of_one_process(means: str) -> None:
    sandbox = await BwrapSandbox.start(BwrapConfig(memory_mb=128))
    allowed = await python(sandbox, HOG.format(mib=60) + "print('held')")
    refused = await python(sandbox, HOG.format(mib=200) + "print('held')")
    alive = await sandbox.exec(["echo", "alive"])
    await sandbox.close()
    assert allowed == (0, "held\n")
    assert refused[0] != 0
    assert "held" not in refused[1]
    assert alive.stdout == "alive\n"


async def test_memory_of_all_processes_together(means: str) -> None:
    sandbox = await BwrapSandbox.start(BwrapConfig(memory_mb=200))
    command = f'for i in 1 2 3 4 5 6; do python3 -c "{HOLD.format(mib=80)}" & done; wait'
    result = await sandbox.exec(["bash", "-c", command], timeout=30)
    alive = await sandbox.exec(["echo", "alive"])
    await sandbox.close()
    assert result.stdout.count("held") <= 2
    assert alive.stdout == "alive\n"


async def test_processes(means: str) -> None:
    sandbox = await BwrapSandbox.start(BwrapConfig(processes=20))
    started = time.monotonic()
    code = """
import os, time
made = 0
while made < 200:
    try:
        if os.fork() == 0:
            time.sleep(30)
            os._exit(0)
        made += 1
    except OSError:
        break
print(made, flush=True)
"""
    _, out = await python(sandbox, code)
    assert 10 <= int(out) <= 20
    await sandbox.exec(["kill", "-9", "-1"])
    assert (await sandbox.exec(["bash", "-c", "echo $(echo alive)"])).stdout == "alive\n"
    await sandbox.close()
    assert time.monotonic() - started < 15


async def test_a_fork_bomb_ends_with_its_command() -> None:
    sandbox = await BwrapSandbox.start(BwrapConfig(processes=40))
    with pytest.raises(TimeoutError):
        await sandbox.exec(["bash", "-c", "f() { f | f & f; }; f; sleep 60"], timeout=2)
    left = await sandbox.exec(["bash", "-c", "ps -e | wc -l"], timeout=10)
    await sandbox.close()
    assert int(left.stdout) < 10


@pytest.mark.parametrize("place", ["~", "/tmp", "/var/tmp", "/dev/shm"])
async def test_disk(place: str) -> None:
    sandbox = await BwrapSandbox.start(BwrapConfig(disk_mb=8))
    script = f"for i in $(seq 20); do head -c 1M /dev/zero > {place}/$i || exit 1; done"
    result = await sandbox.exec(["bash", "-c", script], timeout=20)
    used = await sandbox.exec(["du", "-sm", "--total", "/tmp", "/var/tmp", "/dev/shm", "."])
    with pytest.raises(OSError, match="No space"):
        await sandbox.write_file("more", b"x" * (1 << 20))
    await sandbox.close()
    assert "No space left" in result.stderr
    assert int(used.stdout.split()[-2]) <= 8


@pytest.mark.parametrize("place", ["~", "/tmp", "/dev/shm"])
async def test_inodes(place: str) -> None:
    sandbox = await BwrapSandbox.start(BwrapConfig(inodes=100))
    script = f"cd {place} && for i in $(seq 500); do : > f$i || break; done; ls | wc -l"
    result = await sandbox.exec(["bash", "-c", script], timeout=20)
    await sandbox.close()
    if {limit.resource: limit.value for limit in sandbox.limits_report()}["inodes"] is None:
        pytest.skip("files are not limited here, and the report says so")
    assert "No space left" in result.stderr
    assert int(result.stdout) < 100


async def test_places_that_only_root_should_write_take_nothing(sandbox: BwrapSandbox) -> None:
    script = "for d in / /dev /run /var /etc /dev/pts /mnt; do head -c 1M /dev/zero > $d/x; done"
    result = await sandbox.exec(["bash", "-c", script])
    assert len(result.stderr.splitlines()) == 7


async def test_memory_that_nothing_counts_is_refused(sandbox: BwrapSandbox) -> None:
    code = """
import ctypes
libc = ctypes.CDLL(None)
print(libc.memfd_create(b"x", 0), libc.shmget(0, 1 << 20, 0o1600), libc.msgget(0, 0o1600))
"""
    assert await python(sandbox, code) == (0, "-1 -1 -1\n")


async def test_open_files() -> None:
    sandbox = await BwrapSandbox.start(BwrapConfig(open_files=32))
    code = "fds = []\nwhile len(fds) < 99:\n    fds.append(open('/dev/null'))\n    print(len(fds))"
    status, out = await python(sandbox, code)
    await sandbox.close()
    assert status != 0
    assert 20 < int(out.split()[-1]) < 32


async def test_output_counts_for_each_stream() -> None:
    sandbox = await BwrapSandbox.start(BwrapConfig(output_bytes=1000))
    whole = await sandbox.exec(["bash", "-c", "head -c 1000 /dev/zero; head -c 1000 /dev/zero >&2"])
    assert len(whole.stdout) == len(whole.stderr) == 1000
    with pytest.raises(OutputLimitExceededError, match="1000 bytes"):
        await sandbox.exec(["head", "-c", "1001", "/dev/zero"])
    await sandbox.close()


async def test_time() -> None:
    sandbox = await BwrapSandbox.start(BwrapConfig(exec_timeout_s=0.5))
    started = time.monotonic()
    for timeout in (None, 60):
        with pytest.raises(TimeoutError) as caught:
            await sandbox.exec(["bash", "-c", "echo begun; sleep 60"], timeout=timeout)
        assert getattr(caught.value, "truncated_output", "") == "begun\n"
    await sandbox.close()
    assert time.monotonic() - started < 5


async def test_the_report_says_what_is_in_force(means: str) -> None:
    sandbox = await BwrapSandbox.start(BwrapConfig(memory_mb=99, processes=33))
    report = {limit.resource: limit for limit in sandbox.limits_report()}
    await sandbox.close()
    assert report["memory_mb"].value == 99
    assert report["processes"].value == 33
    assert ("control group" in report["memory_mb"].means) == (means == "control groups")
    assert ("RLIMIT" in report["processes"].means) == (means == "resource limits")
