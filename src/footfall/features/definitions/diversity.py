"""How wide a user's interest is, and in which prices."""

import ibis
import ibis.expr.types as ir

from footfall.features.registry import Context, feature


def entropy(counts: ir.Value) -> ir.Value:
    """Shannon entropy in bits of the shares that `counts` make up: log2(N) - sum(n log2 n) / N."""
    total = counts.sum()
    return ibis.greatest(total.log2() - (counts * counts.log2()).sum() / total, 0.0)


@feature(needs="categories", unit="categories", is_count=True)
def categories(categories: ir.Table, _: Context) -> ir.Value:
    """Different categories looked at, put into the cart or bought."""
    return categories.count()


@feature(needs="categories", unit="bits")
def category_entropy(categories: ir.Table, _: Context) -> ir.Value:
    """Entropy of the events over categories: 0 for one category only; null where no category is known."""
    return entropy(categories.events)


@feature(needs="brands", unit="bits")
def brand_entropy(brands: ir.Table, _: Context) -> ir.Value:
    """Entropy of the events over known brands; null where none is known."""
    return entropy(brands.events)


@feature(needs="brands", unit="share")
def top_brand_share(brands: ir.Table, _: Context) -> ir.Value:
    """Share of the most frequent brand in the events with a known brand; null where none is known."""
    return brands.events.max() / brands.events.sum()


@feature(needs="months", unit="rank, 0 to 1")
def price_tier(months: ir.Table, _: Context) -> ir.Value:
    """Mean price rank of the products in their category and month: 0 the cheapest, 1 the dearest; null if unknown."""
    return months.price_tier_sum.sum() / months.price_tier_events.sum().nullif(0)


@feature(needs="months", unit="log currency")
def price_dispersion(months: ir.Table, _: Context) -> ir.Value:
    """Standard deviation of ln(price) over the events; null where no price is known.

    Monthly means and squared deviations are merged as in T. F. Chan, G. H. Golub and R. J. LeVeque (1979).
    """
    n = months.log_price_events.sum()
    between = (months.log_price_events * (months.log_price_mean - months.overall_log_price) ** 2).sum()
    within = months.log_price_m2.sum()
    return ((within + between) / n.nullif(0)).sqrt()
