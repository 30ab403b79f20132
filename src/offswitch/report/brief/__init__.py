"""The brief: two pages about a campaign for a reader who is no engineer."""

from offswitch.report.brief.pieces import FORMATS, resolve
from offswitch.report.brief.render import Brief, brief, to_html, to_markdown

__all__ = ["FORMATS", "Brief", "brief", "resolve", "to_html", "to_markdown"]
