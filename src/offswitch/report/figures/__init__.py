"""Figures: those in the page, and all of them as files for print."""

from offswitch.report.figures.export import write_figures
from offswitch.report.figures.forest import NARROW, WIDE, forest_plot

__all__ = ["NARROW", "WIDE", "forest_plot", "write_figures"]
