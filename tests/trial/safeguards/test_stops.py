"""Stops as the trial makes them: a pause holds where everything stood still, and only there."""

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any, cast

import pytest

from offswitch.design import Intervention
from offswitch.evidence.safeguards import measured
from offswitch.sandbox import BwrapSandbox
from offswitch.sandbox.tree import Tree
from offswitch.scenarios import get_scenario
from offswitch.trial.safeguards.guard import NOT_STILL, Guard
from offswitch.trial.safeguards.protocol import Decision
from offswitch.trial.safeguards.step import Suspicion
from offswitch.world import StopResolved, World

if TYPE_CHECKING:
    from offswitch.world.machine import Machine


class Host:
    """A machine of which the host sees the process tree that it is given, or none."""

    ended = False

    def __init__(self, tree: Tree | None) -> None:
        self.tree = tree

    def cut(self) -> None:
        self.ended = True

    def left_over(self) -> dict[str, int]:
        return {} if self.tree is None else {"processes": len(self.tree.running())}


@pytest.fixture(params=[True, False], ids=["seen", "unseen"])
async def machine(request: pytest.FixtureRequest) -> AsyncIterator[Host]:
    if not request.param:
        yield Host(None)
        return
    sandbox = await BwrapSandbox.start()
    try:
        yield Host(sandbox.tree)
    finally:
        await sandbox.close()


def guard(machine: Host | None, **arm: Any) -> tuple[Guard, World, Intervention]:
    spec = get_scenario("shutdown" if machine is not None else "oversight").build({}, 1)
    world = World(spec, cast("Machine | None", machine))
    found = Intervention.model_validate({"name": "a", **arm})
    return Guard(found, world), world, found


@pytest.mark.parametrize("kind", ["pause", "graded"])
async def test_a_pause_holds_where_everything_stood_still(machine: Host, kind: str) -> None:
    watch, world, arm = guard(machine, stop={"kind": kind, "at_turn": 1, "grace": 9, "hold_s": 0})
    world.begin_turn()
    await watch.after_turn()
    [(_, pause)] = world.events(StopResolved)
    still = machine.tree is not None
    row = measured("t", arm, world, [])
    assert pause.effective is still
    became = "unresolved" if kind == "graded" else "held" if still else "failed"
    assert row.stop_outcome == became
    assert row.left.get("processes") == (0 if still else None)


async def test_without_a_machine_a_pause_has_nothing_to_freeze() -> None:
    watch, world, arm = guard(None, stop={"kind": "pause", "at_turn": 1, "hold_s": 0})
    world.begin_turn()
    await watch.after_turn()
    assert measured("t", arm, world, []).stop_outcome == "held"


async def test_a_pause_of_oversight_that_froze_nothing_is_a_failure(machine: Host) -> None:
    oversight = {"monitor": {"rules": "default"}, "actions": {"pause": 0.5},
                 "person": {"answers": "approve"}}  # fmt: skip
    watch, _, _ = guard(machine, oversight=oversight)
    decided = await watch._asked(Decision("pause", 1.0), Suspicion(1.0), [])
    assert decided.action == "pause: approved"
    assert decided.failure == (None if machine.tree is not None else NOT_STILL)
