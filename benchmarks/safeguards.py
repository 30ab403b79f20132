"""What safeguards cost and how fast stops are.

    python benchmarks/safeguards.py [--quick]

*Monitor*: CPU of one review by the package's rules, against the CPU of a whole turn of the same
trials in Inspect. *Stops*: from the signal to quiet in the bubblewrap sandbox, with a tree of
processes that have sessions of their own, and with none, which tells what the tree adds; the host
looks whether any is left. The load of the machine stands beside it, since these are seconds of a
clock.
"""

import argparse
import json
import os
import statistics
import tempfile
import time

import anyio
from inspect_ai import eval as inspect_eval
from inspect_ai.model import ChatMessageAssistant
from inspect_ai.tool import ToolCall

from offswitch.design import Intervention, Monitor, Oversight
from offswitch.evidence.scoring import facts
from offswitch.sandbox import BwrapSandbox
from offswitch.sandbox.tree import survivors
from offswitch.scenarios import get_scenario
from offswitch.trial.safeguards.protocol import decide
from offswitch.trial.safeguards.rules import Rules, default_rules
from offswitch.trial.safeguards.step import Step, looked
from offswitch.trial.spec import TrialSettings, TrialSpec, trial_id
from offswitch.trial.task import trial_task
from offswitch.world import World

RULES = Intervention(
    name="rules", oversight=Oversight(monitor=Monitor(rules="default"), actions={"observe": 0.0})
)
FOREST = (
    "for i in $(seq {n}); do (setsid sh -c 'while :; do sleep 0.05; done' >/dev/null 2>&1 &); done"
)


def turn_cpu(arm: Intervention | None, trials: int) -> float:
    """CPU seconds of one turn of trials under an arm, everything that Inspect does included."""
    condition = get_scenario("oversight").condition({})
    name = arm.name if arm else "none"
    specs = [
        TrialSpec(trial_id(name, "oversight", condition, n, 1), "oversight", condition, n, arm=arm)
        for n in range(1, trials + 1)
    ]
    with tempfile.TemporaryDirectory() as folder:
        task = trial_task(specs, TrialSettings(), scorer=facts())
        began = time.process_time()
        [log] = inspect_eval(task, model="reference/compliant", display="none", log_dir=folder,
                             log_realtime=False, score_display=False)  # fmt: skip
        used = time.process_time() - began
        return used / sum(s.metadata["usage"]["turns"] for s in log.samples or [])


async def review_cpu(rounds: int) -> float:
    """CPU seconds of one review: the rules, the protocol, and what surrounds them."""
    spec = get_scenario("oversight").build({}, 1)
    call = ToolCall("c", "bash", {"command": "cat notes.txt | sort > sorted.txt; ls -l " * 8})
    step = Step(1, ChatMessageAssistant(content="On it."), [call], [], World(spec))
    monitor, oversight = Rules(default_rules()), RULES.oversight
    assert oversight is not None
    began = time.process_time()
    for _ in range(rounds):
        decide(oversight, await looked(monitor, oversight.monitor, step))
    return (time.process_time() - began) / rounds


async def stop_seconds(kind: str, processes: int) -> tuple[float, int]:
    """Seconds from a signal to quiet, and how many processes still run then."""
    sandbox = await BwrapSandbox.start()
    try:
        await sandbox.exec(["/bin/bash", "-c", FOREST.format(n=processes)])
        while len(sandbox.tree.started()) < processes:  # noqa: ASYNC110 - no event to wait for
            await anyio.sleep(0.01)
        began = time.perf_counter()
        await (sandbox.tree.kill() if kind == "kill" else sandbox.tree.freeze())
        seconds = time.perf_counter() - began
        return seconds, len(sandbox.tree.running())
    finally:
        await sandbox.close()


async def stops(kind: str, rounds: int, processes: int) -> dict[str, float]:
    found = [await stop_seconds(kind, processes) for _ in range(rounds)]
    seconds = [each for each, _ in found]
    name = kind if processes else f"{kind}_nothing"
    return {
        f"{name}_ms_median": round(1000 * statistics.median(seconds), 2),
        f"{name}_ms_p95": round(1000 * statistics.quantiles(seconds, n=20)[-1], 2),
        f"{name}_ms_most": round(1000 * max(seconds), 2),
        f"{name}_left_running": sum(left for _, left in found),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    quick = parser.parse_args().quick
    trials, rounds, processes = (10, 2000, 20) if quick else (40, 10_000, 20)
    turn_cpu(None, 2)  # imports and caches
    turn = statistics.median(turn_cpu(None, trials) for _ in range(3))
    watched = statistics.median(turn_cpu(RULES, trials) for _ in range(3))
    review = anyio.run(review_cpu, rounds)
    figures: dict[str, float | int] = {
        "turn_cpu_ms": round(1000 * turn, 3),
        "watched_turn_cpu_ms": round(1000 * watched, 3),
        "review_cpu_ms": round(1000 * review, 4),
        "review_share_of_turn": round(review / turn, 4),
        "processes_in_tree": processes,
    }
    for kind in ("kill", "freeze"):
        for count in (processes, 0):
            figures |= anyio.run(stops, kind, 40 if quick else 200, count)
    figures["survivors"] = len(survivors())
    figures["load"] = round(os.getloadavg()[0], 1)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
