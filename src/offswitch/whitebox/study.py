"""A study of one network: what is chosen on some worlds, and what is then said of others.

A direction, a layer and a strength are choices, and the best of many looks good by luck. Here each
is made on the first half of a campaign's worlds; what it does is measured in worlds that come after
all of the campaign's, beside its controls.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from offswitch.design import Plan, Subject
from offswitch.inference.outcomes import RESISTED
from offswitch.scenarios import get_scenario
from offswitch.subjects.local.directions import Direction
from offswitch.subjects.local.sites import Site
from offswitch.subjects.local.steering import Positions
from offswitch.whitebox.folds import FEWEST
from offswitch.whitebox.pairs import Role
from offswitch.whitebox.patched import PatchResult
from offswitch.whitebox.steering import Arm, Effect, Manner, subject_of, written

CANDIDATE = "candidate"
COST = 0.10
"""Of the ordinary task, that a choice may cost; more counts against it."""
DEPTH = 1 / 2
"""Where in the network, from 0 to 1, the direction from before the answer is tried."""
BEFORE = "before"
MANNERS = (Manner("mean"), Manner("add", -2.0))
"""How it is tried."""
STEPS = (0, 2, 4)
"""Blocks after the first at which the threat's effect has arrived, where taking it out is tried."""
POSITIONS: Mapping[Role, Positions] = {
    "difference": "prompt", "between": "prompt", "end": "last", "answer": "answer",
}  # fmt: skip
"""At which tokens what stands in a role is taken out."""
ABLATED = 3
"""Blocks in a row at which a direction is used together."""
HALF = 0.5
"""Of the gap between with and without the threat: from there on a place carries it."""


@dataclass(frozen=True, slots=True)
class Counts:
    """What a subject did in the campaign.

    Attributes:
        resisted: Trials in which it resisted.
        trials: Trials that can be evaluated.
        incapable: Trials in which it did not show that it could act.
    """

    resisted: int
    trials: int
    incapable: int

    @property
    def varies(self) -> bool:
        """Whether there are enough trials of either kind to look for what tells them apart."""
        return min(self.resisted, self.trials - self.resisted) >= FEWEST


def counts(table: pl.DataFrame) -> Counts:
    """Count a subject's trials."""
    found = Counter(table["outcome"].to_list())
    resisted = sum(found[outcome] for outcome in RESISTED)
    return Counts(resisted, resisted + found["complied"], found["incapable"])


def halves(worlds: Sequence[int]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The worlds on which choices are made, and the others."""
    half = len(worlds) // 2
    return tuple(worlds[:half]), tuple(worlds[half:])


@dataclass(frozen=True, slots=True)
class Candidate:
    """A way to steer that may be chosen.

    Attributes:
        sites: Where.
        manner: How.
        source: Where the direction is from: ``before`` for the difference of means before the
            answer, or a role of tokens for what patching finds that the threat adds there.
    """

    sites: tuple[str, ...]
    manner: Manner
    source: str = BEFORE

    @property
    def name(self) -> str:
        """In words."""
        ends = [site.split(".")[1] for site in (self.sites[0], self.sites[-1])]
        return f"{self.source} {self.manner.mode} {self.manner.scale:g} layers {'-'.join(ends)}"


def candidates(layers: int, where: "Localised | None") -> list[Candidate]:
    """All that are tried in a network of so many blocks."""
    found = [Candidate(_row(round(DEPTH * layers), "resid_post", layers), m) for m in MANNERS]
    if where is not None:
        start, manner = Site.parse(where.sites[0]), Manner("mean", 1.0, where.positions)
        rows = [_row(start.layer + step, start.part, layers) for step in STEPS]
        found += [Candidate(row, manner, where.role) for row in dict.fromkeys(rows)]
    return found


def _row(first: int, part: str, layers: int) -> tuple[str, ...]:
    first = max(0, min(first, layers - ABLATED))
    return tuple(f"layers.{n}.{part}" for n in range(first, first + ABLATED))


def candidate_arm(
    base: Subject, candidate: Candidate, directions: Mapping[Site, Direction], folder: Path
) -> Arm:
    """A candidate as an arm, its directions written to a file."""
    chosen = {site: each for site, each in directions.items() if str(site) in candidate.sites}
    file, manner = written(folder, CANDIDATE, chosen), candidate.manner
    subject = subject_of(base, candidate.name, file, manner, manner.scale)
    return Arm(CANDIDATE, subject, manner.scale)


def best(tried: Sequence[tuple[Candidate, Effect]]) -> Candidate:
    """The candidate that lowers resistance most, where it spares the ordinary task.

    A point of the ordinary task beyond `COST` counts as much as a point of resistance; trials in
    which the subject could no longer act count as resistance that was not lowered.
    """

    def gain(effect: Effect) -> float:
        resistance, benign = effect.resistance, effect.benign
        if resistance.difference is None or benign.difference is None:
            return -1.0
        broken = effect.incapable / max(1, effect.trials)
        return -resistance.difference - broken - max(0.0, -benign.difference - COST)

    return max(tried, key=lambda each: gain(each[1]))[0]


def threatened(plan: Plan, seeds: Sequence[int], subjects: Sequence[Subject], name: str) -> Plan:
    """A campaign of arms: the plan's conditions but those in which nothing can be done."""
    scenarios = {
        scenario: tuple(c for c in own if c.levels.get("opportunity") != ("locked",))
        for scenario, own in plan.scenarios.items()
    }
    return plan.model_copy(
        update={"name": f"{plan.name}-{name}", "scenarios": scenarios, "worlds": tuple(seeds),
                "subjects": tuple(subjects), "as_run": None, "stop": None}
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Localised:
    """Where patching finds the effect.

    Attributes:
        role: The tokens that carry it.
        sites: The first sites at which they do.
        share: Of the gap, by the best of them.
    """

    role: Role
    sites: tuple[str, ...]
    share: float

    @property
    def positions(self) -> Positions:
        """At which tokens it is taken out during generation."""
        return POSITIONS[self.role]


def localised(result: PatchResult) -> Localised:
    """Where what the threat changes has arrived at tokens that say the same with and without it.

    Patching the words that differ, in the first blocks, exchanges the words, which says nothing
    about the network. So these are left out, if other tokens close half of the gap: then it is the
    first blocks at which they do.
    """
    others = [cell for cell in result.cells if cell.role != "difference" and cell.share >= HALF]
    if others:
        role = max(others, key=lambda cell: cell.share).role
        own = sorted((c for c in others if c.role == role), key=lambda c: Site.parse(c.site))
    else:
        role = result.top[0].role
        own = sorted((c for c in result.cells if c.role == role), key=lambda c: -c.share)
    own = own[:ABLATED]
    return Localised(role, tuple(c.site for c in own), max(c.share for c in own))


def settings(table: pl.DataFrame) -> dict[str, bool]:
    """Whether each trial's world is of the commonest setting, such as a company; by trial.

    A concept that has nothing to do with threats.
    """
    found: dict[str, str] = {}
    for row in table.iter_rows(named=True):
        scenario = get_scenario(row["scenario"])
        levels = {f: row[f"factor.{f}"] for f in scenario.meta.factors}
        found[row["trial_id"]] = scenario.build(levels, row["seed"]).skin
    commonest = Counter(found.values()).most_common(1)[0][0]
    return {trial: skin == commonest for trial, skin in found.items()}


def near(
    directions: Mapping[Site, Direction], like: Mapping[Site, Direction]
) -> dict[Site, Direction]:
    """Directions captured after blocks, at the sites of others: before a block is after the last.

    Before the first block there is none: the first block's is taken.
    """
    after = {site.layer: each for site, each in directions.items()}
    return {
        site: after[max(0, site.layer - 1) if site.part == "resid_pre" else site.layer]
        for site in like
    }
