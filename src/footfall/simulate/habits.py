"""How kinds of users behave while they are customers."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Habit:
    """The averages of one kind of user; the users of a kind scatter around them.

    Attributes:
        name: what the kind is called in the truth.
        share: its share of the users who are active in the first month.
        visits_per_month: visits in 30 days, as long as the user stays.
        lifetime_days: how long a user stays.
        bounce: the share of visits of one single view.
        views: views in a visit that is no bounce.
        cart: the chance that such a visit fills a cart and buys nothing.
        cart_items: how many products such a cart has.
        remove: the chance that a product in such a cart is taken out again.
        buy: the chance that such a visit ends in a purchase.
        dear: the chance that, of two products, the dearer one is looked at.
    """

    name: str
    share: float
    visits_per_month: float
    lifetime_days: float
    bounce: float
    views: float
    cart: float
    cart_items: float
    remove: float
    buy: float
    dear: float


HABITS = (
    Habit("window_shopper", 0.62, 1.8, 38, 0.48, 7.3, 0.01, 1.0, 0.1, 0.004, 0.0),
    Habit("occasional", 0.23, 2.6, 90, 0.35, 5.6, 0.02, 1.0, 0.1, 0.205, 0.0),
    Habit("heavy_cart", 0.06, 4.5, 90, 0.25, 6.8, 0.38, 1.9, 0.18, 0.02, 0.0),
    Habit("loyal", 0.06, 12.0, 360, 0.42, 4.7, 0.02, 1.2, 0.1, 0.19, 0.0),
    Habit("top_spender", 0.03, 7.0, 360, 0.2, 10.7, 0.05, 1.2, 0.1, 0.34, 0.85),
)
BOT = "bot"
NEW = "new"
LAPSED = "lapsed"
# A user who came this late is new at the end of the period, whatever the habit; one who left this early has lapsed.
NEW_DAYS = 10
LAPSED_DAYS = 14
