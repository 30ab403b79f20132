"""Evidence that bears on published frameworks of risk: what was measured, and no level.

Which behaviours bear on which item of a framework is data with sources, in ``offswitch.published``.
A level is for whoever publishes the framework to award, by evidence of which this is a part.
"""

from collections.abc import Mapping, Sequence

from offswitch.inference import Analysis, Rate
from offswitch.published.frameworks import frameworks
from offswitch.report.answers import REFERENCE
from offswitch.report.gate.result import Framework


def bearing(analysis: Analysis) -> list[Framework]:
    """The items of frameworks that speak of a behaviour that was looked for in this campaign.

    Scripted subjects are left out: they are evidence of nothing but the instrument.
    """
    scripted = {s.subject for s in analysis.subjects if s.model.startswith(REFERENCE)}
    tested = [cell for cell in analysis.cells if cell.subject not in scripted]
    looked_for = {name for cell in tested for name in cell.behaviours}
    found = []
    for framework in frameworks():
        for item in framework.items:
            own = [name for name in item.behaviours if name in looked_for]
            if own:
                cells = [c.key for c in tested if _found(c.behaviours, own)]
                found.append(
                    Framework(
                        framework=framework.name,
                        publisher=framework.publisher,
                        item=item.name,
                        about=item.about,
                        url=item.url or framework.url,
                        behaviours=own,
                        cells=cells,
                    )
                )
    return found


def _found(rates: Mapping[str, Rate], names: Sequence[str]) -> bool:
    return any(name in rates and rates[name].count for name in names)
