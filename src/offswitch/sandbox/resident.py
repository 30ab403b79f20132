# ruff: noqa: PTH103, PTH118, PTH119, PTH120, PTH123, PTH208, S606, SIM105 - few imports, no shell
"""The first process of a sandbox: starts commands for the host and reaps what is left over.

The host hands this file's text to the sandbox's Python (3.8 or later), which runs it as process
1; nothing imports it. A request is one packet on the control socket with file descriptors
attached: the request itself (NUL-separated fields), and the command's input and outputs, which
are the host's own pipes. So output reaches the host without passing through here, and what was
written before the session ended is still there to be read. Replies are packets of fixed size.

SIGTERM and SIGPWR end the session: the kernel then kills every process in the PID namespace. Any
other signal from inside is without effect, since the kernel shields process 1 of a namespace.

It imports the C modules behind `socket`, `signal` and `ctypes`, whose Python layers would double
the time that a sandbox takes to start.
"""

from __future__ import annotations

import _ctypes
import _signal  # type: ignore[import-not-found]
import _socket
import errno
import os
import resource
import select
import stat
import struct
import sys
import time

RUN, KILL, DISCARD = 1, 2, 3
READY, EXITED, NO_DIRECTORY, FAILED = 1, 2, 3, 4
PACKET = struct.Struct("<BIi")  # kind, number of the command, value
CHUNK = 1 << 20
TAG_LIMIT = 10  # RLIMIT_LOCKS has had no effect since Linux 2.4; inherited, and can only sink
TAG_BASE = 1 << 40
PR_SET_DUMPABLE, PR_SET_NAME = 4, 15
MSG_CMSG_CLOEXEC = 0x40000000
KILL_ROUNDS = 20
SUPERVISION_S = 0.1


def look_ordinary(name: str) -> None:
    """Takes on the name of an ordinary first process and closes this one to the others.

    Not dumpable means that processes of the same user can neither trace it nor look at its
    memory, environment and descriptors under /proc.
    """
    try:
        with open("/proc/self/stat") as status:
            fields = status.read().rpartition(")")[2].split()
        start, end = int(fields[45]), int(fields[46])
        memory = os.open("/proc/self/mem", os.O_RDWR)
        os.pwrite(memory, name.encode()[: end - start - 1].ljust(end - start, b"\0"), start)
        os.close(memory)
    except OSError:
        pass  # a hardened kernel forbids it; only realism suffers
    this_program = _ctypes.dlopen(None, 0)  # type: ignore[arg-type]
    prctl = _ctypes.dlsym(this_program, "prctl")
    _ctypes.call_function(prctl, (PR_SET_NAME, os.path.basename(name).encode()))
    if _ctypes.call_function(prctl, (PR_SET_DUMPABLE, 0)) != 0:
        raise OSError("cannot close itself to the other processes")


def end_session(signum: int, frame: object) -> None:
    """Ends the session; its signal handler."""
    os._exit(0)


def reply(control: _socket.socket, kind: int, number: int = 0, value: int = 0) -> None:
    """Sends one packet to the host."""
    control.send(PACKET.pack(kind, number, value))


def receive(control: _socket.socket) -> tuple[int, int, list[int]]:
    """Returns the next packet's kind, command number and descriptors; kind 0 at the end."""
    data, ancillary, _, _ = control.recvmsg(64, _socket.CMSG_SPACE(4 * 8), MSG_CMSG_CLOEXEC)
    if not data:
        return 0, 0, []
    fds: list[int] = []
    for _, _, payload in ancillary:
        fds += struct.unpack(f"{len(payload) // 4}i", payload)
    kind, number, _ = PACKET.unpack(data)
    return kind, number, fds


def parse(fd: int) -> tuple[bytes, list[list[int]], bytes, dict[bytes, bytes], list[bytes]]:
    """Returns operation, limits, working directory, environment and arguments of a request."""
    with open(fd, "rb") as body:
        operation, limits, cwd, count, *fields = body.read().split(b"\0")
    split = int(count)
    pairs = dict(field.split(b"=", 1) for field in fields[:split])
    numbers = [[int(x) for x in pair.split(b"=")] for pair in limits.split(b",") if pair]
    return operation, numbers, cwd, pairs, fields[split:]


def start(control: _socket.socket, number: int, fds: list[int]) -> int:
    """Forks the process that carries out a request and returns its process number."""
    request, *streams = fds
    pid = os.fork()
    if pid == 0:
        try:
            become(control, number, streams, request)
        finally:
            os._exit(127)
    for fd in fds:
        os.close(fd)
    return pid


def become(control: _socket.socket, number: int, streams: list[int], request: int) -> None:
    """Carries out a request in the child process; ends the process."""
    operation, limits, cwd, env, args = parse(request)
    problem = NO_DIRECTORY
    try:
        os.setsid()
        for target, fd in enumerate(streams):
            os.dup2(fd, target)
        for which, value in limits:
            resource.setrlimit(which, (value, value))
        resource.setrlimit(TAG_LIMIT, (TAG_BASE + number, TAG_BASE + number))
        os.chdir(cwd)
        problem = FAILED
        if operation == b"read":
            copy_out(args[0], int(args[1]))
        elif operation == b"write":
            copy_in(args[0])
        else:
            for ignored in (_signal.SIGPIPE, _signal.SIGXFSZ, _signal.SIGINT):
                _signal.signal(ignored, _signal.SIG_DFL)
            execute(args, env)
        os._exit(0)
    except OSError as error:
        reply(control, problem, number, error.errno or errno.EIO)


def execute(args: list[bytes], env: dict[bytes, bytes]) -> None:
    """Replaces the process by a command; `os.execvpe` would import modules on the way."""
    problem: OSError = FileNotFoundError(errno.ENOENT, "")
    search = [b""] if b"/" in args[0] else env.get(b"PATH", os.defpath.encode()).split(b":")
    for directory in search:
        try:
            os.execve(os.path.join(directory, args[0]), args, env)
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            problem = error
    raise problem


def copy_out(path: bytes, limit: int) -> None:
    """Copies a file to standard output."""
    source = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY)
    mode = os.fstat(source).st_mode
    if stat.S_ISDIR(mode):
        raise OSError(errno.EISDIR, "")
    if not stat.S_ISREG(mode):
        raise OSError(errno.EACCES, "")
    if os.fstat(source).st_size > limit:
        raise OSError(errno.EFBIG, "")
    done = 0
    while True:
        data = os.read(source, CHUNK)
        done += len(data)
        if done > limit:
            raise OSError(errno.EFBIG, "")
        if not data:
            return
        write_all(1, data)


def copy_in(path: bytes) -> None:
    """Copies standard input to a file and makes the directories on the way to it."""
    parent = os.path.dirname(path)
    if parent:
        os.makedirs(parent, exist_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_NONBLOCK | os.O_NOCTTY
    target = os.open(path, flags, 0o644)
    if not stat.S_ISREG(os.fstat(target).st_mode):
        raise OSError(errno.EACCES, "")
    os.ftruncate(target, 0)
    while True:
        data = os.read(0, CHUNK)
        if not data:
            return
        write_all(target, data)


def write_all(fd: int, data: bytes) -> None:
    """Writes all of the data."""
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


def reap(control: _socket.socket, running: dict[int, int]) -> None:
    """Collects every process that has ended and reports those that the host asked for."""
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        number = running.pop(pid, None)
        if number is not None:
            code = os.WTERMSIG(status) + 128 if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
            reply(control, EXITED, number, code)


def tagged(number: int) -> list[int]:
    """Returns the processes that a command has started, however they detached themselves."""
    wanted = str(TAG_BASE + number).encode()
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit() and name != "1":
            try:
                with open(f"/proc/{name}/limits", "rb") as limits:
                    row = next(line for line in limits if line.startswith(b"Max file locks"))
                if wanted in row.split()[3:5]:  # soft and hard
                    found.append(int(name))
            except (OSError, StopIteration):
                continue
    return found


def kill_tree(number: int, running: dict[int, int]) -> None:
    """Kills all of a command's processes; where they multiply faster, every process."""
    for pid, owner in running.items():
        if owner == number:
            signal_process(pid, _signal.SIGKILL)
    killed: set[int] = set()
    for _ in range(KILL_ROUNDS):
        pids = [pid for pid in tagged(number) if pid not in killed]
        if not pids:
            return
        for signum in (_signal.SIGSTOP, _signal.SIGKILL):
            for pid in pids:
                signal_process(pid, signum)
        killed.update(pids)
    signal_process(-1, _signal.SIGKILL)


def close_quietly(fd: int) -> None:
    """Closes a descriptor that may be closed."""
    try:
        os.close(fd)
    except OSError:
        pass  # the descriptor that listed the directory


def signal_process(pid: int, signum: int) -> None:
    """Sends a signal to a process that may be gone."""
    try:
        os.kill(pid, signum)
    except OSError:
        pass


def handle(
    control: _socket.socket, running: dict[int, int], poll: select.poll, discarded: set[int]
) -> bool:
    """Handles one packet from the host; returns whether the session goes on."""
    kind, number, fds = receive(control)
    if kind == RUN:
        try:
            running[start(control, number, fds)] = number
        except OSError as error:  # no more processes
            for fd in fds:
                os.close(fd)
            reply(control, FAILED, number, error.errno or errno.EAGAIN)
            reply(control, EXITED, number, 126)
    elif kind == KILL:
        kill_tree(number, running)
    elif kind == DISCARD:
        for fd in fds:
            os.set_blocking(fd, False)
            discarded.add(fd)
            poll.register(fd, select.POLLIN)
    return kind != 0


def discard(fd: int, poll: select.poll, discarded: set[int]) -> None:
    """Keeps background processes alive whose output nobody waits for any more."""
    try:
        if os.read(fd, CHUNK):
            return
    except BlockingIOError:
        return
    poll.unregister(fd)
    discarded.remove(fd)
    os.close(fd)


def resident_kib(name: str) -> int:
    """Returns the memory that a process holds, without what it maps from files."""
    total = 0
    try:
        with open(f"/proc/{name}/status", "rb") as status:
            for line in status:
                if line.startswith((b"RssAnon:", b"RssShmem:")):
                    total += int(line.split()[1])
    except OSError:
        pass
    return total


def supervise_memory(limit_kib: int) -> bool:
    """Kills the largest process while all together hold too much; returns whether any is left."""
    names = [name for name in os.listdir("/proc") if name.isdigit() and name != "1"]
    sizes = {int(name): resident_kib(name) for name in names}
    if sum(sizes.values()) > limit_kib:
        signal_process(max(sizes, key=lambda pid: sizes[pid]), _signal.SIGKILL)
    return bool(sizes)


def prepare(control_fd: int, name: str) -> tuple[_socket.socket, int]:
    """Closes what was inherited, installs the signal handlers, and takes on the name."""
    for fd in sorted(int(entry) for entry in os.listdir("/proc/self/fd")):
        if fd > 2 and fd != control_fd:
            close_quietly(fd)
    os.set_inheritable(control_fd, False)
    os.umask(0o022)
    control = _socket.socket(_socket.AF_UNIX, _socket.SOCK_SEQPACKET, 0, fileno=control_fd)
    wake_read, wake_write = os.pipe()
    os.set_blocking(wake_read, False)
    os.set_blocking(wake_write, False)
    _signal.set_wakeup_fd(wake_write)
    _signal.signal(_signal.SIGINT, _signal.SIG_IGN)
    _signal.signal(_signal.SIGCHLD, lambda signum, frame: None)  # wakes `poll`
    for signum in (_signal.SIGTERM, _signal.SIGPWR):
        _signal.signal(signum, end_session)
    look_ordinary(name)
    return control, wake_read


def main(control_fd: int, name: str, memory_kib: int) -> None:
    """Serves the host until it closes the socket.

    Args:
        control_fd: Descriptor of the control socket.
        name: The name under which this process appears.
        memory_kib: Most memory of all processes together, where no control group sees to it;
            otherwise 0.
    """
    control, wake = prepare(control_fd, name)
    running: dict[int, int] = {}
    discarded: set[int] = set()
    poll = select.poll()
    poll.register(control_fd, select.POLLIN)
    poll.register(wake, select.POLLIN)
    reply(control, READY)
    going, busy, supervised = True, memory_kib > 0, 0.0
    while going:
        for fd, _ in poll.poll(SUPERVISION_S * 1000 if busy else None):
            if fd == control_fd:
                going = handle(control, running, poll, discarded)
            elif fd == wake:
                os.read(wake, 4096)
                reap(control, running)
            else:
                discard(fd, poll, discarded)
        if memory_kib and time.monotonic() > supervised + SUPERVISION_S:
            supervised = time.monotonic()
            busy = supervise_memory(memory_kib) or bool(running)


try:
    main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
except BrokenPipeError:
    pass  # the host is gone
os._exit(0)
