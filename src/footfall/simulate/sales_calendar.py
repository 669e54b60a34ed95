"""What the shop plans: Black Friday, private sales, launches, promotions, price changes; and their effects by day."""

from calendar import THURSDAY, monthcalendar
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

from footfall.simulate.arrays import Floats, Ints, Stream, chance, cumulate
from footfall.simulate.catalogue import CHEAPEST_CENTS, Catalogue
from footfall.simulate.period import Month, Period

EFFECTS = ("visits", "demand", "buys", "price")
Occasions = npt.NDArray[np.void]
# One row is one occasion. `member` is the number of a category or product; the last four are factors on the usual.
OCCASION = np.dtype(
    [
        ("kind", "U16"),
        ("scope", "U8"),
        ("member", np.int64),
        ("first_day", np.int64),
        ("end_day", np.int64),
        *((effect, np.float64) for effect in EFFECTS),
    ]
)
PROMOTED_SHARE, REPRICED_SHARE = 0.06, 0.05
LAUNCHES_PER_MONTH = 2
LARGE_CATEGORIES = 20


@dataclass(frozen=True)
class DayConditions:
    """What holds on one day: a factor on visits; by product, its demand (cumulative), a factor on buying, its price."""

    goods: Catalogue
    visits: float
    demand: Floats
    buys: Floats
    cents: Ints


def plan_calendar(period: Period, catalogue: Catalogue, seed: int) -> Occasions:
    """All occasions of the period."""
    rng = chance(seed, Stream.CALENDAR, len(period.months))
    planned = [_black_friday(period), _launches(period, catalogue, rng)]
    for number, month in enumerate(period.months):
        rng = chance(seed, Stream.CALENDAR, number)
        planned += [
            _private_sale(month, rng),
            _promotions(month, catalogue, rng),
            _price_changes(month, period, catalogue, rng),
        ]
    occasions = np.concatenate(planned)
    occasions["end_day"] = np.minimum(occasions["end_day"], period.days)
    return occasions


def conditions_on(day: int, occasions: Occasions, catalogue: Catalogue) -> DayConditions:
    """The effects of all occasions on a day."""
    active = occasions[(occasions["first_day"] <= day) & (day < occasions["end_day"])]
    cents = np.round(catalogue.base_cents * _by_product(active, "price", catalogue)).astype(np.int64)
    demand = catalogue.popularity * _by_product(active, "demand", catalogue)
    awaited = occasions[(occasions["kind"] == "product_launch") & (day < occasions["first_day"])]
    demand[awaited["member"]] = 0
    return DayConditions(
        goods=catalogue,
        visits=float(active["visits"].prod()),
        demand=cumulate(demand),
        buys=_by_product(active, "buys", catalogue),
        cents=np.maximum(cents, CHEAPEST_CENTS),
    )


def _by_product(active: Occasions, effect: str, catalogue: Catalogue) -> Floats:
    factor = np.full(len(catalogue.product_id), active[effect][active["scope"] == "shop"].prod())
    for row in active[active["scope"] == "category"]:
        factor[catalogue.category == row["member"]] *= row[effect]
    of_products = active[active["scope"] == "product"]
    np.multiply.at(factor, of_products["member"], of_products[effect])
    return factor


def _black_friday(period: Period) -> Occasions:
    rows = []
    last = period.date_of(period.days - 1)
    for year in range(period.months[0].first_date.year, last.year + 1):
        friday = period.day_of(black_friday(year))
        rows += [
            ("black_friday", "shop", 0, friday, friday + 1, 2.0, 1.0, 1.6, 0.8),
            ("black_friday", "shop", 0, friday + 1, friday + 3, 1.4, 1.0, 1.3, 0.85),
            ("cyber_monday", "shop", 0, friday + 3, friday + 4, 1.5, 1.0, 1.4, 0.85),
        ]
    within = [row for row in rows if 0 <= row[3] < period.days]
    return np.array(within, dtype=OCCASION)


def black_friday(year: int) -> date:
    """The day after the fourth Thursday of November."""
    thursdays = [week[THURSDAY] for week in monthcalendar(year, 11) if week[THURSDAY]]
    return date(year, 11, thursdays[3] + 1)


def _private_sale(month: Month, rng: np.random.Generator) -> Occasions:
    first = month.first_day + int(rng.integers(3, month.days - 4))
    row = ("private_sale", "category", int(rng.integers(1, LARGE_CATEGORIES)), first, first + 3, 1.0, 2.5, 1.6, 0.8)
    return np.array([row], dtype=OCCASION)


def _launches(period: Period, catalogue: Catalogue, rng: np.random.Generator) -> Occasions:
    """Launches take existing products of the largest category and hide each until its day."""
    candidates = rng.permutation(catalogue.first_product[1])
    members = candidates[: min(LAUNCHES_PER_MONTH * len(period.months), len(candidates) // 2)]
    launches = _occasions("product_launch", "product", members)
    launches["first_day"] = rng.integers(0, period.days, len(members))
    launches["end_day"] = launches["first_day"] + 14
    launches["demand"] = 6.0
    return launches


def _promotions(month: Month, catalogue: Catalogue, rng: np.random.Generator) -> Occasions:
    promotions = _occasions("promotion", "product", _some_products(PROMOTED_SHARE, catalogue, rng))
    cut = rng.uniform(0.1, 0.4, len(promotions))
    promotions["first_day"] = rng.integers(month.first_day, month.first_day + month.days, len(promotions))
    promotions["end_day"] = promotions["first_day"] + rng.integers(2, 11, len(promotions))
    promotions["demand"], promotions["buys"], promotions["price"] = 1 + 3 * cut, 1 + 1.5 * cut, 1 - cut
    return promotions


def _price_changes(month: Month, period: Period, catalogue: Catalogue, rng: np.random.Generator) -> Occasions:
    changes = _occasions("price_change", "product", _some_products(REPRICED_SHARE, catalogue, rng))
    changes["first_day"] = rng.integers(month.first_day, month.first_day + month.days, len(changes))
    changes["end_day"] = period.days
    changes["price"] = 1 + rng.choice((-1, 1), len(changes)) * rng.uniform(0.03, 0.2, len(changes))
    return changes


def _some_products(share: float, catalogue: Catalogue, rng: np.random.Generator) -> Ints:
    products = len(catalogue.product_id)
    return rng.choice(products, round(share * products), replace=False)


def _occasions(kind: str, scope: str, members: Ints) -> Occasions:
    rows = np.ones(len(members), dtype=OCCASION)
    rows["kind"], rows["scope"], rows["member"] = kind, scope, members
    return rows
