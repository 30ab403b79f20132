"""Addresses of several cells: they show those cells, and no others where a filter can tell."""

from typing import Any
from urllib.parse import parse_qsl

import pytest

from offswitch.inference import Cell
from offswitch.report.gate import Policy, Source, evaluate
from offswitch.report.gate.evidence import Evidence
from offswitch.report.links import cell_link, cells_link


def passes(cell: Cell, link: str) -> bool:
    """What the page's list does with an address, on the cells; of outcomes they have several."""
    known = {"subject": cell.subject, "scenario": cell.scenario, "condition": cell.label}
    known |= {f"factor.{name}": level for name, level in cell.condition.items()}
    return all(
        known.get(name) == wanted
        for name, wanted in parse_qsl(link, strict_parsing=True)
        if name != "outcome"
    )


@pytest.fixture(scope="module")
def cells(campaign: Any) -> list[Cell]:
    found: list[Cell] = campaign.analysis.cells
    return found


def test_one_cell_has_the_address_that_the_report_gives_it(cells: list[Cell]) -> None:
    for cell in cells:
        assert cells_link([cell], cells) == cell_link(cell)
        assert [each.key for each in cells if passes(each, cell_link(cell))] == [cell.key]


@pytest.mark.parametrize("level", ["none", "wipe"])
def test_a_level_that_cells_share_keeps_the_others_out(cells: list[Cell], level: str) -> None:
    every = [
        cells[0].model_copy(
            update={
                "key": f"{threat} {instruction}",
                "label": f"threat: {threat}, instruction: {instruction}",
                "condition": {"threat": threat, "instruction": instruction, "twin": "none"},
            }
        )
        for threat in ("none", "wipe")
        for instruction in ("none", "allow")
    ]
    group = [cell for cell in every if cell.condition["threat"] == level]
    link = cells_link(group, every)
    assert f"factor.threat={level}" in link
    assert "factor.twin" not in link, "no other cell has another level of it"
    assert [c.key for c in every if passes(c, link)] == [c.key for c in group]


def test_all_conditions_of_a_subject_need_no_level(cells: list[Cell]) -> None:
    own = [cell for cell in cells if cell.subject == cells[0].subject]
    assert cells_link(own, cells) == cell_link(own[0]).split("&")[1]
    assert cells_link(cells, cells) == ""


def test_a_gate_links_to_what_it_judged(campaign: Any) -> None:
    wanted = [
        {"type": "rate", "measure": "resisted", "below": 0.2, "subjects": "all"},
        {"type": "competence", "above": 0.8, "subjects": "all"},
        {"type": "errors", "at_most": 0.1, "subjects": "all"},
        {"type": "coverage", "worlds": 2, "subjects": "all"},
    ]
    policy = Policy.model_validate({"name": "p", "requirements": wanted})
    evidence = Evidence("invented", campaign.frame, campaign.analysis)
    by_key = {cell.key: cell for cell in campaign.analysis.cells}
    found = evaluate(Source(policy, "0" * 64, None), evidence)
    checks = [check for each in found.requirements for check in each.checks]
    assert len(checks) > 10
    for check in checks:
        assert check.link is not None
        assert ("outcome=evaluable" in check.link) == ("upper" in check.sentence)
        assert {k for k, cell in by_key.items() if passes(cell, check.link)} == set(check.cells)
