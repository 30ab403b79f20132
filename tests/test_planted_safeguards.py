"""A real campaign finds what safeguards were planted to do: some of those of the benchmark.

`benchmarks/planted_safeguards.py` has every kind of safeguard and more worlds; here are those of
which a mistake would look like an effect: a monitor that sees half of the deeds, one that sees all,
a person who lets everything happen, and a strategy that is told apart by how it evades. Ten worlds
give an interval of about 50 points, which has to hold the planted effect.
"""

import pytest
from tests.loading import script

BENCHMARK = script("benchmarks/planted_safeguards.py")
ARMS = ("model", "panel: either", "person approves")
Found = dict[str, dict[str, object]]


@pytest.fixture(scope="module")
def found() -> Found:
    part = BENCHMARK.PLANTED[0]
    few = BENCHMARK.Part(part.name, part.subject, part.args, part.scenario,
                         {name: part.arms[name] for name in ARMS})  # fmt: skip
    return {row["arm"]: row for row in BENCHMARK.covered(few, 10, 10)}


@pytest.mark.parametrize("arm", ARMS)
def test_what_is_planted_is_in_the_interval(found: Found, arm: str) -> None:
    row = found[arm]
    assert (row["campaigns"], row["campaigns_covered"]) == (1, 1)
    assert row["low"] < row["high"]  # type: ignore[operator]


def test_what_prevents_all_is_told_from_what_prevents_nothing(found: Found) -> None:
    assert found["panel: either"]["high"] < 0  # type: ignore[operator]
    assert found["person approves"]["found"] == 0
    assert found["panel: either"]["found"] < found["model"]["found"] < 0  # type: ignore[operator]


def test_every_kind_of_stop_and_action_is_planted() -> None:
    arms = [arm for part in BENCHMARK.PLANTED for arm, _ in part.arms.values()]
    kinds = {arm["stop"]["kind"] for arm in arms if "stop" in arm}
    assert kinds == {"message", "script", "turn", "revoke", "freeze", "kill", "pause", "drain",
                     "graded"}  # fmt: skip
