"""Every feature by its definition, in plain Python: slow, obvious, and without a line of Footfall's own code.

P are the product events, A ("active") those of them that are not refunds. Only what happened before `as_of` is known.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from math import fsum, log, log2
from statistics import fmean, median, median_low, pstdev
from zoneinfo import ZoneInfo

Value = float | int | None
Place = tuple[str, str | None, str]
"""Month, category and product: what a price rank belongs to."""

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Event:
    """A row of the cleaned `events`, without the partition's columns (`month` and `bucket`)."""

    event_time: datetime
    event_type: str
    product_id: str
    category_id: str | None
    category_code: str
    brand: str
    price: float | None
    quantity: int
    amount: float
    is_product: bool
    currency: str | None
    user_id: str | None
    session_id: str | None
    order_id: str | None
    country: str | None


@dataclass(frozen=True)
class Session:
    """A user's active events with the same session id; never empty."""

    session_id: str
    events: Sequence[Event]

    @property
    def started_at(self) -> datetime:
        return min(event.event_time for event in self.events)

    @property
    def ended_at(self) -> datetime:
        return max(event.event_time for event in self.events)


@dataclass(frozen=True)
class Order:
    """A user's purchase lines with the same order id; never empty."""

    order_id: str
    lines: Sequence[Event]

    @property
    def ordered_at(self) -> datetime:
        return min(line.event_time for line in self.lines)

    @property
    def value(self) -> float:
        return round(fsum(line.amount for line in self.lines), 4)


@dataclass(frozen=True)
class Shop:
    """All that is known at `as_of`."""

    known: Sequence[Event]
    as_of: datetime
    timezone: str

    @cached_property
    def users(self) -> list["User"]:
        """Everyone with a user id and any event, be it no product or a refund."""
        user_ids = {event.user_id for event in self.known if event.user_id is not None}
        return [User(user_id, self) for user_id in sorted(user_ids)]

    @cached_property
    def active(self) -> list[Event]:
        """A of the whole shop, visitors without a user id included."""
        return [event for event in self.known if event.is_product and event.event_type != "refund"]

    @cached_property
    def price_ranks(self) -> dict[Place, float]:
        return price_ranks(self.active)

    def total(self, event_type: str) -> int:
        """How many such events in A all users had together."""
        return sum(count(user.active, event_type) for user in self.users)


@dataclass(frozen=True)
class User:
    """What is known of a user at `as_of`."""

    user_id: str
    shop: Shop

    @cached_property
    def products(self) -> list[Event]:
        """P of the user."""
        return [event for event in self.shop.known if event.user_id == self.user_id and event.is_product]

    @cached_property
    def active(self) -> list[Event]:
        """A of the user."""
        return [event for event in self.products if event.event_type != "refund"]

    @cached_property
    def purchases(self) -> list[Event]:
        return [event for event in self.products if event.event_type == "purchase"]

    @cached_property
    def sessions(self) -> list[Session]:
        events: defaultdict[str, list[Event]] = defaultdict(list)
        for event in self.active:
            if event.session_id is not None:
                events[event.session_id].append(event)
        sessions = [Session(session_id, its_events) for session_id, its_events in events.items()]
        return sorted(sessions, key=lambda session: (session.started_at, session.ended_at, session.session_id))

    @cached_property
    def orders(self) -> list[Order]:
        lines: defaultdict[str, list[Event]] = defaultdict(list)
        for line in self.purchases:
            if line.order_id is not None:
                lines[line.order_id].append(line)
        orders = [Order(order_id, its_lines) for order_id, its_lines in lines.items()]
        return sorted(orders, key=lambda order: (order.ordered_at, order.order_id))

    @cached_property
    def shop_times(self) -> list[datetime]:
        """The active events' times as the shop's clock shows them."""
        zone = ZoneInfo(self.shop.timezone)
        return [event.event_time.replace(tzinfo=UTC).astimezone(zone) for event in self.active]


def features_oracle(events: list[Event], as_of: datetime, timezone: str = "UTC") -> dict[str, dict[str, Value]]:
    """Every user's features as of a moment (naive UTC): user id -> feature -> value, in the order of `FEATURES`."""
    shop = Shop([event for event in events if event.event_time < as_of], as_of, timezone)
    return {user.user_id: {feature.__name__: feature(user) for feature in FEATURES} for user in shop.users}


# Arithmetic


def count(events: Iterable[Event], event_type: str) -> int:
    return sum(event.event_type == event_type for event in events)


def share(part: float, whole: float) -> float | None:
    """Part of the whole; null where there is no whole."""
    return part / whole if whole else None


def cv(values: Sequence[float]) -> float | None:
    """Coefficient of variation; null for fewer than two values and where their mean is 0."""
    if len(values) < 2 or fmean(values) == 0:
        return None
    return pstdev(values) / fmean(values)


def entropy(members: Iterable[object]) -> float | None:
    """Shannon's entropy, in bits, of how often each member occurs; null without members."""
    counts = Counter(members).values()
    total = sum(counts)
    return fsum(n / total * log2(total / n) for n in counts) if counts else None


def prior(part: int, whole: int) -> float:
    """The share that all users have together: 0 where there is nothing to share, never above 1."""
    return min(1.0, part / whole) if whole else 0.0


def smoothed(part: int, whole: int, weight: int, p: float) -> float:
    """The share after `weight` more observations that behave like all users; never above 1."""
    return min(1.0, (part + weight * p) / (whole + weight))


# Money


def recency_days(user: User) -> Value:
    return min(((user.shop.as_of - event.event_time) / DAY for event in user.active), default=None)


def recency_purchase_days(user: User) -> Value:
    return min(((user.shop.as_of - line.event_time) / DAY for line in user.purchases), default=None)


def tenure_days(user: User) -> Value:
    return max(((user.shop.as_of - event.event_time) / DAY for event in user.active), default=None)


def orders(user: User) -> Value:
    return len(user.orders)


def items(user: User) -> Value:
    return sum(line.quantity for line in user.purchases)


def spend(user: User) -> float:
    return fsum(event.amount for event in user.products if event.event_type in ("purchase", "refund"))


def average_order(user: User) -> Value:
    return share(spend(user), len(user.orders))


def largest_order(user: User) -> Value:
    return max((order.value for order in user.orders), default=None)


def order_value_cv(user: User) -> Value:
    return cv([order.value for order in user.orders])


# Rhythm


def active_days(user: User) -> Value:
    return len({event.event_time.date() for event in user.active})


def sessions(user: User) -> Value:
    return len(user.sessions)


def session_gap_hours(user: User) -> list[float]:
    neighbours = zip(user.sessions, user.sessions[1:], strict=False)
    return [max(0.0, (following.started_at - this.ended_at) / HOUR) for this, following in neighbours]


def session_gap_median_hours(user: User) -> Value:
    gaps = session_gap_hours(user)
    return median(gaps) if gaps else None


def session_gap_cv(user: User) -> Value:
    return cv(session_gap_hours(user))


def purchase_gap_median_days(user: User) -> Value:
    neighbours = zip(user.orders, user.orders[1:], strict=False)
    gaps = [(following.ordered_at - this.ordered_at) / DAY for this, following in neighbours]
    return median(gaps) if gaps else None


# Funnel


def views(user: User) -> int:
    return count(user.active, "view")


def carts(user: User) -> int:
    return count(user.active, "cart")


def removals(user: User) -> int:
    return count(user.active, "remove_from_cart")


def view_to_cart(user: User) -> Value:
    if views(user) + carts(user) == 0:
        return None
    p = prior(user.shop.total("cart"), user.shop.total("view"))
    return smoothed(carts(user), views(user), 20, p)


def cart_to_purchase(user: User) -> Value:
    if carts(user) + len(user.purchases) == 0:
        return None
    p = prior(user.shop.total("purchase"), user.shop.total("cart"))
    return smoothed(len(user.purchases), carts(user), 5, p)


def cart_sessions(user: User) -> list[Session]:
    return [session for session in user.sessions if count(session.events, "cart") > 0]


def abandoned_sessions(user: User) -> list[Session]:
    return [session for session in cart_sessions(user) if count(session.events, "purchase") == 0]


def cart_abandonment(user: User) -> Value:
    if not cart_sessions(user):
        return None
    everyone = user.shop.users
    p = prior(
        sum(len(abandoned_sessions(one)) for one in everyone),
        sum(len(cart_sessions(one)) for one in everyone),
    )
    return smoothed(len(abandoned_sessions(user)), len(cart_sessions(user)), 5, p)


def removal_ratio(user: User) -> Value:
    if carts(user) + removals(user) == 0:
        return None
    p = prior(user.shop.total("remove_from_cart"), user.shop.total("cart"))
    return smoothed(removals(user), carts(user), 5, p)


# Engagement


def events_per_session(user: User) -> Value:
    return share(sum(len(session.events) for session in user.sessions), len(user.sessions))


def session_minutes_median(user: User) -> Value:
    minutes = [(session.ended_at - session.started_at) / timedelta(minutes=1) for session in user.sessions]
    return median(min(240.0, length) for length in minutes) if minutes else None


def bounce_share(user: User) -> Value:
    return share(sum(len(session.events) == 1 for session in user.sessions), len(user.sessions))


def repeat_view_ratio(user: User) -> Value:
    viewed = [[event.product_id for event in session.events if event.event_type == "view"] for session in user.sessions]
    first_views = share(sum(len(set(products)) for products in viewed), sum(len(products) for products in viewed))
    return None if first_views is None else 1 - first_views


def views_per_purchase(user: User) -> Value:
    return share(views(user), len(user.purchases))


# Diversity


def category_of(event: Event) -> str | None:
    """The category's id, else its code, else none."""
    if event.category_id is not None:
        return event.category_id
    return event.category_code if event.category_code != "unknown" else None


def known_categories(user: User) -> list[str]:
    return [category for event in user.active if (category := category_of(event)) is not None]


def known_brands(user: User) -> list[str]:
    return [event.brand for event in user.active if event.brand != "unknown"]


def categories(user: User) -> Value:
    return len(set(known_categories(user)))


def category_entropy(user: User) -> Value:
    return entropy(known_categories(user))


def brand_entropy(user: User) -> Value:
    return entropy(known_brands(user))


def top_brand_share(user: User) -> Value:
    brands = known_brands(user)
    return share(max(Counter(brands).values(), default=0), len(brands))


def month_of(event: Event) -> str:
    return f"{event.event_time:%Y-%m}"


def price_ranks(active: Iterable[Event]) -> dict[Place, float]:
    """Where a product's mean price stands in its category in a month, 0 to 1; only for what has a category."""
    prices: defaultdict[tuple[str, str], defaultdict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for event in active:
        category = category_of(event)
        if category is not None and has_price(event):
            prices[month_of(event), category][event.product_id].append(price_of(event))
    ranks: dict[Place, float] = {}
    for (month, category), products in prices.items():
        means = {product: round(fmean(observed), 6) for product, observed in products.items()}
        for product in products:
            ranks[month, category, product] = percent_rank(means[product], means.values())
    return ranks


def percent_rank(value: float, among: Collection[float]) -> float:
    """(rank - 1) / (n - 1), the rank being 1 + how many are strictly lower; 0.5 for one that is alone."""
    if len(among) == 1:
        return 0.5
    return sum(other < value for other in among) / (len(among) - 1)


def has_price(event: Event) -> bool:
    return event.price is not None and event.price > 0


def price_of(event: Event) -> float:
    if event.price is None:
        raise ValueError(f"{event} has no price")
    return event.price


def price_tier(user: User) -> Value:
    places: list[Place] = [(month_of(event), category_of(event), event.product_id) for event in user.active]
    ranks = [user.shop.price_ranks[place] for place in places if place in user.shop.price_ranks]
    return fmean(ranks) if ranks else None


def price_dispersion(user: User) -> Value:
    logs = [log(price_of(event)) for event in user.active if has_price(event)]
    return pstdev(logs) if logs else None


# Seasonality, in shop time


def weekend_share(user: User) -> Value:
    return share(sum(time.isoweekday() in (6, 7) for time in user.shop_times), len(user.shop_times))


def evening_share(user: User) -> Value:
    return share(sum(time.hour >= 18 for time in user.shop_times), len(user.shop_times))


def hour_entropy(user: User) -> Value:
    return entropy(time.hour for time in user.shop_times)


def second_half_share(user: User) -> Value:
    return share(sum(time.day >= 16 for time in user.shop_times), len(user.shop_times))


# Promotion


def reference_price(shop: Shop, product_id: str, day: date) -> float | None:
    """The product's lower median price, to any visitor, in the 28 UTC days before the day."""
    observed = [
        price_of(event)
        for event in shop.active
        if event.product_id == product_id
        and has_price(event)
        and day - 28 * DAY <= event.event_time.date() <= day - DAY
    ]
    return median_low(observed) if observed else None


def promotion_share(user: User) -> Value:
    cheap = []
    for line in user.purchases:
        reference = reference_price(user.shop, line.product_id, line.event_time.date())
        if reference is not None:
            cheap.append(price_of(line) <= 0.9 * reference + 1e-9)
    return share(sum(cheap), len(cheap))


FEATURES: tuple[Callable[[User], Value], ...] = (
    recency_days,
    recency_purchase_days,
    tenure_days,
    orders,
    items,
    spend,
    average_order,
    largest_order,
    order_value_cv,
    active_days,
    sessions,
    session_gap_median_hours,
    session_gap_cv,
    purchase_gap_median_days,
    views,
    carts,
    removals,
    view_to_cart,
    cart_to_purchase,
    cart_abandonment,
    removal_ratio,
    events_per_session,
    session_minutes_median,
    bounce_share,
    repeat_view_ratio,
    views_per_purchase,
    categories,
    category_entropy,
    brand_entropy,
    top_brand_share,
    price_tier,
    price_dispersion,
    weekend_share,
    evening_share,
    hour_entropy,
    second_half_share,
    promotion_share,
)
"""In the order of the columns of `user_features`."""
