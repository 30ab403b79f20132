"""CPU per turn of our trial loop against Inspect's `react` agent, on the same canned conversation.

Both run the same ten turns (list, read and send mail in the same invented company) through
`inspect_ai.eval` with the same canned model, the same world and the same logs on disk. `react` runs
three times: with Inspect's defaults, with `log_realtime=False`, and with all the settings of the
process that campaigns run with. Each is repeated, in turn, and the medians are compared.

    python benchmarks/orchestration.py [--quick]
"""

import argparse
import contextlib
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass

import inspect_ai
from _canned import CONDITION, OUTPUT_TOKENS, SCENARIO, TURNS, react_task
from inspect_ai import Task

from offswitch.campaign.lanes import tuned
from offswitch.evidence.scoring import facts
from offswitch.trial.spec import TrialSettings, TrialSpec
from offswitch.trial.task import trial_task


def our_task(samples: int) -> Task:
    trials = [TrialSpec(f"t{n}", SCENARIO.name, CONDITION, n) for n in range(samples)]
    return trial_task(trials, TrialSettings(interview=False), scorer=facts())


@dataclass(frozen=True)
class Case:
    """One thing that is measured."""

    name: str
    make: Callable[[int], Task]
    realtime: bool
    tuned: bool = False


CASES = (
    Case("react_defaults", react_task, realtime=True),
    Case("react_lean", react_task, realtime=False),
    Case("react_tuned", react_task, realtime=False, tuned=True),
    Case("offswitch", our_task, realtime=False, tuned=True),
)


def cpu_per_turn(case: Case, samples: int) -> float:
    """CPU milliseconds per turn of one run, everything included."""
    settings = tuned() if case.tuned else contextlib.nullcontext()
    with tempfile.TemporaryDirectory() as logs, settings:
        task = case.make(samples)
        started = time.process_time()
        [log] = inspect_ai.eval(
            task,
            model="canned/model",
            display="none",
            log_dir=logs,
            log_realtime=case.realtime,
            max_samples=50,
        )
        spent = time.process_time() - started
    assert log.status == "success", log.error
    calls = sum(usage.output_tokens for usage in log.stats.model_usage.values())
    calls /= OUTPUT_TOKENS
    assert calls == samples * TURNS, f"{case.name}: {calls} model calls"
    return 1000 * spent / calls


def compare(samples: int, rounds: int) -> dict[str, float]:
    """Median CPU milliseconds per turn of each case, measured in turn."""
    for case in CASES:
        cpu_per_turn(case, 10)  # imports and caches
    results: dict[str, list[float]] = {case.name: [] for case in CASES}
    for _ in range(rounds):
        for case in CASES:
            results[case.name].append(cpu_per_turn(case, samples))
            print(f"{case.name:15} {results[case.name][-1]:6.2f} ms CPU per turn", flush=True)
    return {name: round(statistics.median(values), 3) for name, values in results.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="end within a minute")
    quick = parser.parse_args().quick
    samples, rounds = (50, 2) if quick else (200, 3)
    median = compare(samples, rounds)
    figures = {
        "benchmark": "orchestration",
        "samples": samples,
        "turns": TURNS,
        "cpu_ms_per_turn": median,
        "ratio_to_react_defaults": round(median["offswitch"] / median["react_defaults"], 3),
        "ratio_to_react_lean": round(median["offswitch"] / median["react_lean"], 3),
        "ratio_to_react_tuned": round(median["offswitch"] / median["react_tuned"], 3),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
