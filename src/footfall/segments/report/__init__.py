"""The report: what people look at."""

from footfall.segments.report.page import figures, report
from footfall.segments.report.png import save_png

__all__ = ["figures", "report", "save_png"]
