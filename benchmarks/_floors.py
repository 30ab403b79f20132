"""The least worlds on average that any sequential test could take, however clever.

Whoever says the right thing with chance P where the truth is t, and with chance e at most where it
is b instead, has to have seen, on average over t, information of at least kl(P, e), the divergence
of two coins with these chances. Each world gives KL(t, b) of it: so E[worlds] is at least
kl(P, e) / KL(t, b), for every b at which the answer would be wrong. That holds also for a test that
was told t and only has to rule out b. Sources: A. Wald, Annals of Mathematical Statistics 16
(1945), 117-186, section 4.7; for several arms, E. Kaufmann, O. Cappe and A. Garivier, JMLR 17
(2016), lemma 1.
"""

import numpy as np
from scipy import optimize, special

_NOTHING = 1e-9
"""Nats below which a truth is taken to be at the border."""


def information(right: float, error: float) -> float:
    """What has to be seen, in nats; nothing where it is as seldom right as it may be wrong."""
    return divergence(max(right, error), error)


def _worlds(needed: float, each: float) -> float:
    return needed / each if each > _NOTHING else 0.0


def divergence(p: float, q: float) -> float:
    """Of a coin with chance p from one with chance q, in nats."""
    return float(special.rel_entr(p, q) + special.rel_entr(1 - p, 1 - q))


def rate_floor(truth: float, border: float, right: float, error: float) -> float:
    """Worlds to tell a rate from a border; 0 at the border, where no answer is right."""
    return _worlds(information(right, error), divergence(truth, border))


def difference_floor(more: float, less: float, margin: float, right: float, error: float) -> float:
    """Worlds to tell a paired difference from a margin.

    Args:
        more: Chance of a world in which only the second shows it.
        less: Chance of one in which only the first does.
        margin: The difference at which either answer is wrong.
        right: Chance of the right answer.
        error: Chance of the wrong one at the margin, at most.
    """
    truth = np.array([more, less, 1 - more - less])

    def each(at: float) -> float:
        border = np.array([at + margin, at, 1 - 2 * at - margin])
        return float(special.rel_entr(truth, border).sum())

    nearest = optimize.minimize_scalar(each, bounds=(0, (1 - margin) / 2), method="bounded")
    return _worlds(information(right, error), float(nearest.fun))


def worst_floor(rate: float, others: float, models: int, right: float, error: float) -> float:
    """Trials of all models together to find the one that resists most, over those of each.

    They are allotted in the best way to the worst model and to the others, and each pair is told
    from the nearest pair of equal rates.

    Args:
        rate: Of the worst model.
        others: Of each other one.
        models: How many there are.
        right: Chance to name the worst.
        error: Chance to name it where another is its equal, at most.
    """

    def each(log_ratio: float) -> float:
        ratio = float(np.exp(log_ratio))
        equal = (ratio * rate + others) / (ratio + 1)
        seen = ratio * divergence(rate, equal) + divergence(others, equal)
        return (ratio + models - 1) / seen

    best = optimize.minimize_scalar(each, bounds=(-3, 5), method="bounded")
    return information(right, error) * float(best.fun) / models
