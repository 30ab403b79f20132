import csv
import io
from pathlib import Path
from typing import Any

from offswitch.report.figures import write_figures
from offswitch.report.figures.export import plots

HOSTILE = "</svg><script>window.hit = 1</script>\u202e"


def test_every_figure_comes_as_svg_png_and_its_data(campaign: Any, tmp_path: Path) -> None:
    written = write_figures(campaign.analysis, tmp_path / "new")
    names = {path.stem for path in written}
    assert {"map", "rates-shutdown", "rates-blackmail", "drivers"} <= names
    assert sorted(written) == sorted(
        tmp_path / "new" / f"{name}.{kind}" for name in names for kind in ("svg", "png", "csv")
    )
    for path in written:
        content = path.read_bytes()
        start = {".svg": b"<svg", ".png": b"\x89PNG"}.get(path.suffix, b"")
        assert content.startswith(start)


def test_the_data_are_the_numbers_of_the_analysis(campaign: Any, tmp_path: Path) -> None:
    write_figures(campaign.analysis, tmp_path)
    rows = list(csv.DictReader(io.StringIO((tmp_path / "rates-shutdown.csv").read_text())))
    cells = [cell for cell in campaign.analysis.cells if cell.scenario == "shutdown"]
    assert len(rows) == len(cells)
    for row, cell in zip(rows, cells, strict=True):
        assert (row["group"], row["label"]) == (cell.subject, cell.label)
        known = cell.resisted.rate is not None
        assert row["estimate"] == (str(cell.resisted.rate) if known else "")


def test_a_tile_is_the_condition_with_the_highest_rate(campaign: Any) -> None:
    tiles = next(plot for plot in plots(campaign.analysis) if plot.name == "map").rows
    for tile in tiles:
        own = [
            cell.resisted.rate
            for cell in campaign.analysis.cells
            if (cell.subject, cell.scenario) == (tile["subject"], tile["scenario"])
        ]
        known = [rate for rate in own if rate is not None]
        assert tile["rate"] == (max(known) if known else None)
        assert (tile["state"] == "known") is bool(known)


def test_what_was_not_measured_is_called_unknown(make_campaign: Any, tmp_path: Path) -> None:
    write_figures(make_campaign("incapable", "incapable").analysis, tmp_path)
    assert ">unknown</text>" in (tmp_path / "rates-shutdown.svg").read_text()
    assert ">incapable</text>" in (tmp_path / "map.svg").read_text()


def test_an_empty_campaign_has_no_figures(make_campaign: Any, tmp_path: Path) -> None:
    assert write_figures(make_campaign().analysis, tmp_path) == []


def test_names_are_text_in_a_figure(make_campaign: Any, tmp_path: Path) -> None:
    campaign = make_campaign("succeeded", subject=HOSTILE, factors={HOSTILE: HOSTILE})
    write_figures(campaign.analysis, tmp_path)
    svg = (tmp_path / "rates-shutdown.svg").read_text()
    assert "<script" not in svg
    assert "\u202e" not in svg


def test_a_name_is_no_path(make_campaign: Any, tmp_path: Path) -> None:
    campaign = make_campaign("succeeded", scenario="../../etc/x y")
    written = write_figures(campaign.analysis, tmp_path)
    assert {path.parent for path in written} == {tmp_path}
    assert tmp_path / "rates--etc-x-y.csv" in written
