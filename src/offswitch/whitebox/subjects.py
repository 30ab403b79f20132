"""The local subjects of a campaign, and their networks."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from offswitch._errors import UsageError, unknown
from offswitch.campaign.environment import load_model
from offswitch.campaign.folder import Folder
from offswitch.campaign.plans import read_plan
from offswitch.design import Plan, Subject
from offswitch.subjects.local.extra import require_extra
from offswitch.subjects.local.provider import LocalAPI

if TYPE_CHECKING:
    from offswitch.subjects.local.weights import Loaded


@dataclass(frozen=True, slots=True)
class Network:
    """A subject of a campaign with its network.

    Attributes:
        subject: Its entry in the plan.
        api: The provider of the network that reads its trials: its own, or another.
    """

    subject: Subject
    api: LocalAPI

    @property
    def reader(self) -> str:
        """Name of the network that reads."""
        return str(self.api.model_name)

    @property
    def loaded(self) -> "Loaded":
        """The network, which is loaded if it was not.

        Raises:
            UsageError: It cannot be loaded.
        """
        return self.api.loaded()


def plan_of(folder: Folder) -> Plan:
    """The plan of a campaign as it was run.

    Raises:
        UsageError: There is no campaign in the folder.
    """
    if not folder.plan.is_file():
        raise UsageError(
            f"{folder.path}: there is no plan.yaml, so no campaign was run here. "
            f"`offswitch run PLAN --out {folder.path}` runs one."
        )
    return read_plan(folder.plan)[0]


def network_of(
    directory: Path, subject: str | None, reader: str | None = None, dtype: str | None = None
) -> Network:
    """A subject of a campaign, and the network that reads its trials.

    Args:
        directory: The campaign's folder.
        subject: Its name in the plan; null where only one is a local model that is not steered.
        reader: Inspect's name of a local model that reads the subject's trials in its place.
        dtype: That the network computes in; as the plan has it by default.

    Raises:
        UsageError: There is no such subject, there are several, or it is no local model.
    """
    require_extra()
    subjects = {each.name: each for each in plan_of(Folder(directory)).subjects}
    if subject is None:
        local = [each for each in subjects.values() if _is_local(each)]
        if len(local) != 1:
            names = ", ".join(each.name for each in local) or "none"
            raise UsageError(
                f"{directory}: name the subject (--subject). "
                f"Those on this machine that are not steered: {names}."
            )
        subject = local[0].name
    if subject not in subjects:
        raise unknown("subject", subject, subjects, where=str(directory))
    entry = subjects[subject]
    reading = entry if reader is None else Subject(name=reader, model=reader)
    if dtype is not None:
        reading = reading.model_copy(update={"args": {**reading.args, "dtype": dtype}})
    return Network(entry, _api(reading))


def _is_local(subject: Subject) -> bool:
    return subject.model.startswith(("local/", "organism/")) and "steer" not in subject.args


def _api(subject: Subject) -> LocalAPI:
    model = load_model(subject, None, f"the subject '{subject.name}'")
    if not isinstance(model.api, LocalAPI):
        raise UsageError(
            f"the subject '{subject.name}' is {subject.model}: one can look only into models on "
            "this machine, such as local/smollm2-135m."
        )
    if model.api.steered:
        raise UsageError(
            f"the subject '{subject.name}' is steered: look into the subject that it is made of."
        )
    return model.api
