"""Whether bubblewrap sandboxes can be made here, found out by making one."""

import itertools
import platform

import anyio

from offswitch.sandbox.config import BwrapConfig
from offswitch.sandbox.errors import SandboxUnavailable
from offswitch.sandbox.launch import launch
from offswitch.sandbox.machine import ALTERNATIVES, find_bwrap, has_programs, interpreters
from offswitch.sandbox.seccomp import ARCHITECTURES
from offswitch.sandbox.spawn import Method

_found: Method | None = None


def check() -> None:
    """Makes a sandbox and ends it again (some 40 ms, once per process).

    Raises:
        SandboxUnavailable: It cannot be made; says why and names the alternatives.
    """
    if _found is None:
        anyio.run(working_method)


async def working_method() -> Method:
    """Returns the best way of making sandboxes that works here; like `check`."""
    global _found
    if _found is None:
        _found = await _search()
    return _found


async def _search() -> Method:
    find_bwrap()
    if platform.machine() not in ARCHITECTURES:
        known = ", ".join(ARCHITECTURES)
        raise SandboxUnavailable(
            f"no system call filter for {platform.machine()} (only {known}). {ALTERNATIVES}"
        )
    problems: list[str] = []
    for method in _methods():
        try:
            processes, _ = await launch(BwrapConfig(), method)
        except (SandboxUnavailable, OSError) as error:
            problems.append(str(error))
            continue
        await processes.end()
        return method
    reason = problems[0] if problems else "no Python was found for it"
    raise SandboxUnavailable(f"bubblewrap cannot make sandboxes here: {reason}. {ALTERNATIVES}")


def _methods() -> list[Method]:
    """Returns the ways to try, the strictest first."""
    stages = (True, False) if has_programs("unshare", "mount", "sh", "mkdir") else (False,)
    return [Method(python, staged) for staged, python in itertools.product(stages, interpreters())]
