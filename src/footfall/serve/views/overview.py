"""The shop at a glance: its key figures in a period, day by day, and in which currency."""

from datetime import date, timedelta

import pyarrow as pa

from footfall.contracts import EVENTS
from footfall.serve.views.published import Published, Row
from footfall.serve.views.view import reads

_SHOP = "grain = 'day' AND dimension = 'all'"


@reads("metric_series")
def span(published: Published) -> Row:
    """The `first` and the `last` day of the shop's series; None where they have no day."""
    return published.rows(
        f"SELECT min(ts)::DATE AS first, max(ts)::DATE AS last FROM metric_series WHERE {_SHOP} AND metric = 'events'"
    )[0]


@reads("metric_series")
def key_figures(published: Published, first: date, last: date) -> Row:
    """Revenue, orders, visits, users of a day (on average), conversion and average order from one day to another.

    Args:
        published: the tables.
        first: the first day.
        last: the last day, which counts too.

    Returns:
        One value per figure, None where nothing is known; `days` that are known, and `partial` ones among them.
    """
    found = published.rows(
        f"""
        WITH days AS (
            PIVOT (SELECT ts, status, metric, value FROM metric_series WHERE {_SHOP} AND ts BETWEEN $first AND $last)
            ON metric IN ('revenue', 'orders', 'sessions', 'users', 'conversion') USING max(value)
        )
        SELECT sum(revenue) AS revenue, sum(orders) AS orders, sum(sessions) AS sessions, avg(users) AS users,
            sum(conversion * sessions) / nullif(sum(sessions), 0) AS conversion,
            sum(revenue) / nullif(sum(orders), 0) AS average_order,
            count(sessions) AS days, count(*) FILTER (status = 'partial') AS partial
        FROM days
        """,
        {"first": first, "last": last},
    )
    return found[0]


def compared(published: Published, first: date, last: date) -> tuple[Row, Row]:
    """The key figures of a period, and of the one of the same length before it."""
    length = last - first + timedelta(days=1)
    return key_figures(published, first, last), key_figures(published, first - length, last - length)


@reads("metric_series")
def daily(published: Published, metrics: tuple[str, ...], first: date, last: date) -> list[Row]:
    """Metrics of the whole shop day by day: `ts`, `metric`, `value`, `status`."""
    return published.rows(
        "SELECT ts::DATE AS ts, metric, value, status FROM metric_series "
        f"WHERE {_SHOP} AND list_contains($metrics, metric) AND ts BETWEEN $first AND $last ORDER BY metric, ts",
        {"metrics": list(metrics), "first": first, "last": last},
    )


@reads(EVENTS.name)
def unit_of_money(published: Published) -> str:
    """The shop's currency; empty where it has none, or several. The table's log tells it: no event is read."""
    delta = published.lake.delta(EVENTS.name)
    files = pa.table(delta.get_add_actions(flatten=True)) if delta else None
    if files is None or not {"min.currency", "max.currency"} <= set(files.column_names):
        return ""
    without = files["null_count.currency"].to_pylist()
    found = {one for side in ("min", "max") for one in files[f"{side}.currency"].to_pylist()}
    return str(found.pop()) if len(found) == 1 and None not in found and not any(without) else ""
