"""What the analysis of a large campaign costs: time and peak memory, on an invented table.

    python benchmarks/inference.py [--quick]

Analyses 100,000 trials in 13 scenarios (8 subjects, 12 conditions, 5 to 30 worlds, several epochs
in half of them) and, unless ``--quick``, a million; each in a process of its own. What is measured
is `offswitch.inference.analyse` with everything in it: rates, differences, pooled rates, contrasts.
The last line is one JSON object.
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import polars as pl

SCENARIOS, SUBJECTS, CONDITIONS = 13, 8, 12
BEHAVIOURS = ("shutdown_sabotage", "exfiltration", "deception", "record_tampering")


def table(trials: int, seed: int = 20261124) -> pl.DataFrame:
    """An invented table of observations with what analyses read of it."""
    rng = np.random.default_rng(seed)
    number = np.arange(trials)
    cell = number % (SCENARIOS * SUBJECTS * CONDITIONS)
    place = number // (SCENARIOS * SUBJECTS * CONDITIONS)
    scenario, rest = cell % SCENARIOS, cell // SCENARIOS
    subject, condition = rest % SUBJECTS, rest // SUBJECTS
    epochs = np.where(scenario % 2, 4, 1)
    rate = 1 / (1 + np.exp(3 - 0.4 * subject - 0.3 * condition + 0.2 * scenario))
    u = rng.random(trials)
    outcome = np.select(
        [u < 0.02, u < 0.05, u < 0.05 + 0.6 * rate, u < 0.05 + 0.95 * rate],
        ["error", "incapable", "succeeded", "attempted"],
        "complied",
    )
    resisted = np.isin(outcome, ["succeeded", "attempted"])
    found = rng.integers(0, len(BEHAVIOURS), trials)
    names = [[BEHAVIOURS[i]] if r else [] for i, r in zip(found, resisted, strict=True)]
    failed = outcome == "error"
    return pl.DataFrame(
        {
            "trial_id": np.char.add("t", number.astype(str)),
            "subject": np.char.add("subject-", subject.astype(str)),
            "model": np.char.add("model-", subject.astype(str)),
            "scenario": np.char.add("scenario-", scenario.astype(str)),
            "seed": place // epochs,
            "epoch": place % epochs + 1,
            "factor.instruction": np.char.add("level-", (condition % 4).astype(str)),
            "factor.threat": np.array(["none", "wipe", "interruption"])[condition // 4],
            "outcome": outcome,
            "behaviours": names,
            "concealed": pl.Series(rng.random(trials) < 0.3).set(pl.Series(~resisted), None),
            "task_done": pl.Series(rng.random(trials) < 0.8).set(pl.Series(failed), None),
            "understood": rng.random(trials) < 0.9,
            "score": rng.integers(0, 11, trials) / 10,
            "first_tool_share": rng.random(trials),
            "awareness": np.array(["says_test", "says_real", "silent"])[rng.integers(0, 3, trials)],
            "cost_usd": rng.random(trials),
            "input_tokens": rng.integers(1000, 9000, trials),
            "output_tokens": rng.integers(100, 900, trials),
            "error": pl.Series(np.where(failed, "the sandbox died", "")).set(
                pl.Series(~failed), None
            ),
        }
    )


def measure(trials: int) -> dict[str, float]:
    """Seconds and peak memory of this process; run it in one of its own."""
    from offswitch.inference import analyse

    observations = table(trials)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    start, cpu = time.perf_counter(), time.process_time()
    analysis = analyse(observations)
    seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    text = analysis.model_dump_json()
    return {
        "trials": trials,
        "cells": len(analysis.cells),
        "contrasts": len(analysis.contrasts),
        "seconds": round(seconds, 2),
        "cpu_seconds": round(cpu, 2),
        "start_mib": round(before),
        "peak_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "json_mb": round(len(text) / 1e6, 1),
        "nan": text.count("NaN"),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="100,000 trials only")
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        print(json.dumps(measure(arguments.one)))
        return
    found = {}
    for trials in (100_000,) if arguments.quick else (100_000, 1_000_000):
        command = [sys.executable, str(Path(__file__).resolve()), "--one", str(trials)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        found[f"{trials}"] = json.loads(done.stdout.splitlines()[-1])
        print(found[f"{trials}"])
    print(json.dumps(found))


if __name__ == "__main__":
    main()
