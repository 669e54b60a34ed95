"""Whether a user buys at reduced prices."""

import ibis.expr.types as ir

from footfall.features.registry import Context, feature

REDUCED = 0.9
_ROUNDING = 1e-9


@feature(needs="lines", unit="share")
def promotion_share(lines: ir.Table, _: Context) -> ir.Value:
    """Share of purchase lines at 0.9 or less of the product's median price of the 28 days before; null if unknown."""
    reduced = lines.price <= REDUCED * lines.reference_price + _ROUNDING
    return lines.count(where=reduced) / lines.count()
