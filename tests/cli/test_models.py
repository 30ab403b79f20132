import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from offswitch._errors import UsageError
from offswitch.cli.models import app

RUN = CliRunner()


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("OFFSWITCH_CACHE", str(tmp_path))
    monkeypatch.delenv("OFFSWITCH_MODEL_SOURCE", raising=False)
    return tmp_path


def test_list() -> None:
    (row,) = json.loads(RUN.invoke(app, ["list", "--json"]).output)
    assert row["model"] == "local/smollm2-135m"
    assert row["folder"] is None
    assert "offswitch models pull smollm2-135m" in RUN.invoke(app, ["list"]).output


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["pull", "smollm"], "no model 'smollm'"),
        (["pull", "smollm2-135m", "--source", "nowhere.gguf"], "no source 'nowhere.gguf'"),
        (["pull", "local/smollm2-135m", "--source", "hubb"], "no source 'hubb'"),
    ],
)
def test_errors_say_what_to_do(arguments: list[str], says: str) -> None:
    pytest.importorskip("torch", reason="the extra 'local' is not installed")
    with pytest.raises(UsageError, match=says):
        RUN.invoke(app, arguments, catch_exceptions=False, standalone_mode=False)


@pytest.mark.parametrize("arguments", [["--help"], ["list"], ["list", "--json"]])
def test_neither_torch_nor_inspect_is_imported(arguments: list[str]) -> None:
    code = (
        "import sys\nfrom offswitch.cli.models import app\n"
        f"app({arguments}, standalone_mode=False)\n"
        "heavy = {'torch', 'transformers', 'inspect_ai'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
