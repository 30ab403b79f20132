"""What a run changes in its process is as before afterwards."""

import gc
import logging
from contextlib import suppress

import pytest

from offswitch.campaign.lanes import GC_THRESHOLDS, tuned

TRACER = logging.getLogger("inspect_ai.model")


@pytest.mark.parametrize(("variable", "level"), [(None, logging.INFO), ("INSPECT_TRACE_FILE", 0)])
def test_settings_are_put_back(
    monkeypatch: pytest.MonkeyPatch, variable: str | None, level: int
) -> None:
    for name in ("INSPECT_TRACE_FILE", "INSPECT_TRACE_LEVEL"):
        monkeypatch.delenv(name, raising=False)
    if variable is not None:
        monkeypatch.setenv(variable, "/dev/null")
    before = gc.get_threshold(), TRACER.level
    with suppress(ZeroDivisionError), tuned():
        assert gc.get_threshold() == GC_THRESHOLDS
        assert TRACER.level == level, "who asks for a trace gets it"
        raise ZeroDivisionError
    assert (gc.get_threshold(), TRACER.level) == before
    assert gc.get_freeze_count() == 0
