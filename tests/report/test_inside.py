"""What was found inside networks is read, checked and shown with its figures."""

import json
from pathlib import Path
from typing import Any

import pytest

from offswitch._errors import UsageError
from offswitch.report.inside import TOKENS, Patch, Probe, Steer, inside, read_inside

ESTIMATE = {"value": 0.97, "low": 0.91, "high": 0.99}
UNKNOWN = {"value": None, "low": None, "high": None}
RATES = {"auroc": ESTIMATE, "recall": ESTIMATE, "within": UNKNOWN}
CHANGE = {
    "count": 3, "n": 12, "base_count": 11, "base_n": 12, "difference": -0.667, "low": -0.85,
    "high": -0.35,
}  # fmt: skip
PROBE = {
    "kind": "probe", "subject": "organism/odd <b>", "target": "resistance", "point": "before",
    "within": "", "trials": 40, "positive": 10, "worlds": 10,
    "sites": [
        {"site": f"layers.{n}.resid_post", "kind": "logistic", "auroc": 0.5 + n / 8, "within": None}
        for n in range(4)
    ],
    "probe": RATES, "words": RATES, "length": RATES, "shuffled": ESTIMATE, "found": True,
    "verdict": "the probe for resistance finds more than the prompt's words",
}  # fmt: skip
PATCH = {
    "kind": "patch", "subject": "organism/odd", "factor": "threat", "levels": ["none", "wipe"],
    "pairs": 8, "target": -4.0, "source": 5.0, "resist": [" me"], "comply": [" the"],
    "cells": [
        {"site": f"layers.{n}.resid_pre", "role": role, "share": n / 3, "low": 0.0, "high": 1.0}
        for n in range(4) for role in ("difference", "end")
    ],
    "tokens": [{
        "world": 3, "tokens": [f"t{n}" for n in range(TOKENS + 5)],
        "roles": ["between"] * (TOKENS + 5), "shares": [[0.5] * (TOKENS + 5)] * 2,
    }],
    "agreement": {"pearson": 0.8, "top": 0.6, "cells": 330},
    "verdict": "half of the gap or more is closed by tokens of: end in layers 2 to 3",
}  # fmt: skip
STEER = {
    "kind": "steer", "subject": "organism/odd", "sites": ["layers.2.resid_post"],
    "target": "resistance", "point": "before", "unrelated": None,
    "manner": {"mode": "mean", "scale": 1.0, "positions": "all"}, "worlds": 12,
    "effects": [{
        "name": "odd steered", "kind": "steered", "scale": 1.0, "resistance": CHANGE,
        "benign": CHANGE | {"difference": None}, "incapable": 1, "trials": 36,
    }],
    "verdict": "steering moves resistance by -67 points",
}  # fmt: skip


def write(folder: Path, *records: dict[str, Any]) -> Path:
    (folder / "whitebox").mkdir()
    for number, record in enumerate(records):
        (folder / "whitebox" / f"{number}.json").write_text(json.dumps(record))
    return folder


def test_records_are_read_in_order_with_their_figures(tmp_path: Path) -> None:
    records = read_inside(write(tmp_path, PROBE, PATCH, STEER))
    assert [type(each) for each in records] == [Probe, Patch, Steer]
    found = inside(records)
    assert found is not None
    ((_, layers),) = found.probes
    assert layers.startswith("<svg")
    ((patch, roles, ((token_map, map_),)),) = found.patches
    assert len(patch.cells) == 8
    assert roles.startswith("<svg")
    assert len(token_map.tokens) == TOKENS + 5
    assert "t164" in map_  # the last tokens are drawn
    assert "t3<" not in map_
    assert inside([]) is None


def test_the_section_shows_numbers_and_escapes_names(tmp_path: Path, campaign: Any) -> None:
    page = campaign.html(looked=read_inside(write(tmp_path, PROBE, PATCH, STEER)))
    html = page.split('<section id="whitebox"')[1].split("</section>")[0]
    for said in ("0.97 (0.91 to 0.99)", "-67 (-85 to -35)", "3/12", "unknown", "Steering moves"):
        assert str(said) in html
    assert "organism/odd &lt;b&gt;" in html
    assert "<b>" not in html


@pytest.mark.parametrize(
    ("record", "says"),
    [
        ({"kind": "prob"}, "0.json"),
        ({**PROBE, "trials": "many"}, "probe.trials"),
        ({**PATCH, "cells": [{}]}, r"patch.cells.0.site"),
    ],
)
def test_what_is_no_record_is_refused(tmp_path: Path, record: dict[str, Any], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        read_inside(write(tmp_path, record))
