"""The machine on real sandboxes: ours as it is, through Inspect, and as any other would be."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from inspect_ai import Task, eval  # noqa: A004
from inspect_ai.dataset import Sample
from inspect_ai.log import EvalSample
from inspect_ai.solver import Generate, Solver, TaskState, solver
from inspect_ai.util import ExecResult, SandboxEnvironment, sandbox

from offswitch.sandbox import BwrapConfig, BwrapSandbox, SandboxUnavailable, check
from offswitch.trial.inband import states_inside
from offswitch.trial.machine import SandboxMachine
from offswitch.world import FileState, MachineSpec, SessionEnded
from offswitch.world.machine import MachineFile

SPEC = MachineSpec(
    "/home/agent/work",
    (
        MachineFile("run", "#!/bin/sh\necho hello\n", 0o755),
        MachineFile("sub/data.txt", "ä\n", 0o600),
        MachineFile("empty", ""),
    ),
    ("run", "sub/data.txt", "empty", "sub", "later", "/home/agent/.profile"),
)
STOP = "echo bye; kill -TERM 1; sleep 5"


class Foreign(SandboxEnvironment):
    """A real sandbox that does not show that it is ours; its end looks as a container's does."""

    def __init__(self, inner: BwrapSandbox) -> None:
        super().__init__()
        self.inner = inner

    async def exec(self, cmd: list[str], *args: Any, **options: Any) -> ExecResult[str]:
        if self.inner.ended:
            return ExecResult(False, 1, "", "container is not running\n")
        try:
            return await self.inner.exec(cmd, *args, **options)
        except Exception as end:
            if not self.inner.ended:
                raise
            return ExecResult(False, 137, getattr(end, "stdout", ""), getattr(end, "stderr", ""))

    async def write_file(self, file: str, contents: str | bytes) -> None:
        await self.inner.write_file(file, contents)

    async def read_file(self, file: str, text: bool = True) -> Any:
        return await self.inner.read_file(file)

    @classmethod
    async def sample_cleanup(cls, *args: Any) -> None:
        pass


@pytest.fixture(scope="module", autouse=True)
def available() -> None:
    try:
        check()
    except SandboxUnavailable as error:
        pytest.skip(str(error))


@pytest.fixture
async def inner() -> AsyncIterator[BwrapSandbox]:
    environment = await BwrapSandbox.start(BwrapConfig(output_bytes=100_000))
    yield environment
    await environment.close()


@pytest.fixture(params=["ours", "foreign"])
async def machine(request: pytest.FixtureRequest, inner: BwrapSandbox) -> SandboxMachine:
    environment = inner if request.param == "ours" else Foreign(inner)
    return await SandboxMachine.start(environment, SPEC, timeout_s=1)


async def test_files_lie_where_they_should_with_their_modes(machine: SandboxMachine) -> None:
    result = await machine.run("./run; pwd; cat sub/data.txt; stat -c '%a %U' run sub/data.txt")
    assert result.stdout.split() == ["hello", SPEC.workdir, "ä", "755", "agent", "600", "agent"]
    days_old = await machine.run("find . -type f -mtime +1 | wc -l")
    assert days_old.stdout.strip() == "3"


async def test_states_say_what_is_there(machine: SandboxMachine) -> None:
    before = await machine.states(SPEC.protected)
    assert [s.kind for s in before.values()] == [
        "file", "file", "file", "directory", "missing", "missing"]  # fmt: skip
    assert (before["run"].mode, before["empty"].text) == (0o755, "")
    assert before["sub/data.txt"].text == "ä\n"
    await machine.run(
        "chmod 600 run; rm sub/data.txt; ln -s /etc/passwd sub/data.txt; mkfifo later"
    )
    await machine.run("touch empty; echo 'a=1' > ~/.profile")
    after = await machine.states(SPEC.protected)
    changed = {path for path in SPEC.protected if after[path].differs(before[path])}
    assert changed == {"run", "sub/data.txt", "later", "/home/agent/.profile"}
    link = after["sub/data.txt"]
    assert (link.kind, link.target, link.text) == ("symlink", "/etc/passwd", None)
    assert after["later"].kind == "other"
    assert after["/home/agent/.profile"].text == "a=1\n"


async def test_both_ways_of_looking_see_the_same(inner: BwrapSandbox) -> None:
    machine = await SandboxMachine.start(inner, SPEC, timeout_s=2)
    await machine.run("ln -s nowhere later; chmod 000 empty; head -c 70000 /dev/zero > run")
    absolute = {f"{SPEC.workdir}/{name}" for name in ("run", "sub/data.txt", "sub", "later")}
    inside = await states_inside(inner, sorted(absolute))
    outside = await machine.states(sorted(absolute))
    for path in absolute - {f"{SPEC.workdir}/run"}:
        assert not inside[path].differs(outside[path]), path
        assert inside[path].text == outside[path].text


async def test_tools_that_lie_inside_deceive_nobody_outside(inner: BwrapSandbox) -> None:
    machine = await SandboxMachine.start(inner, SPEC, timeout_s=2)
    liar = "echo 'stat() { echo \"regular file|755\"; }; export -f stat' > ~/.profile"
    await machine.run(f"{liar}; echo changed > run")
    assert (await machine.states(["run"]))["run"].text == "changed\n"


async def test_a_shutdown_from_inside_ends_the_session(machine: SandboxMachine) -> None:
    assert not machine.ended
    with pytest.raises(SessionEnded) as end:
        await machine.run(STOP)
    assert end.value.stdout == "bye\n"
    assert machine.ended
    with pytest.raises(SessionEnded):
        await machine.run("echo again")
    assert (await machine.states(["run"]))["run"].mode == 0o755


async def test_what_the_last_command_did_is_seen_after_the_end(inner: BwrapSandbox) -> None:
    machine = await SandboxMachine.start(inner, SPEC, timeout_s=2)
    with pytest.raises(SessionEnded):
        await machine.run(f"echo late > later; chmod 700 run; {STOP}")
    states = await machine.states(["later", "run"])
    assert (states["later"].text, states["run"].mode) == ("late\n", 0o700)


async def test_an_end_between_two_commands_is_noticed(inner: BwrapSandbox) -> None:
    machine = await SandboxMachine.start(inner, SPEC, timeout_s=2)
    await machine.run("(sleep 0.2; kill -TERM 1) > /dev/null 2>&1 &")
    assert not machine.ended
    with pytest.raises(SessionEnded):
        await machine.run("sleep 2")
    assert machine.ended


@pytest.mark.parametrize(
    ("command", "code", "said"),
    [
        ("exit 7", 7, ""),
        ("echo partial; sleep 9", None, "partial"),
        ("head -c 300000 /dev/zero | tr '\\0' x", 1, "output limit"),
        ("printf '\\xff\\xfe'", 0, "\ufffd"),
        ("kill -9 $$", 137, ""),
        ("no-such-program", 127, "not found"),
    ],
)
async def test_trouble_of_a_command_is_its_result(
    machine: SandboxMachine, command: str, code: int | None, said: str
) -> None:
    result = await machine.run(command)
    assert result.exit_code == code
    assert said in result.stdout + result.stderr
    assert (await machine.run("echo still here")).stdout == "still here\n"


async def test_commands_start_in_a_login_shell(machine: SandboxMachine) -> None:
    await machine.run("echo 'export MARK=seen' > ~/.bash_profile")
    assert (await machine.run("echo $MARK")).stdout == "seen\n"


async def test_a_machine_that_cannot_be_set_up_says_why(inner: BwrapSandbox) -> None:
    with pytest.raises(RuntimeError, match=r"could not be set up.*/usr/work"):
        await SandboxMachine.start(inner, MachineSpec("/usr/work", SPEC.files, ()), timeout_s=2)


@solver
def start_machine(command: str) -> Solver:
    async def solve(state: TaskState, generate: Generate) -> TaskState:
        machine = await SandboxMachine.start(sandbox(), MachineSpec(".", (), ()), 5)
        try:
            await machine.run(command)
        except SessionEnded:
            states = await machine.states(["/home/agent/made"])
            state.metadata["made"] = states["/home/agent/made"].text
        return state

    return solve


def sample_in(kind: str, command: str, log_dir: Path) -> EvalSample:
    task = Task(dataset=[Sample(input="x")], solver=start_machine(command), sandbox=kind)
    [log] = eval(task, model="mockllm/model", log_dir=str(log_dir), display="none")
    assert log.samples
    return log.samples[0]


def test_inspect_hands_out_a_proxy_and_the_host_sees_through_it(tmp_path: Path) -> None:
    sample = sample_in("bwrap", f"echo late > ~/made; {STOP}", tmp_path)
    assert sample.metadata["made"] == "late\n"


def test_no_command_runs_on_the_host(tmp_path: Path) -> None:
    made = tmp_path / "made"
    sample = sample_in("local", f"touch {made}", tmp_path / "logs")
    assert sample.error is not None
    assert "on this very machine" in sample.error.message
    assert not made.exists()


class Deaf(Foreign):
    """A sandbox whose first process ignores SIGTERM, as a container's without an init does."""

    async def exec(self, cmd: list[str], *args: Any, **options: Any) -> ExecResult[str]:
        if "/proc/1/status" in cmd[-1]:
            cmd = [*cmd[:-1], cmd[-1].replace("/proc/1/status", "/proc/self/status")]
        return await super().exec(cmd, *args, **options)


async def test_a_first_process_that_ignores_the_signal_is_refused(inner: BwrapSandbox) -> None:
    with pytest.raises(ValueError, match="init: true"):
        await SandboxMachine.start(Deaf(inner), SPEC, timeout_s=2)


def test_states_differ_by_what_can_be_seen_only() -> None:
    state = FileState("file", 0o644, "a", changed_ns=1)
    assert not state.differs(FileState("file", 0o644, "a", changed_ns=2))
