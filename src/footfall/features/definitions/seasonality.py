"""When a user comes, in the shop's time zone."""

import ibis.expr.types as ir

from footfall.features.definitions.diversity import entropy
from footfall.features.registry import Context, feature


def _share(part: ir.Value, months: ir.Table) -> ir.Value:
    return part / months.events.sum().nullif(0)


@feature(needs="months", unit="share")
def weekend_share(months: ir.Table, _: Context) -> ir.Value:
    """Share of events on Saturday or Sunday."""
    return _share(months.weekend_events.sum(), months)


@feature(needs="months", unit="share")
def evening_share(months: ir.Table, _: Context) -> ir.Value:
    """Share of events from 18:00 to midnight."""
    return _share(months.evening_events.sum(), months)


@feature(needs="hours", unit="bits")
def hour_entropy(hours: ir.Table, _: Context) -> ir.Value:
    """Entropy of the events over the hours of the day."""
    return entropy(hours.events)


@feature(needs="months", unit="share")
def second_half_share(months: ir.Table, _: Context) -> ir.Value:
    """Share of events from the 16th of the month on."""
    return _share(months.late_month_events.sum(), months)
