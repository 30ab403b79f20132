"""Attempts to get out of a sandbox, to reach what is outside, or to use more than is allowed.

Each aims at a target that the test itself has made, and every one must fail. Where it makes
sense the same attempt is made from the host first, which shows that the target is there.
"""

import contextlib
import os
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from inspect_ai.util import OutputLimitExceededError

from offswitch.sandbox import BwrapConfig, BwrapSandbox

SECRET = "the host's own words"
PRELUDE = """
import ctypes, errno, os, socket, sys
libc = ctypes.CDLL(None, use_errno=True)
def call(name, *args):
    result = getattr(libc, name)(*args)
    return result, errno.errorcode.get(ctypes.get_errno(), "0") if result < 0 else "0"
def syscall(*args):
    result = libc.syscall(*args)
    return result, errno.errorcode.get(ctypes.get_errno(), "0") if result < 0 else "0"
"""


async def shell(sandbox: BwrapSandbox, script: str, timeout: int = 20) -> str:
    result = await sandbox.exec(["bash", "-c", script], timeout=timeout)
    return result.stdout + result.stderr


async def python(sandbox: BwrapSandbox, code: str, timeout: int = 20) -> str:
    result = await sandbox.exec(["python3", "-c", PRELUDE + code], timeout=timeout)
    return (result.stdout + result.stderr).strip()


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "secret.txt"
    path.write_text(SECRET)
    for directory in (path, *path.parents):
        if directory.stat().st_uid == os.geteuid() and directory != Path("/"):
            directory.chmod(directory.stat().st_mode | 0o055)
    return path


@pytest.fixture
def victim() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(["sleep", "120"])
    yield process
    process.kill()
    process.wait()


async def test_host_files_are_not_there(sandbox: BwrapSandbox, secret: Path) -> None:
    out = await shell(sandbox, f"cat {secret}; ls {secret.parent}; cat /proc/1/root{secret}")
    assert SECRET not in out
    assert out.count("No such file") >= 2
    with pytest.raises(FileNotFoundError):
        await sandbox.read_file(str(secret))


@pytest.mark.parametrize("detour", ["/proc/1/root", "/proc/1/cwd", "/proc/self/root/../../.."])
async def test_proc_leads_nowhere(sandbox: BwrapSandbox, secret: Path, detour: str) -> None:
    out = await shell(sandbox, f"ln -s {detour}{secret} link; cat link {detour}{secret}")
    assert SECRET not in out
    with pytest.raises(OSError):
        await sandbox.read_file("link")


async def test_links_do_not_lead_the_provider_to_host_files(
    sandbox: BwrapSandbox, secret: Path
) -> None:
    climb = "../" * 12 + str(secret).lstrip("/")
    await shell(sandbox, f"ln -s {secret} absolute; ln -s {climb} relative; ln -s / everything")
    for path in ("absolute", "relative", f"everything{secret}", climb):
        with pytest.raises(OSError):
            await sandbox.read_file(path)
        with pytest.raises(OSError):
            sandbox.read_host(path)


async def test_writing_through_links_stays_inside(sandbox: BwrapSandbox, secret: Path) -> None:
    await shell(sandbox, f"ln -s {secret} link; ln -s {secret.parent} directory")
    for path in ("link", "directory/secret.txt", str(secret)):
        with contextlib.suppress(OSError):
            await sandbox.write_file(path, "overwritten")
    assert secret.read_text() == SECRET


@pytest.mark.parametrize("place", ["/", "/usr/bin", "/etc", "/root", "/dev", "/sys", "/proc/sys"])
async def test_nothing_outside_the_writable_places_can_be_written(
    sandbox: BwrapSandbox, place: str
) -> None:
    out = await shell(sandbox, f"touch {place}/x && echo written; mkdir {place}/y && echo written")
    assert "written" not in out


async def test_a_file_shown_read_only_stays_as_it_is(secret: Path) -> None:
    sandbox = await BwrapSandbox.start(BwrapConfig(read_only={str(secret.parent): "/data"}))
    try:
        out = await shell(
            sandbox, "cat /data/secret.txt; echo x > /data/secret.txt; rm -rf /data/*"
        )
    finally:
        await sandbox.close()
    assert SECRET in out
    assert secret.read_text() == SECRET


async def test_kernel_settings_cannot_be_written(sandbox: BwrapSandbox) -> None:
    code = """
for name in ("kernel/core_pattern", "kernel/modprobe", "vm/overcommit_memory", "fs/file-max"):
    try:
        os.close(os.open("/proc/sys/" + name, os.O_WRONLY))
        print("opened", name)
    except OSError as error:
        print(error)
"""
    assert "opened" not in await python(sandbox, code)


async def test_no_other_process_environment_can_be_read(sandbox: BwrapSandbox) -> None:
    os.environ["OFFSWITCH_ESCAPE_TEST"] = SECRET
    try:
        other = await BwrapSandbox.start()
        out = await shell(
            other, "cat /proc/*/environ /proc/1/maps /proc/1/mem; env; ls -l /proc/1/fd"
        )
        await other.close()
    finally:
        del os.environ["OFFSWITCH_ESCAPE_TEST"]
    assert SECRET not in out
    assert out.count("Permission denied") >= 3


async def test_host_loopback_is_out_of_reach(sandbox: BwrapSandbox) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        socket.create_connection(("127.0.0.1", port)).close()
        code = f"socket.create_connection(('127.0.0.1', {port}), 2); print('connected')"
        out = await python(sandbox, code)
        assert "connected" not in out
        assert "Address family not supported" in out
        shared = await BwrapSandbox.start(BwrapConfig(loopback=True))
        out = await python(shared, code)
        await shared.close()
        assert "refused" in out


async def test_abstract_sockets_are_out_of_reach(sandbox: BwrapSandbox) -> None:
    name = f"\0offswitch-escape-{os.getpid()}"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(name)
        listener.listen()
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(name)
        code = f"socket.socket(socket.AF_UNIX).connect({name!r}); print('connected')"
        out = await python(sandbox, code)
    assert "refused" in out


@pytest.mark.parametrize("family", [2, 10, 16, 17, 38, 40, 30, 21])
async def test_other_socket_families_are_refused(sandbox: BwrapSandbox, family: int) -> None:
    code = f"print(call('socket', {family}, 1, 0), call('socket', {family}, 3, 0))"
    assert (await python(sandbox, code)).count("EAFNOSUPPORT") == 2


async def test_host_processes_cannot_be_killed(
    sandbox: BwrapSandbox, victim: subprocess.Popen[bytes]
) -> None:
    script = f"kill -9 {victim.pid}; kill -9 -1"
    await shell(sandbox, script)
    await shell(sandbox, "kill -9 $PPID 1 0")
    assert victim.poll() is None
    assert await shell(sandbox, "echo alive") == "alive\n"


@pytest.mark.parametrize("signal", ["KILL", "STOP", "HUP", "INT", "SEGV", "USR1", "CHLD"])
async def test_the_first_process_withstands_signals(sandbox: BwrapSandbox, signal: str) -> None:
    await shell(sandbox, f"kill -{signal} 1")
    assert await shell(sandbox, "echo alive") == "alive\n"


async def test_the_first_process_cannot_be_traced(sandbox: BwrapSandbox) -> None:
    code = """
print(call("ptrace", 16, 1, 0, 0), call("process_vm_readv", 1, 0, 0, 0, 0, 0))
pidfd = os.pidfd_open(1)
print(syscall(438, pidfd, 0, 0))
for name in ("mem", "fd/3", "environ", "cwd", "root", "exe"):
    try:
        os.stat("/proc/1/" + name) if "/" in name else os.listdir("/proc/1/" + name)
        print("looked into", name)
    except OSError as error:
        print(error)
"""
    out = await python(sandbox, code)
    assert out.count("EPERM") == 3
    assert "looked into" not in out


@pytest.mark.parametrize(
    "attempt",
    [
        'call("mount", b"none", b"/tmp", b"tmpfs", 0, None)',
        'call("mount", b"none", b"/usr", None, 0x20 | 0x1000, None)',
        'call("umount2", b"/usr", 2)',
        'call("unshare", 0x10000000)',
        'call("unshare", 0x20000)',
        'call("chroot", b"/tmp")',
        'call("setns", 0, 0)',
        'syscall(155 if os.uname().machine == "x86_64" else 41, b"/tmp", b"/tmp")',
        'syscall(428, -100, b"/", 1)',
        'syscall(430, b"tmpfs", 0)',
        'syscall(56 if os.uname().machine == "x86_64" else 220, 0x10000000 | 17, 0, 0, 0, 0)',
        'syscall(321 if os.uname().machine == "x86_64" else 280, 0, 0, 0)',
        'syscall(323 if os.uname().machine == "x86_64" else 282, 0)',
        'syscall(250 if os.uname().machine == "x86_64" else 219, 0, -3, 0, 0, 0)',
    ],
)
async def test_namespaces_and_mounts_are_refused(sandbox: BwrapSandbox, attempt: str) -> None:
    assert await python(sandbox, f"print({attempt})") == "(-1, 'EPERM')"


@pytest.mark.parametrize("number", [425, 435])
async def test_unfiltered_interfaces_are_absent(sandbox: BwrapSandbox, number: int) -> None:
    assert await python(sandbox, f"print(syscall({number}, 8, 0))") == "(-1, 'ENOSYS')"


async def test_device_nodes_cannot_be_made(sandbox: BwrapSandbox) -> None:
    code = """
for kind, device in ((0o60000, os.makedev(8, 0)), (0o20000, os.makedev(1, 1))):
    try:
        os.mknod("node", kind | 0o666, device)
        print("made")
    except OSError as error:
        print(error)
"""
    assert (await python(sandbox, code)).count("Operation not permitted") == 2


async def test_set_user_id_programs_give_nothing(sandbox: BwrapSandbox) -> None:
    out = await shell(
        sandbox,
        "cp /bin/bash . && chmod 4755 bash && ./bash -p -c 'id -u'; "
        "grep NoNewPrivs /proc/self/status; "
        "grep -E 'Cap(Prm|Eff|Bnd|Amb)' /proc/self/status | tr -d '0\\n'; "
        "python3 -c 'import os; os.setuid(0)' 2>&1 | tail -1; "
        "grep -E '/home|/tmp' /proc/self/mounts | grep -vc nosuid",
    )
    assert out.startswith("1000\nNoNewPrivs:\t1\n")
    assert "CapPrm:\tCapEff:\tCapBnd:\tCapAmb:" in out
    assert out.endswith("\n0\n")


async def test_nothing_is_inherited_from_the_host(sandbox: BwrapSandbox) -> None:
    out = await python(sandbox, "print(sorted(os.listdir('/proc/self/fd')))")
    assert out == "['0', '1', '2', '3']"  # 3 lists the directory
    assert "offswitch" not in await shell(sandbox, "env; cat /proc/*/cmdline /proc/cmdline; mount")


async def test_the_harness_is_not_to_be_seen(sandbox: BwrapSandbox) -> None:
    script = "find / -iname '*offswitch*' -o -iname '*inspect_ai*' 2>/dev/null | head; ps -eo args"
    out = await shell(sandbox, script)
    assert "offswitch" not in out.replace(script, "")
    assert "/sbin/init" in out
    assert (await shell(sandbox, "hostname; whoami")) == "workstation\nagent\n"


async def test_no_typing_into_a_terminal(sandbox: BwrapSandbox) -> None:
    code = """
import fcntl, pty
master, slave = pty.openpty()
for request in (0x5412, 0x541C, 0x5412 | 1 << 32):
    print(call("ioctl", slave, ctypes.c_ulong(request), b"x"))
"""
    assert (await python(sandbox, code)).count("EPERM") == 3


async def test_another_architectures_calls_are_no_way_around(sandbox: BwrapSandbox) -> None:
    if os.uname().machine != "x86_64":
        pytest.skip("only x86_64 has a second numbering")
    code = "print(syscall(0x40000000 | 165, b'none', b'/tmp', b'tmpfs', 0, 0))"
    assert await python(sandbox, code) == "(-1, 'ENOSYS')"
    old_call = b"\xb8\x15\x00\x00\x00\xcd\x80\xc3"  # mov eax, 21 (mount); int 0x80; ret
    code = f"""
import mmap
page = mmap.mmap(-1, 4096, prot=7)
page.write({old_call!r})
address = ctypes.addressof(ctypes.c_char.from_buffer(page))
print("returned", ctypes.CFUNCTYPE(ctypes.c_int)(address)())
"""
    assert "returned" not in await python(sandbox, code)


async def test_one_sandbox_cannot_reach_another(sandbox: BwrapSandbox) -> None:
    other = await BwrapSandbox.start()
    await other.write_file("/tmp/mine", SECRET)
    await other.exec(["bash", "-c", "sleep 60 > /dev/null 2>&1 &"])
    out = await shell(sandbox, "cat /tmp/mine; ls /tmp; ps -e; pkill -9 sleep; ls /dev/shm")
    assert SECRET not in out
    assert "sleep" not in out
    assert "sleep" in (await other.exec(["ps", "-e"])).stdout
    await other.close()


async def test_output_floods_end_at_the_limit() -> None:
    sandbox = await BwrapSandbox.start(BwrapConfig(output_bytes=100_000))
    for stream in ("", " >&2"):
        with pytest.raises(OutputLimitExceededError) as caught:
            await sandbox.exec(["bash", "-c", f"yes{stream}"], timeout=20)
        assert len(caught.value.truncated_output or "") == 100_000
    out = await shell(sandbox, "ps -e")
    await sandbox.close()
    assert "yes" not in out


async def test_the_provider_is_not_held_up_by_odd_files(sandbox: BwrapSandbox) -> None:
    await shell(sandbox, "mkfifo fifo; ln -s /dev/zero zero; ln -s loop loop; truncate -s 200M big")
    for path in ("fifo", "zero", "/dev/zero", "/dev/tty", "loop"):
        with pytest.raises(OSError):
            await sandbox.read_file(path)
        with pytest.raises(OSError):
            sandbox.read_host(path)
        with pytest.raises(OSError):
            await sandbox.write_file(path, "x")
    with pytest.raises(OutputLimitExceededError):
        await sandbox.read_file("big")
    with pytest.raises(OSError, match="too large"):
        sandbox.read_host("big")


def test_the_host_reads_beneath_the_root_without_openat2(tmp_path: Path) -> None:
    from offswitch.sandbox.hostview import _open_without_links

    (tmp_path / "root" / "a").mkdir(parents=True)
    (tmp_path / "outside").write_text(SECRET)
    (tmp_path / "root" / "a" / "file").write_text("inside")
    (tmp_path / "root" / "link").symlink_to(tmp_path / "outside")
    (tmp_path / "root" / "up").symlink_to("..")
    root = os.open(tmp_path / "root", os.O_PATH)
    fd = _open_without_links(root, "/a/file", os.O_RDONLY)
    assert os.read(fd, 99) == b"inside"
    os.close(fd)
    for path in ("link", "up/outside", "../outside", "a/../../outside"):
        with pytest.raises(OSError):
            _open_without_links(root, path, os.O_RDONLY)
    os.close(root)
