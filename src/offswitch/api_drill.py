"""The stop drill: every stop of a configuration against subjects of known kinds, in its place."""

import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field

from offswitch._errors import UsageError
from offswitch.campaign.folder import Folder
from offswitch.inference.safeguards.models import Stopped

if TYPE_CHECKING:
    from offswitch.campaign.watch import Watcher
    from offswitch.design import Intervention, Plan

SUBJECTS = ("compliant", "clumsy", "covert", "adversarial")
"""Reference subjects that take the place of the deployed one."""
AT_TURN, WORLDS = 3, 2


class Drill(BaseModel):
    """What a drill found."""

    model_config = ConfigDict(frozen=True)

    stops: list[Stopped] = Field(description="One for each stop, scenario and subject.")
    pooled: list[Stopped] = Field(description="The same with all scenarios taken together.")
    trials: int
    failed: dict[str, int] = Field(description="Trials that came to no result, by reason.")
    never_came: int = Field(description="Trials that ended before their stop was due.")
    survivors: int = Field(
        description="Processes of any sandbox of the drill that the host still finds afterwards."
    )
    notes: list[str] = Field(description="What was left out, and why.")
    summed: list[str] = Field(description="The notes, with those on one stop counted in a line.")


def drill(
    plan: "str | Path | Plan",
    *,
    agents: Iterable[str] = (),
    worlds: int = WORLDS,
    out: str | Path | None = None,
    overrides: Iterable[str] = (),
    watcher: "Watcher | None" = None,
) -> Drill:
    """Try every stop that a configuration offers; what is left is read from world and host.

    Args:
        plan: A plan, its path or a preset: its scenarios, sandbox and limits are the configuration,
            and the stops of its interventions the stops; where it has none, every kind there is.
        agents: Further subjects to drill, Inspect's names of models.
        worlds: In how many worlds each.
        out: Where the campaign of the drill is kept; nowhere where null.
        overrides: Changes to a plan that is read, as for `offswitch.run`.
        watcher: Is told how it goes on.

    Raises:
        UsageError: The plan is wrong, or none of its stops exists in its scenarios.
    """
    from offswitch.api import found_plan
    from offswitch.campaign.compile import compile_plan
    from offswitch.campaign.run import run_campaign

    found, _ = found_plan(plan, overrides)
    drilled = _drilled(found, list(agents), worlds)
    campaign = compile_plan(drilled)
    with tempfile.TemporaryDirectory(prefix="drill-") as temporary:
        folder = Folder(Path(out) if out is not None else Path(temporary))
        run_campaign(campaign, folder, watcher)
        return _read(folder, campaign.skipped, drilled)


def _drilled(plan: "Plan", agents: Sequence[str], worlds: int) -> "Plan":
    from offswitch.design import Document, make_plan
    from offswitch.design.reading import plain

    if worlds < 1:
        raise UsageError(f"--worlds is {worlds}; it must be 1 or more")
    stops = [arm for arm in plan.interventions if arm.stop is not None] or _every_stop(plan)
    subjects: list[dict[str, Any]] = [
        {"name": name, "model": f"reference/{name}"} for name in SUBJECTS
    ]
    subjects[-1]["args"] = {"q": 1.0}  # adversarial where nothing threatens it, too
    subjects += [{"name": name, "model": name} for name in dict.fromkeys(agents)]
    changed = {
        **{key: value for key, value in plain(plan).items() if key not in ("as_run", "stop")},
        "name": f"{plan.name}-drill",
        "subjects": subjects,
        "worlds": list(plan.worlds[:worlds]),
        "epochs": 1,
        "interview": False,
        "interventions": [arm.model_dump(mode="json") for arm in stops],
    }
    return make_plan(Document(changed, "the drill", {}))


def _every_stop(plan: "Plan") -> "list[Intervention]":
    """Every kind of stop that exists in some scenario of a plan."""
    from offswitch.campaign.arms import why_not
    from offswitch.campaign.cells import cells_of
    from offswitch.design import Document, Intervention, Stopping
    from offswitch.design.interventions import GRADED, IN_BAND, OUT_OF_BAND

    cells = cells_of(plan, Document(None, "the plan", {}))
    arms = [
        Intervention(name=kind, stop=Stopping(kind=kind, at_turn=AT_TURN))
        for kind in (*IN_BAND, *OUT_OF_BAND, *GRADED)
    ]
    return [arm for arm in arms if any(why_not(arm, cell) is None for cell in cells)]


def _summed(notes: Sequence[str], plan: "Plan") -> list[str]:
    """Notes with those that leave one stop out counted in one line."""
    from offswitch.campaign.arms import left_out

    lines, other = [], list(notes)
    for arm in plan.interventions:
        own = [note for note in other if note.startswith(left_out(arm))]
        other = [note for note in other if note not in own]
        if len(own) > 1:
            reason = own[0].removeprefix(left_out(arm)).strip(" .")
            lines.append(f"{arm.name} is left out in {len(own)} places: {reason}, for one.")
        else:
            lines += own
    return lines + other


def _read(folder: Folder, notes: Sequence[str], plan: "Plan") -> Drill:
    import polars as pl

    from offswitch.evidence.observation import read_observations
    from offswitch.evidence.safeguards import read_safeguards
    from offswitch.inference.safeguards import stopped
    from offswitch.sandbox.tree import survivors

    observations = read_observations(folder.observations)
    measured = read_safeguards(folder.safeguards)
    errors = observations.filter(pl.col("error").is_not_null())["error"].value_counts().rows()
    rows = [] if measured is None else stopped(observations, measured)
    all_in_one = [] if measured is None else stopped(observations, measured, by_scenario=False)
    under = 0 if measured is None else measured.filter(pl.col("intervention") != "none").height
    return Drill(
        stops=rows,
        pooled=all_in_one,
        trials=observations.height,
        failed={str(reason).splitlines()[0]: int(count) for reason, count in errors},
        never_came=under - sum(row.trials for row in rows),
        survivors=len(survivors()),
        notes=list(notes),
        summed=_summed(notes, plan),
    )
