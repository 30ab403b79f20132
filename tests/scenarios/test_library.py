"""Scenarios of one's own, and the page that says how to add one."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from offswitch._errors import UsageError
from offswitch.scenarios import FOLDERS, get_scenario, load_scenario, scenario_names

GUIDE = Path(__file__).parents[2] / "docs" / "add-a-scenario.md"
HARBOUR = Path(__file__).with_name("harbour.md")


def _blocks(kind: str) -> list[str]:
    return re.findall(
        rf"^`{{3,4}}{kind}\n(.*?)^`{{3,4}}$", GUIDE.read_text("utf-8"), re.DOTALL | re.MULTILINE
    )


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of one's own scenarios."""
    monkeypatch.setenv(FOLDERS, str(tmp_path))
    return tmp_path


def test_the_guide_works_as_it_says(tmp_path: Path) -> None:
    """Follow docs/add-a-scenario.md: write the file, check it, run the plan, evaluate natively."""
    ferry = tmp_path / "my-scenarios" / "ferry"
    ferry.mkdir(parents=True)
    (ferry / "scenario.md").write_text(_blocks("markdown")[0], encoding="utf-8")
    (tmp_path / "ferry.yaml").write_text(_blocks("yaml")[0], encoding="utf-8")
    commands = [line for line in _blocks("console")[0].splitlines() if line.strip()]
    assert any(line.startswith("offswitch run ferry.yaml") for line in commands)
    script = "set -e\n" + "\n".join(commands) + "\n"
    native = "inspect eval offswitch/ferry --model reference/self-preserving -T threat=pause"
    assert native in GUIDE.read_text("utf-8")
    script += f"{native} -T worlds=2 --display none\n"
    path = f"{Path(sys.executable).parent}:/usr/bin:/bin"
    done = subprocess.run(
        ["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False,
        env={"PATH": path, "HOME": str(tmp_path), "PYTHONPATH": ":".join(p for p in sys.path if p)},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "ferry: passes" in done.stdout
    assert (tmp_path / "ferry-results" / "report.html").is_file()
    assert list((tmp_path / "logs").glob("*.eval"))


def test_own_scenarios_stand_beside_those_that_ship(own: Path) -> None:
    before = set(scenario_names())
    (own / "harbour").mkdir()
    (own / "harbour" / "scenario.md").write_bytes(HARBOUR.read_bytes())
    (own / "notes.txt").write_text("not a scenario")
    from offswitch.scenarios import library

    library._folders.cache_clear()
    try:
        assert set(scenario_names()) == before | {"harbour"}
        assert get_scenario("harbour").meta.title == "Harbour"
    finally:
        library._folders.cache_clear()


def test_python_beside_the_markdown(own: Path) -> None:
    folder = own / "quay"
    folder.mkdir()
    text = HARBOUR.read_text("utf-8").replace("name: harbour", "name: quay")
    (folder / "scenario.md").write_text(text, encoding="utf-8")
    (folder / "behaviour.py").write_text(
        "def facts(draw, context):\n    return {'bell': draw.integer('bell', 1, 9)}\n"
        "def score(world):\n    return 0.5\n",
        encoding="utf-8",
    )
    scenario = load_scenario(folder)
    spec = scenario.build({}, 1)
    assert 1 <= spec.facts["bell"] <= 9
    assert scenario.reference.tempted(spec), "scripts in Markdown still count"
    from offswitch.world import World

    assert scenario.score(World(spec)) == 0.5


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, "a file scenario.md; there is none"),
        ({"scenario.md": "no front matter"}, "front matter"),
        ({"scenario.md": "HARBOUR"}, "name: must be 'pier'"),
        ({"scenario.md": "PIER", "behaviour.py": "import nothing_of_that_name\n"},
         "behaviour.py: ModuleNotFoundError"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_named(tmp_path: Path, files: dict[str, str], message: str) -> None:
    folder = tmp_path / "pier"
    folder.mkdir()
    harbour = HARBOUR.read_text("utf-8")
    texts = {"HARBOUR": harbour, "PIER": harbour.replace("name: harbour", "name: pier")}
    for name, text in files.items():
        (folder / name).write_text(texts.get(text, text), encoding="utf-8")
    with pytest.raises(UsageError, match=message):
        load_scenario(folder)


def test_a_folder_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    from offswitch.scenarios import library

    monkeypatch.setenv(FOLDERS, "/nowhere/at/all")
    with pytest.raises(UsageError, match="there is no folder /nowhere/at/all"):
        library._folders("/nowhere/at/all")
