"""What a visit is like."""

import ibis.expr.types as ir

from footfall.features.registry import Context, feature


@feature(needs="visits", unit="events")
def events_per_session(visits: ir.Table, _: Context) -> ir.Value:
    """Events per session; null without sessions."""
    return visits.events.sum() / visits.count()


@feature(needs="visits", unit="minutes")
def session_minutes_median(visits: ir.Table, _: Context) -> ir.Value:
    """Median length of a session, each capped at 240 minutes; null without sessions."""
    return visits.minutes.median()


@feature(needs="visits", unit="share")
def bounce_share(visits: ir.Table, _: Context) -> ir.Value:
    """Share of sessions with a single event; null without sessions."""
    return visits.count(where=visits.events == 1) / visits.count()


@feature(needs="visits", unit="share")
def repeat_view_ratio(visits: ir.Table, _: Context) -> ir.Value:
    """Share of views of a product that was already viewed in the same session; null without views."""
    return 1 - visits.products_viewed.sum() / visits.views.sum().nullif(0)


@feature(needs="months", unit="views")
def views_per_purchase(months: ir.Table, _: Context) -> ir.Value:
    """Views per purchase line; null for users who never bought."""
    return months.views.sum() / months.purchases.sum().nullif(0)
