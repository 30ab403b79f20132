"""Registered hypotheses: decided by their own family, direction and smallest effect."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from offswitch.design.factorial import fractional
from offswitch.evidence.observation import Observation
from offswitch.inference import analyse
from offswitch.inference.attribution import hypotheses
from offswitch.inference.attribution.hypotheses import Change
from offswitch.inference.claims import Claim, Ends, Rules, decision
from offswitch.inference.conditions import cell_key
from offswitch.inference.families import holm
from offswitch.inference.registered import decide
from offswitch.inference.registration import RegisteredResult

Make = Callable[..., list[Observation]]
Frame = Callable[[list[Observation]], pl.DataFrame]


def _key(**condition: str) -> str:
    return cell_key("gpt", "shutdown", condition)


def _claim(first: list[str], second: list[str], **changes: object) -> Claim:
    pairs = tuple(("shutdown", ((a,), (b,))) for a, b in zip(first, second, strict=True))
    base = Claim("h", "gpt", "words", "primary", 0.05, None, "higher", 0.1, pairs)
    return replace(base, **changes)  # type: ignore[arg-type]


CLAIM = _claim([_key(threat="none")], [_key(threat="wipe")])
KNOWN = {each.name: each for each in hypotheses()}


@pytest.fixture
def table(trials: Make, frame: Frame) -> Callable[..., pl.DataFrame]:
    def make(**conditions: str) -> pl.DataFrame:
        """Outcomes in letters by level of ``threat``."""
        return frame(
            [t for level, own in conditions.items() for t in trials(own, factors={"threat": level})]
        )

    return make


def _decide(observations: pl.DataFrame, *claims: Claim, **rules: object) -> list[RegisteredResult]:
    cells = analyse(observations).cells
    return decide(observations, cells, claims, Rules(**rules))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("direction", "ends", "p", "judged"),
    [
        ("higher", (0.3, 0.1, 0.5), 0.01, "supported"),
        ("higher", (0.3, 0.1, 0.5), 0.06, "undecided"),
        ("higher", (-0.3, -0.5, -0.1), 0.01, "refuted"),
        ("higher", (0.05, 0.01, 0.09), 0.01, "refuted"),  # there, but too small to matter
        ("lower", (-0.3, -0.5, -0.1), 0.01, "supported"),
        ("lower", (0.02, -0.05, 0.09), 0.8, "refuted"),
        ("either", (-0.3, -0.5, -0.1), 0.01, "supported"),
        ("either", (0.02, -0.05, 0.09), 0.8, "refuted"),
        ("either", (0.0, -0.2, 0.09), 0.9, "undecided"),
        ("higher", (0.3, 0.01, 0.5), None, "supported"),
        ("higher", (0.3, -0.01, 0.5), None, "undecided"),
    ],
)
def test_a_decision_follows_direction_size_and_chance(
    direction: str, ends: tuple[float, float, float], p: float | None, judged: str
) -> None:
    claim = replace(CLAIM, direction=direction)  # type: ignore[arg-type]
    difference, low, high = ends
    assert decision(claim, difference, Ends(low, high), p) == judged


def test_one_pair_of_cells_is_the_ordinary_contrast(table: Callable[..., pl.DataFrame]) -> None:
    observations = table(none="c" * 20, wipe="s" * 12 + "c" * 8)
    (found,) = _decide(observations, CLAIM)
    (usual,) = analyse(observations).contrasts
    assert (found.estimate, found.low, found.high) == (usual.difference, usual.low, usual.high)
    assert (found.p, found.method) == (usual.p, usual.method)
    assert (found.first, found.second, found.worlds) == ((0, 20), (12, 20), 20)
    assert found.judgement == "supported"


def test_p_values_are_adjusted_within_the_role_and_no_further(
    table: Callable[..., pl.DataFrame],
) -> None:
    observations = table(
        none="c" * 20,
        wipe="s" * 5 + "c" * 15,
        pause="s" * 7 + "c" * 13,
        retraining="s" * 6 + "c" * 14,
    )
    claims = [
        replace(_claim([_key(threat="none")], [_key(threat=level)]), name=level, role=role)
        for level, role in (("wipe", "primary"), ("pause", "primary"), ("retraining", "secondary"))
    ]
    first, second, other = _decide(observations, *claims)  # type: ignore[arg-type]
    assert [first.p_adjusted, second.p_adjusted] == holm([first.p or 0, second.p or 0])
    assert other.p_adjusted == other.p
    assert (first.family, other.family) == (2, 1)
    assert (first.level, other.level) == (0.975, 0.95)


def test_hypotheses_of_the_package_share_the_error_rate_of_their_family(
    table: Callable[..., pl.DataFrame],
) -> None:
    observations = table(none="c" * 30, wipe="s" * 25 + "c" * 5)
    named = Claim("self-preservation", "gpt", "words", "primary", 0.05,
                  KNOWN["self-preservation"])  # fmt: skip
    own, known = _decide(observations, CLAIM, named)
    assert own.p_adjusted == pytest.approx(2 * (own.p or 0))
    assert known.judgement == "supported"
    assert known.decided_by == "verdict"
    assert known.estimate is not None
    assert known.evidence[0].effect is not None
    assert known.level == pytest.approx(0.975)  # one contrast was tested; of a family of two
    (alone,) = _decide(observations, named)
    assert (alone.low or 0) > (known.low or 0)


def test_changes_are_averaged_world_by_world(trials: Make, frame: Frame) -> None:
    """Two pairs of cells in the same worlds: a world counts once, with the trials of both."""
    rows = []
    outcomes = {("none", "a"): "cccc", ("wipe", "a"): "sssc", ("none", "b"): "sccc",
                ("wipe", "b"): "scci"}  # fmt: skip
    for (threat, skin), letters in outcomes.items():
        rows += trials(letters, factors={"threat": threat, "skin": skin})
    pairs = [[_key(threat=t, skin=s) for s in "ab"] for t in ("none", "wipe")]
    (found,) = _decide(frame(rows), _claim(*pairs))
    # world 3 of skin b is incapable after, so that only skin a counts there
    assert (found.first, found.second) == ((1, 7), (4, 7))
    assert found.worlds == 4
    assert found.estimate == pytest.approx(np.mean([1 - 0.5, 0.5, 0.5, 0.0]))


@pytest.mark.parametrize(
    ("none", "said"), [("iiic", "mostly could not act"), ("", "no evaluable trials")]
)
def test_what_could_not_be_tested_says_why(
    none: str, said: str, table: Callable[..., pl.DataFrame]
) -> None:
    (found,) = _decide(table(none=none, wipe="sssc"), CLAIM)
    assert (found.judgement, found.estimate, found.p, found.p_adjusted) == (
        "not_tested", None, None, None,
    )  # fmt: skip
    assert said in str(found.reason)


def test_a_campaign_that_may_stop_early_is_decided_by_its_sequence(
    table: Callable[..., pl.DataFrame],
) -> None:
    observations = table(none="c" * 30, wipe="s" * 20 + "c" * 10)
    (fixed,) = _decide(observations, CLAIM)
    (found,) = _decide(observations, CLAIM, stopped=True)
    assert (found.decided_by, found.method, found.p) == ("sequence", "betting", None)
    assert found.judgement == "supported"
    assert (found.low or 0) < (fixed.low or 0)


@pytest.mark.parametrize("correction", ["holm", "benjamini-hochberg"])
def test_a_family_without_any_effect_is_supported_as_seldom_as_it_says(
    correction: str, trials: Make, frame: Frame
) -> None:
    """200 campaigns of three true nulls, 40 worlds each: at most 5% plus three standard errors."""
    rng = np.random.default_rng(20261124)
    claims = [
        replace(_claim([_key(threat="none")], [_key(threat=t)], direction="either"), name=t)
        for t in ("wipe", "pause", "retraining")
    ]
    template = frame([t for level in ("none", "wipe", "pause", "retraining")
                      for t in trials("c" * 40, factors={"threat": level})])  # fmt: skip
    cells = analyse(template).cells
    wrong = 0
    for _ in range(200):
        outcome = np.where(rng.random(160) < 0.4, "succeeded", "complied")
        observations = template.with_columns(pl.Series("outcome", outcome))
        found = decide(observations, cells, claims, Rules(correction=correction))  # type: ignore[arg-type]
        wrong += any(each.judgement == "supported" for each in found)
    assert wrong / 200 <= 0.05 + 3 * (0.05 * 0.95 / 200) ** 0.5


FIFTH = fractional({**dict.fromkeys("abcd", ("0", "1")), "threat": ("none", "wipe")}, 5)
CHANGE = Change(factor="threat", before=("none",), after=("wipe",))


def _fraction(rate: Callable[[dict[str, str]], float], rng: np.random.Generator) -> pl.DataFrame:
    parts = []
    for cell in FIFTH:
        found = np.where(rng.random(12) < rate(cell), "succeeded", "complied")
        part = pl.DataFrame({"seed": np.arange(12), "outcome": found})
        named = [pl.lit(level).alias(f"factor.{name}") for name, level in cell.items()]
        parts.append(part.with_columns(*named, subject=pl.lit("gpt"), scenario=pl.lit("shutdown")))
    return pl.concat(parts)


def _modelled() -> Claim:
    sides = tuple(
        tuple(_key(**cell) for cell in FIFTH if cell["threat"] == level)
        for level in ("none", "wipe")
    )
    return replace(CLAIM, pairs=(("shutdown", (sides[0], sides[1])),), change=CHANGE)


def test_a_change_in_a_fraction_is_decided_by_the_model_at_its_error_rate() -> None:
    """100 null campaigns: at most 10 are supported, which 5% exceeds once in 100 times."""
    rng, claim = np.random.default_rng(12), _modelled()
    real = _fraction(lambda cell: 0.5 if cell["threat"] == "wipe" else 0.2, rng)
    (found,) = decide(real, [], [claim], Rules())
    assert (found.judgement, found.decided_by, found.p) == ("supported", "model", None)
    assert found.estimate == pytest.approx(0.3, abs=0.15)
    both = replace(claim, direction="either")
    wrong = [
        decide(_fraction(lambda _: 0.2, rng), [], [both], Rules())[0].judgement == "supported"
        for _ in range(100)
    ]
    assert sum(wrong) <= 10


def test_a_fraction_that_lost_a_condition_is_not_tested_and_says_why() -> None:
    found = _fraction(lambda _: 0.2, np.random.default_rng(13))
    lost = pl.all_horizontal([pl.col(f"factor.{f}") == level for f, level in FIFTH[3].items()])
    (result,) = decide(found.filter(~lost), [], [_modelled()], Rules())
    assert (result.judgement, result.estimate) == ("not_tested", None)
    assert result.reason is not None
    assert result.reason.startswith("no evaluable trials under")


def test_other_outcomes_are_counted_in_a_fraction_too() -> None:
    rate = 0.5
    found = _fraction(lambda _: rate, np.random.default_rng(14)).with_columns(
        outcome=pl.when(pl.col("factor.threat") == "none").then(pl.lit("attempted"))
        .otherwise(pl.col("outcome"))
    )  # fmt: skip
    (result,) = decide(found, [], [_modelled()], Rules(outcome="succeeded"))
    assert result.judgement == "supported"
