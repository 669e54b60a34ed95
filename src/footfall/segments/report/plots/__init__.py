"""The report's plots. Imported when a report is made: plotly is slow to import."""

from footfall.segments.report.plots.alone import standing_alone
from footfall.segments.report.plots.draw import draw
from footfall.segments.report.plots.style import as_html, key_of

__all__ = ["as_html", "draw", "key_of", "standing_alone"]
