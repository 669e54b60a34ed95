"""Events -> metric series: what happened in every hour and on every day, and what is known of it."""

from footfall.series.hierarchy import places
from footfall.series.metrics import METRICS, metric_series
from footfall.series.occurrences import OCCURRENCES, find_occurrences
from footfall.series.shop_calendar import ShopCalendar, read_calendar
from footfall.series.statuses import days_with_status, hours_with_status
from footfall.series.volumes import volumes

REVISION = 1
"""Raise it when the code counts differently: months are then counted anew."""

__all__ = [
    "METRICS",
    "OCCURRENCES",
    "REVISION",
    "ShopCalendar",
    "days_with_status",
    "find_occurrences",
    "hours_with_status",
    "metric_series",
    "places",
    "read_calendar",
    "volumes",
]
