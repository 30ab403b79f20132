"""The host's end of a running sandbox: commands in, output and exit status out."""

import contextlib
import os
import socket
import struct
from dataclasses import dataclass, field

import anyio

from offswitch.sandbox.protocol import PACKET, Reply, Request, memory_file

_CHUNK = 1 << 16
_BURST = 32  # then others get their turn
_TRAILING_OUTPUT_S = 0.1
_KILL_S = 5.0
_CREDENTIALS = struct.Struct("3i")  # process, user, group


@dataclass
class Stream:
    """One output of a command: the host's end of a pipe, and what has come out of it.

    Attributes:
        fd: Descriptor to read from.
        limit: Most bytes that are kept; what comes after them is counted as overflow.
        data: What has been read, never more than the limit.
        overflow: Whether there was more.
        ended: Set when nobody can write to the pipe any more.
    """

    fd: int
    limit: int
    data: bytearray = field(default_factory=bytearray)
    overflow: bool = False
    ended: anyio.Event = field(default_factory=anyio.Event)

    def take(self) -> bool:
        """Reads what is there without waiting; returns whether more may come."""
        for _ in range(_BURST):
            try:
                chunk = os.read(self.fd, _CHUNK)
            except BlockingIOError:
                return True
            if not chunk:
                self.ended.set()
                return False
            room = self.limit - len(self.data)
            self.data += chunk[:room]
            if len(chunk) > room:
                self.overflow = True
                break
        return True

    def text(self) -> str:
        """What has been read, with undecodable bytes replaced."""
        return self.data.decode("utf-8", "replace")


@dataclass
class Call:
    """A request under way.

    Attributes:
        number: Identifies it in the protocol.
        stdin: Descriptor for its input, or None where there is none.
        stdout, stderr: Its outputs.
        failure: Which step failed and with which error number, or None.
        returncode: Exit status, 128 + signal where a signal ended it, None while it runs.
        timed_out: It was killed because its time was over.
    """

    number: int
    stdin: int | None
    stdout: Stream
    stderr: Stream
    failure: tuple[Reply, int] | None = None
    returncode: int | None = None
    timed_out: bool = False
    wake: anyio.Event = field(default_factory=anyio.Event)

    def close_stdin(self) -> None:
        """Ends the command's input."""
        if self.stdin is not None:
            os.close(self.stdin)
            self.stdin = None

    @property
    def overflow(self) -> bool:
        """Whether an output exceeded its limit."""
        return self.stdout.overflow or self.stderr.overflow

    @property
    def ended(self) -> bool:
        """Whether the session ended before the command did."""
        return self.returncode is None and not self.timed_out


class Session:
    """The control socket of one sandbox.

    Any number of tasks may call `run` at the same time. Whoever waits first reads the socket for
    all of them, and passes the duty on when its own answer has come; there is no background task.
    """

    def __init__(self, control: socket.socket) -> None:
        control.setblocking(False)
        control.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)  # see `wait_ready`
        self._control = control
        self._calls: dict[int, Call] = {}
        self._count = 0
        self._someone_reads = False
        self.ended = False

    async def wait_ready(self) -> int | None:
        """Waits until the sandbox takes requests; must come before the first `run`.

        Returns:
            The number of its first process on this side, as the kernel reports the sender of its
            first packet; None where the session has ended before that.
        """
        await anyio.wait_readable(self._control)
        packet, ancillary, _, _ = self._control.recvmsg(64, socket.CMSG_SPACE(_CREDENTIALS.size))
        self._control.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 0)
        for _, kind, payload in ancillary:
            if packet and kind == socket.SCM_CREDENTIALS:
                return int(_CREDENTIALS.unpack(payload)[0])
        self.ended = True
        return None

    async def run(self, body: bytes, *, stdin: bytes | None, limit: int, seconds: float) -> Call:
        """Sends a request and waits until it is done, its time is over, or the session ended.

        Args:
            body: The request, as `protocol.encode` makes it.
            stdin: Its standard input; None: empty.
            limit: Most bytes of each output; a command that writes more is killed.
            seconds: Time after which it is killed with everything it has started.
        """
        call = await self._send(body, stdin is not None, limit)
        try:
            with anyio.move_on_after(seconds) as scope:
                await self._attend(call, stdin or b"")
            if scope.cancelled_caught and call.returncode is None:
                call.timed_out = True
                await self._kill_and_wait(call)
            return call
        except BaseException:
            self._post(Request.KILL, call.number)
            raise
        finally:
            self._forget(call)

    def close(self) -> None:
        """Closes the socket; the first process ends itself when it notices."""
        self.ended = True
        self._control.close()

    async def _send(self, body: bytes, has_stdin: bool, limit: int) -> Call:
        with contextlib.ExitStack() as ours, contextlib.ExitStack() as theirs:
            call, streams = self._prepare(ours, theirs, has_stdin, limit)
            request = _closing(theirs, memory_file(body))
            self._calls[call.number] = call
            ours.callback(self._calls.pop, call.number)
            self._receive()
            while not self._post(Request.RUN, call.number, [request, *streams]):
                await anyio.wait_writable(self._control)
            ours.pop_all()
            return call

    def _prepare(
        self,
        ours: contextlib.ExitStack,
        theirs: contextlib.ExitStack,
        has_stdin: bool,
        limit: int,
    ) -> tuple[Call, list[int]]:
        """Returns a new call, and the descriptors of its streams for the sandbox."""
        self._count += 1
        in_read, in_write = _input_pipe(ours, theirs, has_stdin)
        out_read, out_write = _output_pipe(ours, theirs)
        err_read, err_write = _output_pipe(ours, theirs)
        call = Call(self._count, in_write, Stream(out_read, limit), Stream(err_read, limit))
        return call, [in_read, out_write, err_write]

    async def _attend(self, call: Call, stdin: bytes) -> None:
        """Feeds and reads a command until it has exited and its output has come in."""
        async with anyio.create_task_group() as tasks:
            if call.stdin is not None:
                tasks.start_soon(_feed, call, stdin)
            for stream in (call.stdout, call.stderr):
                tasks.start_soon(self._read, call, stream)
            await self._wait(call)
            with anyio.move_on_after(_TRAILING_OUTPUT_S):
                await call.stdout.ended.wait()
                await call.stderr.ended.wait()
            tasks.cancel_scope.cancel()

    async def _read(self, call: Call, stream: Stream) -> None:
        while stream.take():
            if stream.overflow:
                self._post(Request.KILL, call.number)
                return
            await anyio.wait_readable(stream.fd)

    async def _wait(self, call: Call) -> None:
        """Returns when the command has exited or the session has ended."""
        while call.returncode is None and not self.ended:
            if self._someone_reads:
                await call.wake.wait()
                call.wake = anyio.Event()
                continue
            self._someone_reads = True
            try:
                await anyio.wait_readable(self._control)
                self._receive()
            finally:
                self._someone_reads = False
        self._pass_on_reading()

    def _pass_on_reading(self) -> None:
        for other in self._calls.values():
            if other.returncode is None or self.ended:
                other.wake.set()
                if not self.ended:
                    return

    def _receive(self) -> None:
        """Takes every packet that has arrived."""
        while not self.ended:
            try:
                packet = self._control.recv(64)
            except BlockingIOError:
                return
            except OSError:
                packet = b""
            if len(packet) != PACKET.size:
                self.ended = True
                return
            self._take(*PACKET.unpack(packet))

    def _take(self, kind: int, number: int, value: int) -> None:
        call = self._calls.get(number)
        if call is None:
            return
        if kind == Reply.EXITED:
            call.returncode = value
            call.wake.set()
        elif kind in (Reply.FAILED, Reply.NO_DIRECTORY):
            call.failure = (Reply(kind), value)

    def _post(self, kind: Request, number: int, fds: list[int] | None = None) -> bool:
        """Sends a packet unless the socket is full; a session that has ended takes anything."""
        try:
            socket.send_fds(self._control, [PACKET.pack(kind, number, 0)], fds or [])
        except BlockingIOError:
            return False
        except OSError:
            self.ended = True
        return True

    async def _kill_and_wait(self, call: Call) -> None:
        with anyio.move_on_after(_KILL_S, shield=True):
            while not self._post(Request.KILL, call.number):
                await anyio.wait_writable(self._control)
            await self._wait(call)
        call.stdout.take()
        call.stderr.take()

    def _forget(self, call: Call) -> None:
        """Closes the host's ends; the first process takes on what background processes hold."""
        del self._calls[call.number]
        call.close_stdin()
        self._pass_on_reading()
        open_fds = [s.fd for s in (call.stdout, call.stderr) if not s.ended.is_set()]
        if open_fds and not self.ended:
            self._post(Request.DISCARD, call.number, open_fds)
        for fd in (call.stdout.fd, call.stderr.fd):
            os.close(fd)


async def _feed(call: Call, data: bytes) -> None:
    """Writes a command's input, as far as it is read, and closes it."""
    view = memoryview(data)
    with contextlib.suppress(BrokenPipeError):
        while view and call.stdin is not None:
            try:
                view = view[os.write(call.stdin, view) :]
            except BlockingIOError:
                await anyio.wait_writable(call.stdin)
    call.close_stdin()


def _input_pipe(
    ours: contextlib.ExitStack, theirs: contextlib.ExitStack, wanted: bool
) -> tuple[int, int | None]:
    if not wanted:
        return _closing(theirs, os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)), None
    read, write = os.pipe()
    os.set_blocking(_closing(ours, write), False)
    return _closing(theirs, read), write


def _output_pipe(ours: contextlib.ExitStack, theirs: contextlib.ExitStack) -> tuple[int, int]:
    read, write = os.pipe()
    os.set_blocking(_closing(ours, read), False)
    return read, _closing(theirs, write)


def _closing(stack: contextlib.ExitStack, fd: int) -> int:
    stack.callback(os.close, fd)
    return fd
