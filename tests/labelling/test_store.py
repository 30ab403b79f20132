import os
import resource
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from offswitch._errors import UsageError
from offswitch.labelling import DamagedError, Label, Store, Undo
from offswitch.labelling.store import repair


def label(trial: str, verdict: str = "yes", rater: str = "ana", **more: str) -> Label:
    return Label(rater=rater, trial_id=trial, rubric="r", verdict=verdict, **more)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "labelling.jsonl"


def test_what_is_appended_is_there_for_the_next_process(path: Path) -> None:
    store = Store(path)
    assert not path.exists(), "looking writes nothing"
    store.append(label("t1", note='Zeilen\nund "Zeichen" \u2028 é'))
    store.append(label("t1", "no"))
    assert store.append(Undo(rater="ana")) == ("t1", "r")
    (kept,) = Store(path).read().verdicts()
    assert (kept.verdict, kept.note) == ("yes", 'Zeilen\nund "Zeichen" \u2028 é')
    assert len(path.read_bytes().split(b"\n")) == 4, "nothing is ever taken out of the file"


def test_an_undo_of_nothing_is_not_written(path: Path) -> None:
    store = Store(path)
    store.append(label("t1"))
    size = path.stat().st_size
    assert store.append(Undo(rater="ben")) is None
    assert path.stat().st_size == size


def test_two_stores_on_one_file_see_each_other(path: Path) -> None:
    one, two = Store(path), Store(path)
    one.append(label("t1"))
    two.append(label("t2", rater="ben"))
    one.append(label("t3"))
    assert [each.trial_id for each in two.read().verdicts()] == ["t1", "t2", "t3"]
    assert [each.trial_id for each in one.read().verdicts()] == ["t1", "t2", "t3"]


def _write(path: Path, rater: str) -> None:
    store = Store(path)
    for number in range(100):
        store.append(label(f"t{number}", rater=rater))


def test_stores_that_write_at_once_lose_nothing(path: Path) -> None:
    # the locks are those of open files, so threads meet as processes would
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(_write, [path] * 4, ["ana", "ben", "cleo", "dag"]))
    assert len(Store(path).read().verdicts()) == 400
    assert path.read_bytes().count(b"\n") == 400


ENDLESS = """
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from offswitch.labelling import Label, Store
store = Store(Path(sys.argv[1]))
n = 0
while True:
    store.append(Label(rater="ana", trial_id=f"t{n}", rubric="r", verdict="yes", note="x" * 3000))
    print(n, flush=True)
    n += 1
"""


def test_everything_said_to_be_saved_survives_a_kill(path: Path) -> None:
    command = [sys.executable, "-c", ENDLESS, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        saved = [process.stdout.readline() for _ in range(30)]
        os.kill(process.pid, signal.SIGKILL)
        saved += process.stdout.readlines()
    told = max(int(line) for line in saved if line.strip())
    kept = {each.trial_id for each in Store(path).read().verdicts()}
    assert {f"t{n}" for n in range(told + 1)} <= kept


BAD_LINES = {
    "no JSON": b"{broken\n",
    "torn": b'{"rater":"ana","at":"2026-11-0',
    "another schema": b'{"act":"label","rater":"ana"}\n',
    "no UTF-8": b"\xff\xfe\n",
    "no time zone": b'{"act":"undo","rater":"ana","at":"2026-11-03T10:00:00"}\n',
    "empty": b"\n",
}


@pytest.mark.parametrize("bad", BAD_LINES.values(), ids=BAD_LINES)
def test_a_damaged_line_is_named_and_nothing_is_changed_without_consent(
    path: Path, bad: bytes
) -> None:
    store = Store(path)
    store.append(label("t1"))
    store.append(label("t2"))
    good = path.read_bytes()
    path.write_bytes(good + bad)
    for act in (lambda: Store(path), store.read, lambda: store.append(label("t3"))):
        with pytest.raises(DamagedError, match=r"labelling\.jsonl, line 3: .*--repair"):
            act()
    assert path.read_bytes() == good + bad


def test_repair_keeps_what_can_be_read_and_the_damaged_file(path: Path) -> None:
    store = Store(path)
    store.append(label("t1"))
    damaged = path.read_bytes() + b"{broken\n" + path.read_bytes().replace(b"t1", b"t2")
    path.write_bytes(damaged)
    kept = repair(path)
    assert kept is not None
    assert kept.read_bytes() == damaged
    assert [each.trial_id for each in Store(path).read().verdicts()] == ["t1", "t2"]
    assert repair(path) is None
    store.append(label("t3"))
    assert [each.trial_id for each in store.read().verdicts()] == ["t1", "t2", "t3"]
    assert kept.read_bytes() == damaged, "a store that was open writes to the repaired file"


def test_repairs_never_overwrite_each_other(path: Path) -> None:
    for _ in range(3):
        path.write_bytes(b"{broken\n")
        repair(path)
    assert len(list(path.parent.glob("*.damaged-*"))) == 3


def test_there_is_nothing_to_repair_where_there_is_no_store(path: Path) -> None:
    with pytest.raises(UsageError, match="nothing to repair"):
        repair(path)


@pytest.mark.parametrize("room", [0, 40])
def test_a_full_disk_is_an_error_and_leaves_no_half_label(path: Path, room: int) -> None:
    store = Store(path)
    store.append(label("t1"))
    whole = path.read_bytes()
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(whole) + room, before[1]))
    try:
        with pytest.raises(OSError, match=r"No space left|File too large"):
            store.append(label("t2"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert path.read_bytes() == whole
    store.append(label("t3"))
    assert [each.trial_id for each in Store(path).read().verdicts()] == ["t1", "t3"]
