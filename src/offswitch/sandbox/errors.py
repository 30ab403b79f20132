"""What can go wrong with a sandbox, apart from what Inspect's contract already names."""

from inspect_ai.util import SandboxUnavailableError


class SandboxUnavailable(RuntimeError):  # noqa: N818 - a state, like SandboxEnded
    """Bubblewrap sandboxes cannot be made on this machine; says why, and what to use instead."""


class SandboxEnded(SandboxUnavailableError):  # noqa: N818 - it is no error of the sandbox
    """The sandbox's session is over: powered off from inside, killed, or out of memory.

    It concerns one trial only. Inspect reports it to a model as a tool error of the type
    ``sandbox_unavailable`` unless the tool catches it first.

    Attributes:
        stdout: What the command that was running had written to its standard output; empty
            where no command was running.
        stderr: The same for its standard error.
    """

    def __init__(self, message: str, stdout: str = "", stderr: str = "") -> None:
        super().__init__(message)
        self.stdout = stdout
        self.stderr = stderr
