"""The benchmark of sequential designs: never more trials than the fixed one, never more errors."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest


def _benchmark() -> ModuleType:
    path = Path(__file__).parents[2] / "benchmarks" / "efficiency.py"
    spec = importlib.util.spec_from_file_location("efficiency_benchmark", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["efficiency_benchmark"] = module
    spec.loader.exec_module(module)
    return module


BENCHMARK = _benchmark()


@pytest.mark.parametrize(
    ("question", "truth", "most"), [("above", 0.3, 0.3), ("differs", 0.5, 0.6), ("worst", 0.5, 0.6)]
)
def test_clear_answers_come_early(question: str, truth: float, most: float) -> None:
    found = getattr(BENCHMARK, question)(truth, 100, 60, np.random.default_rng(1))
    for way in ("planned", "sequence"):
        assert found.ways[way].used < most
        assert found.ways[way].most <= 1
        assert found.ways[way].decided > 0.95
    assert found.ways["fixed"].used == 1


@pytest.mark.parametrize(("question", "border"), [("above", 0.05), ("differs", 0.1)])
def test_errors_stay_below_5_percent_at_the_border(question: str, border: float) -> None:
    """At the border each answer is an error: 5% of 400 paths, and two standard errors."""
    found = getattr(BENCHMARK, question)(border, 100, 400, np.random.default_rng(2))
    assert all(way.decided <= 0.07 for way in found.ways.values())
