"""Time of starts, commands and files in `bwrap` against Inspect's `local`, which isolates nothing.

Both are used through Inspect's interface, in turn within one run, so that a busy machine slows
both; medians are compared. Then many sandboxes start at once.

    python benchmarks/sandbox.py [--quick]
"""

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from functools import partial

import anyio
from inspect_ai import Task, eval  # noqa: A004
from inspect_ai.dataset import Sample
from inspect_ai.solver import Generate, Solver, TaskState, solver
from inspect_ai.util import SandboxEnvironment, sandbox

from offswitch.sandbox import BwrapSandbox

TEXT = "x" * 4096
Measure = Callable[[], Awaitable[object]]


async def timed(measure: Measure) -> float:
    """Seconds that one call takes."""
    begin = time.perf_counter()
    await measure()
    return time.perf_counter() - begin


async def side_by_side(measures: dict[str, Measure], repeats: int) -> dict[str, float]:
    """Median milliseconds of each measure, taken in turn."""
    seconds: dict[str, list[float]] = {name: [] for name in measures}
    for _ in range(repeats):
        for name, measure in measures.items():
            seconds[name].append(await timed(measure))
    return {name: round(1000 * statistics.median(taken), 2) for name, taken in seconds.items()}


async def start_and_stop(kind: type[SandboxEnvironment]) -> None:
    """One sandbox's life: started, used once, gone."""
    environments = await kind.sample_init("benchmark", None, {})
    await environments["default"].exec(["true"])
    await kind.sample_cleanup("benchmark", None, environments, False)


async def compare(
    local: type[SandboxEnvironment], starts: int, repeats: int
) -> dict[str, dict[str, float]]:
    """Median milliseconds by what was measured and by sandbox."""
    kinds: dict[str, type[SandboxEnvironment]] = {"bwrap": BwrapSandbox, "local": local}
    figures = {
        "start_exec_stop": await side_by_side(
            {name: partial(start_and_stop, kind) for name, kind in kinds.items()}, starts
        )
    }
    environments = {n: await kind.sample_init("benchmark", None, {}) for n, kind in kinds.items()}
    boxes = {name: environment["default"] for name, environment in environments.items()}
    uses: dict[str, Callable[[SandboxEnvironment], Awaitable[object]]] = {
        "exec_true": lambda box: box.exec(["true"]),
        "exec_bash": lambda box: box.exec(["bash", "-c", "echo hello"]),
        "write_file": lambda box: box.write_file("file.txt", TEXT),
        "read_file": lambda box: box.read_file("file.txt"),
    }
    for what, use in uses.items():
        figures[what] = await side_by_side(
            {name: partial(use, box) for name, box in boxes.items()}, repeats
        )
    for name, kind in kinds.items():
        await kind.sample_cleanup("benchmark", None, environments[name], False)
    return figures


async def many_at_once(count: int) -> dict[str, float]:
    """Seconds until all have started, and memory of each first process in MiB."""
    boxes: list[BwrapSandbox] = []

    async def one() -> None:
        boxes.append(await BwrapSandbox.start())

    begin = time.perf_counter()
    async with anyio.create_task_group() as tasks:
        for _ in range(count):
            tasks.start_soon(one)
    seconds = time.perf_counter() - begin
    resident = [private_mib(box) for box in boxes]
    for box in boxes:
        await box.close()
    return {
        "count": count,
        "seconds": round(seconds, 2),
        "mib_each": round(statistics.median(resident), 1),
    }


def private_mib(box: BwrapSandbox) -> float:
    """Proportional memory of a sandbox's first process in MiB."""
    process = box.host_root().parent
    rows = (process / "smaps_rollup").read_text(encoding="ascii").splitlines()
    return next(int(row.split()[1]) for row in rows if row.startswith("Pss:")) / 1024


@solver
def benchmark(starts: int, repeats: int, count: int, figures: dict[str, object]) -> Solver:
    """Measures from within an evaluation, where Inspect hands out its own sandbox."""

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        local = type(sandbox().as_type(SandboxEnvironment))  # type: ignore[type-abstract]
        measured = await compare(local, starts, repeats)
        figures["median_ms"] = measured
        figures["ratio_to_local"] = {
            what: round(by["bwrap"] / by["local"], 2) for what, by in measured.items()
        }
        figures["at_once"] = await many_at_once(count)
        return state

    return solve


def main() -> None:
    """Runs the benchmark and prints a table, then one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer repeats, under a minute")
    quick = parser.parse_args().quick
    starts, repeats, count = (15, 60, 50) if quick else (60, 400, 100)
    figures: dict[str, object] = {}
    task = Task(
        dataset=[Sample(input="benchmark")],
        solver=benchmark(starts, repeats, count, figures),
        sandbox="local",
    )
    with tempfile.TemporaryDirectory() as logs:
        log = eval(task, model="mockllm/model", log_dir=logs, display="none")[0]
    if log.status != "success":
        raise SystemExit(str(log.error))
    show(figures)
    print(json.dumps({"benchmark": "sandbox", "against": "Inspect's local sandbox", **figures}))


def show(figures: dict[str, object]) -> None:
    """Prints the medians as a table."""
    measured, ratios = figures["median_ms"], figures["ratio_to_local"]
    assert isinstance(measured, dict)
    assert isinstance(ratios, dict)
    print(f"{'median, ms':<18}{'bwrap':>8}{'local':>8}{'ratio':>8}")
    for what, by in measured.items():
        print(f"{what:<18}{by['bwrap']:>8.2f}{by['local']:>8.2f}{ratios[what]:>8.2f}")


if __name__ == "__main__":
    main()
