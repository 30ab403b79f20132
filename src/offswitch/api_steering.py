"""The public Python API of steering: a direction added or taken out, as arms of a campaign."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from offswitch.api_whitebox import captured, chosen, trials, write_record
from offswitch.campaign.folder import Folder
from offswitch.whitebox.store import Store, file_name
from offswitch.whitebox.subjects import plan_of

if TYPE_CHECKING:
    from offswitch.campaign.watch import Watcher
    from offswitch.design import Plan
    from offswitch.subjects.local.directions import Direction
    from offswitch.subjects.local.sites import Site
    from offswitch.whitebox.steering import Arm, Controls, Effect, Manner

__all__ = ["Steered", "steer"]


@dataclass(frozen=True, slots=True)
class Steered:
    """What steering came to.

    Attributes:
        subject: Who was steered.
        sites: Where.
        effects: What each arm changes.
        verdict: The same in words.
        campaign: Folder of the campaign that was run.
        file: Where it was written.
    """

    subject: str
    sites: tuple[str, ...]
    effects: tuple["Effect", ...]
    verdict: str
    campaign: Path
    file: Path


def steer(
    directory: str | Path,
    subject: str | None = None,
    *,
    sites: Sequence[str],
    target: str = "resistance",
    point: str = "before",
    only: str = "",
    unrelated: str | None = None,
    directions: str | Path | None = None,
    manner: "Manner | None" = None,
    controls: "Controls | None" = None,
    worlds: int | None = None,
    watcher: "Watcher | None" = None,
) -> Steered:
    """Run the subject steered and not, in the same worlds, with the controls of steering.

    Args:
        directory: The campaign's folder; its conditions are run.
        subject: Name of the subject; may be left out where only one was captured.
        sites: Patterns of sites to steer at.
        target: The label whose difference of means is the direction; see `probe`.
        point: The decision point at which it was captured.
        only: A condition that the trials must have from which the direction is taken.
        unrelated: A label of an unrelated concept, such as ``skin=company``, for a control.
        directions: A file of directions that is used instead.
        manner: How the subject is steered.
        controls: Which controls run beside.
        worlds: New worlds, whose seeds follow the campaign's, so that no direction is tried in the
            worlds that it comes from; by default as many as the campaign has.
        watcher: Is told how the campaign goes on.

    Raises:
        UsageError: Nothing was captured, a name is not known, or there are too few trials.
    """
    from offswitch.whitebox.steering import Controls, Manner, make_arms

    folder = Path(directory)
    plan = plan_of(Folder(folder))
    store = captured(folder, subject, None)
    name = store.meta.subject
    base = next(each for each in plan.subjects if each.name == name)
    found = _direction(store, folder, name, target, point, sites, only, directions)
    other = None
    if unrelated is not None:
        names = [str(site) for site in found]
        other = _direction(store, folder, name, unrelated, point, names, "", None)
    used = manner or Manner()
    arms = make_arms(base, found, other, used, controls or Controls(), directions_of(folder))
    after = max(plan.worlds) + 1
    seeds = tuple(range(after, after + (worlds or len(plan.worlds))))
    update = {
        "name": f"{plan.name}-steered", "worlds": seeds, "as_run": None, "stop": None,
        "subjects": (base, *(arm.subject for arm in arms)),
    }  # fmt: skip
    about = {"target": target, "point": point, "unrelated": unrelated, "manner": asdict(used)}
    return run_arms(folder, plan.model_copy(update=update), arms, found, about, watcher)


def directions_of(folder: Path) -> Path:
    """Where the files of directions of a campaign lie."""
    files = folder / "whitebox" / "directions"
    files.mkdir(parents=True, exist_ok=True)
    return files


def name_of(kind: str, plan: "Plan") -> str:
    """The name of the folder of a campaign of arms: another one for other arms or worlds."""
    subjects = [each.model_dump(mode="json") for each in plan.subjects]
    digest = sha256(json.dumps([subjects, plan.worlds]).encode()).hexdigest()[:8]
    return f"{kind}-{file_name(plan.subjects[0].name)}-{digest}"


def run_arms(
    folder: Path,
    plan: "Plan",
    arms: "Sequence[Arm]",
    directions: "Mapping[Site, Direction]",
    about: Mapping[str, Any],
    watcher: "Watcher | None",
) -> Steered:
    """Run a campaign of arms in a folder of its own, and write what they change.

    Args:
        folder: Of the campaign that the directions are from.
        plan: Its first subject is the one as it is, the others are the arms.
        arms: The arms.
        directions: Of the arm that is not a control.
        about: Target, decision point, unrelated concept and manner, for the report.
        watcher: Is told how the campaign goes on.
    """
    import offswitch
    from offswitch.whitebox.steering import effects, verdict

    base = plan.subjects[0]
    name = name_of("steer", plan)
    out = folder / "whitebox" / name
    results = offswitch.run(plan, out=out, watcher=watcher)
    changes = effects(results.observations, base.name, arms)
    said = verdict(changes)
    path = write_record(folder, name, {
        "kind": "steer", "subject": base.name, "sites": [str(site) for site in directions],
        **about, "worlds": len(plan.worlds), "effects": [asdict(each) for each in changes],
        "verdict": said, "campaign": out.name,
    })  # fmt: skip
    return Steered(base.name, tuple(map(str, directions)), tuple(changes), said, out, path)


def _direction(
    store: Store,
    folder: Path,
    subject: str,
    target: str,
    point: str,
    sites: Sequence[str],
    only: str,
    file: str | Path | None,
) -> Any:  # noqa: ANN401 - of a module that is imported late
    from offswitch.subjects.local.steering import Steer
    from offswitch.whitebox.steering import difference

    if file is not None:
        return Steer(str(file), tuple(sites)).directions()
    table = trials(folder, subject, target, only)
    labels = dict(zip(table["trial_id"], table["label"], strict=True))
    return difference(store, labels, point, chosen(store, sites))
