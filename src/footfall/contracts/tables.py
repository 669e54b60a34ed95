"""The contracts of Footfall's tables. Their names and columns are public interface.

`user_features` is missing here on purpose: its columns come from the feature registry (`footfall.features`).
"""

import pyarrow as pa

from footfall.contracts.table import Column, Table

BUCKETS = 16
"""Hash buckets of users: the first hexadecimal digit of the pseudonym."""

EVENT_TYPES = ("view", "cart", "remove_from_cart", "purchase", "refund")

QUARANTINE_REASONS = {
    "malformed": "the line does not have the header's number of fields, or is not text in the source's encoding",
    "bad_timestamp": "the event time is missing or does not fit the source's format",
    "out_of_period": "the event time is outside the accepted period",
    "unknown_event_type": "the event type is missing or not one that the source declares",
    "price_not_positive": "the price is missing, no number, zero or negative (removals may have none, refunds a sign)",
    "missing_user": "an event log's row has no user",
    "missing_product": "the row has no product",
    "no_category": "neither category id nor category code, in a source that has categories",
    "price_outlier": "with `--price-outliers iqr` only: the price is outside Tukey's fences",
}
"""Reasons in the order in which they are tried: a row gets the first that applies."""

_TEXT, _INT, _REAL, _TIME, _FLAG = pa.string(), pa.int64(), pa.float64(), pa.timestamp("us"), pa.bool_()

_USER = Column("user_id", _TEXT, "pseudonym: the first 128 bits of HMAC-SHA-256 of the raw id, in hexadecimal")
_MONTH = Column("month", _TEXT, "calendar month of the event time, UTC", "YYYY-MM")
_BUCKET = Column("bucket", pa.int32(), f"hash bucket of the user, 0 to {BUCKETS - 1}")

RAW_FILES = Table(
    "raw_files",
    "raw",
    grain="path, sha256",
    definition="Every file that was landed, untouched, in the raw zone. A later row of the same path is a new version.",
    columns=(
        Column("path", _TEXT, "the file's name as it was given (relative to the folder that was named)"),
        Column("sha256", _TEXT, "checksum of the file's bytes"),
        Column("bytes", _INT, "size of the file", "bytes"),
        Column("rows", _INT, "data rows read; null until the file has been cleaned", "rows"),
        Column("source", _TEXT, "the preset or mapping that reads it"),
        Column("ingested_at", _TIME, "when it was landed, UTC"),
        Column("landed_as", _TEXT, "where the copy stands, relative to the lake"),
    ),
)

EVENTS = Table(
    "events",
    "cleansed",
    grain="one event of the shop, after quarantine and duplicates",
    definition="What happened in the shop: views, cart changes, purchases and refunds.",
    partition_by=("month", "bucket"),
    columns=(
        Column("event_time", _TIME, "when, UTC, truncated to the minute", "minute"),
        Column("event_type", _TEXT, "one of " + ", ".join(EVENT_TYPES)),
        Column("product_id", _TEXT, "the source's product id"),
        Column("category_id", _TEXT, "the source's category id; null where it has none"),
        Column("category_code", _TEXT, "readable category, levels separated by points; `unknown` where missing"),
        Column("brand", _TEXT, "brand in lower case; `unknown` where missing"),
        Column("price", _REAL, "unit price", "currency"),
        Column("quantity", _INT, "pieces; negative where goods are booked back", "pieces"),
        Column("amount", _REAL, "price x quantity for purchases and refunds (there negative), else 0", "currency"),
        Column("is_product", _FLAG, "false for postage, fees, manual adjustments and the like"),
        Column("currency", _TEXT, "ISO 4217 code; null where the source does not say"),
        _USER,
        Column("session_id", _TEXT, "visit: the source's session, split where 30 minutes pass without an event"),
        Column("order_id", _TEXT, "order of a purchase or refund; null for other events"),
        Column("country", _TEXT, "country as the source spells it, lower case; null where it has none"),
        _MONTH,
        _BUCKET,
    ),
)

QUARANTINE = Table(
    "quarantine",
    "cleansed",
    grain="source_file, line",
    definition="Every row that was rejected, with the reason.",
    columns=(
        Column("source_file", _TEXT, "`path` of `raw_files`"),
        Column("line", _INT, "line of the file, the header being line 1 (row number for Parquet)", "line"),
        Column("reason", _TEXT, "one of " + ", ".join(QUARANTINE_REASONS)),
        Column("raw", _TEXT, "the row as it was, user and session ids masked"),
    ),
)

ROW_ACCOUNTS = Table(
    "row_accounts",
    "cleansed",
    grain="source_file, outcome",
    definition="Where the rows of every file went: the rows of a file sum to the rows read, exactly.",
    columns=(
        Column("source_file", _TEXT, "`path` of `raw_files`"),
        Column("outcome", _TEXT, "kept, duplicate, or the reason of quarantine"),
        Column("rows", _INT, "how many rows", "rows"),
    ),
)

SESSIONS = Table(
    "sessions",
    "processed",
    grain="session_id",
    definition="One row per visit. Product events only, of visitors with a pseudonym.",
    partition_by=("month", "bucket"),
    columns=(
        Column("session_id", _TEXT, "the visit"),
        _USER,
        Column("started_at", _TIME, "minute of the first event, UTC", "minute"),
        Column("ended_at", _TIME, "minute of the last event, UTC", "minute"),
        Column("events", _INT, "all events but refunds", "events"),
        Column("views", _INT, "product views", "events"),
        Column("carts", _INT, "additions to the cart", "events"),
        Column("removals", _INT, "removals from the cart", "events"),
        Column("purchases", _INT, "purchase lines", "events"),
        Column("amount", _REAL, "purchases net of refunds", "currency"),
        Column("products_viewed", _INT, "different products viewed", "products"),
        _MONTH,
        _BUCKET,
    ),
)

USER_MONTHS = Table(
    "user_months",
    "processed",
    grain="user_id, month",
    definition="What a user did in a month. Every user with an event has a row; the counts are of product events.",
    partition_by=("month", "bucket"),
    columns=(
        _USER,
        Column("first_at", _TIME, "first product event but refunds", "minute"),
        Column("last_at", _TIME, "last product event but refunds", "minute"),
        Column("last_purchase_at", _TIME, "last purchase", "minute"),
        Column("events", _INT, "all events but refunds", "events"),
        Column("views", _INT, "product views", "events"),
        Column("carts", _INT, "additions to the cart", "events"),
        Column("removals", _INT, "removals from the cart", "events"),
        Column("purchases", _INT, "purchase lines", "events"),
        Column("items", _INT, "pieces bought", "pieces"),
        Column("spend", _REAL, "purchases net of refunds", "currency"),
        Column("active_days", _INT, "days with an event", "days"),
        Column("weekend_events", _INT, "events on Saturday or Sunday, shop time", "events"),
        Column("evening_events", _INT, "events from 18:00 to midnight, shop time", "events"),
        Column("late_month_events", _INT, "events from the 16th of the month on, shop time", "events"),
        Column("price_tier_sum", _REAL, "sum over events of the product's price rank in its category, 0 to 1"),
        Column("price_tier_events", _INT, "events with a price rank", "events"),
        Column("log_price_mean", _REAL, "mean of ln(price) over events with a price"),
        Column("log_price_m2", _REAL, "sum of squared deviations of ln(price) from that mean"),
        Column("log_price_events", _INT, "events with a price", "events"),
        _MONTH,
        _BUCKET,
    ),
)

USER_MEMBERS = Table(
    "user_members",
    "processed",
    grain="user_id, dimension, member, month",
    definition="How a user's events spread over categories, brands and hours of the day.",
    partition_by=("month", "bucket"),
    columns=(
        _USER,
        Column("dimension", _TEXT, "category, brand or hour"),
        Column("member", _TEXT, "the category (id, else code), the known brand, or the hour (shop time)"),
        Column("events", _INT, "events but refunds", "events"),
        _MONTH,
        _BUCKET,
    ),
)

PRODUCT_PRICES = Table(
    "product_prices",
    "processed",
    grain="product_id, category, day, price",
    definition="At which prices a product was seen on a day: the base of price ranks and of promotions.",
    partition_by=("month",),
    columns=(
        Column("product_id", _TEXT, "the product"),
        Column("category", _TEXT, "its category (id, else code)"),
        Column("day", pa.date32(), "day, UTC", "day"),
        Column("price", _REAL, "unit price", "currency"),
        Column("events", _INT, "events at that price, refunds left out", "events"),
        _MONTH,
    ),
)

PURCHASES = Table(
    "purchases",
    "processed",
    grain="one purchase or refund line",
    definition="The lines of all orders, slim enough to be read for every feature run.",
    partition_by=("month", "bucket"),
    columns=(
        _USER,
        Column("order_id", _TEXT, "the order"),
        Column("event_type", _TEXT, "purchase or refund"),
        Column("product_id", _TEXT, "the product"),
        Column("bought_at", _TIME, "minute, UTC", "minute"),
        Column("price", _REAL, "unit price", "currency"),
        Column("quantity", _INT, "pieces", "pieces"),
        Column("amount", _REAL, "price x quantity", "currency"),
        Column(
            "reference_price", _REAL, "the product's median price of the 28 days before; null where unseen", "currency"
        ),
        _MONTH,
        _BUCKET,
    ),
)

CUSTOMER_SEGMENTS = Table(
    "customer_segments",
    "processed",
    grain="user_id",
    definition="The segment of every user as of the latest date.",
    columns=(
        _USER,
        Column("segment_id", pa.int32(), "the segment; kept from model to model while it holds the same users"),
        Column("segment_name", _TEXT, "readable name"),
        Column("proba", _REAL, "chance that a segmentation of other users of the shop says the same", "0 to 1"),
        Column("distance", _REAL, "Euclidean distance to the segment's centre, in PCA space"),
        Column("model_version", _TEXT, "which model"),
        Column("as_of", _TIME, "only events before this moment were used, UTC"),
        Column("updated_at", _TIME, "when the row was written, UTC"),
    ),
)

SEGMENT_PROFILES = Table(
    "segment_profiles",
    "processed",
    grain="segment_id, feature, model_version",
    definition="What a segment is like: one row per segment and feature.",
    columns=(
        Column("segment_id", pa.int32(), "the segment"),
        Column("segment_name", _TEXT, "readable name"),
        Column("segment_name_fr", _TEXT, "readable name, in French"),
        Column("part", _TEXT, "whom it was divided from: buyers, visitors (never bought), users (all), top_spenders"),
        Column("users", _INT, "users in the segment", "users"),
        Column("share", _REAL, "share of all users", "share"),
        Column("revenue_share", _REAL, "share of all spend", "share"),
        Column("feature", _TEXT, "a column of user_features"),
        Column("mean", _REAL, "mean over the segment's users"),
        Column("median", _REAL, "median over the segment's users"),
        Column("base_mean", _REAL, "mean over the users of its part"),
        Column("base_median", _REAL, "median over the users of its part"),
        Column("effect_size", _REAL, "Cohen's d against the other users of its part, on the scale of the fit"),
        Column("recommendation", _TEXT, "what to do with this segment"),
        Column("recommendation_fr", _TEXT, "the same in French"),
        Column("reason", _TEXT, "why"),
        Column("reason_fr", _TEXT, "the same in French"),
        Column("evidence", _TEXT, "the numbers that it rests on"),
        Column("evidence_fr", _TEXT, "the same in French"),
        Column("basis", _TEXT, "what kind of evidence that is: correlational"),
        Column("model_version", _TEXT, "which model"),
        Column("as_of", _TIME, "only events before this moment were used, UTC"),
    ),
)

K_SELECTION = Table(
    "k_selection",
    "processed",
    grain="part, k",
    definition="How many segments there are: what was measured for every number, and what the rule chooses.",
    columns=(
        Column("part", _TEXT, "who was divided: buyers, visitors (never bought), or users (all)"),
        Column("k", pa.int32(), "number of segments; 1 stands for no structure"),
        Column("inertia", _REAL, "sum of squared distances to the centres, in PCA space (reported, never decides)"),
        Column("silhouette", _REAL, "mean silhouette in squared distance, over all users", "-1 to 1"),
        Column("silhouette_sample", _REAL, "mean silhouette in Euclidean distance, over a sample", "-1 to 1"),
        Column("silhouette_low", _REAL, "lower limit of its 95% interval", "-1 to 1"),
        Column("silhouette_high", _REAL, "upper limit of its 95% interval", "-1 to 1"),
        Column("gap", _REAL, "gap statistic: log inertia of users without structure, less that of these"),
        Column("gap_error", _REAL, "standard error of the gap"),
        Column("jaccard_min", _REAL, "bootstrap Jaccard of the segment that comes back worst; at least 0.75", "0 to 1"),
        Column("jaccard_mean", _REAL, "bootstrap Jaccard, mean over the segments", "0 to 1"),
        Column("rand", _REAL, "adjusted Rand index of the bootstrap"),
        Column("prediction_strength", _REAL, "pairs of the worst segment that stay together; at least 0.8", "0 to 1"),
        Column("smallest_share", _REAL, "share of users in the smallest segment; at least 0.005", "share"),
        Column("is_chosen", _FLAG, "whether the rule chooses it"),
        Column("is_runner_up", _FLAG, "whether it would have been next"),
        Column("verdict", _TEXT, "why it was chosen, or which parts of the rule it breaks; empty if it holds as well"),
        Column("resamples", pa.int32(), "how often users were drawn again"),
        Column("as_of", _TIME, "only events before this moment were used, UTC"),
    ),
)

SEGMENT_MIGRATION = Table(
    "segment_migration",
    "processed",
    grain="from_as_of, to_as_of, from_segment_id, to_segment_id",
    definition="How users moved from one segmentation to the next: one row per pair of segments with users.",
    columns=(
        Column("from_as_of", _TIME, "date of the earlier segmentation, UTC"),
        Column("to_as_of", _TIME, "date of the later one, UTC"),
        Column("from_segment_id", pa.int32(), "where the users were; null if they were not known yet"),
        Column("from_segment_name", _TEXT, "its name then"),
        Column("to_segment_id", pa.int32(), "where they are; null if they are not known any more"),
        Column("to_segment_name", _TEXT, "its name now"),
        Column("users", _INT, "how many", "users"),
        Column("share_of_from", _REAL, "share of the users who were there; null for new users", "share"),
        Column("from_model_version", _TEXT, "which model said where they were"),
        Column("to_model_version", _TEXT, "which model says where they are"),
    ),
)

COMPLETE, PARTIAL, CLOSED, MISSING = BUCKET_STATUSES = ("complete", "partial", "closed", "missing")
"""What is known of a bucket of time: it is over and its data came, it is not over, no sales then, no data came."""

DIMENSIONS = ("all", "category", "brand", "country")
"""What volumes are counted by: everything together, the leaf of `category_code`, the brand, the country."""

VOLUMES = Table(
    "volumes",
    "processed",
    grain="hour, dimension, member",
    definition="What happened in every hour: product events, and each visit and order once. Empty hours have no row.",
    partition_by=("month",),
    columns=(
        Column("hour", _TIME, "when the shop's hour began, UTC", "hour"),
        Column("day", _TIME, "its day, in the shop's time", "day"),
        Column("dimension", _TEXT, "one of " + ", ".join(DIMENSIONS)),
        Column("member", _TEXT, "the category (all its levels), brand or country; `all` for everything"),
        Column("events", _INT, "all events but refunds", "events"),
        Column("views", _INT, "product views", "events"),
        Column("carts", _INT, "additions to the cart", "events"),
        Column("items", _INT, "pieces bought", "pieces"),
        Column("revenue", _REAL, "purchases, before refunds", "currency"),
        Column("refunds", _REAL, "what was given back, as a positive number", "currency"),
        Column("orders", _INT, "orders, at their first line, of the member that most of the money went to", "orders"),
        Column("sessions", _INT, "visits, counted at their first event for its member", "visits"),
        Column("buying_sessions", _INT, "visits with a purchase", "visits"),
        Column("users", _INT, "different users of the hour, each counted for the member of the first event", "users"),
        Column("day_users", _INT, "users whose first event of the day this is: they sum to the day's users", "users"),
        Column("month", _TEXT, "calendar month of the hour, in the shop's time", "YYYY-MM"),
    ),
)

METRIC_SERIES = Table(
    "metric_series",
    "processed",
    grain="series_id, ts",
    definition="Volumes over time: every metric of the shop and of its largest members, by hour and by day.",
    columns=(
        Column("series_id", _TEXT, "grain/metric/dimension/member"),
        Column("metric", _TEXT, "what is counted"),
        Column("dimension", _TEXT, "all, brand, country, category, or category_2 and category_3 for its deeper levels"),
        Column("member", _TEXT, "the brand, country or category; `other` for those too small for series of their own"),
        Column("parent", _TEXT, "series that this one is part of; null for the whole shop"),
        Column("grain", _TEXT, "hour or day"),
        Column("ts", _TIME, "the bucket: for hours the UTC moment at which the shop's hour began, for days its date"),
        Column("value", _REAL, "the metric; null where missing, and for a share or an average of nothing"),
        Column("status", _TEXT, "complete, partial (not over), closed (no sales then) or missing (no data arrived)"),
    ),
)

QUANTILES = {"q025": 0.025, "q100": 0.1, "q250": 0.25, "q500": 0.5, "q750": 0.75, "q900": 0.9, "q975": 0.975}
"""Of forecasts, by the column that has them: `q100` to `q900` hold 80%, `q025` to `q975` hold 95%."""
_FORECAST = (
    Column("series_id", _TEXT, "as in metric_series: grain/metric/dimension/member"),
    Column("metric", _TEXT, "what is forecast"),
    Column("grain", _TEXT, "hour or day"),
    Column("dimension", _TEXT, "as in metric_series"),
    Column("member", _TEXT, "as in metric_series"),
    Column("origin", _TIME, "the last bucket that was known"),
    Column("ts", _TIME, "the bucket that is forecast"),
    Column("model", _TEXT, "a model, `median` of those that are no benchmark, or `chosen`: the forecast to use"),
    Column("mean", _REAL, "expected value; members of `chosen` sum to their parent; null where the model failed"),
    *(
        Column(name, _REAL, f"{level:.1%} of outcomes are below; null where the model failed")
        for name, level in QUANTILES.items()
    ),
)
FORECASTS = Table(
    "forecasts",
    "models",
    grain="series_id, ts, model",
    definition="What is to come, with a range to plan on: from the last bucket that is over.",
    columns=_FORECAST,
    partition_by=("metric", "grain"),
)
BACKTESTS = Table(
    "backtests",
    "models",
    grain="series_id, origin, ts, model",
    definition="What would have been forecast from earlier origins, beside what happened.",
    columns=(
        *_FORECAST,
        Column("actual", _REAL, "what happened"),
        Column("status", _TEXT, "complete, or closed (no sales then)"),
        Column("is_closed", _FLAG, "whether it was forecast to be closed"),
    ),
    partition_by=("metric", "grain"),
)
