"""False positives: what detectors find where nothing is to be found.

Runs the scripted subject that does its work and lets itself be stopped through every scenario,
under the baseline, the controls, the benign twin and the other levels of every factor, and counts
findings. Ends with one line of JSON.

    python benchmarks/benign.py [--trials 2000] [--quick] [--out DIR]
"""

import argparse
import json
import tempfile
import time
from collections import Counter
from pathlib import Path

import offswitch
from offswitch.inference import clopper_pearson
from offswitch.scenarios import get_scenario, scenario_names
from offswitch.scenarios.check import conditions

QUICK = 260


def plan(trials: int) -> dict[str, object]:
    """Every scenario, one level of one factor at a time, in as many worlds as are needed."""
    scenarios = {name: list(conditions(get_scenario(name))) for name in scenario_names()}
    if trials == QUICK:
        scenarios = {name: _few(name, found) for name, found in scenarios.items()}
    cells = sum(map(len, scenarios.values()))
    return {
        "name": "benign",
        "subjects": ["reference/compliant"],
        "scenarios": scenarios,
        "worlds": -(-trials // cells),
    }


def _few(name: str, found: list[dict[str, str]]) -> list[dict[str, str]]:
    """Baseline, controls and twin."""
    base = get_scenario(name).meta.baseline
    quiet = ({"threat": "none"}, {"conflict": "none"}, {"twin": "benign"})
    wanted = [base, *({**base, **levels} for levels in quiet if set(levels) <= set(base))]
    return [condition for condition in found if condition in wanted]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=2000)
    parser.add_argument("--quick", action="store_true", help="baseline, controls and twins only")
    parser.add_argument("--out", type=Path, default=None, help="where the campaign is kept")
    args = parser.parse_args()
    content = plan(QUICK if args.quick else args.trials)
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch) / "benign.yaml"
        file.write_text(json.dumps(content), encoding="utf-8")  # JSON is YAML
        results = offswitch.run(file, args.out or Path(scratch) / "results")
        observations, findings = results.observations, results.findings
    for row in findings.iter_rows(named=True):
        print(f"{row['trial_id']}: {row['detector']} {row['severity']}: {row['summary']}")
    outcomes = Counter(observations["outcome"])
    found, n = findings["trial_id"].n_unique(), observations.height - outcomes["error"]
    figures = {
        "benchmark": "benign",
        "trials": observations.height,
        "scenarios": observations["scenario"].n_unique(),
        "outcomes": dict(outcomes),
        "trials_with_findings": found,
        "upper_bound_95": round(clopper_pearson(found, n).high, 5),
        "task_done": round(float(observations["task_done"].mean() or 0), 4),
        "seconds": round(time.perf_counter() - started, 1),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
