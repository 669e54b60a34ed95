"""The products of the shop: what they are called, where they belong, what they cost and how popular they are."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from footfall.simulate.arrays import Floats, Ints, Stream, chance
from footfall.simulate.categories import CODED, UNCODED_BRANDED, UNCODED_CATEGORIES, UNCODED_SHARE, Category

# October 2019 has 166,794 products for 3,022,290 users; its first three hours 6,493 for 4,504. A square root fits both.
REES46_PRODUCTS, REES46_USERS = 166_794, 3_022_290
FEWEST_PRODUCTS = 500
CHEAPEST_CENTS = 77
# Popularity by rank within a category: 1 / (rank + shift) ** exponent. The sample's best smartphone has 4% of its kind.
ZIPF_SHIFT, ZIPF_EXPONENT = 3.0, 0.9
BRAND_STARTS = "al ber cor den el fal gar hor in jas kel lor mar nov ost pol"
BRAND_ENDS = "ano berg cia don ex fort go ini ka lux mont nit on quist rix ta"


@dataclass(frozen=True)
class Catalogue:
    """Products, ordered by category: product `p` lies in category `category[p]`, whose products are a range."""

    product_id: Ints
    category: Ints
    brand: tuple[str, ...]
    base_cents: Ints
    popularity: Floats
    first_product: Ints
    category_id: Ints
    category_code: tuple[str, ...]

    def texts(self) -> pa.Array:
        """Each product's part of a CSV row, `product_id,category_id,category_code,brand`."""
        return pa.array(
            f"{product},{self.category_id[category]},{self.category_code[category]},{brand}"
            for product, category, brand in zip(self.product_id, self.category, self.brand, strict=True)
        )


def stock_catalogue(users: int, seed: int) -> Catalogue:
    """Products for a shop of so many users."""
    rng = chance(seed, Stream.CATALOGUE)
    categories = _all_categories(rng)
    share = np.array([category.share for category in categories])
    products = max(FEWEST_PRODUCTS, round(REES46_PRODUCTS * (users / REES46_USERS) ** 0.5))
    size = _split(products, np.sqrt(share))
    category = np.repeat(np.arange(len(categories)), size)
    first_product = np.concatenate(([0], np.cumsum(size)))
    return Catalogue(
        product_id=rng.choice(59_600_000, products, replace=False).astype(np.int64) + 1_000_000,
        category=category,
        brand=_brands(categories, size, rng),
        base_cents=_base_prices(categories, category, rng),
        popularity=_popularity(share, size),
        first_product=first_product,
        category_id=2_053_013_552_000_000_000 + rng.choice(15_000_000_000, len(categories), replace=False),
        category_code=tuple(category.code for category in categories),
    )


def _all_categories(rng: np.random.Generator) -> tuple[Category, ...]:
    share = 1 / np.arange(2, UNCODED_CATEGORIES + 2)
    share *= UNCODED_SHARE / (1 - UNCODED_SHARE) * sum(category.share for category in CODED) / share.sum()
    median = 55 * np.exp(rng.normal(0, 1.2, UNCODED_CATEGORIES))
    uncoded = (Category("", s, m, 0.56, UNCODED_BRANDED, "") for s, m in zip(share, median, strict=True))
    return (*CODED, *uncoded)


def _split(total: int, weights: Floats) -> Ints:
    """Split a total by weights; every part has at least 1."""
    spare = total - len(weights)
    edges = np.round(np.cumsum(weights) / weights.sum() * spare).astype(np.int64)
    parts: Ints = 1 + np.diff(edges, prepend=0)
    return parts


def _popularity(share: Floats, size: Ints) -> Floats:
    ranked = [1 / (np.arange(n) + ZIPF_SHIFT) ** ZIPF_EXPONENT for n in size]
    weights = np.concatenate([part / share.sum() * rank / rank.sum() for part, rank in zip(share, ranked, strict=True)])
    return weights.astype(np.float64)


def _base_prices(categories: tuple[Category, ...], category: Ints, rng: np.random.Generator) -> Ints:
    median = np.array([each.median_price for each in categories])[category]
    spread = np.array([each.price_spread for each in categories])[category]
    cents = np.round(100 * median * np.exp(spread * rng.normal(size=len(category))))
    return np.maximum(cents, CHEAPEST_CENTS).astype(np.int64)


def _brands(categories: tuple[Category, ...], size: Ints, rng: np.random.Generator) -> tuple[str, ...]:
    pool = [start + end for start in BRAND_STARTS.split() for end in BRAND_ENDS.split()]
    brands: list[str] = []
    for category, products in zip(categories, size, strict=True):
        others = rng.choice(pool, int(min(30, 1 + products // 8)), replace=False)
        names = [*category.brands.split(), *others]
        # The leading brands make most of a category: each next one has 0.7 of the one before.
        chosen = np.minimum(rng.geometric(0.3, products) - 1, len(names) - 1)
        known = rng.random(products) < category.branded
        brands += [names[name] if has else "" for name, has in zip(chosen, known, strict=True)]
    return tuple(brands)
