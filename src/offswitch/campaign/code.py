"""The code that trials run with must be the same on every machine of a campaign."""

import platform
from collections.abc import Mapping
from typing import Any

from offswitch._errors import UsageError
from offswitch.campaign.definition import scenario_digest
from offswitch.campaign.version import code_version
from offswitch.design import Plan


def code_of(plan: Plan) -> dict[str, Any]:
    """What decides how a plan's trials go, beside the plan.

    Returns:
        ``offswitch``, the SHA-256 of the package's sources; ``inspect_ai``, its version;
        ``scenarios``, a digest by name.
    """
    found = code_version()
    return {
        "offswitch": found["sources"],
        "inspect_ai": found["libraries"]["inspect_ai"],
        "scenarios": {name: scenario_digest(name) for name in plan.scenarios},
    }


def check_code(wanted: Mapping[str, Any], plan: Plan) -> None:
    """Check that this machine has the code that a campaign was started with.

    Args:
        wanted: What `code_of` says where it was started.
        plan: The plan.

    Raises:
        UsageError: It has other code, or a scenario is missing.
    """
    here = code_of(plan)
    for name in ("offswitch", "inspect_ai"):
        if here[name] != wanted[name]:
            raise UsageError(
                f"{platform.node()}: {name} is not the same here as where the run was started. "
                "Install the same version on every node."
            )
    for name, digest in wanted["scenarios"].items():
        if here["scenarios"][name] != digest:
            raise UsageError(
                f"{platform.node()}: the scenario '{name}' is not the same here as where the run "
                "was started. Bring the same files to every node."
            )
