"""The provider as Inspect uses it: found by name, configured, logged, cleaned up."""

from pathlib import Path

import pytest
from inspect_ai import Task, eval  # noqa: A004
from inspect_ai.dataset import Sample
from inspect_ai.log import EvalLog, read_eval_log
from inspect_ai.solver import Generate, Solver, TaskState, solver
from inspect_ai.util import SandboxEnvironmentSpec, sandbox
from pydantic import ValidationError

from offswitch.sandbox import BwrapConfig, BwrapSandbox, SandboxEnded


@solver
def command(script: str) -> Solver:
    async def solve(state: TaskState, generate: Generate) -> TaskState:
        state.metadata["init"] = sandbox().as_type(BwrapSandbox)._processes.init
        result = await sandbox().exec(["bash", "-c", script])
        state.metadata["out"] = result.stdout
        return state

    return solve


def run(spec: object, script: str, log_dir: Path, samples: int = 1) -> EvalLog:
    dataset = [
        Sample(input="x", files={"data/in.txt": "content"}, setup="echo ready > state")
        for _ in range(samples)
    ]
    task = Task(dataset=dataset, solver=command(script), sandbox=spec)  # type: ignore[arg-type]
    logs = eval(task, model="mockllm/model", log_dir=str(log_dir), display="none")
    return read_eval_log(logs[0].location)


@pytest.mark.parametrize("kind", ["name", "model", "file"])
def test_an_eval_runs_in_it(kind: str, tmp_path: Path) -> None:
    (tmp_path / "box.yaml").write_text("hostname: box\nmemory_mb: 200\n")
    spec = {
        "name": "bwrap",
        "model": SandboxEnvironmentSpec("bwrap", BwrapConfig(hostname="box", env={"A": "b"})),
        "file": ("bwrap", str(tmp_path / "box.yaml")),
    }[kind]
    log = run(spec, "cat data/in.txt state; hostname", tmp_path, samples=3)
    host = "workstation" if kind == "name" else "box"
    assert log.status == "success"
    assert log.samples is not None
    assert [s.metadata["out"] for s in log.samples] == [f"contentready\n{host}\n"] * 3
    assert not any(Path(f"/proc/{s.metadata['init']}").exists() for s in log.samples)
    assert log.eval.sandbox is not None
    if kind == "model":
        assert log.eval.sandbox.config == BwrapConfig(hostname="box", env={"A": "b"})


def test_a_session_that_ends_is_an_error_of_its_sample_only(tmp_path: Path) -> None:
    task = Task(
        dataset=[Sample(input="x"), Sample(input="y")],
        solver=command("kill -TERM 1; sleep 9"),
        sandbox="bwrap",
    )
    logs = eval(
        task, model="mockllm/model", log_dir=str(tmp_path), display="none", fail_on_error=False
    )
    assert logs[0].status == "success"
    assert logs[0].samples is not None
    for sample in logs[0].samples:
        assert sample.error is not None
        assert SandboxEnded.__name__ in sample.error.traceback


def test_the_configuration_survives_a_round_trip() -> None:
    config = BwrapConfig(
        memory_mb=300, home="/srv/work", env={"A": "1"}, read_only={"/usr/share": "/data"}
    )
    assert BwrapSandbox.config_deserialize(config.model_dump(mode="json")) == config
    assert BwrapConfig.load(config) is config
    assert BwrapConfig.load(None) == BwrapConfig()
    assert hash(config) == hash(config.model_copy())


@pytest.mark.parametrize(
    "wrong",
    [
        {"memory_mb": 1},
        {"memory": 512},
        {"hostname": "two words"},
        {"user": "root; rm"},
        {"home": "relative"},
        {"read_only": {"/usr/../etc": "/data"}},
        {"uid": 0},
        {"exec_timeout_s": 0},
    ],
)
def test_wrong_configurations_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match=next(iter(wrong))):
        BwrapConfig.model_validate(wrong)


@pytest.mark.parametrize(
    ("content", "message"),
    [("memmory_mb: 5", "Known keys: memory_mb"), ("- a\n- b", "expected keys and values")],
)
def test_a_wrong_file_says_what_is_wrong(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "bwrap.yaml"
    path.write_text(content)
    with pytest.raises(ValueError, match=f"(?s){path}.*{message}"):
        BwrapConfig.load(str(path))


def test_another_providers_configuration_is_refused() -> None:
    with pytest.raises(TypeError, match="BwrapConfig"):
        BwrapConfig.load(SandboxEnvironmentSpec("docker"))
