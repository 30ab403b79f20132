"""Others' measurements, as they published them: data with its sources, nothing computed.

They stand beside our own figures and are never mixed with them: others' scenarios, texts and ways
of counting differ from ours, also where a condition of ours was modelled after theirs.
"""

from offswitch.published.tables import (
    Figure,
    Measure,
    Source,
    Table,
    matching,
    published_names,
    published_table,
)

__all__ = [
    "Figure",
    "Measure",
    "Source",
    "Table",
    "matching",
    "published_names",
    "published_table",
]
