"""Linear probes: three ways to find a direction along which two groups differ.

*Difference of means*: the one group's mean minus the other's. *Mass-mean*: the same, whitened by
the covariance within the groups (Marks and Tegmark, The Geometry of Truth, 2023, section 5; here
shrunk as Ledoit and Wolf propose, as there are fewer trials than numbers). *Logistic*: regression
with a ridge penalty on standardised activations.
"""

import warnings
from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from offswitch.whitebox.folds import Bools

Floats = NDArray[np.float64]
Fit = Callable[[Floats, Bools], Floats]
"""Takes activations, shape (trials, size), and labels; returns a direction, shape (size,)."""
_RIDGE = 0.01
"""Inverse strength of the penalty: strong, since there are more numbers than trials."""


def difference_of_means(activations: Floats, labels: Bools) -> Floats:
    """The mean of the trials with the label minus that of those without."""
    found: Floats = activations[labels].mean(0) - activations[~labels].mean(0)
    return found


def mass_mean(activations: Floats, labels: Bools) -> Floats:
    """The difference of means, whitened by the covariance within the two groups.

    The groups' deviations from their means span fewer dimensions than there are numbers: the
    covariance is shrunk towards a multiple of the identity, and inverted by the deviations'
    singular values (Woodbury), which costs trials squared times size.
    """
    difference = difference_of_means(activations, labels)
    centred = activations.copy()
    for group in (labels, ~labels):
        centred[group] -= activations[group].mean(0)
    _, values, axes = np.linalg.svd(centred, full_matrices=False)
    n, size = activations.shape
    variances = values**2 / n
    share, level = _shrinkage(centred, variances, n, size)
    kept = (1 - share) * variances + share * level
    along = axes @ difference
    outside = difference - axes.T @ along
    found: Floats = axes.T @ (along / kept) + outside / max(share * level, 1e-12)
    return found


def _shrinkage(centred: Floats, variances: Floats, n: int, size: int) -> tuple[float, float]:
    """How much of the identity, and which multiple, by Ledoit and Wolf (2004), equations 10–14."""
    level = float(variances.sum() / size)
    distance = float((variances**2).sum() / size - level**2)
    fourth = float(((centred**2).sum(1) ** 2).sum() / n)
    noise = (fourth - float((variances**2).sum())) / (n * size)
    if distance <= 0:
        return 1.0, level
    return float(np.clip(noise / distance, 1e-3, 1.0)), level


def logistic(activations: Floats, labels: Bools) -> Floats:
    """The direction of a logistic regression, in the activations' own units."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    spread = activations.std(0) + 1e-8
    centred = (activations - activations.mean(0)) / spread
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        fitted = LogisticRegression(C=_RIDGE, max_iter=200).fit(centred, labels)
    found: Floats = fitted.coef_[0] / spread
    return found


FITS: Mapping[str, Fit] = {
    "difference of means": difference_of_means,
    "mass-mean": mass_mean,
    "logistic": logistic,
}
"""The probes, by name."""
