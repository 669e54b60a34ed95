"""The report's plots. Imported when a report is made: plotly is slow to import."""

from footfall.forecast.report.plots.fan import fan
from footfall.forecast.report.plots.past import calibration_plot, origins_plot
from footfall.forecast.report.plots.skill import skill_plot
from footfall.pages.plots import Key, Plot

__all__ = ["Key", "Plot", "calibration_plot", "fan", "origins_plot", "skill_plot"]
