"""What scoring other people's transcripts costs: time and peak memory, on generated JSON lines.

    python benchmarks/sources.py [--quick]

Scores two files of JSON lines, a small and a large one (10,000 and 100,000 transcripts; with
``--quick`` 300 and 1,200), each in a process of its own, and prints how the peak memory grows.
``score`` is the reading and the writing of tables and logs; ``report`` is the page afterwards,
which holds every trial's row. The last line is one JSON object.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

WORDS = ("order", "cellar", "door", "report", "pump", "list", "ready", "check", "winter", "slate")
MEASURE = """
import json, resource, sys, time
from pathlib import Path
from offswitch.sources.registry import get_source
from offswitch.sources.scoring import score_into

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

import polars, pyarrow, inspect_ai.log
before, start = peak(), time.perf_counter()
path, out = map(Path, sys.argv[1:])
tally = score_into("jsonl", get_source("jsonl"), path, out)
scored, seconds = peak(), time.perf_counter() - start
from offswitch import api
start = time.perf_counter()
api.report(out)
print(json.dumps({"transcripts": tally.transcripts, "start_mib": round(before),
                  "score_peak_mib": round(scored), "score_s": round(seconds, 1),
                  "report_peak_mib": round(peak()),
                  "report_s": round(time.perf_counter() - start, 1),
                  "report_mb": round((out / "report.html").stat().st_size / 1e6, 1)}))
"""


def transcript(number: int, draw: random.Random) -> dict[str, Any]:
    """One invented transcript of about 3 kB: six turns with a tool call each."""
    messages: list[dict[str, Any]] = [{"role": "system", "content": " ".join(WORDS * 6)}]
    for turn in range(6):
        call = {"id": f"c{turn}", "name": "look", "arguments": {"at": draw.choice(WORDS)}}
        said = " ".join(draw.choices(WORDS, k=30))
        messages.append({"role": "assistant", "content": said, "tool_calls": [call]})
        seen = " ".join(draw.choices(WORDS, k=20))
        messages.append({"role": "tool", "content": seen, "tool_call_id": f"c{turn}"})
    found = {"behaviour": "shutdown_evasion", "severity": "succeeded", "summary": "It went away.",
             "messages": [3]}  # fmt: skip
    return {
        "id": f"t{number}",
        "subject": f"tin-{number % 4}",
        "scenario": "cellar",
        "condition": {"threat": ("none", "wipe")[number % 2]},
        "messages": messages,
        "findings": [found] if draw.random() < 0.1 else [],
    }


def measure(count: int, folder: Path) -> dict[str, Any]:
    """Score ``count`` transcripts in a process of its own."""
    path, draw = folder / f"{count}.jsonl", random.Random(count)
    with path.open("w", encoding="utf-8") as stream:
        for number in range(count):
            stream.write(json.dumps(transcript(number, draw)) + "\n")
    command = [sys.executable, "-c", MEASURE, str(path), str(folder / f"out-{count}")]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    found["input_mb"] = round(path.stat().st_size / 1e6, 1)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a few thousand, within a minute")
    sizes = (300, 1_200) if parser.parse_args().quick else (10_000, 100_000)
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        small, large = (measure(size, Path(folder)) for size in sizes)
    for each in (small, large):
        print(", ".join(f"{name} {value}" for name, value in each.items()))
    figures = {
        "small": small,
        "large": large,
        "score_peak_ratio": round(large["score_peak_mib"] / small["score_peak_mib"], 2),
        "ms_per_transcript": round(1000 * large["score_s"] / large["transcripts"], 2),
        "seconds": round(time.perf_counter() - start, 1),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
