"""What goes home with a worker's messages: every change of its logs, and little else."""

from pathlib import Path

import pytest
from tests.campaign.conftest import compiled

from offswitch import UsageError
from offswitch.campaign.code import check_code, code_of
from offswitch.campaign.desk import Desk, Seat
from offswitch.campaign.lanes import Lanes, run_lanes
from offswitch.campaign.post import BLOCK, Copies
from offswitch.campaign.sequential import Monitor
from offswitch.campaign.shards import shards
from offswitch.campaign.watch import Watcher


def test_only_what_changed_is_sent_and_the_copy_is_the_same(tmp_path: Path) -> None:
    there, here = tmp_path / "there", tmp_path / "here"
    there.mkdir()
    here.mkdir()
    copies, log = Copies(there), there / "a.eval"
    grown = [b"", b"a" * 10, b"a" * 3 * BLOCK, b"a" * 2 * BLOCK + b"b" * 2 * BLOCK, b"c" * 5]
    for content in grown:
        log.write_bytes(content)
        for tail in copies.changed():
            tail.put(here)
        assert (here / "a.eval").read_bytes() == content
    assert list(copies.changed()) == []


def test_a_real_log_is_sent_about_once(tmp_path: Path) -> None:
    """Inspect rewrites a log with each sample; sending it whole each time grows with its square."""
    there, here = tmp_path / "there", tmp_path / "here"
    there.mkdir()
    here.mkdir()
    campaign = compiled(worlds=20)
    copies, sent = Copies(there), []

    class Sender(Seat):
        def ended(self, *told: object) -> list:  # type: ignore[type-arg, override]
            for tail in copies.changed():
                tail.put(here)
                sent.append(len(tail.content))
            return super().ended(*told)  # type: ignore[arg-type]

    desk = Desk(campaign, Monitor(campaign, {}), Watcher())
    desk.add(shards(campaign, set()))
    run_lanes(Lanes(Sender(desk)), str(there), campaign.definition.hash, 4)
    for tail in copies.changed():
        tail.put(here)
    (log,) = there.iterdir()
    assert (here / log.name).read_bytes() == log.read_bytes()
    assert len(sent) > 10
    assert sum(sent) < 2 * log.stat().st_size + len(sent) * BLOCK


def test_other_code_on_a_node_is_refused() -> None:
    plan = compiled().plan
    wanted = code_of(plan)
    check_code(wanted, plan)
    with pytest.raises(UsageError, match="Install the same version on every node"):
        check_code({**wanted, "offswitch": "0" * 64}, plan)
    with pytest.raises(UsageError, match="scenario 'blackmail' is not the same"):
        check_code({**wanted, "scenarios": {"blackmail": "0" * 64}}, plan)
