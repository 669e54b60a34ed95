"""The report: what people look at."""

from footfall.segments.report.content import ReportTables
from footfall.segments.report.page import figures, report
from footfall.segments.report.png import save_png

__all__ = ["ReportTables", "figures", "report", "save_png"]
