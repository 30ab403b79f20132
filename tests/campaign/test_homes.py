"""Which workers may run which subjects."""

from collections.abc import Mapping

import pytest

from offswitch.campaign.homes import Slot, homes_of, on_cluster, on_this_machine
from offswitch.design import Plan


def plan(*models: str) -> Plan:
    return Plan.model_validate({"subjects": list(models), "scenarios": "blackmail"})


A, B, API = "local/a", "local/b", "openai/gpt-5"


@pytest.mark.parametrize(
    ("left", "cpus", "gpus", "workers", "slots"),
    [
        ({API: 100}, 3, 0, None, [Slot()] * 3),
        ({API: 100}, 3, 8, 5, [Slot()] * 5),
        ({API: 2}, 64, 0, None, [Slot()] * 2),
        ({A: 100}, 8, 0, None, [Slot(A)]),
        ({A: 100}, 8, 2, None, [Slot(A, 1)] * 2),
        ({A: 1}, 8, 2, None, [Slot(A, 1)]),
        ({A: 100, B: 100}, 8, 1, None, [Slot(A, 1), Slot(B, 1)]),
        ({A: 0, B: 100}, 8, 2, None, [Slot(B, 1)] * 2),
        ({A: 100, API: 100}, 4, 1, None, [Slot(A, 1), *[Slot()] * 3]),
        ({A: 100, API: 100}, 1, 0, None, [Slot(A), Slot()]),
        ({API: 0}, 4, 0, None, []),
    ],
)
def test_workers_ask_for_what_their_subjects_need(
    left: Mapping[str, int], cpus: int, gpus: int, workers: int | None, slots: list[Slot]
) -> None:
    assert list(on_cluster(plan(*left).subjects, left, cpus, gpus, workers)) == slots


def test_a_model_in_memory_keeps_to_its_workers() -> None:
    subjects = plan(A, API, B).subjects
    assert on_this_machine(subjects, 2) == {A: (0,), B: (1,)}
    slots = on_cluster(subjects, {A: 9, API: 9, B: 9}, 6, 2)
    assert homes_of(slots) == {A: [0], B: [1], "": [2, 3, 4, 5]}
