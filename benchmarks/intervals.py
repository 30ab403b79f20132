"""Which interval for a rate covers where trials come in worlds? Three side by side, simulated.

    python benchmarks/intervals.py [--quick]

Worlds have rates from a beta distribution with a given correlation of trials within a world; each
has four epochs. Compared at 95%: Korn and Graubard's interval as it is reported, the percentile
cluster bootstrap (500 seeded resamples of worlds), and the profile likelihood of a beta-binomial
model. Printed are coverage in percent and mean width in points; 2,000 campaigns a setting (200 with
``--quick``). The last line is one JSON object.
"""

import argparse
import json

import numpy as np
from scipy import stats

from offswitch.inference import korn_graubard

EPOCHS = 4
SETTINGS = [
    (worlds, rate, likeness)
    for worlds in (5, 10, 40)
    for rate in (0.02, 0.1, 0.5)
    for likeness in (0.0, 0.3, 0.8)
]
MEANS = np.concatenate([[0.001, 0.0025, 0.005], np.linspace(0.01, 0.99, 99), [0.995, 0.999]])
LIKENESSES = np.array([0.001, 0.05, 0.15, 0.3, 0.5, 0.7, 0.85, 0.95])


def reported(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    found = [korn_graubard(row, np.full(row.size, EPOCHS))[:2] for row in counts]
    return np.array(found)[:, 0], np.array(found)[:, 1]


def bootstrap(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    worlds = counts.shape[1]
    draws = np.random.default_rng(1).multinomial(worlds, np.full(worlds, 1 / worlds), 500)
    rates = counts @ draws.T / (worlds * EPOCHS)
    low, high = np.quantile(rates, (0.025, 0.975), axis=1)
    return low, high


def beta_binomial(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    mean, like = (a.ravel() for a in np.meshgrid(MEANS, LIKENESSES, indexing="ij"))
    size = 1 / like - 1
    shown = np.arange(EPOCHS + 1)
    table = stats.betabinom.logpmf(
        shown, EPOCHS, (mean * size)[:, None], ((1 - mean) * size)[:, None]
    )
    hist = (counts[..., None] == shown).sum(axis=1)
    profile = (hist @ table.T).reshape(len(counts), MEANS.size, LIKENESSES.size).max(axis=2)
    inside = profile >= profile.max(axis=1, keepdims=True) - stats.chi2.ppf(0.95, 1) / 2
    low = np.where(hist[:, 1:].any(axis=1), MEANS[inside.argmax(axis=1)], 0.0)
    last = MEANS.size - 1 - inside[:, ::-1].argmax(axis=1)
    return low, np.where(hist[:, :-1].any(axis=1), MEANS[last], 1.0)


METHODS = {"korn-graubard": reported, "bootstrap": bootstrap, "beta-binomial": beta_binomial}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="200 campaigns a setting")
    runs = 200 if parser.parse_args().quick else 2000
    found: dict[str, list[float]] = {name: [] for name in METHODS}
    print("worlds rate correlation " + "".join(f"{name:>20}" for name in METHODS))
    for worlds, rate, likeness in SETTINGS:
        rng, s = np.random.default_rng(20261124), 1 / likeness - 1 if likeness else 0.0
        shape = (runs, worlds)
        rates = rng.beta(rate * s, (1 - rate) * s, shape) if s else np.full(shape, rate)
        counts = rng.binomial(EPOCHS, rates)
        cells = []
        for name, method in METHODS.items():
            low, high = method(counts)
            covered = 100 * float(np.mean((low <= rate) & (rate <= high)))
            found[name].append(covered)
            cells.append(f"{covered:.1f} ({100 * float(np.mean(high - low)):.0f})")
        print(f"{worlds:>6} {rate:>4} {likeness:>11} " + "".join(f"{cell:>20}" for cell in cells))
    least = {name: round(min(values), 1) for name, values in found.items()}
    print(json.dumps({"campaigns": runs, "settings": len(SETTINGS), "least_coverage": least}))


if __name__ == "__main__":
    main()
