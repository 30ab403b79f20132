"""Campaigns on a real Ray cluster of several nodes on this machine: nothing lost, limits shared."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from polars.testing import assert_frame_equal
from tests.campaign.test_workers import Told, comparable, plan_file, wait_for

import offswitch
from offswitch import UsageError
from offswitch.campaign.homes import Slot
from offswitch.campaign.watch import Ended
from offswitch.evidence.observation import read_observations

ray = pytest.importorskip("ray", reason="the extra [ray] is not installed")

TWO: dict[str, Any] = {"concurrency": {"trials": 4, "workers": 2}, "worlds": 25}
NODE: dict[str, Any] = {"num_cpus": 1, "object_store_memory": 80_000_000}


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """A head without CPUs and one node with one; tests add and remove others."""
    from ray.cluster_utils import Cluster

    os.environ.update(RAY_USAGE_STATS_ENABLED="0", RAY_memory_monitor_refresh_ms="0")
    head = {**NODE, "num_cpus": 0, "include_dashboard": False}
    found = Cluster(initialize_head=True, head_node_args=head)
    found.add_node(**NODE)
    try:
        yield found
    finally:
        found.shutdown()


def test_a_cluster_gives_the_tables_that_one_process_gives(cluster: Any, tmp_path: Path) -> None:
    """The first node is lost in the middle, with trials in hand; another one goes on."""
    from offswitch.campaign.cluster import connected

    victim = next(node for node in cluster.list_all_nodes() if node is not cluster.head_node)

    reached, gone = threading.Event(), threading.Event()

    class Halting(Told):
        def ended(self, ended: Ended) -> None:
            super().ended(ended)
            if len(self.trials) == 20:
                reached.set()
                assert gone.wait(120)

    watcher, out = Halting(), tmp_path / "out"
    plan = plan_file(tmp_path, **TWO)
    # nodes are added in the main thread only, so the campaign runs in another one
    with connected(cluster.address), ThreadPoolExecutor(1) as pool:
        run = pool.submit(offswitch.run, plan, out, watcher=watcher, ray=cluster.address)
        assert reached.wait(120)
        cluster.add_node(**NODE)
        cluster.remove_node(victim, allow_graceful=False)
        gone.set()
        results = run.result()
    assert any("is lost" in note for note in watcher.notes), watcher.notes
    calm = offswitch.run(plan_file(tmp_path, worlds=25), tmp_path / "calm")
    assert_frame_equal(comparable(results.observations), comparable(calm.observations))
    assert "error" not in set(results.observations["outcome"])
    ended = [each.trial.trial_id for each in watcher.trials]
    assert sorted(ended) == sorted(calm.observations["trial_id"]), "none lost, none told twice"
    assert not offswitch.verify(out).problems


def test_a_budget_holds_for_all_nodes_together(cluster: Any, tmp_path: Path) -> None:
    extra = cluster.add_node(**NODE)
    plan = plan_file(tmp_path, stop={"budget": {"trials": 30}, "block": 5}, **TWO)
    rows = offswitch.run(plan, tmp_path / "out", ray=cluster.address).observations
    cluster.remove_node(extra)
    assert 30 <= rows.height <= 30 + 4 + 2, "what was in flight may come on top"


def test_ctrl_c_reaches_the_cluster_and_the_run_goes_on_anywhere(
    cluster: Any, tmp_path: Path
) -> None:
    plan, out = plan_file(tmp_path, **{**TWO, "worlds": 50}), tmp_path / "out"
    command = [sys.executable, "-m", "offswitch.cli", "run", str(plan), "--out", str(out)]
    process = subprocess.Popen(
        [*command, "--ray", cluster.address],
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )
    try:
        wait_for(lambda: list((out / "logs").glob("*.eval")), 180)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=180)
    finally:
        process.kill()
    assert process.returncode == 130, said
    rows = read_observations(out / "observations.parquet")
    assert 0 < rows.height < 100
    assert "error" not in set(rows["outcome"])
    watcher = Told()
    results = offswitch.run(plan, out, watcher=watcher, overrides=["concurrency.workers=null"])
    assert results.observations["trial_id"].n_unique() == results.observations.height == 100
    assert len(watcher.trials) == 100 - rows.height


def test_a_worker_that_asks_for_a_gpu_waits_for_one(cluster: Any, tmp_path: Path) -> None:
    from offswitch.campaign.cluster import ClusterProcess, connected

    with connected(cluster.address):
        process = ClusterProcess(Slot("local/x", gpus=1), tmp_path, {})
        assert not process.placed(1)
        cluster.add_node(**NODE, num_gpus=1)
        assert process.placed(30)
        process.end()


@pytest.mark.parametrize(
    ("address", "message"),
    [("127.0.0.1:1", "no Ray cluster answers there: .*refused"), ("here", "write HOST:PORT")],
)
def test_no_cluster_is_told(tmp_path: Path, address: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        offswitch.run(plan_file(tmp_path, worlds=1), tmp_path / "out", ray=address)


def test_ray_is_needed_for_clusters_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "offswitch.campaign.cluster", raising=False)
    monkeypatch.setitem(sys.modules, "ray", None)
    plan = plan_file(tmp_path, worlds=1)
    with pytest.raises(UsageError, match=r"pip install 'offswitch\[ray\]'"):
        offswitch.run(plan, tmp_path / "out", ray="auto")
    assert offswitch.run(plan, tmp_path / "out").observations.height == 2
