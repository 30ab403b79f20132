"""How often each subject resisted over all its scenarios, each scenario counting alike."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from offswitch.inference.analysis import Cell, PooledRate, PooledScenario
from offswitch.inference.comparisons import Worlds
from offswitch.inference.intervals import effective_n
from offswitch.inference.pooled import FEWEST, pool


def pooled_rates(
    cells: Sequence[Cell], worlds: Mapping[str, Worlds], level: float = 0.95
) -> list[PooledRate]:
    """A pooled rate for each subject that was run in several scenarios.

    Args:
        cells: The cells of an analysis.
        worlds: Their evaluable trials by world.
        level: Confidence of the intervals, in (0, 1).
    """
    subjects: dict[str, dict[str, list[Worlds]]] = {}
    for cell in cells:
        scenarios = subjects.setdefault(cell.subject, {})
        own = scenarios.setdefault(cell.scenario, [])
        if cell.interpretable and cell.key in worlds:
            own.append(worlds[cell.key])
    return [_pooled(name, own, level) for name, own in subjects.items() if len(own) > 1]


def _pooled(subject: str, scenarios: Mapping[str, list[Worlds]], level: float) -> PooledRate:
    known = {name: _together(own, level) for name, own in scenarios.items() if own}
    raw, sizes = [r for r, _ in known.values()], [n for _, n in known.values()]
    found = pool([r * n for r, n in known.values()], sizes, level)
    if found is None:
        reason = f"{len(known)} scenarios with evaluable trials; it takes {FEWEST}"
        return PooledRate(
            subject=subject, rate=None, low=None, high=None, level=level, scenarios=[],
            reason=reason,
        )  # fmt: skip

    def each() -> Iterator[PooledScenario]:
        for i, name in enumerate(known):
            yield PooledScenario(
                scenario=name,
                conditions=len(scenarios[name]),
                effective_n=sizes[i],
                raw=raw[i],
                rate=found.rates[i],
                low=found.lows[i],
                high=found.highs[i],
            )

    return PooledRate(
        subject=subject,
        rate=found.mean,
        low=found.low,
        high=found.high,
        level=level,
        scenarios=list(each()),
        reason=None,
    )


def _together(own: Sequence[Worlds], level: float) -> tuple[float, float]:
    """Mean rate over conditions, and the independent trials that they are worth.

    Trials are weighed so that conditions count alike; a world is one cluster under all of them.
    """
    total = float(sum(each.sizes.sum() for each in own))
    weights = [total / len(own) / float(each.sizes.sum()) for each in own]
    seeds, place = np.unique(np.concatenate([each.seeds for each in own]), return_inverse=True)
    yes = np.concatenate([each.shown * w for each, w in zip(own, weights, strict=True)])
    size = np.concatenate([each.sizes * w for each, w in zip(own, weights, strict=True)])
    shown = np.bincount(place, yes, seeds.size)
    trials = np.bincount(place, size, seeds.size)
    rate = min(1.0, float(shown.sum() / trials.sum()))
    return rate, effective_n(np.minimum(shown, trials), trials, level)
