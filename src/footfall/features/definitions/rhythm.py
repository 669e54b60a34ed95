"""How often a user comes, and how evenly."""

import ibis.expr.types as ir

from footfall.features.registry import Context, feature


@feature(needs="months", unit="days", is_count=True)
def active_days(months: ir.Table, _: Context) -> ir.Value:
    """Days (UTC) with at least one event."""
    return months.active_days.sum()


@feature(needs="visits", unit="sessions", is_count=True)
def sessions(visits: ir.Table, _: Context) -> ir.Value:
    """Visits."""
    return visits.count()


@feature(needs="visits", unit="hours")
def session_gap_median_hours(visits: ir.Table, _: Context) -> ir.Value:
    """Median time from the end of a session to the start of the next; null with fewer than two sessions."""
    return visits.gap_hours.median()


@feature(needs="visits", unit="ratio")
def session_gap_cv(visits: ir.Table, _: Context) -> ir.Value:
    """Variation of the times between sessions: standard deviation over mean; null with fewer than two of them."""
    gap = visits.gap_hours
    return (gap.count() > 1).ifelse(gap.std(how="pop") / gap.mean().nullif(0.0), None)


@feature(needs="orders", unit="days")
def purchase_gap_median_days(orders: ir.Table, _: Context) -> ir.Value:
    """Median time between consecutive orders; null with fewer than two."""
    return orders.gap_days.median()
