"""How features are called when people read about them."""

from dataclasses import dataclass
from typing import Literal

Unit = Literal["days", "hours", "minutes", "money", "count", "share", "number"]


@dataclass(frozen=True)
class Word:
    """A feature in words.

    Attributes:
        label: what it is called.
        unit: how its values are written.
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
    "recency_days": Word("Days since last visit", "days", "Recency", "seen more recently", "not seen for longer"),
    "recency_purchase_days": Word(
        "Days since last purchase", "days", "Recency", "bought more recently", "no purchase for longer"
    ),
    "tenure_days": Word("Days since first visit", "days", "Recency", "newer to the shop", "known for longer"),
    "orders": Word("Orders", "count", "Money", "few orders", "many orders"),
    "items": Word("Items bought", "count", "Money", "few items", "many items"),
    "spend": Word("Spend", "money", "Money", "low spend", "high spend"),
    "average_order": Word("Average order", "money", "Money", "small orders", "large orders"),
    "largest_order": Word("Largest order", "money", "Money", "no large order", "a large order"),
    "order_value_cv": Word("Variation of order value", "number", "Money", "even orders", "uneven orders"),
    "active_days": Word("Active days", "count", "Rhythm", "few active days", "many active days"),
    "sessions": Word("Visits", "count", "Rhythm", "few visits", "many visits"),
    "session_gap_median_hours": Word("Hours between visits", "hours", "Rhythm", "shorter gaps", "longer gaps"),
    "session_gap_cv": Word("Variation of gaps", "number", "Rhythm", "steady rhythm", "visits in bursts"),
    "purchase_gap_median_days": Word(
        "Days between orders", "days", "Rhythm", "quick to buy again", "slow to buy again"
    ),
    "views": Word("Product views", "count", "Funnel", "few views", "many views"),
    "carts": Word("Additions to cart", "count", "Funnel", "little use of the cart", "much use of the cart"),
    "removals": Word("Removals from cart", "count", "Funnel", "few removals", "many removals"),
    "view_to_cart": Word(
        "Views that reach the cart", "share", "Funnel", "rarely fills the cart", "readily fills the cart"
    ),
    "cart_to_purchase": Word(
        "Carts that are bought", "share", "Funnel", "rarely buys the cart", "mostly buys the cart"
    ),
    "cart_abandonment": Word("Carts left behind", "share", "Funnel", "few carts left behind", "many carts left behind"),
    "removal_ratio": Word("Removals per addition", "share", "Funnel", "keeps the cart", "takes much out again"),
    "events_per_session": Word("Events per visit", "count", "Engagement", "short visits", "rich visits"),
    "session_minutes_median": Word("Minutes per visit", "minutes", "Engagement", "quick visits", "long visits"),
    "bounce_share": Word("Visits of one event", "share", "Engagement", "rarely bounces", "often bounces"),
    "repeat_view_ratio": Word("Repeated views", "share", "Engagement", "rarely looks twice", "often looks twice"),
    "views_per_purchase": Word(
        "Views per purchase", "count", "Engagement", "buys directly", "looks long before buying"
    ),
    "categories": Word("Categories", "count", "Diversity", "fewer categories", "more categories"),
    "category_entropy": Word("Spread over categories", "number", "Diversity", "one category", "mixed categories"),
    "brand_entropy": Word("Spread over brands", "number", "Diversity", "one brand", "mixed brands"),
    "top_brand_share": Word("Share of the top brand", "share", "Diversity", "no favourite brand", "true to a brand"),
    "price_tier": Word("Price tier in category", "share", "Price", "low price tier", "high price tier"),
    "price_dispersion": Word("Spread of prices", "number", "Price", "one price level", "mixed price levels"),
    "weekend_share": Word("At weekends", "share", "Timing", "weekdays", "weekends"),
    "evening_share": Word("In the evening", "share", "Timing", "daytime", "evenings"),
    "hour_entropy": Word("Spread over hours", "number", "Timing", "fixed hours", "all hours"),
    "second_half_share": Word(
        "In the month's second half", "share", "Timing", "early in the month", "late in the month"
    ),
    "promotion_share": Word("Bought on promotion", "share", "Promotion", "pays full price", "buys on promotion"),
}


def word(feature: str) -> Word:
    """Put a feature into words; one that is not in the table gets words made from its name."""
    label = feature.replace("_", " ")
    return WORDS.get(feature) or Word(label.capitalize(), "number", "Other", f"low {label}", f"high {label}")
