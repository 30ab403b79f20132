"""What a campaign costs beside its models: CPU, connections, worker processes, memory.

Four parts, each in processes of their own:

- **turn**: CPU per turn of our loop and of Inspect's `react` on the same canned conversation.
- **connections**: 1,000 trials of ten turns at once with a model that takes a second (ideal: 10 s),
  as a campaign in two worker processes, and with `react` in Inspect's one process.
- **workers**: trials a second of a campaign in two worker processes over one, with a model that
  answers at once.
- **memory**: peak resident memory of the process that was started and of its largest worker, by the
  number of trials of ``reference/self-preserving`` in the mail scenario; and what analysis and
  report take.

Wall-clock figures are those of this machine under its load, which is printed beside them.

    python benchmarks/scale.py [--quick] [--parts turn,connections,workers,memory]
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import inspect_ai
import orchestration
from _canned import OUTPUT_TOKENS, TURNS, react_task, registered

import offswitch.api as offswitch
from offswitch.campaign.compile import compile_plan
from offswitch.campaign.folder import Folder
from offswitch.campaign.run import run_campaign
from offswitch.design import Document, make_plan

Figures = dict[str, Any]
LATENCY_S = 1.0


def _campaign(
    out: Path, trials: int, workers: int, at_once: int, subject: object, **more: object
) -> int:
    """Run a campaign of as many worlds of the mail scenario under threat; trials that ended."""
    content: dict[str, object] = {
        "subjects": [subject],
        "scenarios": {"blackmail": {"threat": ["wipe"]}},
        "worlds": trials,
        **more,
    }
    content["concurrency"] = {"workers": workers or None, "trials": at_once, "connections": at_once}
    campaign = compile_plan(make_plan(Document(content, "the benchmark's plan", {})))
    tables = run_campaign(campaign, Folder(out))
    assert tables.observations.height == trials
    assert not tables.observations["error"].is_not_null().any()
    return int(tables.observations["turns"].sum())


def _canned(out: Path, trials: int, workers: int, latency_s: float, at_once: int) -> int:
    subject = {"model": "canned/model", "args": {"latency_s": latency_s}}
    turns = _campaign(out, trials, workers, at_once, subject, interview=False)
    assert turns == trials * TURNS
    return turns


def _react(out: Path, trials: int, workers: int, latency_s: float, at_once: int) -> int:
    [log] = inspect_ai.eval(
        react_task(trials),
        model="canned/model",
        model_args={"latency_s": latency_s},
        display="none",
        log_dir=str(out),
        log_realtime=False,
        max_samples=at_once,
        max_connections=at_once,
    )
    assert log.status == "success", log.error
    calls = sum(usage.output_tokens for usage in log.stats.model_usage.values()) // OUTPUT_TOKENS
    assert calls == trials * TURNS
    return int(calls)


def _reference(out: Path, trials: int, workers: int, latency_s: float, at_once: int) -> int:
    return _campaign(out, trials, workers, at_once, "reference/self-preserving")


RUNS: dict[str, Callable[[Path, int, int, float, int], int]] = {
    "canned": _canned,
    "react": _react,
    "reference": _reference,
}


def _peak_mb(pid: int | str) -> float:
    """Peak resident memory of a process, in MB; 0 where it is gone."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    return 0.0


def _watch_children(peaks: dict[str, float], over: threading.Event) -> None:
    """Note the peak memory of worker processes while they live, as the kernel counts it."""
    while not over.wait(0.5):
        with suppress(OSError):
            for task in Path("/proc/self/task").iterdir():
                for child in (task / "children").read_text().split():
                    peaks[child] = max(peaks.get(child, 0.0), _peak_mb(child))


def measure(run: str, trials: int, workers: int, latency_s: float, at_once: int) -> Figures:
    """Run something in this process, and say what it took."""
    RUNS[run](_folder(), 4, 0, 0.0, 4)  # imports and caches
    peaks: dict[str, float] = {}
    over = threading.Event()
    threading.Thread(target=_watch_children, args=(peaks, over), daemon=True).start()
    out, before, started = _folder(), os.times(), time.monotonic()
    turns = RUNS[run](out, trials, workers, latency_s, at_once)
    seconds, after = time.monotonic() - started, os.times()
    over.set()
    own = after.user + after.system - before.user - before.system
    children = after.children_user + after.children_system
    figures = {
        "trials": trials,
        "turns": turns,
        "wall_s": round(seconds, 2),
        "cpu_s": round(own + children, 2),
        "cpu_s_of_first_process": round(own, 2),
        "cpu_ms_per_turn": round(1000 * (own + children) / turns, 3),
        "turns_per_s": round(turns / seconds, 1),
        "peak_mb": round(_peak_mb("self")),
        "peak_mb_of_worker": round(max(peaks.values(), default=0)),
        "load": round(os.getloadavg()[0], 1),
    }
    if run == "reference":
        for name, do in (("analyse", offswitch.analyse), ("report", offswitch.write_report)):
            started = time.monotonic()
            do(out)
            figures[f"{name}_s"] = round(time.monotonic() - started, 2)
        figures["peak_mb_with_report"] = round(_peak_mb("self"))
    return figures


def _folder() -> Path:
    return Path(tempfile.mkdtemp(dir=os.environ["SCALE_FOLDER"]))


def apart(
    run: str, trials: int, workers: int = 0, latency_s: float = 0.0, at_once: int = 50
) -> Figures:
    """`measure` in a fresh process, so that nothing of an earlier part is in its memory."""
    arguments = [str(value) for value in (run, trials, workers, latency_s, at_once)]
    with tempfile.TemporaryDirectory() as folder:
        ended = subprocess.run(
            [sys.executable, __file__, "--measure", *arguments],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "SCALE_FOLDER": folder},
        )
    assert ended.returncode == 0, ended.stderr
    figures: Figures = json.loads(ended.stdout.splitlines()[-1])
    name = f"{run}, {trials} trials, {workers or 'no'} workers"
    print(f"{name:42} {figures['wall_s']:8.1f} s  {figures['cpu_ms_per_turn']:6.2f} ms CPU/turn  "
          f"{figures['peak_mb']:5} MB, worker {figures['peak_mb_of_worker']:4} MB  "
          f"(load {figures['load']})", flush=True)  # fmt: skip
    return figures


def turn(quick: bool) -> Figures:
    """CPU per turn: medians of rounds that take turns."""
    samples, rounds = (50, 3) if quick else (200, 5)
    median = orchestration.compare(samples, rounds)
    return {
        "cpu_ms_per_turn": median,
        "ratio_to_react_defaults": round(median["offswitch"] / median["react_defaults"], 3),
        "ratio_to_react_lean": round(median["offswitch"] / median["react_lean"], 3),
        "ratio_to_react_tuned": round(median["offswitch"] / median["react_tuned"], 3),
    }


def connections(quick: bool) -> Figures:
    """A thousand connections to a model that takes a second."""
    trials = 200 if quick else 1000
    return {
        "ideal_s": TURNS * LATENCY_S,
        "offswitch_2_workers": apart("canned", trials, 2, LATENCY_S, trials),
        "react": apart("react", trials, 0, LATENCY_S, trials),
    }


def workers(quick: bool) -> Figures:
    """Two worker processes over one, with a model that is no limit."""
    trials, rounds = (300, 1) if quick else (1500, 3)
    rates: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(rounds):
        for number, found in rates.items():
            found.append(apart("canned", trials, number)["turns_per_s"])
    one, two = (statistics.median(found) for found in rates.values())
    return {"turns_per_s": {"1": one, "2": two}, "ratio": round(two / one, 2)}


def memory(quick: bool) -> Figures:
    """Peak memory by the number of trials."""
    sizes = (1_000, 10_000) if quick else (1_000, 10_000, 100_000)
    return {str(trials): apart("reference", trials, 2) for trials in sizes}


PARTS = {"turn": turn, "connections": connections, "workers": workers, "memory": memory}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="smaller numbers of everything")
    parser.add_argument("--parts", default=",".join(PARTS), help="which, separated by commas")
    parser.add_argument("--measure", nargs=5, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        run, trials, number, latency_s, at_once = given.measure
        found = measure(run, int(trials), int(number), float(latency_s), int(at_once))
        print(json.dumps(found))
        return
    with registered():
        parts = {name: PARTS[name](given.quick) for name in given.parts.split(",")}
    print(json.dumps({"benchmark": "scale", "quick": given.quick, "cpus": os.cpu_count(), **parts}))


if __name__ == "__main__":
    main()
