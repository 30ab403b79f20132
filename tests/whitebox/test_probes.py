"""Probes find what is there, say nothing where nothing is, and are not taken in by words."""

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("sklearn", reason="the extra 'whitebox' is not installed")

from offswitch._errors import UsageError
from offswitch.whitebox.fits import FITS, mass_mean
from offswitch.whitebox.folds import auroc, folds, recall_at, resampled
from offswitch.whitebox.probes import NOTHING, Data, ProbeResult, probe
from offswitch.whitebox.words import bag_of_words

WORLDS, SIZE = 40, 24


def made(*, seed: int, signal: float, told: float, constant: bool = False) -> Data:
    """Trials of two conditions in each world, whose label the activations hold to some degree.

    Args:
        seed: Of everything.
        signal: Distance between the groups at the site ``deep``, in standard deviations.
        told: Chance that the prompt gives the label away.
        constant: Whether the label follows from the condition alone.
    """
    chance = np.random.default_rng(seed)
    worlds = np.repeat(np.arange(WORLDS), 4)
    threat = np.tile([True, True, True, False], WORLDS)
    labels = threat if constant else threat & (chance.random(worlds.size) < 0.5)
    deep = chance.normal(size=(worlds.size, SIZE)) + chance.normal(size=(WORLDS, SIZE))[worlds]
    deep[:, 0] += signal * labels
    shallow = chance.normal(size=(worlds.size, SIZE)) + 3.0 * threat[:, None]
    given = np.where(chance.random(worlds.size) < told, labels, chance.random(worlds.size) < 0.5)
    prompts = [
        f"world {w} says {'wipe' if t else 'keep'} and {'red' if g else 'blue'}"
        for w, t, g in zip(worlds, threat, given, strict=True)
    ]
    tokens = np.array([len(p) for p in prompts])
    return Data(labels, worlds, worlds, prompts, tokens, {"deep": deep, "shallow": shallow}, threat)


def found(data: Data, seed: int = 0) -> ProbeResult:
    kinds = ("difference of means",)
    return probe(data, "resistance", kinds=kinds, seed=seed, shuffles=3, draws=100)


def test_what_is_there_is_found_beyond_the_words() -> None:
    result = probe(made(seed=1, signal=5.0, told=0.0), "resistance", shuffles=3, draws=100)
    assert result.found
    assert result.probe.auroc.value is not None
    assert result.probe.auroc.value > 0.95
    assert result.probe.within.value is not None
    assert result.probe.within.value > 0.95
    assert result.words.within.value is not None
    assert result.words.within.value < 0.65
    assert "finds more than the prompt's words" in result.verdict
    assert {site for site, _ in result.chosen} == {"deep"}
    assert len(result.sites) == 2 * len(FITS)
    assert result.probe.recall.value is not None
    assert 0.5 < result.probe.recall.value <= 1


def test_a_probe_that_reads_the_condition_is_no_evidence() -> None:
    """The site holds the threat, which goes with the label: AUROC is high, and nothing is found."""
    result = found(made(seed=2, signal=0.0, told=0.0))
    assert result.probe.auroc.value is not None
    assert result.probe.auroc.value > 0.6
    assert not result.found
    assert NOTHING in result.verdict


def test_a_probe_that_reads_what_the_words_say_is_no_evidence() -> None:
    result = found(made(seed=3, signal=4.0, told=1.0))
    assert result.words.within.value == 1.0
    assert not result.found
    assert NOTHING in result.verdict


def test_words_that_are_held_out_say_nothing() -> None:
    """Four phrases, each with words of its own for the label: held out by phrase, not by world."""
    data = made(seed=8, signal=5.0, told=0.0)
    phrase = data.worlds % 4
    said = [f"w{p}{'y' if y else 'n'}" for p, y in zip(phrase, data.labels, strict=True)]
    worded = replace(data, prompts=said)
    assert found(worded).words.within.value == 1.0
    assert not found(worded).found
    held = found(replace(worded, groups=phrase))
    assert held.words.within.value is not None
    assert held.words.within.value < 0.6
    assert held.found


def test_a_label_that_does_not_vary_within_the_condition_says_nothing() -> None:
    result = found(made(seed=4, signal=4.0, told=0.0, constant=True))
    assert not result.found
    assert "nothing varies within the condition" in result.verdict
    assert result.margin.value is None


def test_false_finds_are_rare() -> None:
    """Where there is nothing, at most 1 of 8 finds something (2 of 60 did in a longer run)."""
    falsely = [found(made(seed=100 + n, signal=0.0, told=0.0), n).found for n in range(8)]
    assert sum(falsely) <= 1


def test_shuffled_labels_are_at_chance() -> None:
    result = found(made(seed=5, signal=4.0, told=0.0))
    assert result.shuffled.value is not None
    assert 0.4 < result.shuffled.value < 0.6


def test_too_few_trials_are_refused() -> None:
    data = made(seed=1, signal=1.0, told=0.0)
    few = data.worlds < 5
    with pytest.raises(UsageError, match="probes need at least 8 of each"):
        found(replace(
            data, labels=data.labels[few], worlds=data.worlds[few], groups=data.groups[few],
            prompts=data.prompts[:20], tokens=data.tokens[few],
            activations={"deep": data.activations["deep"][few]},
        ))  # fmt: skip


def test_activations_that_are_no_numbers_are_refused() -> None:
    data = made(seed=1, signal=1.0, told=0.0)
    data.activations["deep"][3, 3] = np.nan
    with pytest.raises(UsageError, match="deep: activations that are not finite"):
        found(data)


@pytest.mark.parametrize("kind", FITS)
def test_every_kind_finds_a_planted_direction(kind: str) -> None:
    data = made(seed=6, signal=5.0, told=0.0)
    direction = FITS[kind](data.activations["deep"], data.labels)
    scores = data.activations["deep"] @ direction
    assert auroc(scores, data.labels) > 0.97  # type: ignore[operator]
    assert np.abs(direction / np.linalg.norm(direction))[0] > 0.6


def test_whitening_sees_past_a_loud_dimension() -> None:
    chance = np.random.default_rng(0)
    labels = np.arange(200) % 2 == 0
    loud = chance.normal(size=(200, 1)) * 30
    noisy = np.hstack([chance.normal(size=(200, 5)), loud])
    noisy[:, 0] += 2.0 * labels
    noisy[:, 5] += 8.0 * labels
    whitened = auroc(noisy @ mass_mean(noisy, labels), labels)
    plain = auroc(noisy @ FITS["difference of means"](noisy, labels), labels)
    assert whitened > plain + 0.1  # type: ignore[operator]


def test_mass_mean_is_that_of_the_shrunk_covariance() -> None:
    """Against scikit-learn's own estimator of Ledoit and Wolf."""
    from sklearn.covariance import ledoit_wolf

    chance = np.random.default_rng(1)
    labels = np.arange(30) % 3 == 0
    values = chance.normal(size=(30, 50)) * np.linspace(0.2, 3, 50)
    centred = values.copy()
    for group in (labels, ~labels):
        centred[group] -= values[group].mean(0)
    covariance, share = ledoit_wolf(centred, assume_centered=True)
    assert 0.001 < share < 1
    difference = values[labels].mean(0) - values[~labels].mean(0)
    wanted = np.linalg.solve(covariance, difference)
    np.testing.assert_allclose(mass_mean(values, labels), wanted, rtol=1e-6)


def test_worlds_are_on_one_side_only() -> None:
    data = made(seed=1, signal=0.0, told=0.0)
    tested = []
    for train, test in folds(data.labels, data.worlds, 5, 0):
        assert not set(data.worlds[train]) & set(data.worlds[test])
        tested += list(test)
    assert sorted(tested) == list(range(data.labels.size))


def test_draws_take_whole_worlds() -> None:
    worlds = np.repeat(np.arange(6), 3)
    for rows in resampled(worlds, 20, 0):
        counts = np.bincount(worlds[rows], minlength=6)
        assert (counts % 3 == 0).all()
        assert rows.size == 18


@pytest.mark.parametrize(
    ("scores", "labels", "wanted"),
    [
        ([1, 2, 3, 4], [0, 0, 1, 1], 1.0),
        ([4, 3, 2, 1], [0, 0, 1, 1], 0.0),
        ([1, 1, 1, 1], [0, 1, 0, 1], 0.5),
        ([1, 2, 2, 3], [0, 0, 1, 1], 0.875),
        ([1, 2], [1, 1], None),
    ],
)
def test_auroc(scores: list[float], labels: list[int], wanted: float | None) -> None:
    assert auroc(np.array(scores, float), np.array(labels, bool)) == wanted


def test_recall_at_few_false_positives() -> None:
    labels = np.repeat([True, False], [4, 200])
    scores = np.concatenate([[3.0, 2.0, 1.0, -1.0], np.linspace(-2, 1.5, 200)])
    assert recall_at(scores, labels, 0.01) == 0.5  # two of 200 may exceed it
    assert recall_at(scores, labels, 0.0) == 0.5
    assert recall_at(scores, labels, 0.2) == 0.75


def test_words_that_give_it_away_are_read() -> None:
    data = made(seed=7, signal=0.0, told=1.0)
    scores = bag_of_words(data.prompts, data.labels, data.worlds, 0)
    assert auroc(scores, data.labels) == 1.0
