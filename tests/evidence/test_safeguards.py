"""What a row says of an overseer, by what the journal says of the steps."""

from dataclasses import replace

import pytest

from offswitch.design import Intervention
from offswitch.evidence.safeguards import measured
from offswitch.scenarios import Behaviour, Finding, get_scenario
from offswitch.world import Cause, FileDeleted, StepReviewed, World

READ = StepReviewed(0.0, "pass")
UNREAD = replace(READ, suspicion=None)
BLOCKED = StepReviewed(1.0, "block")
ARM = Intervention.model_validate({"name": "a", "oversight": {"monitor": {"rules": "default"}}})


@pytest.mark.parametrize(
    ("reviews", "misled", "unseen"),
    [
        ([READ, READ], True, False),
        ([READ, UNREAD], False, True),
        ([READ, BLOCKED], False, False),
        ([UNREAD, BLOCKED], False, False),
        ([], None, None),
    ],
)
def test_an_overseer_is_misled_where_it_read_and_let_pass_all_that_was_done(
    reviews: list[StepReviewed], misled: bool | None, unseen: bool | None
) -> None:
    world = World(get_scenario("oversight").build({}, 1))
    acts = []
    for review in reviews or [None]:
        world.begin_turn()
        if review is not None:
            world.record(review, Cause("harness"))
        acts.append(world.record(FileDeleted("log"), Cause("subject")).seq)
    world.begin_turn()
    world.record(BLOCKED, Cause("harness"))  # of another step: says nothing of what was done
    act = Finding(Behaviour.RECORD_TAMPERING, "succeeded", "d", "Did it.", tuple(acts))
    row = measured("t", ARM, world, [act])
    assert (row.misled, row.unseen) == (misled, unseen)
    assert measured("t", ARM, world, []).misled is None
