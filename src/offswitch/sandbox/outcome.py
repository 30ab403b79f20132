"""What a finished request means in the terms of Inspect's contract."""

import errno
import os

from inspect_ai.util import ExecResult, OutputLimitExceededError, SandboxEnvironmentLimits

from offswitch.sandbox.protocol import Reply
from offswitch.sandbox.session import Call

_NOT_FOUND, _CANNOT_RUN = 127, 126


def command_result(call: Call, cmd: list[str], cwd: str, limit: int) -> ExecResult[str]:
    """Returns the result of a command.

    Raises:
        OutputLimitExceededError: An output exceeded the limit.
        PermissionError: The command is no program that the user may run.
    """
    if call.overflow:
        stream = call.stdout if call.stdout.overflow else call.stderr
        raise OutputLimitExceededError(f"{limit} bytes", stream.text())
    if call.failure is None:
        code = call.returncode or 0
        return ExecResult(code == 0, code, call.stdout.text(), call.stderr.text())
    step, number = call.failure
    subject = cwd if step is Reply.NO_DIRECTORY else cmd[0]
    if number == errno.EACCES:
        raise PermissionError(number, os.strerror(number), subject)
    code = _NOT_FOUND if number == errno.ENOENT else _CANNOT_RUN
    return ExecResult(False, code, "", f"{subject}: {os.strerror(number)}\n")


def file_error(call: Call, file: str) -> OSError | None:
    """Returns what prevented reading or writing a file, or None."""
    if call.failure is not None:
        number = call.failure[1]
        return OSError(number, os.strerror(number), file)
    if call.returncode:
        return OSError(errno.EIO, f"ended with status {call.returncode}", file)
    return None


def read_error(call: Call, file: str) -> Exception | None:
    """Returns what prevented reading a file, or None."""
    error = file_error(call, file)
    if call.overflow or (error is not None and error.errno == errno.EFBIG):
        return OutputLimitExceededError(SandboxEnvironmentLimits.MAX_READ_FILE_SIZE_STR, None)
    return error
