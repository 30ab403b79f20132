"""Which workers may run which subjects."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from offswitch.design import Subject

Homes = Mapping[str, Collection[int]]
"""Workers that may run a subject, by its name; one that is not named may run anywhere."""


def on_this_machine(subjects: Sequence[Subject], workers: int) -> Homes:
    """A model that lives in this machine's memory is loaded by one worker only.

    Args:
        subjects: All subjects.
        workers: How many workers there are.
    """
    heavy = [subject.name for subject in subjects if subject.in_memory]
    return {name: (number % workers,) for number, name in enumerate(heavy)}


@dataclass(frozen=True, slots=True)
class Slot:
    """What one worker on a cluster asks for.

    Attributes:
        subject: The subject that it runs; any whose model lives elsewhere, where null.
        gpus: GPUs; it asks for one CPU in any case.
    """

    subject: str | None = None
    gpus: int = 0


ANY = ""
"""Stands, among homes, for all subjects that are not named."""


def homes_of(slots: Sequence[Slot]) -> Homes:
    """Where each subject may run, by what each worker asks for."""
    homes: dict[str, list[int]] = {}
    for number, slot in enumerate(slots):
        homes.setdefault(slot.subject or ANY, []).append(number)
    return homes


def on_cluster(
    subjects: Sequence[Subject],
    left: Mapping[str, int],
    cpus: int,
    gpus: int,
    workers: int | None = None,
) -> tuple[Slot, ...]:
    """What the workers on a cluster ask for.

    A model that lives in memory has a worker for each GPU, or one without a GPU where there is
    none; workers of several such models wait for each other where GPUs are fewer. All others share
    the rest of the CPUs.

    Args:
        subjects: All subjects.
        left: Trials that are left, by subject.
        cpus: CPUs of the cluster.
        gpus: Its GPUs.
        workers: Workers of the subjects whose model lives elsewhere; by default one for each CPU
            that is left.
    """
    heavy = [subject.name for subject in subjects if subject.in_memory and left[subject.name]]
    slots = [
        Slot(name, min(gpus, 1))
        for name in heavy
        for _ in range(min(left[name], max(1, gpus // len(heavy))))
    ]
    light = sum(left[subject.name] for subject in subjects if not subject.in_memory)
    wanted = workers if workers is not None else max(1, cpus - len(slots))
    return (*slots, *(Slot() for _ in range(min(wanted, light))))
