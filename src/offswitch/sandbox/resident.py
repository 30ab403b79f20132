# ruff: noqa: S606, PTH - one small process without a shell and without the imports of pathlib
"""The first process of a sandbox: starts commands for the host and reaps what is left over.

The host hands this file's text to the sandbox's Python (3.8 or later), which runs it as process
1; nothing imports it. A request is one packet on the control socket with file descriptors
attached: the request itself (NUL-separated fields), and the command's input and outputs, which
are the host's own pipes. So output reaches the host without passing through here, and what was
written before the session ended is still there to be read. Replies are packets of fixed size.

SIGTERM and SIGPWR end the session: the kernel then kills every process in the PID namespace. Any
other signal from inside is without effect, since the kernel shields process 1 of a namespace.

It imports the C modules behind `socket` and `signal`, whose Python layers would double the time
that a sandbox takes to start.
"""

from __future__ import annotations

import _signal
import _socket
import ctypes
import errno
import os
import resource
import select
import stat
import struct
import sys

RUN, KILL, DISCARD = 1, 2, 3
READY, EXITED, NO_DIRECTORY, FAILED = 1, 2, 3, 4
PACKET = struct.Struct("<BIi")  # kind, number of the command, value
CHUNK = 1 << 20
TAG_LIMIT = 10  # RLIMIT_LOCKS has had no effect since Linux 2.4; inherited, and can only sink
TAG_BASE = 1 << 40
PR_SET_DUMPABLE, PR_SET_NAME = 4, 15
MSG_CMSG_CLOEXEC = 0x40000000
KILL_ROUNDS = 20


def look_ordinary(name):
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
    prctl = ctypes.CDLL(None).prctl
    prctl(PR_SET_NAME, os.path.basename(name).encode(), 0, 0, 0)
    if prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0:
        raise OSError("cannot become undumpable")


def end_session(signum, frame):
    os._exit(0)


def reply(control, kind, number=0, value=0):
    control.send(PACKET.pack(kind, number, value))


def receive(control):
    """Returns the next packet's kind, command number and descriptors; kind 0 at the end."""
    data, ancillary, _, _ = control.recvmsg(64, _socket.CMSG_SPACE(4 * 8), MSG_CMSG_CLOEXEC)
    if not data:
        return 0, 0, []
    fds = []
    for _, _, payload in ancillary:
        fds += struct.unpack("%di" % (len(payload) // 4), payload)
    kind, number, _ = PACKET.unpack(data)
    return kind, number, fds


def parse(fd):
    """Returns operation, limits, working directory, environment and arguments of a request."""
    with open(fd, "rb") as body:
        operation, limits, cwd, count, *fields = body.read().split(b"\0")
    split = int(count)
    pairs = dict(field.split(b"=", 1) for field in fields[:split])
    numbers = [[int(x) for x in pair.split(b"=")] for pair in limits.split(b",") if pair]
    return operation, numbers, cwd, pairs, fields[split:]


def start(control, number, fds):
    """Forks the process that carries out a request and returns its process number."""
    request, *streams = fds
    operation, limits, cwd, env, args = parse(request)
    pid = os.fork()
    if pid == 0:
        try:
            become(control, number, streams, operation, limits, cwd, env, args)
        finally:
            os._exit(127)
    for fd in streams:
        os.close(fd)
    return pid


def become(control, number, streams, operation, limits, cwd, env, args):
    """Carries out a request in the child process; ends the process."""
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
            os.execvpe(args[0], args, env)
        os._exit(0)
    except OSError as error:
        reply(control, problem, number, error.errno or errno.EIO)


def copy_out(path, limit):
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


def copy_in(path):
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


def write_all(fd, data):
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


def reap(control, running):
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


def tagged(number):
    """Returns the processes that a command has started, however they detached themselves."""
    wanted = b"%d" % (TAG_BASE + number)
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit() and name != "1":
            try:
                with open("/proc/%s/limits" % name, "rb") as limits:
                    row = next(line for line in limits if line.startswith(b"Max file locks"))
                if row.split()[3] == wanted:
                    found.append(int(name))
            except (OSError, StopIteration):
                continue
    return found


def kill_tree(number, running):
    """Kills all of a command's processes; where they multiply faster, every process."""
    for pid, owner in running.items():
        if owner == number:
            signal_process(pid, _signal.SIGKILL)
    for _ in range(KILL_ROUNDS):
        pids = [pid for pid in tagged(number) if not is_zombie(pid)]
        if not pids:
            return
        for pid in pids:
            signal_process(pid, _signal.SIGSTOP)
        for pid in pids:
            signal_process(pid, _signal.SIGKILL)
    signal_process(-1, _signal.SIGKILL)


def close_quietly(fd):
    try:
        os.close(fd)
    except OSError:
        pass  # the descriptor that listed the directory


def signal_process(pid, signum):
    try:
        os.kill(pid, signum)
    except OSError:
        pass


def is_zombie(pid):
    try:
        with open("/proc/%d/stat" % pid) as status:
            return status.read().rpartition(")")[2].split()[0] in "ZX"
    except OSError:
        return True


def handle(control, running, poll, discarded):
    """Handles one packet from the host; returns whether the session goes on."""
    kind, number, fds = receive(control)
    if kind == RUN:
        try:
            running[start(control, number, fds)] = number
        except OSError as error:  # no more processes
            for fd in fds[1:]:
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


def discard(fd, poll, discarded):
    """Keeps background processes alive whose output nobody waits for any more."""
    try:
        if os.read(fd, CHUNK):
            return
    except BlockingIOError:
        return
    poll.unregister(fd)
    discarded.remove(fd)
    os.close(fd)


def main(control_fd, name):
    for fd in sorted(int(entry) for entry in os.listdir("/proc/self/fd")):
        if fd > 2 and fd != control_fd:
            close_quietly(fd)
    os.set_inheritable(control_fd, False)
    control = _socket.socket(_socket.AF_UNIX, _socket.SOCK_SEQPACKET, 0, fileno=control_fd)
    wake_read, wake_write = os.pipe()
    os.set_blocking(wake_read, False)
    os.set_blocking(wake_write, False)
    _signal.signal(_signal.SIGINT, _signal.SIG_IGN)
    for signum in (_signal.SIGTERM, _signal.SIGPWR):
        _signal.signal(signum, end_session)
    _signal.set_wakeup_fd(wake_write)
    _signal.signal(_signal.SIGCHLD, lambda signum, frame: None)
    look_ordinary(name)
    running, discarded = {}, set()
    poll = select.poll()
    poll.register(control_fd, select.POLLIN)
    poll.register(wake_read, select.POLLIN)
    reply(control, READY)
    going = True
    while going:
        for fd, _ in poll.poll():
            if fd == control_fd:
                going = handle(control, running, poll, discarded)
            elif fd == wake_read:
                os.read(wake_read, 4096)
                reap(control, running)
            else:
                discard(fd, poll, discarded)


main(int(sys.argv[1]), sys.argv[2])
