"""The report of forecasts: one HTML page that needs nothing but a browser."""

from footfall.forecast.report.page import write_report

__all__ = ["write_report"]
