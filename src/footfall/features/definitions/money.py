"""Recency, frequency, money. Money counts purchases of products, net of refunds."""

import ibis.expr.types as ir

from footfall.features.registry import Context, feature


@feature(needs="months", unit="days")
def recency_days(months: ir.Table, context: Context) -> ir.Value:
    """Days since the last event."""
    return context.days_since(months.last_at.max())


@feature(needs="months", unit="days")
def recency_purchase_days(months: ir.Table, context: Context) -> ir.Value:
    """Days since the last purchase; null for users who never bought."""
    return context.days_since(months.last_purchase_at.max())


@feature(needs="months", unit="days")
def tenure_days(months: ir.Table, context: Context) -> ir.Value:
    """Days since the first event."""
    return context.days_since(months.first_at.min())


@feature(needs="orders", unit="orders", is_count=True)
def orders(orders: ir.Table, _: Context) -> ir.Value:
    """Orders with at least one purchase."""
    return orders.count()


@feature(needs="months", unit="pieces", is_count=True)
def items(months: ir.Table, _: Context) -> ir.Value:
    """Pieces bought; refunds are not taken off."""
    return months["items"].sum()


@feature(needs="months", unit="currency")
def spend(months: ir.Table, _: Context) -> ir.Value:
    """Amount of all purchases, net of refunds."""
    return months.spend.sum()


@feature(needs="orders", unit="currency")
def average_order(orders: ir.Table, _: Context) -> ir.Value:
    """Spend, net of refunds, per order; null without orders."""
    return orders.net_spend.max() / orders.count()


@feature(needs="orders", unit="currency")
def largest_order(orders: ir.Table, _: Context) -> ir.Value:
    """Value of the largest order before refunds; null without orders."""
    return orders.order_value.max()


@feature(needs="orders", unit="ratio")
def order_value_cv(orders: ir.Table, _: Context) -> ir.Value:
    """Variation of order values: standard deviation over mean; null with fewer than two orders."""
    value = orders.order_value
    return (orders.count() > 1).ifelse(value.std(how="pop") / value.mean().nullif(0.0), None)
