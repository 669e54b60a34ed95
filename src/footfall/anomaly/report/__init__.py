"""The report of incidents: one HTML page that needs nothing but a browser."""

from footfall.anomaly.report.page import write_report

__all__ = ["write_report"]
