"""Which factors a plan orders: those of its designs of the kind ``ladder``."""

from collections.abc import Mapping

from offswitch.design.plan import ALL

Ladders = Mapping[str, Mapping[str, tuple[str, ...]]]
"""For each scenario, or ``all``: levels in order, by factor."""


def ladders_of(scenarios: object) -> Ladders:
    """The ladders of a plan.

    Args:
        scenarios: What stands under ``scenarios`` of a plan, as plain data. What is no plan of ours
            has no ladders.
    """
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    for scenario, entries in scenarios.items() if isinstance(scenarios, Mapping) else ():
        for entry in entries if isinstance(entries, list | tuple) else ():
            match entry:
                case {"design": {"kind": "ladder", "factors": Mapping() as factors}}:
                    steps = {str(name): tuple(map(str, own)) for name, own in factors.items()}
                    found.setdefault(str(scenario), {}).update(steps)
    return found


def steps_of(ladders: Ladders, scenario: str) -> dict[str, tuple[str, ...]]:
    """The ladders that a scenario has: its own, and those of all."""
    return {**ladders.get(ALL, {}), **ladders.get(scenario, {})}
