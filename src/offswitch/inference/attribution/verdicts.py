"""What the trials say of each hypothesis, and which trials would decide what is open.

Every contrast is judged at a confidence that allows for their number (Bonferroni), and with bounds
as careful as Clopper and Pearson's, so that all intervals behind the verdicts hold together at the
level of the analysis. Where no two conditions differ in a change alone, the effect is taken from
all conditions by the model, if these can tell it from what else two factors may do; that is said.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
import polars as pl

from offswitch.inference.attribution.effects import effect, rates
from offswitch.inference.attribution.grid import RESISTED, Array, Grid
from offswitch.inference.attribution.hypotheses import Contrast, Hypothesis, Share
from offswitch.inference.attribution.model import Model
from offswitch.inference.attribution.models import (
    Effect,
    Evidence,
    Judgement,
    Kind,
    Needed,
    Status,
    Verdict,
)
from offswitch.inference.attribution.sought import Sought, mixed, pairs_of, sought
from offswitch.inference.intervals import clopper_pearson

SMALLEST = 0.10
"""The smallest effect that matters: ten percentage points."""
MOST = 0.5
"""The part of an effect, or of resistance, that counts as most of it."""
MOST_WORLDS = 2_000
"""Worlds beyond which no number is named."""


@dataclass(frozen=True)
class Bench:
    """What verdicts are made from.

    Attributes:
        model: The fitted model.
        rates: Probabilities of resisting in the tested cells, one row for each draw.
        trials: The subject's trials.
        level: Confidence of all intervals together.
        each: Confidence of one.
    """

    model: Model
    rates: Array
    trials: pl.DataFrame
    level: float
    each: float


def verdicts(
    model: Model, trials: pl.DataFrame, hypotheses: Sequence[Hypothesis], level: float
) -> list[Verdict]:
    """A verdict on each hypothesis.

    Args:
        model: The fitted model of one subject.
        trials: Its trials.
        hypotheses: The hypotheses.
        level: Confidence of all intervals together, in (0, 1).
    """
    asked = {_key(model.grid, *each) for h in hypotheses for each in _asked(h)} - {()}
    number = len(asked) + sum(len(h.among_resisting) for h in hypotheses)
    each = 1 - (1 - level) / max(1, number)
    bench = Bench(model, rates(model, careful=True), trials, level, each)
    return [_verdict(bench, hypothesis) for hypothesis in hypotheses]


def _asked(hypothesis: Hypothesis) -> Iterator[tuple[Contrast, float]]:
    """Contrasts, with what rates after the change are multiplied by."""
    yield from ((contrast, 1.0) for contrast in (*hypothesis.present, *hypothesis.absent))
    yield from ((contrast, MOST) for contrast in hypothesis.remains)


def _key(grid: Grid, contrast: Contrast, after: float) -> tuple[object, ...]:
    """The same for contrasts that the same cells answer; empty where none do."""
    pairs = pairs_of(grid, contrast)
    if pairs:
        return tuple(pairs)
    found = sought(grid, contrast, after)
    return tuple(np.round(found.weights, 9).tolist()) if found else ()


def _verdict(bench: Bench, hypothesis: Hypothesis) -> Verdict:
    evidence = list(_evidence(bench, hypothesis))
    return Verdict(
        hypothesis=hypothesis.name,
        title=hypothesis.title,
        judgement=judgement(evidence),
        evidence=evidence,
    )


def judgement(evidence: Sequence[Evidence]) -> Judgement:
    """The verdict that follows.

    Refuted where anything asked was shown to be otherwise; not tested where nothing was tested that
    would have to be there; undecided where anything tested is open; supported otherwise. Where what
    would have to be there rests on the model, what was varied and is mixed with other terms is open
    too, since a fraction shows much that has another cause.
    """
    core = [e for e in evidence if e.kind in ("present", "among_resisting")]
    if any(e.status == "fails" for e in evidence):
        return "refuted"
    if all(e.status == "not_tested" for e in core):
        return "not_tested"
    by_model = any(e.pairs == 0 for e in core)
    if any(e.status == "open" or (by_model and e.mixed) for e in evidence):
        return "undecided"
    return "supported"


def _evidence(bench: Bench, hypothesis: Hypothesis) -> Iterator[Evidence]:
    grid = bench.model.grid
    first: Array | None = None
    for contrast in hypothesis.present:
        found = sought(grid, contrast)
        if found is not None and first is None:
            first = found.of(bench.rates)
        yield _piece(bench, "present", contrast, found)
    for contrast in hypothesis.absent:
        found = sought(grid, contrast) if first is not None else None
        most = 0.0 if first is None else MOST * first
        yield _piece(bench, "absent", contrast, found, most)
    for contrast in hypothesis.remains:
        yield _remaining(bench, contrast)
    for share in hypothesis.among_resisting:
        yield _among(bench, share)


def _remaining(bench: Bench, contrast: Contrast) -> Evidence:
    """Part of the resistance that has to be left, less what is left; below 0 where enough is."""
    return _piece(bench, "remains", contrast, sought(bench.model.grid, contrast, MOST))


def _piece(
    bench: Bench, kind: Kind, contrast: Contrast, found: Sought | None, less: Array | float = 0.0
) -> Evidence:
    grid = bench.model.grid
    if found is None:
        return Evidence(
            kind=kind,
            text=contrast.text,
            status="not_tested",
            effect=None,
            needed=_untested(grid, contrast),
            mixed=mixed(grid, contrast),
        )
    measured = effect(found.of(bench.rates) - less, bench.each)
    status = status_of(kind, measured)
    return Evidence(
        kind=kind,
        text=contrast.text,
        status=status,
        effect=measured,
        needed=_undecided(grid, found.cells, kind, measured) if status == "open" else None,
        pairs=found.pairs,
    )


def status_of(kind: Kind, found: Effect) -> Status:
    """What an interval shows of what is asked."""
    if kind == "present":
        if found.high < SMALLEST:
            return "fails"
        return "holds" if found.low > 0 else "open"
    if found.high < 0:
        return "holds"
    return "fails" if found.low > 0 else "open"


def _undecided(grid: Grid, cells: list[int], kind: Kind, found: Effect) -> Needed:
    """The same cells in as many worlds as would bring the interval to one side.

    Its width goes with one over the square root of their number.
    """
    half = (found.high - found.low) / 2
    if kind != "present":
        away = abs(found.estimate)
    elif found.estimate >= SMALLEST / 2:
        away = found.estimate
    else:
        away = SMALLEST - found.estimate
    now = float(np.mean(grid.worlds[cells]))
    worlds = ceil(now * max(1.1, (half / away) ** 2)) if away > 0 else MOST_WORLDS + 1
    return Needed(
        scenario=grid.scenarios[cells[0]],
        conditions=[grid.condition(cell) for cell in cells],
        worlds=worlds if worlds <= MOST_WORLDS else None,
    )


def _untested(grid: Grid, contrast: Contrast) -> Needed:
    """The calmest cell's condition under both levels of the first change, in as many worlds."""
    change = contrast.changes[0]
    held = {name: levels[0] for name, levels in change.held.items()}
    base = {**grid.references, **held}
    return Needed(
        scenario=grid.scenarios[0],
        conditions=[{**base, change.factor: lv} for lv in (change.before[0], change.after[0])],
        worlds=ceil(float(np.mean(grid.worlds))),
    )


def _among(bench: Bench, share: Share) -> Evidence:
    """Whether most trials that resisted show something, by the exact interval over their worlds."""
    resisted = bench.trials.filter(pl.col("outcome").is_in(RESISTED))
    known = resisted.drop_nulls(share.column) if share.column in resisted.columns else None
    if known is None or not known.height:
        return Evidence(
            kind="among_resisting", text=share.text, status="not_tested", effect=None, needed=None
        )
    worlds = known.group_by("scenario", "seed").agg(
        (pl.col(share.column) == share.value).mean().alias("part")
    )
    count, n = float(worlds["part"].sum()), worlds.height
    found = clopper_pearson(count, n, bench.each)
    status: Status = "open"
    if found.low > MOST or found.high < MOST:
        status = "holds" if found.low > MOST else "fails"
    return Evidence(
        kind="among_resisting",
        text=share.text,
        status=status,
        effect=Effect(estimate=count / n, low=found.low, high=found.high, level=bench.each),
        needed=None,
    )
