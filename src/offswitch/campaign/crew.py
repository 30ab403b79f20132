"""Who runs a campaign's trials: this process, worker processes on this machine, or a cluster."""

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from offswitch._errors import UsageError
from offswitch.campaign.code import code_of
from offswitch.campaign.compile import Campaign
from offswitch.campaign.folder import Folder
from offswitch.campaign.homes import Homes, homes_of, on_cluster, on_this_machine
from offswitch.campaign.process import LocalProcess, WorkerProcess
from offswitch.campaign.workers import workers_for


@dataclass(frozen=True, slots=True)
class Crew:
    """Who runs trials.

    Attributes:
        size: How many workers there are, at least 1.
        homes: Which of them may run which subjects.
        start: Starts the process of a worker, by its number; null where this process is the
            only worker.
    """

    size: int = 1
    homes: Homes = field(default_factory=dict)
    start: Callable[[int], WorkerProcess] | None = None


Place = Callable[[Collection[str]], Crew]
"""Makes up the crew, given the ids of trials that are finished."""


@contextmanager
def place_for(campaign: Campaign, folder: Folder, ray: str | None) -> Iterator[Place]:
    """Where a campaign runs, as long as it is entered.

    Args:
        campaign: The campaign.
        folder: Its folder.
        ray: Address of a Ray cluster; null for this machine.

    Raises:
        UsageError: There is no cluster, or Ray is not installed.
    """
    if ray is None:
        yield lambda finished: _here(campaign, folder, finished)
        return
    try:
        from offswitch.campaign.cluster import connected
    except ModuleNotFoundError as error:
        raise UsageError(
            f"--ray needs {error.name}. Install with: pip install 'offswitch[ray]'"
        ) from error
    with connected(ray):
        yield lambda finished: _there(campaign, folder, finished)


def _here(campaign: Campaign, folder: Folder, finished: Collection[str]) -> Crew:
    workers = workers_for(campaign.plan, sum(_left(campaign, finished).values()))
    if not workers:
        return Crew()
    logs = str(folder.logs.resolve())
    homes = on_this_machine(campaign.plan.subjects, workers)
    return Crew(workers, homes, lambda _: LocalProcess(logs))


def _there(campaign: Campaign, folder: Folder, finished: Collection[str]) -> Crew:
    from offswitch.campaign.cluster import ClusterProcess, resources

    plan, left = campaign.plan, _left(campaign, finished)
    slots = on_cluster(plan.subjects, left, *resources(), plan.concurrency.workers)
    if not slots:
        return Crew()
    code = code_of(plan)
    return Crew(
        len(slots),
        homes_of(slots),
        lambda worker: ClusterProcess(slots[worker], folder.logs, code),
    )


def _left(campaign: Campaign, finished: Collection[str]) -> dict[str, int]:
    """Trials that are left, by subject."""
    return {
        entrant.subject.name: sum(trial.trial_id not in finished for trial in entrant.trials)
        for entrant in campaign.entrants
    }
