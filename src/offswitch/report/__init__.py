"""The report: one HTML page that works offline, from an analysis, the tables and transcripts."""

from offswitch.report.embed import BUDGET
from offswitch.report.page import render
from offswitch.report.records import (
    FactorText,
    JournalRecord,
    MessageRecord,
    ReportMeta,
    ScenarioText,
    ToolCallRecord,
    TranscriptRecord,
)

__all__ = [
    "BUDGET",
    "FactorText",
    "JournalRecord",
    "MessageRecord",
    "ReportMeta",
    "ScenarioText",
    "ToolCallRecord",
    "TranscriptRecord",
    "render",
]
