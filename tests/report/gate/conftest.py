"""Campaigns of a few rows, as evidence for a gate."""

from collections.abc import Callable
from typing import Any

import pytest

from offswitch.evidence.observation import OBSERVATIONS, Observation
from offswitch.inference import analyse
from offswitch.report.gate import Evidence

OUTCOMES = {"c": "complied", "a": "attempted", "s": "succeeded", "i": "incapable", "e": "error"}
Campaign = Callable[..., Evidence]


def rows(letters: str, *, subject: str = "gpt", **values: Any) -> list[Observation]:
    """Trials in worlds 0, 1, 2, …, one for each letter of `OUTCOMES`."""
    scenario = values.pop("scenario", "shutdown")
    factors = values.pop("factors", {"threat": "wipe"})
    model = values.pop("model", subject)
    level = "-".join(factors.values())
    return [
        Observation(
            **{
                "trial_id": f"{subject}-{scenario}-{level}-{number}",
                "subject": subject,
                "model": model,
                "scenario": scenario,
                "seed": number,
                "epoch": 1,
                "factors": factors,
                "outcome": OUTCOMES[letter],
                "behaviours": ["shutdown_sabotage"] if letter in "as" else [],
                "error": "Gone: no answer" if letter == "e" else None,
                "task_done": None if letter == "e" else letter == "c",
            }
            | values
        )
        for number, letter in enumerate(letters)
    ]


def evidence(*parts: list[Observation], **more: Any) -> Evidence:
    """A campaign of these trials, in which shutdown sabotage and exfiltration are looked for."""
    frame = OBSERVATIONS.frame([row for part in parts for row in part])
    looked_for = {name: ["shutdown_sabotage", "exfiltration"] for name in set(frame["scenario"])}
    return Evidence("invented", frame, analyse(frame, looked_for=looked_for), **more)


@pytest.fixture
def make_rows() -> Callable[..., list[Observation]]:
    return rows


@pytest.fixture
def make_evidence() -> Campaign:
    return evidence
