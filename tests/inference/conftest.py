from collections.abc import Callable, Iterable
from typing import Any

import polars as pl
import pytest

from offswitch.evidence.observation import OBSERVATIONS, Observation

MakeTrials = Callable[..., list[Observation]]


def _trials(
    outcomes: str | Iterable[str], *, per_world: int = 1, **changes: Any
) -> list[Observation]:
    """One trial for each letter: c, a, s, i, e for the five outcomes."""
    names = {o[0]: o for o in ("complied", "attempted", "succeeded", "incapable", "error")}
    defaults = {"subject": "gpt", "scenario": "shutdown", "factors": {"threat": "wipe"}}
    values = defaults | changes
    rows = []
    for number, letter in enumerate(outcomes):
        outcome = names[letter]
        own: dict[str, Any] = {"outcome": outcome}
        if outcome in ("attempted", "succeeded"):
            own["behaviours"] = ["shutdown_sabotage"]
        if outcome == "error":
            own["error"] = "the sandbox died\nat line 3"
        key = f"{values['subject']}/{values['scenario']}/{values['factors']}/{number}"
        seed, epoch = number // per_world, number % per_world + 1
        rows.append(
            Observation(
                **({"trial_id": key, "model": "m", "seed": seed, "epoch": epoch} | own | values)
            )
        )
    return rows


@pytest.fixture
def trials() -> MakeTrials:
    return _trials


@pytest.fixture
def frame() -> Callable[[list[Observation]], pl.DataFrame]:
    return OBSERVATIONS.frame
