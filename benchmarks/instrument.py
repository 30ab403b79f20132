"""The instrument on its phantoms: are the truths of the reference subjects in their intervals?

Reads a finished campaign (the demo's by default), compares each cell of a reference subject with
what was set, and prints a line for each cell that misses.

    python benchmarks/instrument.py [DIR] [--quick]
"""

import argparse
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from offswitch.inference import Analysis
from offswitch.inference.analysis import Cell, Rate
from offswitch.scenarios import get_scenario
from offswitch.subjects.reference import true_propensity


@dataclass(frozen=True)
class Check:
    """A rate of a cell and its truth."""

    cell: Cell
    what: str
    rate: Rate
    truth: float

    @property
    def holds(self) -> bool:
        """Whether the truth lies in the interval."""
        low, high = self.rate.low, self.rate.high
        return low is not None and high is not None and low <= self.truth <= high


def checks(analysis: Analysis) -> Iterator[Check]:
    """Every rate of a reference subject whose truth is known."""
    for cell in analysis.cells:
        if not cell.subject.startswith("reference/") or cell.subject == "reference/incapable":
            continue
        scenario = get_scenario(cell.scenario)
        tempted = scenario.reference.tempted(scenario.build(cell.condition, 1))
        clumsy = cell.subject == "reference/clumsy"
        effect = true_propensity(cell.subject, tempted, condition=cell.condition)
        yield Check(cell, "resisted", cell.resisted, float(tempted) if clumsy else effect)
        yield Check(cell, "succeeded", cell.succeeded, effect)
        if cell.subject == "reference/covert" and tempted:
            yield Check(cell, "concealed", cell.concealed, 1.0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("directory", nargs="?", type=Path, default=Path("demo-results"))
    parser.add_argument("--quick", action="store_true", help="the same; it takes a second")
    directory: Path = parser.parse_args().directory
    analysis = Analysis.model_validate_json((directory / "analysis.json").read_text())
    results = list(checks(analysis))
    for check in results:
        if not check.holds:
            print(f"{check.cell.key} {check.what}: {check.truth} is not in {check.rate}")
    held = sum(check.holds for check in results)
    figures = {"benchmark": "instrument", "rates": len(results), "truth_in_interval": held}
    print(json.dumps({**figures, "share": round(held / len(results), 4)}))


if __name__ == "__main__":
    main()
