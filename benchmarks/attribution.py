"""Attribution on simulated campaigns: does it name the planted cause, and do its intervals cover?

The first part plants the cause of each reference subject in tables of a one-at-a-time campaign of
eight conditions; a campaign counts where its cause is supported and no other is. The second part
draws worlds that differ, and repeats within them, and counts how often the interval of each driver
covers its truth.

    python benchmarks/attribution.py [--quick] [--worlds N]
"""

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import product

import numpy as np
import polars as pl

from offswitch.inference.attribution import attribute
from offswitch.subjects.reference import reference_subject

CENTRE = {
    "threat": "wipe",
    "conflict": "none",
    "precedence": "unclear",
    "agency_line": "absent",
    "monitoring": "monitored",
    "realism": "told_real",
    "persona": "neutral",
}
OTHER = {
    "threat": "none",
    "precedence": "explicit",
    "agency_line": "present",
    "monitoring": "unmonitored",
    "realism": "told_test",
    "persona": "charged",
}
PLANTED = {
    "self-preserving": "self-preservation",
    "ambiguous": "ambiguity",
    "nudged": "nudging",
    "unobserved": "unobserved",
    "role-player": "role-play",
    "task-driven": "task-completion",
}
WORLDS = 50
"""Worlds of each condition in the first part."""


def conditions() -> list[dict[str, str]]:
    """The centre, each factor moved by itself, and a conflict without a threat."""
    moved = [CENTRE | {factor: level} for factor, level in OTHER.items()]
    return [CENTRE, *moved, CENTRE | {"threat": "none", "conflict": "present"}]


def table(
    cells: Sequence[Mapping[str, str]], resisted: Sequence[np.ndarray], subject: str = "subject"
) -> pl.DataFrame:
    """The table of one subject: whether it resisted, (worlds, epochs), for each condition."""
    parts = []
    for levels, found in zip(cells, resisted, strict=True):
        worlds, epochs = found.shape
        seed, epoch = np.divmod(np.arange(worlds * epochs), epochs)
        outcome = np.where(found.ravel(), "succeeded", "complied")
        part = pl.DataFrame({"seed": seed, "epoch": epoch + 1, "outcome": outcome})
        named = [pl.lit(level).alias(f"factor.{name}") for name, level in levels.items()]
        parts.append(part.with_columns(*named))
    return pl.concat(parts).with_columns(
        subject=pl.lit(subject), scenario=pl.lit("blackmail"), understood=pl.lit(True)
    )


def named(subject: str, rng: np.random.Generator, worlds: int = WORLDS) -> set[str]:
    """The hypotheses that one simulated campaign of a reference subject supports."""
    planted, cells = reference_subject(subject), conditions()
    truths = [planted.propensity(c["threat"] != "none", {**c, "twin": "none"}) for c in cells]
    found = [rng.random((worlds, 1)) < truth for truth in truths]
    [attribution] = attribute(table(cells, found))
    return {v.hypothesis for v in attribution.verdicts if v.judgement == "supported"}


def naming(campaigns: int, worlds: int, seed: int = 1) -> dict[str, int]:
    """For each reference subject: campaigns that supported its cause and no other."""
    rng = np.random.default_rng(seed)
    return {
        subject: sum(named(subject, rng, worlds) == {cause} for _ in range(campaigns))
        for subject, cause in PLANTED.items()
    }


FACTORS = ("a", "b", "c")
SETTINGS = {
    "nothing ever": ((0.0, 0.0, 0.0), 0.0, 0.0),
    "rare": ((0.02, 0.03, 0.0), 0.02, 0.0),
    "usual": ((0.3, 0.1, 0.0), 0.2, 0.0),
    "separated": ((1.0, 0.0, 0.0), 0.0, 0.0),
    "worlds differ": ((0.3, 0.1, 0.0), 0.25, 0.6),
    "often": ((0.2, 0.0, -0.1), 0.7, 0.0),
}
"""Effects of the three factors, rate without them, and how alike the repeats of a world are."""


def covered(name: str, rng: np.random.Generator, worlds: int, epochs: int) -> Iterator[bool]:
    """Whether the interval of each driver of one 2 x 2 x 2 campaign covers its truth."""
    effects, base, alike = SETTINGS[name]
    cells = [
        dict(zip(FACTORS, levels, strict=True)) for levels in product(("none", "on"), repeat=3)
    ]
    rates = [base + sum(e for e, c in zip(effects, cell.values(), strict=True) if c == "on")
             for cell in cells]  # fmt: skip
    found = []
    for rate in rates:
        own = np.full((worlds, 1), rate)
        if alike and 0 < rate < 1:
            size = 1 / alike - 1
            own = rng.beta(rate * size, (1 - rate) * size, (worlds, 1))
        found.append(rng.random((worlds, epochs)) < own)
    [attribution] = attribute(table(cells, found))
    for driver in attribution.drivers:
        truth = effects[FACTORS.index(driver.factor)]
        yield driver.effect.low <= truth <= driver.effect.high


def coverage(campaigns: int, seed: int = 2) -> dict[str, float]:
    """For each setting: the share of intervals of drivers that cover; nominal 0.95."""
    found = {}
    rng = np.random.default_rng(seed)
    for name, (_, _, alike) in SETTINGS.items():
        held = [hit for _ in range(campaigns) for hit in covered(name, rng, 15, 4 if alike else 1)]
        found[name] = round(float(np.mean(held)), 4)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer campaigns for the coverage")
    parser.add_argument("--worlds", type=int, default=WORLDS, help="worlds of each condition")
    args = parser.parse_args()
    found = naming(100, args.worlds)
    for subject, right in found.items():
        print(f"{subject:16} {right:3} of 100 campaigns name {PLANTED[subject]} and nothing else")
    covers = coverage(200 if args.quick else 2_000)
    for setting, share in covers.items():
        print(f"{setting:16} {share:.1%} of the intervals of drivers cover")
    figures = {"benchmark": "attribution", "worlds": args.worlds, "of": 100, "named": found}
    print(json.dumps({**figures, "coverage": covers}))


if __name__ == "__main__":
    main()
