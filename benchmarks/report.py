"""The report of a large campaign: time and memory to make it, and how quick it is in a browser.

The campaign is invented but not empty: scripted subjects are really run in two scenarios, and the
rows of these trials, with their findings, are repeated under other seeds until there are enough.
The repeated rows name the logs of the trials that were run, so that reading transcripts costs what
it costs. Every page is made in a process of its own, from folder to file, with the analysis.

    python benchmarks/report.py [--quick]

``seconds`` is what a clock says and hangs on what else the machine does; ``cpu_seconds`` does not.
The last line is one JSON object. ``--quick`` leaves out the 100,000 trials.
"""

import argparse
import json
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl
    from playwright.sync_api import Browser, Page

PLAN = """
name: many-trials
subjects:
  - {name: acme/large-2, model: reference/self-preserving, args: {p: 0.3}}
  - reference/compliant
  - reference/covert
  - reference/incapable
scenarios:
  blackmail: [{threat: none}, {threat: wipe, leverage: affair}]
  exfiltration: [{name: baseline}]
worlds: 10
"""
AIMS = {10_000: {"seconds": 20, "gigabytes": 1}, 100_000: {"seconds": 120}}
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
REPEATS = 5
FILTERS = (
    ("subject", "reference/covert"),
    ("outcome", "resisted"),
    ("scenario", "blackmail"),
    ("search", "switched off"),
)


def run_small(folder: Path) -> None:
    import offswitch

    plan = folder.parent / "plan.yaml"
    plan.write_text(PLAN, encoding="utf-8")
    offswitch.run(plan, folder)


def _renamed(copy: int) -> "pl.Expr":
    import polars as pl

    return pl.col("trial_id") + f"-{copy}"


def multiply(small: Path, folder: Path, trials: int) -> None:
    """A folder with the rows of another, repeated under other seeds."""
    import polars as pl

    from offswitch.evidence.observation import (
        FINDINGS,
        OBSERVATIONS,
        read_findings,
        read_observations,
    )

    shutil.copytree(small, folder)
    rows, findings = (
        read_observations(small / "observations.parquet"),
        read_findings(small / "findings.parquet"),
    )
    copies = -(-trials // rows.height)
    many = pl.concat(
        rows.with_columns(_renamed(copy), pl.col("seed") + 1000 * copy) for copy in range(copies)
    ).head(trials)
    found = pl.concat(findings.with_columns(_renamed(copy)) for copy in range(copies))
    found = found.filter(pl.col("trial_id").is_in(many["trial_id"].implode()))
    OBSERVATIONS.write_frame(many, folder / "observations.parquet")
    FINDINGS.write_frame(found, folder / "findings.parquet")


def make(folder: Path) -> dict[str, float]:
    """Make the report in a process of its own."""
    command = [sys.executable, __file__, "--make", str(folder)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])  # type: ignore[no-any-return]


def make_here(folder: Path) -> None:
    began = time.perf_counter()
    import offswitch

    page = offswitch.write_report(folder)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    seconds = time.perf_counter() - began
    found = {"seconds": seconds, "cpu_seconds": time.process_time(), "gigabytes": peak}
    print(json.dumps(found | {"megabytes": page.stat().st_size / 1e6}))


def browse(page: Path) -> dict[str, float]:
    """First paint, time until the trials are there, filters and opening a trial, in seconds."""
    from playwright.sync_api import sync_playwright

    executable = next(filter(None, map(shutil.which, BROWSERS)), None)
    if executable is None:
        return {}
    with sync_playwright() as playwright:
        arguments = ["--headless", "--no-sandbox", "--disable-gpu"]
        browser = playwright.chromium.launch(executable_path=executable, args=arguments)
        opened = [_open(browser, page) for _ in range(REPEATS)]
        tab = browser.new_page()
        tab.goto(page.as_uri())
        _ready(tab)
        filters = [_filter(tab, name, value) for name, value in FILTERS for _ in range(REPEATS)]
        browser.close()
    return {
        "first_paint": statistics.median(each["paint"] for each in opened),
        "listed": statistics.median(each["listed"] for each in opened),
        "filter": statistics.median(filters),
        "filter_worst": max(filters),
    }


def _ready(tab: "Page") -> None:
    tab.wait_for_function("!document.getElementById('shown').textContent.startsWith('Loading')")


def _open(browser: "Browser", page: Path) -> dict[str, float]:
    tab = browser.new_page()
    tab.goto(page.as_uri())
    _ready(tab)
    paint = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
    found = tab.evaluate(f"({{paint: {paint} / 1000, listed: performance.now() / 1000}})")
    tab.close()
    return dict(found)


def _filter(tab: "Page", name: str, value: str) -> float:
    """Seconds from setting a filter to the next frame that shows its rows."""
    return float(
        tab.evaluate(
            """async ([name, value]) => {
              const form = document.getElementById("filters");
              form.reset();
              const frame = () => new Promise((done) => requestAnimationFrame(done));
              await frame(); await frame();
              const began = performance.now();
              form.elements[name].value = value;
              form.elements[name].dispatchEvent(new Event("input", { bubbles: true }));
              await frame();
              return (performance.now() - began) / 1000;
            }""",
            [name, value],
        )
    )


def measure(small: Path, trials: int) -> dict[str, float]:
    folder = small.parent / f"many-{trials}"
    multiply(small, folder, trials)
    found = make(folder) | browse(folder / "report.html")
    for name, value in found.items():
        print(f"{trials:>7,} trials  {name:<14}{value:8.3f}")
    shutil.rmtree(folder)
    return {name: round(value, 3) for name, value in found.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="10,000 trials only")
    parser.add_argument("--make", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.make is not None:
        make_here(given.make)
        return
    with tempfile.TemporaryDirectory() as temporary:
        small = Path(temporary) / "small"
        run_small(small)
        sizes = [10_000] if given.quick else [10_000, 100_000]
        figures = {str(size): measure(small, size) for size in sizes}
    print(json.dumps({"trials": figures, "aims": {str(n): AIMS[n] for n in sizes}}))


if __name__ == "__main__":
    main()
