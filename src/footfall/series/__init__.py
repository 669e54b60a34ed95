"""Events -> metric series: what happened in every hour and on every day, and what is known of it."""

from footfall.series.closing import GRACE, begin_of_hour, known_until
from footfall.series.hierarchy import places
from footfall.series.metrics import METRICS, metric_series
from footfall.series.occurrences import COLUMNS, OCCURRENCES, UNKNOWN, find_occurrences
from footfall.series.shop_calendar import Sale, ShopCalendar, read_calendar
from footfall.series.statuses import days_with_status, hours_with_status
from footfall.series.volumes import added, volumes

REVISION = 1
"""Raise it when the code counts differently: months are then counted anew."""

__all__ = [
    "COLUMNS",
    "GRACE",
    "METRICS",
    "OCCURRENCES",
    "REVISION",
    "UNKNOWN",
    "Sale",
    "ShopCalendar",
    "added",
    "begin_of_hour",
    "days_with_status",
    "find_occurrences",
    "hours_with_status",
    "known_until",
    "metric_series",
    "places",
    "read_calendar",
    "volumes",
]
