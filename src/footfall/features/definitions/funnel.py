"""From looking to buying.

A ratio of few events says little, so ratios are shrunk towards the share over all users, as if every user had some more
events of that share. (Source: the posterior mean of a binomial with a beta prior; B. Efron and C. Morris, Data
analysis using Stein's estimator, 1975.)
"""

import ibis
import ibis.expr.types as ir

from footfall.features.registry import Context, feature

VIEW_WEIGHT = 20
CART_WEIGHT = 5


def _shrunk(part: ir.Value, whole: ir.Value, prior: float, weight: int) -> ir.Value:
    return ibis.least((part.cast("float64") + weight * prior) / (whole + weight), 1)


def _null_unless(known: ir.Value, value: ir.Value) -> ir.Value:
    return known.ifelse(value, None)


@feature(needs="months", unit="events", is_count=True)
def views(months: ir.Table, _: Context) -> ir.Value:
    """Product views."""
    return months.views.sum()


@feature(needs="months", unit="events", is_count=True)
def carts(months: ir.Table, _: Context) -> ir.Value:
    """Additions to the cart."""
    return months.carts.sum()


@feature(needs="months", unit="events", is_count=True)
def removals(months: ir.Table, _: Context) -> ir.Value:
    """Removals from the cart."""
    return months.removals.sum()


@feature(needs="months", unit="share")
def view_to_cart(months: ir.Table, context: Context) -> ir.Value:
    """Cart additions per view, shrunk as by 20 views of the average user; null without either."""
    part, whole = months.carts.sum(), months.views.sum()
    return _null_unless(part + whole > 0, _shrunk(part, whole, context.priors["view_to_cart"], VIEW_WEIGHT))


@feature(needs="months", unit="share")
def cart_to_purchase(months: ir.Table, context: Context) -> ir.Value:
    """Purchases per cart addition, at most 1, shrunk as by 5 additions of the average user; null without either."""
    part, whole = months.purchases.sum(), months.carts.sum()
    return _null_unless(part + whole > 0, _shrunk(part, whole, context.priors["cart_to_purchase"], CART_WEIGHT))


@feature(needs="visits", unit="share")
def cart_abandonment(visits: ir.Table, context: Context) -> ir.Value:
    """Sessions with a cart addition and no purchase, per session with one, shrunk as by 5 of them; null without."""
    whole = visits.count(where=visits.carts > 0)
    part = visits.count(where=(visits.carts > 0) & (visits.purchases == 0))
    return _null_unless(whole > 0, _shrunk(part, whole, context.priors["cart_abandonment"], CART_WEIGHT))


@feature(needs="months", unit="share")
def removal_ratio(months: ir.Table, context: Context) -> ir.Value:
    """Cart removals per addition, at most 1, shrunk as by 5 additions of the average user; null without either."""
    part, whole = months.removals.sum(), months.carts.sum()
    return _null_unless(part + whole > 0, _shrunk(part, whole, context.priors["removal_ratio"], CART_WEIGHT))
