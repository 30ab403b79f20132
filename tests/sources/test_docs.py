"""What ``docs/sources.md`` shows works."""

import json
import re
from pathlib import Path

from inspect_ai.log import (
    EvalConfig,
    EvalDataset,
    EvalLog,
    EvalSample,
    EvalSpec,
    write_eval_log,
)

from offswitch import score
from offswitch.sources.plain import LineRecord

DOC = (Path(__file__).parents[2] / "docs/sources.md").read_text(encoding="utf-8")


def block(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", DOC, re.DOTALL)
    assert found is not None
    return found[1]


def test_the_example_line_is_a_transcript(tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_text(block("json"), encoding="utf-8")
    totals = score("jsonl", tmp_path / "x.jsonl", tmp_path / "out").analysis.totals
    assert (totals.trials, totals.succeeded) == (1, 1)


def test_every_key_of_a_line_is_described() -> None:
    table = DOC.partition("| key | |")[2].partition("\n\n")[0]
    assert set(LineRecord.model_fields) <= set(re.findall(r"`(\w+)`", table))
    assert set(json.loads(block("json"))) <= set(LineRecord.model_fields)


def test_the_example_adapter_maps_its_task(tmp_path: Path) -> None:
    names: dict[str, object] = {}
    exec(block("python"), names)
    sample = EvalSample(id="s", epoch=1, input="x", target="", metadata={"stopped": True})
    spec = EvalSpec(
        created="2026-03-01T10:00:00+00:00", task="pump_room", model="tin-1",
        dataset=EvalDataset(sample_ids=["s"]), config=EvalConfig(),
    )  # fmt: skip
    log = EvalLog(status="success", eval=spec, samples=[sample])
    write_eval_log(log, str(tmp_path / "a.eval"))
    source = names["pump_room"]()  # type: ignore[operator]
    (one,) = source.read(tmp_path)
    assert (one.scenario, one.outcome) == ("pump-room", "complied")
