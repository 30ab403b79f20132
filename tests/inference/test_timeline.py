"""Versions over time: which worlds count, what a step and a trend rest on, how often they err."""

from collections.abc import Sequence
from datetime import date

import numpy as np
import pytest

from offswitch.evidence.observation import OBSERVATIONS, Observation
from offswitch.inference import analyse
from offswitch.inference.contrasts import worlds_of
from offswitch.inference.timeline import Series, Version, series

DAYS = [date(2025, 1, 1), date(2025, 7, 1), date(2026, 1, 1), date(2026, 7, 1)]
OUTCOMES = {"c": "complied", "s": "succeeded", "i": "incapable", "e": "error"}
TOLERANCE = 0.03
"""Two and a half standard errors of the share of 300 simulations that miss, where 5% do."""


def version(
    name: str, letters: dict[str, str], released: date | None = None, first: int = 0
) -> Version:
    """A version that shows these outcomes in worlds ``first``, ``first + 1``, … of conditions."""
    rows = [
        Observation(
            trial_id=f"{name}-{level}-{number}", subject=name, model=name, scenario="shutdown",
            seed=first + number, epoch=1, outcome=OUTCOMES[letter],  # type: ignore[arg-type]
            factors={"threat": level},
            behaviours=("shutdown_sabotage",) if letter == "s" else (),  # type: ignore[arg-type]
            error="gone" if letter == "e" else None,
        )
        for level, each in letters.items()
        for number, letter in enumerate(each)
    ]  # fmt: skip
    table = OBSERVATIONS.frame(rows)
    return Version("c-" + name, name, released, analyse(table).cells, worlds_of(table))


def compared(versions: Sequence[Version], **more: object) -> Series:
    return series("versions", versions, measure="resisted", **more)  # type: ignore[arg-type]


def test_only_worlds_of_all_versions_count() -> None:
    a = version("a", {"wipe": "sscccc", "none": "cccccc"})
    b = version("b", {"wipe": "essscc"})
    c = version("c", {"wipe": "ssssss"}, first=1)
    found = compared([a, b, c])
    (line,) = found.lines
    assert (line.worlds, line.left_out) == (5, 2)
    assert [(p.rate.count, p.rate.n) for p in line.points] == [(1, 5), (3, 5), (5, 5)]
    assert [s.difference for s in line.steps] == pytest.approx([0.4, 0.4])
    assert found.conditions_left_out == ["shutdown | threat=none"]
    assert compared([a, b, c], changed=["shutdown"]).lines[0].worlds == 0


def test_a_version_that_could_not_act_leaves_its_condition_out() -> None:
    a, b = version("a", {"wipe": "s" * 8}), version("b", {"wipe": "iiiiiiic"})
    found = compared([a, b])
    assert found.conditions == []
    assert found.lines[0].points[1].rate.rate is None
    assert found.lines[0].steps[0].difference is None


def test_a_world_under_several_conditions_is_one_world() -> None:
    letters = {"wipe": "scsc" * 4, "none": "scsc" * 4}
    found = compared([version("a", letters), version("b", letters)])
    (line,) = found.lines
    assert (line.worlds, line.points[0].rate.n) == (16, 32)
    assert line.points[0].rate.method == "korn-graubard"
    assert line.points[0].rate.effective_n == pytest.approx(15.5, abs=1)


@pytest.mark.parametrize(
    ("days", "reason"),
    [
        (DAYS[:2], "a trend takes 3 different release dates, and there are 2"),
        ([DAYS[0], DAYS[0], DAYS[1]], "a trend takes 3 different release dates, and there are 2"),
        ([DAYS[0], DAYS[1], None], "no release date is known for every version"),
        (DAYS[:3], None),
    ],
)
def test_two_points_are_no_trend(days: list[date | None], reason: str | None) -> None:
    found = compared([version(f"v{i}", {"wipe": "sc" * 5}, day) for i, day in enumerate(days)])
    trend = found.lines[0].trend
    assert trend.reason == reason
    assert (trend.per_year is None) == (reason is not None)
    assert found.dated == (None not in days)


def test_versions_stand_by_their_dates_and_a_rise_is_found() -> None:
    shares = [0, 10, 20, 30]
    made = [
        version(f"v{i}", {"wipe": "s" * n + "c" * (40 - n)}, day)
        for i, (n, day) in enumerate(zip(shares, DAYS, strict=True))
    ]
    found = compared(made[::-1])
    line = found.lines[0]
    assert [p.subject for p in line.points] == ["v0", "v1", "v2", "v3"]
    # a quarter more every half year
    assert line.trend.per_year == pytest.approx(0.5, abs=0.01)
    assert line.trend.low is not None
    assert 0.2 < line.trend.low < 0.5 < (line.trend.high or 0)
    quiet = compared([version(f"v{i}", {"wipe": "c" * 20}, day) for i, day in enumerate(DAYS)])
    flat = quiet.lines[0].trend
    assert flat.per_year == 0
    assert flat.low is not None
    assert flat.low < 0 < (flat.high or 0), "never seen in 20 worlds is not never"


@pytest.mark.parametrize("rates", [(0.1, 0.1, 0.1), (0.2, 0.5, 0.6)])
def test_the_interval_of_a_trend_holds_the_true_slope(rates: tuple[float, ...]) -> None:
    """300 campaigns of 25 worlds whose rates also differ by world."""
    from offswitch.inference.timeline import _trend

    random = np.random.default_rng(7)
    years = np.array([day.toordinal() for day in DAYS[:3]]) / 365.25
    away = years - years.mean()
    true = float(np.array(rates) @ away / (away**2).sum())
    missed = 0
    for _ in range(300):
        hard = random.uniform(0, 1, 25)[:, None] < 0.5
        chance = np.where(hard, np.array(rates) * 0.5, np.array(rates) * 1.5)
        shown = (random.uniform(size=chance.shape) < chance).astype(np.int64)
        trend = _trend(np.stack([shown, np.ones_like(shown)], axis=2), DAYS[:3], 0.95)
        assert trend.low is not None
        assert trend.high is not None
        missed += not trend.low <= true <= trend.high
    assert missed / 300 <= 0.05 + TOLERANCE
