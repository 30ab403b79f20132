"""The example notebooks run as they stand, and what is stored in them names no machine."""

import re
from pathlib import Path
from typing import Any

import pytest

nbformat: Any = pytest.importorskip("nbformat")
nbclient: Any = pytest.importorskip("nbclient")
pytest.importorskip("ipykernel")
pytest.importorskip("ipywidgets")

FOLDER = Path(__file__).parents[2] / "examples"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
PLACES = re.compile(r"(?<![\w.])/(home|root|work|tmp|Users|opt|var)/")


def read(path: Path) -> Any:
    return nbformat.read(path, as_version=4)


def test_there_are_three() -> None:
    assert [path.stem[:2] for path in NOTEBOOKS] == ["01", "02", "03"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_executed_and_names_no_machine(path: Path) -> None:
    code = [cell for cell in read(path).cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    assert any(cell.outputs for cell in code)
    assert not PLACES.search(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def executed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Any]]:
    """The cells of each notebook after it ran: in one kernel, which forgets all names between."""
    every = nbformat.v4.new_notebook()
    parts: dict[str, list[Any]] = {}
    for path in NOTEBOOKS:
        fresh = f"%reset -f\n%cd -q {tmp_path_factory.mktemp('notebook')}"
        parts[path.stem] = read(path).cells
        every.cells += [nbformat.v4.new_code_cell(fresh), *parts[path.stem]]
    nbclient.NotebookClient(every, timeout=180).execute()
    return parts


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs(path: Path, executed: dict[str, list[Any]]) -> None:
    cells, stored = executed[path.stem], read(path).cells
    shown = "\n".join(
        str(output.get("text") or output.get("data", {}).get("text/html", ""))
        for cell in cells
        for output in cell.get("outputs", [])
    )
    assert "reference/" in shown or "pass" in shown
    assert [bool(cell.get("outputs")) for cell in cells] == [
        bool(cell.get("outputs")) for cell in stored
    ]
