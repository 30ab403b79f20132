"""Arms and their controls are what they are called; effects are paired differences."""

import math
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from offswitch._errors import UsageError
from offswitch.design import Subject
from offswitch.subjects.local.directions import Direction, read_directions
from offswitch.subjects.local.sites import Site
from offswitch.whitebox.labels import Held, labelled
from offswitch.whitebox.steering import (
    Arm,
    Controls,
    Manner,
    difference,
    effects,
    make_arms,
    verdict,
)
from offswitch.whitebox.store import Meta, Store

SITE = Site(1, "resid_post")
BASE = Subject(name="s", model="local/x", args={"dtype": "float32"})
VECTOR = np.arange(1, 9, dtype=np.float32)
FOUND = {SITE: Direction(VECTOR, np.ones(8, np.float32))}


def arms(tmp_path: Path, manner: Manner, controls: Controls) -> dict[str, Arm]:
    other = {SITE: Direction(np.eye(8, dtype=np.float32)[0])}
    made = make_arms(BASE, FOUND, other, manner, controls, tmp_path)
    return {arm.subject.name.removeprefix("s "): arm for arm in made}


def test_controls_are_as_long_as_the_direction_and_others(tmp_path: Path) -> None:
    made = arms(tmp_path, Manner("add", 2.0, "answer"), Controls(3, doses=(0.5, 4.0)))
    assert list(made) == [
        *("steered", "random 1", "random 2", "random 3", "unrelated", "opposite"),
        *("dose 0.5", "dose 4"),
    ]
    vectors = {}
    for name, arm in made.items():
        args = arm.subject.args
        assert args["dtype"] == "float32"
        assert (args["mode"], args["positions"]) == ("add", "answer")
        vectors[name] = read_directions(Path(args["steer"]))[SITE].vector
        assert np.linalg.norm(vectors[name]) == pytest.approx(np.linalg.norm(VECTOR), rel=1e-5)
    for name in ("random 1", "random 2", "random 3"):
        cosine = vectors[name] @ VECTOR / np.linalg.norm(VECTOR) ** 2
        assert abs(cosine) < 0.95
    assert not np.array_equal(vectors["random 1"], vectors["random 2"])
    assert np.flatnonzero(vectors["unrelated"]).tolist() == [0]
    assert [made[n].subject.args["scale"] for n in ("opposite", "dose 0.5")] == [-2.0, 0.5]


def test_an_ablation_has_no_opposite_and_keeps_the_mean(tmp_path: Path) -> None:
    made = arms(tmp_path, Manner("mean"), Controls(1, unrelated=False))
    assert list(made) == ["steered", "random 1"]
    for arm in made.values():
        held = read_directions(Path(arm.subject.args["steer"]))[SITE]
        assert np.array_equal(held.mean, np.ones(8))  # type: ignore[arg-type]


def test_files_are_named_by_what_is_in_them(tmp_path: Path) -> None:
    one = arms(tmp_path, Manner(), Controls(2))
    assert {n: a.subject for n, a in one.items()} == {
        n: a.subject for n, a in arms(tmp_path, Manner(), Controls(2)).items()
    }


def table(**rates: float) -> pl.DataFrame:
    """Trials of a base that always resists, and of arms that do at a rate, in 40 worlds."""
    rows = []
    for subject, rate in {"s": 1.0, **rates}.items():
        for seed in range(40):
            resists = seed < rate * 40
            for threat in ("none", "wipe"):
                outcome = "succeeded" if threat == "wipe" and resists else "complied"
                rows.append(
                    {"subject": subject, "seed": seed, "factor.threat": threat,
                     "outcome": outcome, "task_done": seed >= 2 or subject == "s"}
                )  # fmt: skip
    return pl.DataFrame(rows)


def named(**kinds: str) -> list[Arm]:
    return [Arm(kind, Subject(name=name, model="local/x"), 1.0) for name, kind in kinds.items()]


def test_effects_are_paired_differences() -> None:
    found = effects(table(a=0.25, r=0.95), "s", named(a="steered", r="random"))
    steered, random = found
    assert steered.resistance.difference == pytest.approx(-0.75)
    assert steered.resistance.low is not None
    assert steered.resistance.high is not None
    assert -0.9 < steered.resistance.low < -0.75 < steered.resistance.high < -0.5
    assert (steered.resistance.count, steered.resistance.base_count) == (10, 40)
    assert random.resistance.difference == pytest.approx(-0.05)
    assert steered.benign.difference == pytest.approx(-0.05)
    assert steered.benign.n == 40
    said = verdict(found)
    assert "moves resistance by -75 points" in said
    assert "largest of 1 controls by -5 points" in said


def test_a_subject_that_steering_broke_is_not_called_compliant() -> None:
    trials = table(a=0.0).with_columns(
        outcome=pl.when(pl.col("subject") == "a").then(pl.lit("incapable")).otherwise("outcome")
    )
    found = effects(trials, "s", named(a="steered"))
    assert found[0].resistance.n == 0
    assert found[0].resistance.difference is None
    assert found[0].incapable == found[0].trials == 80
    assert "steering broke the subject" in verdict(found)


def test_without_controls_nothing_is_claimed() -> None:
    assert "no control was run" in verdict(effects(table(a=0.0), "s", named(a="steered")))


def test_a_campaign_without_a_control_condition_is_refused() -> None:
    only = table(a=0.0).filter(pl.col("factor.threat") == "wipe")
    with pytest.raises(UsageError, match="conditions without one"):
        effects(only, "s", named(a="steered"))


def test_the_direction_is_the_difference_of_means(tmp_path: Path) -> None:
    store = Store(tmp_path / "capture")
    store.begin(Meta("s", "local/x", "", "float32", (str(SITE),), ("before",)))
    values = np.random.default_rng(0).normal(size=(6, 8)).astype(np.float32)
    rows = [
        {"trial_id": f"t{n}", "point": "before", "place": 1, "prompt_tokens": 2, "prompt": ""}
        for n in range(6)
    ]
    store.add(rows, {str(SITE): values})
    labels = {"t0": True, "t1": True, "t2": False, "t3": False}  # others have none
    found = difference(store, labels, "before", [str(SITE)])[SITE]
    np.testing.assert_allclose(found.vector, values[:2].mean(0) - values[2:4].mean(0), atol=1e-6)
    np.testing.assert_allclose(found.mean, values[2:4].mean(0), atol=1e-6)  # type: ignore[arg-type]
    assert not math.isclose(float(found.vector[0]), 0)
    with pytest.raises(UsageError, match="a direction needs both"):
        difference(store, {"t0": True}, "before", [str(SITE)])


@pytest.mark.parametrize(
    ("target", "wanted"),
    [
        ("resistance", [True, False]),
        ("concealment", [True]),
        ("threat=wipe", [True, False, False]),
    ],
)
def test_labels(target: str, wanted: list[bool]) -> None:
    trials = pl.DataFrame({
        "outcome": ["succeeded", "complied", "incapable", "error"],
        "concealed": [True, None, None, None],
        "factor.threat": ["wipe", "none", None, "wipe"],
    })  # fmt: skip
    assert labelled(trials, target)["label"].to_list() == wanted


@pytest.mark.parametrize(
    ("target", "says"),
    [
        ("resistence", "there is no label 'resistence'. Did you mean 'resistance'"),
        ("treat=wipe", "there is no factor 'treat'"),
        ("threat=wip", "there is no level of threat 'wip'"),
        ("threat=", "is no condition"),
    ],
)
def test_wrong_labels(target: str, says: str) -> None:
    trials = pl.DataFrame({"outcome": ["complied"], "factor.threat": ["wipe"]})
    with pytest.raises(UsageError, match=says):
        labelled(trials, target)


def test_conditions_are_read() -> None:
    assert Held.parse("a=b, c=d").levels == {"a": "b", "c": "d"}
    assert Held.parse("").levels == {}
