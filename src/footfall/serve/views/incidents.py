"""Incidents of a period, the anomalies of one, and series around it."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from footfall.serve.views.published import Published, Row
from footfall.serve.views.view import reads


@reads("incidents")
def open_incidents(published: Published) -> list[Row]:
    """Those that go on, the most costly first."""
    return published.rows("SELECT * FROM incidents WHERE status = 'open' ORDER BY money NULLS LAST, opened_at DESC")


@reads("incidents")
def incidents_between(published: Published, first: date, last: date, timezone: str) -> list[Row]:
    """Those that went on at some time from one of the shop's days to another (both count), the newest first."""
    return published.rows(
        "SELECT * FROM incidents WHERE onset < $end AND coalesce(closed_at, updated_at) >= $first "
        "ORDER BY opened_at DESC, incident_id",
        {"first": midnight(first, timezone), "end": midnight(last + timedelta(days=1), timezone)},
    )


def midnight(day: date, timezone: str) -> datetime:
    """When a day of the shop begins, in UTC without a zone."""
    return datetime.combine(day, time(), ZoneInfo(timezone)).astimezone(UTC).replace(tzinfo=None)


@reads("incidents")
def incident_called(published: Published, incident_id: str) -> Row | None:
    """The one of that id, whenever it was; None where there is none."""
    found = published.rows("SELECT * FROM incidents WHERE incident_id = $incident", {"incident": incident_id})
    return found[0] if found else None


@reads("anomalies")
def anomalies_of(published: Published, incident_id: str, series_id: str) -> list[Row]:
    """The anomalies of one of an incident's series, in the order of time."""
    return published.rows(
        "SELECT ts, hours, value, expected, low, high, p_value FROM anomalies "
        "WHERE incident_id = $incident AND series_id = $series ORDER BY ts",
        {"incident": incident_id, "series": series_id},
    )


@reads("anomalies")
def series_of(published: Published, incident_id: str) -> list[Row]:
    """The series in which an incident shows: how many anomalies each has, and the least p-value; the clearest first."""
    return published.rows(
        "SELECT series_id, metric, dimension, member, count(*) AS anomalies, min(p_value) AS p_value FROM anomalies "
        "WHERE incident_id = $incident GROUP BY ALL ORDER BY p_value, series_id",
        {"incident": incident_id},
    )


@reads("metric_series")
def series_between(published: Published, series_id: str, first: datetime, last: datetime) -> list[Row]:
    """A series from one bucket to another: `ts`, `value`, `status`."""
    return published.rows(
        "SELECT ts, value, status FROM metric_series WHERE series_id = $series AND ts BETWEEN $first AND $last "
        "ORDER BY ts",
        {"series": series_id, "first": first, "last": last},
    )
