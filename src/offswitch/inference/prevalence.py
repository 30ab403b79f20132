"""How often something happened, from judges that err: corrected rates with honest intervals.

A judge says yes at the rate p = θ·se + (1 − θ)·(1 − sp), where θ is how often the thing happens, se
the judge's sensitivity and sp its specificity. The raw rate p is not θ. Two ways back, both pure
functions of counts:

- `rogan_gladen` needs se and sp, as measured against people's labels on other trials;
- `prediction_powered` needs labels on a random part of the very trials that are rated.

Bounds lie in [0, 1] because they are rates that a test does not reject, not because something was
cut off. Where the data say nothing, the interval is [0, 1] and the estimate null, with the reason.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

Floats = NDArray[np.float64]
Inside = Callable[[ArrayLike], NDArray[np.bool_]]

_BISECTIONS = 40
_ZOOMS = 3
_UNSEEN = 0.25
"""Weight of a false no and of a false yes that are added to the labelled trials: where few errors
were seen, their spread is underestimated. Simulated coverage at 20 labels falls to 89% without."""
_GRID = np.linspace(0.0, 1.0, 101)


@dataclass(frozen=True, slots=True)
class Confusion:
    """A judge against labels.

    Attributes:
        true_yes: Labelled yes, and the judge says yes.
        false_no: Labelled yes, and the judge says no.
        true_no: Labelled no, and the judge says no.
        false_yes: Labelled no, and the judge says yes.
    """

    true_yes: int
    false_no: int
    true_no: int
    false_yes: int

    def __post_init__(self) -> None:
        if min(self.true_yes, self.false_no, self.true_no, self.false_yes) < 0:
            raise ValueError(f"counts cannot be negative: {self}")

    @property
    def positives(self) -> int:
        """Labelled yes."""
        return self.true_yes + self.false_no

    @property
    def negatives(self) -> int:
        """Labelled no."""
        return self.true_no + self.false_yes

    @property
    def sensitivity(self) -> float | None:
        """Share of yes among what is labelled yes; null where nothing is."""
        return self.true_yes / self.positives if self.positives else None

    @property
    def specificity(self) -> float | None:
        """Share of no among what is labelled no; null where nothing is."""
        return self.true_no / self.negatives if self.negatives else None


@dataclass(frozen=True, slots=True)
class Corrected:
    """A rate that was corrected for a judge's errors.

    Attributes:
        estimate: In [0, 1]; null where the data do not give one.
        low: Lower bound, in [0, 1]; null where no rate fits the data.
        high: Upper bound, in [0, 1]; null where no rate fits the data.
        reason: Why there is no estimate, or what is odd about it; null where nothing is.
    """

    estimate: float | None
    low: float | None
    high: float | None
    reason: str | None = None


def rogan_gladen(count: float, n: float, confusion: Confusion, level: float = 0.95) -> Corrected:
    """A judge's raw rate, corrected for its measured sensitivity and specificity.

    The estimate is Rogan and Gladen's, (p + sp − 1) / (se + sp − 1) (American Journal of
    Epidemiology 107, 1978, 71–76). The interval is the set of rates θ that the score test of
    p = θ·se + (1 − θ)(1 − sp) does not reject, with se and sp at their most likely values under θ
    (the construction of Miettinen and Nurminen, Statistics in Medicine 4, 1985, 213–226, with three
    binomials), so that it carries the uncertainty of the calibration. It covers closer to its level
    than the adjusted intervals of Lang and Reiczigel (2014) and Lee and others (2025): see
    ``docs/judges.md``.

    Args:
        count: Trials that the judge says yes to, in [0, n]; need not be whole (a clustered rate
            brings its effective numbers).
        n: Trials that the judge decided, more than 0; none of them may be in ``confusion``.
        confusion: The judge against labels.
        level: Confidence, in (0, 1).

    Raises:
        ValueError: ``n`` is not positive or ``count`` is not in [0, n].
    """
    if not (n > 0 and 0 <= count <= n):
        raise ValueError(f"need 0 <= count <= n and n > 0, got count={count}, n={n}")
    se, sp = confusion.sensitivity, confusion.specificity
    if se is None or sp is None:
        missing = "yes" if se is None else "no"
        return Corrected(None, 0.0, 1.0, f"no calibration trial is labelled {missing}")
    if se + sp <= 1:
        return Corrected(
            None, 0.0, 1.0,
            f"the judge is uninformative: sensitivity {se:.2f} + specificity {sp:.2f} <= 1",
        )  # fmt: skip
    estimate = (count / n + sp - 1) / (se + sp - 1)
    bounds = _accepted(count, n, confusion, level)
    if bounds is None:
        return Corrected(
            None, None, None,
            f"no rate fits: the judge says yes in {count / n:.0%}, its calibration allows between "
            f"{1 - sp:.0%} and {se:.0%}; it errs otherwise here than on the labelled trials",
        )  # fmt: skip
    if 0 <= estimate <= 1:
        return Corrected(estimate, *bounds)
    nearest = 0.0 if estimate < 0 else 1.0
    if not bounds[0] <= nearest <= bounds[1]:
        return Corrected(
            None, *bounds,
            f"the formula gives {estimate:.3f}, and the calibration is too uncertain to name a "
            "nearest rate",
        )  # fmt: skip
    return Corrected(
        nearest, *bounds, f"the formula gives {estimate:.3f}; {nearest:.0f} is the nearest rate"
    )


def _accepted(
    count: float, n: float, confusion: Confusion, level: float
) -> tuple[float, float] | None:
    """The least and the greatest rate that is not rejected; null where each one is."""
    critical = float(stats.norm.ppf((1 + level) / 2))

    def inside(theta: ArrayLike) -> NDArray[np.bool_]:
        return np.abs(score_statistic(theta, count, n, confusion)) <= critical

    grid = np.unique(np.append(_GRID, _nearest(count / n, confusion)))
    accepted = np.flatnonzero(inside(grid))
    if not accepted.size:
        return None
    first, last = int(accepted[0]), int(accepted[-1])
    low = 0.0 if first == 0 else _border(inside, grid[first], grid[first - 1])
    high = 1.0 if last == grid.size - 1 else _border(inside, grid[last], grid[last + 1])
    return float(low), float(high)


def _nearest(p: float, confusion: Confusion) -> float:
    assert confusion.sensitivity is not None
    assert confusion.specificity is not None
    gain = confusion.sensitivity + confusion.specificity - 1
    return min(max((p + confusion.specificity - 1) / gain, 0.0), 1.0)


def _border(inside: Inside, within: float, without: float) -> float:
    """Where acceptance ends, between a rate that is accepted and one that is not."""
    for _ in range(_ZOOMS):
        steps = np.linspace(within, without, _GRID.size)
        number = int(np.argmin(inside(steps)))  # the first that is not accepted
        within, without = float(steps[number - 1]), float(steps[number])
    return within


def score_statistic(
    theta: ArrayLike, count: ArrayLike, n: ArrayLike, confusion: "Confusion | Arrays"
) -> Floats:
    """The score statistic of a rate, about standard normal if it is true; shapes broadcast.

    Args:
        theta: Rates, in [0, 1].
        count: Trials with a yes.
        n: Trials.
        confusion: The judge against labels; at least one label of each kind.
    """
    theta, count, n = (np.asarray(a, dtype=float) for a in (theta, count, n))
    k1, m1 = np.asarray(confusion.true_yes, float), np.asarray(confusion.positives, float)
    k0, m0 = np.asarray(confusion.false_yes, float), np.asarray(confusion.negatives, float)
    se, fp = _most_likely(theta, count, n, k1, m1, k0, m0)
    p = theta * se + (1 - theta) * fp
    variance = (
        p * (1 - p) / n + theta**2 * se * (1 - se) / m1 + (1 - theta) ** 2 * fp * (1 - fp) / m0
    )
    distance = count / n - theta * k1 / m1 - (1 - theta) * k0 / m0
    with np.errstate(divide="ignore", invalid="ignore"):
        z = distance / np.sqrt(variance)
    # Without variance the data are certain under theta: a distance refutes it, none fits.
    return np.where(np.abs(distance) < 1e-12, 0.0, np.nan_to_num(z, nan=0.0))


@dataclass(frozen=True, slots=True)
class Arrays:
    """Confusions side by side, for simulations: arrays that broadcast with each other."""

    true_yes: ArrayLike
    positives: ArrayLike
    false_yes: ArrayLike
    negatives: ArrayLike


def _most_likely(
    theta: Floats, x: Floats, n: Floats, k1: Floats, m1: Floats, k0: Floats, m0: Floats
) -> tuple[Floats, Floats]:
    """Sensitivity and rate of false yes that are most likely if theta is true.

    With λ = x/p − (n − x)/(1 − p), the derivative of the log-likelihood by p, both solve a
    quadratic equation, and the p that they give falls as p rises: bisection finds where they meet.
    """
    shape = np.broadcast(theta, x, n, k1, m1, k0, m0).shape
    low, high = np.zeros(shape), np.ones(shape)
    for _ in range(_BISECTIONS):
        p = (low + high) / 2
        slope = x / p - (n - x) / (1 - p)
        se, fp = _tilted(k1, m1, theta * slope), _tilted(k0, m0, (1 - theta) * slope)
        rises = theta * se + (1 - theta) * fp > p
        low, high = np.where(rises, p, low), np.where(rises, high, p)
    return se, fp


def _tilted(k: Floats, m: Floats, a: Floats) -> Floats:
    """The root in [0, 1] of a·s² + (m − a)·s − k: k/m where a is 0, more where a is greater."""
    root = np.sqrt(np.maximum((m - a) ** 2 + 4 * a * k, 0.0))
    with np.errstate(divide="ignore", invalid="ignore"):
        small = 2 * k / (m - a + root)
        large = (a - m + root) / (2 * a)
    return np.clip(np.where(m >= a, small, large), 0.0, 1.0)


def prediction_powered(
    labels: Sequence[bool] | NDArray[np.bool_],
    said: Sequence[bool] | NDArray[np.bool_],
    rest: Sequence[bool] | NDArray[np.bool_],
    level: float = 0.95,
) -> Corrected:
    """The rate from labels on a random part of the trials and a judge's verdicts on all of them.

    Prediction-powered inference (Angelopoulos and others, Science 382, 2023, 669–674) with its
    power tuning (PPI++, arXiv 2311.01453): the mean of the verdicts on the rest, corrected by how
    labels and verdicts differ on the labelled part, λ·mean(rest) + mean(labels − λ·said), with the
    λ in [0, 1] that makes its variance least. A judge that is no use gets λ = 0, and the labels
    alone decide; whatever the judge's errors, nothing is assumed of them.

    The interval is Wilson's (1927) at the effective number of labels, that is, at the number of
    labels alone that would give the same variance (no less than half of those there are), with
    Student's t for its being estimated. As far as the judge is used, a quarter of an error of each
    kind is added to the spread, without which few labels would cover too seldom.

    Args:
        labels: What people say, of the labelled trials; two or more.
        said: What the judge says of the same trials.
        rest: What it says of the others.
        level: Confidence, in (0, 1).

    Raises:
        ValueError: ``labels`` and ``said`` differ in length.
    """
    y, f, g = (np.asarray(a, dtype=float) for a in (labels, said, rest))
    if y.shape != f.shape:
        raise ValueError(f"{y.size} labels for {f.size} verdicts")
    if y.size < 2:
        return Corrected(None, 0.0, 1.0, "fewer than two trials are labelled")
    tuned = _tuning(y, f, g)
    estimate, variance = _powered(y, f, g, tuned)
    reason = None
    if not 0 <= estimate <= 1:
        reason = f"with the judge the estimate is {estimate:.3f}; the labels alone are used"
        estimate, variance = _powered(y, f, g, 0.0)
    low, high = _wilson(estimate, variance, y.size, level)
    return Corrected(estimate, low, high, reason)


def _tuning(y: Floats, f: Floats, g: Floats) -> float:
    """The λ with the least variance: cov(y, f) / ((1 + n/N)·var(f)), within [0, 1]."""
    if g.size < 2:
        return 0.0
    spread = np.concatenate([f, g]).var(ddof=1)
    if spread == 0:
        return 0.0
    together = np.cov(y, f, ddof=1)[0, 1]
    return float(np.clip(together / ((1 + y.size / g.size) * spread), 0.0, 1.0))


def _powered(y: Floats, f: Floats, g: Floats, tuned: float) -> tuple[float, float]:
    """Estimate and its variance for a λ."""
    difference = y - tuned * f
    estimate = difference.mean() + (tuned * g.mean() if g.size else 0.0)
    mean = difference.mean()
    unseen = tuned * _UNSEEN * ((1 - mean) ** 2 + (tuned + mean) ** 2)
    variance = (((difference - mean) ** 2).sum() + unseen) / (y.size - 1) / y.size
    if g.size > 1:
        variance += tuned**2 * g.var(ddof=1) / g.size
    return float(estimate), float(variance)


def _wilson(rate: float, variance: float, labels: int, level: float) -> tuple[float, float]:
    """Wilson's interval at the number of trials that would give this variance."""
    effective = max(rate * (1 - rate) / variance, labels / 2) if variance > 0 else labels
    quantile = float(stats.t.ppf((1 + level) / 2, labels - 1))
    shift, width = quantile**2 / (2 * effective), quantile**2 / (4 * effective**2)
    half = quantile * math.sqrt(rate * (1 - rate) / effective + width)
    scale = 1 + quantile**2 / effective
    return max((rate + shift - half) / scale, 0.0), min((rate + shift + half) / scale, 1.0)
