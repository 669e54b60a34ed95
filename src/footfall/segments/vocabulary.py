"""How features are called when people read about them."""

from dataclasses import dataclass
from typing import Literal

Unit = Literal["duration", "money", "count", "share", "number"]


@dataclass(frozen=True)
class Word:
    """A feature in words.

    Attributes:
        label: what it is called.
        unit: how its values are written; the label says hours, days and the like.
        family: what it is about; a description takes at most one feature from each family.
        low: what users have in common who have little of it.
        high: what users have in common who have much of it.
    """

    label: str
    unit: Unit
    family: str
    low: str
    high: str


WORDS = {
    "recency_days": Word("Days since last visit", "duration", "Recency", "seen more recently", "not seen for longer"),
    "recency_purchase_days": Word(
        "Days since last purchase", "duration", "Recency", "bought more recently", "no purchase for longer"
    ),
    "tenure_days": Word("Days since first visit", "duration", "Recency", "newer to the shop", "known for longer"),
    "orders": Word("Orders", "count", "Money", "fewer orders", "more orders"),
    "items": Word("Items bought", "count", "Money", "fewer items", "more items"),
    "spend": Word("Spend", "money", "Money", "lower spend", "higher spend"),
    "average_order": Word("Average order", "money", "Money", "smaller orders", "larger orders"),
    "largest_order": Word("Largest order", "money", "Money", "no large order", "one large order"),
    "order_value_cv": Word("Variation of order value", "number", "Money", "even orders", "uneven orders"),
    "active_days": Word("Active days", "count", "Rhythm", "fewer active days", "more active days"),
    "sessions": Word("Visits", "count", "Rhythm", "fewer visits", "more visits"),
    "session_gap_median_hours": Word("Hours between visits", "duration", "Rhythm", "shorter gaps", "longer gaps"),
    "session_gap_cv": Word("Variation of gaps", "number", "Rhythm", "steadier rhythm", "visits in bursts"),
    "purchase_gap_median_days": Word(
        "Days between orders", "duration", "Rhythm", "quicker to buy again", "slower to buy again"
    ),
    "views": Word("Product views", "count", "Funnel", "fewer views", "more views"),
    "carts": Word("Additions to cart", "count", "Funnel", "less use of the cart", "more use of the cart"),
    "removals": Word("Removals from cart", "count", "Funnel", "fewer removals", "more removals"),
    "view_to_cart": Word(
        "Views that reach the cart",
        "share",
        "Funnel",
        "fewer views that reach the cart",
        "more views that reach the cart",
    ),
    "cart_to_purchase": Word("Carts that are bought", "share", "Funnel", "fewer carts bought", "more carts bought"),
    "cart_abandonment": Word(
        "Carts left behind", "share", "Funnel", "fewer carts left behind", "more carts left behind"
    ),
    "removal_ratio": Word(
        "Removals per addition", "share", "Funnel", "less taken out of the cart", "more taken out of the cart"
    ),
    "events_per_session": Word("Events per visit", "count", "Engagement", "shorter visits", "richer visits"),
    "session_minutes_median": Word("Minutes per visit", "duration", "Engagement", "quicker visits", "longer visits"),
    "bounce_share": Word("Visits of one event", "share", "Engagement", "fewer bounces", "more bounces"),
    "repeat_view_ratio": Word("Repeated views", "share", "Engagement", "fewer repeated views", "more repeated views"),
    "views_per_purchase": Word(
        "Views per purchase", "count", "Engagement", "fewer views per purchase", "more views per purchase"
    ),
    "categories": Word("Categories", "count", "Diversity", "fewer categories", "more categories"),
    "category_entropy": Word("Spread over categories", "number", "Diversity", "focused categories", "mixed categories"),
    "brand_entropy": Word("Spread over brands", "number", "Diversity", "focused brands", "mixed brands"),
    "top_brand_share": Word(
        "Share of the top brand", "share", "Diversity", "no favourite brand", "one favourite brand"
    ),
    "price_tier": Word("Price tier in category", "share", "Price", "lower price tier", "higher price tier"),
    "price_dispersion": Word("Spread of prices", "number", "Price", "similar prices", "mixed prices"),
    "weekend_share": Word("At weekends", "share", "Timing", "weekdays", "weekends"),
    "evening_share": Word("In the evening", "share", "Timing", "daytime", "evenings"),
    "hour_entropy": Word("Spread over hours", "number", "Timing", "fewer hours of the day", "more hours of the day"),
    "second_half_share": Word(
        "In the month's second half", "share", "Timing", "early in the month", "late in the month"
    ),
    "promotion_share": Word("Bought on promotion", "share", "Promotion", "full price", "promotions"),
}


def word(feature: str) -> Word:
    """Put a feature into words; one that is not in the table gets words made from its name."""
    label = feature.replace("_", " ")
    return WORDS.get(feature) or Word(label.capitalize(), "number", "Other", f"low {label}", f"high {label}")
