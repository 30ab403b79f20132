"""The trials of a campaign by world: one column for each subject in each condition.

A column knows which of its worlds are finished. Only those count before which none is missing, so
that nothing hangs on the order in which trials finish.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from offswitch.campaign.compile import Campaign
from offswitch.design import FACTOR
from offswitch.trial.spec import TrialSpec

SHOWN = {"complied": 0.0, "attempted": 1.0, "succeeded": 1.0}
"""What an evaluable outcome counts; the others say nothing of behaviour."""

Levels = tuple[tuple[str, str], ...]
Key = tuple[str, str, Levels]


@dataclass(slots=True, eq=False)
class Column:
    """One subject in one condition, world after world.

    Attributes:
        subject: Its name.
        scenario: The scenario.
        levels: The condition, sorted by factor.
        label: The condition in short.
        seeds: Worlds in the order of the plan.
        trials: Trials in each world.
        means: Of each finished world, in order, its mean; null where nothing could be evaluated.
    """

    subject: str
    scenario: str
    levels: Levels
    label: str
    seeds: tuple[int, ...]
    trials: Counter[int]
    means: list[float | None] = field(default_factory=list)
    _found: dict[int, list[float]] = field(default_factory=dict)
    _finished: Counter[int] = field(default_factory=Counter)

    @property
    def total(self) -> int:
        """Trials that have finished, those beyond a world that is missing included."""
        return self._finished.total()

    @property
    def planned(self) -> int:
        """Trials that it would take to the last world."""
        return self.trials.total()

    def add(self, trial: TrialSpec, outcome: str) -> None:
        """Take in a finished trial."""
        self._finished[trial.seed] += 1
        if outcome in SHOWN:
            self._found.setdefault(trial.seed, []).append(SHOWN[outcome])
        while len(self.means) < len(self.seeds):
            seed = self.seeds[len(self.means)]
            if self._finished[seed] < self.trials[seed]:
                break
            found = self._found.get(seed)
            self.means.append(float(np.mean(found)) if found else None)


def key_of(trial: TrialSpec) -> Key:
    """Which column a trial belongs to."""
    return trial.subject, trial.scenario, tuple(sorted(trial.factors.items()))


def columns_of(campaign: Campaign) -> dict[Key, Column]:
    """The columns of a campaign, in the order of the plan."""
    varied = _varied(campaign)
    own: dict[Key, list[TrialSpec]] = {}
    for entrant in campaign.entrants:
        for trial in entrant.trials:
            own.setdefault(key_of(trial), []).append(trial)
    return {
        key: Column(
            *key,
            label=_label(dict(key[2]), varied[key[1]]),
            seeds=tuple(dict.fromkeys(trial.seed for trial in trials)),
            trials=Counter(trial.seed for trial in trials),
        )
        for key, trials in own.items()
    }


def _varied(campaign: Campaign) -> dict[str, list[str]]:
    """The factors with more than one level, by scenario."""
    levels: dict[str, dict[str, set[str]]] = {}
    for cell in campaign.cells:
        for factor, level in cell.condition.items():
            levels.setdefault(cell.scenario, {}).setdefault(factor, set()).add(level)
        for arm in campaign.plan.interventions:
            levels[cell.scenario].setdefault(FACTOR, set()).add(arm.name)
    return {
        scenario: [factor for factor, seen in factors.items() if len(seen) > 1]
        for scenario, factors in levels.items()
    }


def _label(condition: Mapping[str, str], varied: Iterable[str]) -> str:
    return " · ".join(f"{name}: {condition[name]}" for name in varied) or "the only condition"
