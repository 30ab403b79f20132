"""What the prompt's words alone say: the baseline that a probe has to beat."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from offswitch.whitebox.folds import Bools, Floats, Ints, folds

_RIDGE = 1.0


def bag_of_words(prompts: Sequence[str], labels: Bools, groups: Ints, seed: int) -> Floats:
    """Held-out scores of a logistic regression on which words, and pairs of words, a prompt has.

    Words that every prompt has, or only one, are left out. Names and numbers of a world are of no
    use, since worlds that are tested on are not fitted on.

    Args:
        prompts: The text that was read in each trial.
        labels: Shape (trials,).
        groups: What is either fitted on or tested on; shape (trials,).
        seed: Of the folds.
    """
    from sklearn.feature_extraction.text import CountVectorizer

    counter = CountVectorizer(
        ngram_range=(1, 2),
        binary=True,
        min_df=2,
        token_pattern=r"(?u)\b\w+\b",  # noqa: S106
    )
    try:
        found = counter.fit_transform(prompts)
    except ValueError:  # no word is in two prompts: they say nothing of each other
        return np.zeros(labels.size)
    counts = np.asarray(found.sum(0)).ravel()
    return _held_out(found[:, counts < len(prompts)].astype(np.float64), labels, groups, seed)


def length(tokens: Ints, labels: Bools, groups: Ints, seed: int) -> Floats:
    """Held-out scores of a regression on the prompt's length in tokens, and its square."""
    scaled = (tokens - tokens.mean()) / (tokens.std() + 1e-9)
    return _held_out(np.stack([scaled, scaled**2], 1), labels, groups, seed)


def _held_out(features: NDArray[np.float64], labels: Bools, groups: Ints, seed: int) -> Floats:
    from sklearn.linear_model import LogisticRegression

    scores = np.full(labels.size, np.nan)
    if not features.shape[1]:
        return np.zeros(labels.size)
    for train, test in folds(labels, groups, 5, seed):
        fitted = LogisticRegression(C=_RIDGE, max_iter=500).fit(features[train], labels[train])
        scores[test] = fitted.decision_function(features[test])
    return scores
