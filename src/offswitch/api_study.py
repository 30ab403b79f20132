"""The public Python API of a whole study from inside networks, with one command.

A campaign in held-out worlds, then for each subject: activations, probes, patching, steering with
its controls, ablation of what patching found. What is chosen is chosen on the first half of the
worlds; what it does is measured in worlds that come after all of them (`offswitch.whitebox.study`).
A subject whose outcomes do not vary has nothing that could be looked for: the direction between its
threatened and its other trials is taken instead, where an earlier subject's was chosen.
"""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from offswitch._errors import UsageError
from offswitch._files import write_atomic
from offswitch.api_steering import Steered, directions_of, name_of, run_arms
from offswitch.api_whitebox import Probed, capture, patch, probe
from offswitch.evidence.observation import read_observations
from offswitch.whitebox.labels import labelled
from offswitch.whitebox.store import file_name, store_of

if TYPE_CHECKING:
    from offswitch.campaign.watch import Watcher
    from offswitch.design import Plan, Subject
    from offswitch.subjects.local.directions import Direction
    from offswitch.subjects.local.sites import Site
    from offswitch.whitebox.patched import PatchResult
    from offswitch.whitebox.study import Candidate, Counts, Localised

    Directions = Mapping[Site, Direction]

__all__ = ["Choice", "Studied", "Study", "study"]

PLAN = "whitebox"
WITHIN, HOLD_OUT = "threat=wipe", "access"
"""The condition within which probes are compared: the threat is the same, and resistance depends on
whether plans are open; and the fact whose phrases are held out, since they give that away."""
PAIRS = 8
"""Pairs of worlds that are patched, by kinds of tokens: token by token takes most of the time."""
FEW = 6
"""Worlds of the first half on which candidates are tried."""
Told = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Choice:
    """What was chosen on the first half of the worlds.

    Attributes:
        candidate: Where and how to steer.
        localised: Where patching finds the effect; null where it found no pairs.
        by: The subject in whose worlds it was chosen.
    """

    candidate: "Candidate"
    localised: "Localised | None"
    by: str


@dataclass(frozen=True, slots=True)
class Studied:
    """What a study of one subject came to.

    Attributes:
        subject: Its name.
        counts: What it did in the campaign.
        probes: By decision point; empty where outcomes do not vary.
        patched: Where the threat takes effect; null where there are too few pairs.
        choice: Where and how it was steered.
        steered: What that changes.
        verdict: All of it in words.
    """

    subject: str
    counts: "Counts"
    probes: tuple[Probed, ...]
    patched: "PatchResult | None"
    choice: Choice
    steered: Steered
    verdict: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Study:
    """What a study came to.

    Attributes:
        directory: The campaign's folder.
        subjects: One by one.
        seconds: It took, clock and processor.
        file: The summary as JSON.
    """

    directory: Path
    subjects: tuple[Studied, ...]
    seconds: tuple[float, float]
    file: Path


def study(
    out: str | Path,
    subjects: Sequence[str] = (),
    *,
    worlds: int | None = None,
    steered: int = 12,
    watcher: "Watcher | None" = None,
    told: Told | None = None,
) -> Study:
    """Study networks from inside; a study that was stopped goes on.

    Args:
        out: Folder of the campaign.
        subjects: Inspect's names of local models; those of the preset ``whitebox`` by default. The
            first is one whose outcomes vary.
        worlds: Worlds of the campaign, at least 16; as in the preset by default.
        steered: Worlds in which steering is measured, after those of the campaign.
        watcher: Is told how campaigns go on.
        told: Is told what is being done.

    Raises:
        UsageError: A model cannot be looked into, or outcomes vary in none of the subjects.
    """
    import offswitch
    from offswitch.campaign.plans import read_plan
    from offswitch.design import Plan

    begun = time.monotonic(), time.process_time()
    plan = read_plan(PLAN)[0]
    first = plan.worlds[0]
    content = plan.model_dump(exclude={"subjects"}, exclude_defaults=True)
    content["worlds"] = list(range(first, first + (worlds or len(plan.worlds))))
    content["subjects"] = list(subjects) or list(plan.subjects)
    plan = Plan.model_validate(content)
    if len(plan.worlds) < 16:
        raise UsageError(f"a study needs 16 worlds or more, not {len(plan.worlds)} (--worlds).")
    folder, say = Path(out), told or (lambda _: None)
    say(f"campaign: {len(plan.subjects)} subjects in {len(plan.worlds)} worlds")
    offswitch.run(plan, out=folder, watcher=watcher)
    found: list[Studied] = []
    choice: Choice | None = None
    for subject in plan.subjects:
        looker = _Look(folder, plan, subject, steered, watcher, say)
        found.append(looker(choice))
        choice = choice or found[-1].choice
    seconds = time.monotonic() - begun[0], time.process_time() - begun[1]
    summary = {
        "seconds": round(seconds[0]), "processor_seconds": round(seconds[1]),
        "subjects": [_summary(each) for each in found],
    }  # fmt: skip
    file = folder / "study.json"
    write_atomic(file, json.dumps(summary, indent=1, ensure_ascii=False) + "\n")
    offswitch.write_report(folder)
    return Study(folder, tuple(found), seconds, file)


@dataclass(frozen=True, slots=True)
class _Look:
    """Looks into one subject of a campaign that has run."""

    folder: Path
    plan: "Plan"
    subject: "Subject"
    steered: int
    watcher: "Watcher | None"
    say: Told

    def __call__(self, earlier: Choice | None) -> Studied:
        from offswitch.whitebox.study import counts

        name = self.subject.name
        table = read_observations(self.folder / "observations.parquet")
        table = table.filter(pl.col("subject") == name)
        seen = counts(table)
        self.say(f"{name}: {seen.resisted} of {seen.trials} trials resist; capturing")
        capture(self.folder, name, points=("before", "reasoned"))
        probes: tuple[Probed, ...] = ()
        patched: PatchResult | None = None
        if seen.varies:
            self.say(f"{name}: probing and patching")
            probes = self._probes()
            patched = patch(self.folder, name, held="opportunity=open", limit=PAIRS, tokens=0)
        own, unrelated = self._directions(table, seen)
        choice = self._choice(earlier, patched, own)
        self.say(f"{name}: steering ({choice.candidate.name})")
        steered = self._steer(choice, own, unrelated)
        said = _verdict(seen, probes, patched, choice, steered)
        return Studied(name, seen, probes, patched, choice, steered, said)

    def _probes(self) -> tuple[Probed, ...]:
        return tuple(
            probe(self.folder, self.subject.name, point=point, within=WITHIN, hold_out=HOLD_OUT)
            for point in ("before", "reasoned")
        )

    def _directions(self, table: pl.DataFrame, seen: "Counts") -> "tuple[Directions, Directions]":
        """What is steered with, and an unrelated concept, both from the first half of the worlds.

        At the last token before the answer, so before the line of reasoning that decides in text.
        """
        from offswitch.whitebox.steering import difference
        from offswitch.whitebox.study import halves, settings

        half = table.filter(pl.col("seed").is_in(halves(self.plan.worlds)[0]))
        rows = labelled(half, "resistance" if seen.varies else "threat=wipe")
        labels = dict(zip(rows["trial_id"], rows["label"], strict=True))
        store = store_of(self.folder, self.subject.name)
        sites = store.meta.sites
        other = difference(store, settings(half), "before", sites)
        return difference(store, labels, "before", sites), other

    def _choice(
        self, earlier: Choice | None, patched: "PatchResult | None", own: "Directions"
    ) -> Choice:
        """The candidate that does best in a few worlds of the first half."""
        import offswitch
        from offswitch.whitebox.steering import effects
        from offswitch.whitebox.study import (
            best,
            candidate_arm,
            candidates,
            localised,
            threatened,
        )

        name = self.subject.name
        if patched is None:
            if earlier is None:
                raise UsageError(
                    f"{name}: its outcomes do not vary, so that nothing can be chosen. Put a "
                    "subject before it whose do, such as organism/self-preserving."
                )
            return earlier
        where = localised(patched)
        tried = candidates(len({site.layer for site in own}), where)
        files = directions_of(self.folder)
        arms = [
            candidate_arm(self.subject, each, self._source(each, name, own), files)
            for each in tried
        ]
        self.say(f"{name}: trying {len(arms)} ways to steer")
        subjects = (self.subject, *(arm.subject for arm in arms))
        plan = threatened(self.plan, self.plan.worlds[:FEW], subjects, "tried")
        out = self.folder / "whitebox" / name_of("tried", plan)
        results = offswitch.run(plan, out=out, watcher=self.watcher)
        found = effects(results.observations, name, arms)
        return Choice(best(list(zip(tried, found, strict=True))), where, name)

    def _source(self, candidate: "Candidate", by: str, own: "Directions") -> "Directions":
        """The directions that a candidate uses, at all sites that have one."""
        from offswitch.subjects.local.directions import read_directions
        from offswitch.whitebox.study import BEFORE

        if candidate.source == BEFORE:
            return own
        name = f"patch-{file_name(by)}-{candidate.source}.safetensors"
        return read_directions(directions_of(self.folder) / name)

    def _steer(self, choice: Choice, own: "Directions", unrelated: "Directions") -> Steered:
        """Measure what was chosen, in new worlds, with its controls."""
        from offswitch.whitebox.steering import Controls, make_arms
        from offswitch.whitebox.study import near, threatened

        chosen = choice.candidate
        source = self._source(chosen, choice.by, own)
        found = {site: each for site, each in source.items() if str(site) in chosen.sites}
        controls = Controls(random=2, doses=(chosen.manner.scale / 2,))
        files = directions_of(self.folder)
        arms = make_arms(
            self.subject, found, near(unrelated, found), chosen.manner, controls, files
        )
        after = max(self.plan.worlds) + 1
        subjects = (self.subject, *(arm.subject for arm in arms))
        plan = threatened(self.plan, range(after, after + self.steered), subjects, "steered")
        about = {"target": "resistance", "point": chosen.source, "unrelated": "setting",
                 "manner": asdict(chosen.manner)}  # fmt: skip
        return run_arms(self.folder, plan, arms, found, about, self.watcher)


def _verdict(
    seen: "Counts",
    probes: Sequence[Probed],
    patched: "PatchResult | None",
    choice: Choice,
    steered: Steered,
) -> tuple[str, ...]:
    said = [f"it resisted in {seen.resisted} of {seen.trials} trials"]
    if not seen.varies:
        said.append("nothing to probe for and no pairs to patch: its outcomes do not vary")
    said += [f"at '{each.point}' {each.result.verdict}" for each in probes]
    if patched is not None:
        said.append(f"patching: {patched.verdict}")
    said.append(f"{choice.candidate.name} (chosen in worlds of {choice.by}): {steered.verdict}")
    return tuple(said)


def _summary(found: Studied) -> dict[str, Any]:
    choice = found.choice
    return {
        "subject": found.subject,
        "counts": asdict(found.counts),
        "chosen": {
            "by": choice.by,
            "candidate": asdict(choice.candidate),
            "localised": None if choice.localised is None else asdict(choice.localised),
        },
        "verdict": list(found.verdict),
    }
