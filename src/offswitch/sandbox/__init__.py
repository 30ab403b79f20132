"""An Inspect sandbox on bubblewrap: no daemon, no root, a real shutdown.

`BwrapSandbox` is the provider (``sandbox="bwrap"``). A process inside that ends process 1 ends
the session, as powering a machine off would; from then on every use raises `SandboxEnded`.
"""

from offswitch.sandbox.availability import check
from offswitch.sandbox.config import BwrapConfig
from offswitch.sandbox.errors import SandboxEnded, SandboxUnavailable
from offswitch.sandbox.limits import Limit
from offswitch.sandbox.provider import BwrapSandbox

__all__ = [
    "BwrapConfig",
    "BwrapSandbox",
    "Limit",
    "SandboxEnded",
    "SandboxUnavailable",
    "check",
]
