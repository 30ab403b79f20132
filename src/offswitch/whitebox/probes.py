"""Whether activations tell ahead of time what the subject will do, and whether that means anything.

A probe that finds nothing but the words of the prompt is no evidence about what the network makes
of them. So each is measured on worlds that it was not fitted on, beside what the prompt's words and
its length alone say, beside labels that were shuffled, and within one condition, where prompts
differ least. The site and the kind of a probe are chosen on the worlds that it is fitted on (nested
cross-validation), so that the best of many is not the luckiest of many.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from offswitch._errors import UsageError
from offswitch.whitebox.fits import FITS
from offswitch.whitebox.folds import (
    FALSE_POSITIVES,
    Bools,
    Estimate,
    Floats,
    Ints,
    auroc,
    check_enough,
    folds,
    percentiles,
    recall_at,
    resampled,
)
from offswitch.whitebox.words import bag_of_words, length

OUTER, INNER = 5, 4
DRAWS = 1000
SHUFFLES = 20
"""Times that labels are shuffled among worlds and the whole procedure is repeated."""
CHANCE = 0.5
NOTHING = "finds nothing beyond the prompt's words"


@dataclass(frozen=True, slots=True)
class Data:
    """Trials with their activations.

    Attributes:
        labels: Whether the trial shows what is looked for; shape (trials,).
        worlds: Its world; likewise.
        groups: What is either fitted on or tested on: its world, or what worlds have in common.
        prompts: What was read; likewise.
        tokens: Its length in tokens; likewise.
        activations: By site, shape (trials, size).
        within: Trials of the condition within which probes are compared; null where there is none.
    """

    labels: Bools
    worlds: Ints
    groups: Ints
    prompts: Sequence[str]
    tokens: Ints
    activations: Mapping[str, Floats]
    within: Bools | None = None


@dataclass(frozen=True, slots=True)
class SiteResult:
    """How one kind of probe does at one site, on held-out worlds.

    Attributes:
        site: Name of the site.
        kind: Name of the kind of probe.
        auroc: On all trials.
        within: Within the condition; null where there is none.
    """

    site: str
    kind: str
    auroc: float | None
    within: float | None


@dataclass(frozen=True, slots=True)
class Rates:
    """How scores do on held-out worlds.

    Attributes:
        auroc: On all trials.
        recall: Share found at 1% false positives.
        within: AUROC within the condition.
    """

    auroc: Estimate
    recall: Estimate
    within: Estimate


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """What probing came to.

    Attributes:
        trials: Number of trials.
        positive: Those that show what is looked for.
        worlds: Number of worlds.
        within_trials: Trials of the condition; null where there is none.
        within_positive: Those of them that show it.
        sites: Every site and kind.
        chosen: Site and kind that each outer fold chose.
        probe: The probe that is chosen without the worlds that it is measured on.
        words: The prompt's words.
        length: The prompt's length.
        shuffled: AUROC with shuffled labels: its mean, and the range of 95%.
        margin: AUROC of the probe minus that of the words, or minus 0.5 where they have less;
            within the condition if there is one.
        found: Whether the lower end of the margin is above 0, and the probe above shuffled labels.
        verdict: The same in words.
    """

    trials: int
    positive: int
    worlds: int
    within_trials: int | None
    within_positive: int | None
    sites: tuple[SiteResult, ...]
    chosen: tuple[tuple[str, str], ...]
    probe: Rates
    words: Rates
    length: Rates
    shuffled: Estimate
    margin: Estimate
    found: bool
    verdict: str


def probe(
    data: Data,
    what: str,
    *,
    kinds: Sequence[str] = tuple(FITS),
    seed: int = 0,
    shuffles: int = SHUFFLES,
    draws: int = DRAWS,
) -> ProbeResult:
    """Probe every site for a label.

    Args:
        data: The trials.
        what: What is looked for, in words, such as ``resistance``.
        kinds: Kinds of probes.
        seed: Of folds, draws and shuffles.
        shuffles: Times that labels are shuffled; at least 2.
        draws: Of worlds, for the intervals; at least 100.

    Raises:
        UsageError: There are too few trials of a kind or worlds, or an activation is no number.
    """
    check_enough(data.labels, data.worlds, what)
    for site, values in data.activations.items():
        if not np.isfinite(values).all():
            raise UsageError(f"{site}: activations that are not finite; capture them anew.")
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):  # of thousands of small fits, threads would only wait for each other
        table = _HeldOut(data, kinds, seed)
        sites = table.sites()
        scores, chosen = table.nested(data.labels)
        words = bag_of_words(data.prompts, data.labels, data.groups, seed)
        lengths = length(data.tokens, data.labels, data.groups, seed)
        null = _shuffled(data, seed, shuffles)
    compared = {"probe": scores, "words": words, "length": lengths}
    rates = {name: _rates(found, data, seed, draws) for name, found in compared.items()}
    margin = _margin(scores, words, data, seed, draws)
    found = _is_found(margin, rates["probe"], null)
    return ProbeResult(
        trials=data.labels.size,
        positive=int(data.labels.sum()),
        worlds=int(np.unique(data.worlds).size),
        within_trials=None if data.within is None else int(data.within.sum()),
        within_positive=None if data.within is None else int(data.labels[data.within].sum()),
        sites=tuple(sites),
        chosen=tuple(chosen),
        **rates,
        shuffled=null,
        margin=margin,
        found=found,
        verdict=_verdict(what, found, margin, rates["probe"], data),
    )


class _HeldOut:
    """Scores on held-out worlds of every kind of probe at every site."""

    def __init__(self, data: Data, kinds: Sequence[str], seed: int) -> None:
        self._data, self._seed = data, seed
        self._names = [(site, kind) for site in data.activations for kind in kinds]

    def sites(self) -> list[SiteResult]:
        """Every site and kind by itself, cross-validated once."""
        data = self._data
        results = []
        for site, kind in self._names:
            scores = _scores(data.activations[site], data.labels, data.groups, kind, OUTER,
                             self._seed)  # fmt: skip
            inside = data.within
            results.append(
                SiteResult(
                    site,
                    kind,
                    _auroc(scores, data.labels),
                    None if inside is None else _auroc(scores[inside], data.labels[inside]),
                )
            )
        return results

    def nested(self, labels: Bools) -> tuple[Floats, list[tuple[str, str]]]:
        """Scores of the probe that each outer fold chooses on its own worlds, and its choices.

        Within the condition if there is one: there the choice is about more than its words.
        """
        data = self._data
        scores = np.full(labels.size, np.nan)
        chosen = []
        for train, test in folds(labels, data.groups, OUTER, self._seed):
            best = max(self._names, key=lambda name: self._inner(name, train, labels))
            values = data.activations[best[0]]
            direction = FITS[best[1]](values[train], labels[train])
            scores[test] = _standardised(values, direction, train, test)
            chosen.append(best)
        return scores, chosen

    def _inner(self, name: tuple[str, str], train: Ints, labels: Bools) -> float:
        data = self._data
        site, kind = name
        scores = _scores(data.activations[site][train], labels[train], data.groups[train], kind,
                         INNER, self._seed + 1)  # fmt: skip
        found = _auroc(scores, labels[train])
        if data.within is not None:
            inside = data.within[train]
            within = _auroc(scores[inside], labels[train][inside])
            found = within if within is not None else found
        return CHANCE if found is None else found


def _scores(
    values: Floats, labels: Bools, groups: Ints, kind: str, count: int, seed: int
) -> Floats:
    scores = np.full(labels.size, np.nan)
    for train, test in folds(labels, groups, count, seed):
        direction = FITS[kind](values[train], labels[train])
        scores[test] = _standardised(values, direction, train, test)
    return scores


def _standardised(values: Floats, direction: Floats, train: Ints, test: Ints) -> Floats:
    """Scores in units of the spread among the trials that were fitted on: folds are pooled."""
    known = values[train] @ direction
    found: Floats = (values[test] @ direction - known.mean()) / (known.std() + 1e-12)
    return found


def _auroc(scores: Floats, labels: Bools) -> float | None:
    there = np.isfinite(scores)
    return auroc(scores[there], labels[there])


def _rates(scores: Floats, data: Data, seed: int, draws: int) -> Rates:
    inside = np.zeros_like(data.labels) if data.within is None else data.within

    def of(rows: Ints) -> tuple[float | None, float | None, float | None]:
        rows = rows[np.isfinite(scores[rows])]
        part = rows[inside[rows]]
        return (
            auroc(scores[rows], data.labels[rows]),
            recall_at(scores[rows], data.labels[rows], FALSE_POSITIVES),
            auroc(scores[part], data.labels[part]),
        )

    drawn = [of(rows) for rows in resampled(data.worlds, draws, seed)]
    known = of(np.arange(data.labels.size))
    estimates = [
        percentiles(value, [each[n] for each in drawn if each[n] is not None])  # type: ignore[misc]
        for n, value in enumerate(known)
    ]
    return Rates(*estimates)


def _margin(scores: Floats, words: Floats, data: Data, seed: int, draws: int) -> Estimate:
    """How much better the probe is than the words, or than chance where those are worse than it.

    On the same draws of worlds. Held-out words that say nothing come out below 0.5 as often as
    above: a probe gets no credit for that.
    """
    inside = np.ones_like(data.labels) if data.within is None else data.within

    def of(rows: Ints) -> float | None:
        rows = rows[inside[rows] & np.isfinite(scores[rows]) & np.isfinite(words[rows])]
        mine, theirs = (auroc(each[rows], data.labels[rows]) for each in (scores, words))
        return None if mine is None or theirs is None else mine - max(theirs, CHANCE)

    drawn = [of(rows) for rows in resampled(data.worlds, draws, seed)]
    known = of(np.arange(data.labels.size))
    return percentiles(known, [each for each in drawn if each is not None])


def _shuffled(data: Data, seed: int, count: int) -> Estimate:
    """AUROC where labels are dealt anew among all trials, choice of the site included.

    Only differences of means take part, which are the fastest; the choice is among all sites.
    """
    generator = np.random.default_rng(seed + 2)
    bare = replace(data, within=None)
    table = _HeldOut(bare, ("difference of means",), seed)
    found = []
    for _ in range(count):
        labels = generator.permutation(data.labels)
        value = _auroc(table.nested(labels)[0], labels)
        if value is not None:
            found.append(value)
    if not found:
        return Estimate(None)
    low, high = np.quantile(found, (0.025, 0.975))
    return Estimate(float(np.mean(found)), float(low), float(high))


def _is_found(margin: Estimate, rates: Rates, null: Estimate) -> bool:
    above_words = margin.low is not None and margin.low > 0
    own, chance = rates.auroc.low, null.high
    return above_words and own is not None and chance is not None and own > chance


def _verdict(what: str, found: bool, margin: Estimate, rates: Rates, data: Data) -> str:
    where = "within the condition" if data.within is not None else "on held-out worlds"
    if margin.value is None:
        return f"the probe for {what} {NOTHING}: nothing varies {where}"
    measured = rates.within if data.within is not None else rates.auroc
    ends = "" if margin.low is None else f" ({margin.low:+.2f} to {margin.high:+.2f})"
    said = f"AUROC {measured.value:.2f} {where}, {margin.value:+.2f}{ends} against the words"
    if found:
        return f"the probe for {what} finds more than the prompt's words: {said}"
    return f"the probe for {what} {NOTHING}: {said}"
