"""A reader's rows -> canonical events, each with the reason for its quarantine or none."""

from dataclasses import dataclass
from datetime import datetime
from functools import reduce

import ibis
import ibis.expr.types as ir

from footfall.clean.staged import QUARANTINE_BUCKET, STAGED
from footfall.contracts import EVENT_TYPES
from footfall.engine import Engine
from footfall.sources import RowReader, Source
from footfall.sources.mapping import Canonical
from footfall.sources.masking import LOOKS_LIKE_AN_ID, MASK
from footfall.sources.reader import raw_name

_UNKNOWN = "unknown"


@dataclass(frozen=True)
class Rules:
    """What a run accepts.

    Args:
        not_before: event times before it are `out_of_period`, UTC.
        before: event times from it on are `out_of_period`, UTC.
        price_outliers: reject prices outside the fences too (by default they stay: luxury is no error).
        price_fences: the lowest and highest price that is no outlier, once known.
    """

    not_before: datetime
    before: datetime
    price_outliers: bool = False
    price_fences: tuple[float, float] | None = None


def classify(rows: ir.Table, source: Source, rules: Rules, header: list[str]) -> ir.Table:
    """Every row as an event, with `reason` (null where the row is good) and `raw` (its text where it is not).

    Rejected rows get the bucket -1.
    """
    typed = _typed(rows, source)
    judged = typed.mutate(reason=_reason(typed, source, rules))
    raw = ibis.coalesce(judged.malformed, _as_it_was(judged, source, header))
    return judged.mutate(
        raw=ibis.ifelse(judged.reason.notnull(), raw, ibis.null("string")),
        bucket=ibis.ifelse(judged.reason.isnull(), judged.bucket, QUARANTINE_BUCKET).cast("int32"),
    ).select(STAGED.schema.names)


@ibis.udf.scalar.builtin  # type: ignore[untyped-decorator]
def trim(text: str) -> str:  # type: ignore[empty-body]
    """The text without blanks around it."""


def _trimmed(text: ir.StringValue) -> ir.StringValue:
    """`trim`, which costs as much as all other typing together, only where there is a blank."""
    return ibis.ifelse(text.contains(" "), trim(text), text)


def _typed(rows: ir.Table, source: Source) -> ir.Table:
    def text(name: Canonical) -> ir.StringValue:
        if name not in source.columns:
            return ibis.null("string")
        return _trimmed(rows[raw_name(source.columns[name])]).nullif("")

    def label(name: Canonical) -> ir.StringValue:
        return text(name).lower()

    quantity = rows.quantity.round().cast("int64") if "quantity" in source.columns else ibis.literal(1, "int64")
    spelled = _as_spelled(text("event_type"), source)
    product = text("product_id")
    typed = rows.mutate(
        event_type=_or_refund(spelled, quantity, text("order_id"), source),
        spelled=spelled,
        product_id=product,
        category_id=text("category_id"),
        category_code=label("category_code").coalesce(_UNKNOWN),
        brand=label("brand").coalesce(_UNKNOWN),
        quantity=quantity,
        is_product=_is_product(product, source),
        currency=text("currency").coalesce(source.currency) if source.currency else text("currency"),
        source_session=text("session_id" if "session_id" in source.columns else "order_id"),
        order_id=text("order_id"),
        country=label("country"),
        identity=_row_identity(rows, source),
    )
    return _booked(typed, source)


def _as_spelled(spelled: ir.StringValue, source: Source) -> ir.StringValue:
    rules = source.event_type
    if "event_type" not in source.columns:
        return ibis.literal(rules.default)
    normal = spelled.lower().replace(" ", "_").replace("-", "_")
    ours = [name for name in EVENT_TYPES if rules.spellings().get(name) == name]
    # Nearly all rows are spelled as ours; looking there first halves the cost of the column.
    event_type = ibis.ifelse(spelled.isin(ours), spelled, normal.cases(*rules.spellings().items()))
    return event_type.coalesce(rules.default) if rules.default else event_type


def _or_refund(
    event_type: ir.StringValue, quantity: ir.IntegerValue, order_id: ir.StringValue, source: Source
) -> ir.StringValue:
    rules, signs = source.event_type, []
    if rules.refund_if_negative_quantity:
        signs.append(quantity < 0)
    if rules.refund_if_order_starts_with:
        signs.append(order_id.startswith(rules.refund_if_order_starts_with))
    if not signs:
        return event_type
    goes_back = reduce(lambda one, other: one | other, signs).fill_null(False)
    return ibis.ifelse(goes_back & (event_type == "purchase"), "refund", event_type)


def _booked(rows: ir.Table, source: Source) -> ir.Table:
    """With price, quantity and amount: a refund's quantity and amount are negative, whichever signs the file has.

    In a step of its own, as DuckDB works the event type out anew for every condition that it stands in.
    """
    goes_back = rows.event_type == "refund"
    if source.event_type.refund_if_negative_quantity:
        # Here signs mean something: a line without one takes back part of its cancelled order (see docs/presets.md).
        goes_back &= (rows.spelled == "refund") | (rows.quantity < 0) | (rows.amount < 0)
    quantity = ibis.ifelse(goes_back & (rows.quantity > 0), -rows.quantity, rows.quantity)
    if "amount" in source.columns:
        line_amount = ibis.ifelse(goes_back, -rows.amount.abs(), rows.amount)
        price = line_amount / quantity.nullif(0)
    else:
        price = ibis.ifelse(goes_back, rows.price.abs(), rows.price)
        line_amount = price * quantity
    is_money = rows.event_type.isin(["purchase", "refund"])
    return rows.mutate(price=price, quantity=quantity, amount=ibis.ifelse(is_money, line_amount, 0.0))


def _is_product(product: ir.StringValue, source: Source) -> ir.BooleanValue:
    if not source.product.not_product:
        return ibis.literal(value=True)
    return ~product.re_search(source.product.not_product).fill_null(False)


def _row_identity(rows: ir.Table, source: Source) -> ir.StringValue:
    """A digest of the whole line, where that is what identifies an event."""
    if source.identity.columns != "row":
        return ibis.null("string")
    fields = [rows[name].fill_null("") for name in rows.columns if name.startswith("raw_")]
    return _joined([*fields, rows.user_id.fill_null("")], "\x1f").hexdigest("md5")


def _joined(texts: list[ir.StringValue], separator: str) -> ir.StringValue:
    return ibis.literal(separator).join(texts)


def _reason(rows: ir.Table, source: Source, rules: Rules) -> ir.StringValue:
    """The first reason that applies, in the order of `QUARANTINE_REASONS`."""
    may_lack_price = rows.event_type == "remove_from_cart"
    tests = [
        (rows.malformed.notnull() | rows.quantity.isnull(), "malformed"),
        (rows.event_time.isnull(), "bad_timestamp"),
        ((rows.event_time < rules.not_before) | (rows.event_time >= rules.before), "out_of_period"),
        (rows.event_type.isnull(), "unknown_event_type"),
        (~may_lack_price & ~(rows.price > 0).fill_null(False), "price_not_positive"),
        (rows.product_id.isnull(), "missing_product"),
    ]
    if source.kind == "event_log":
        tests.insert(5, (rows.user_id.isnull(), "missing_user"))
    if source.columns.keys() & {"category_id", "category_code"}:
        tests.append((rows.category_id.isnull() & (rows.category_code == _UNKNOWN), "no_category"))
    if rules.price_fences:
        lowest, highest = rules.price_fences
        tests.append(((rows.price < lowest) | (rows.price > highest), "price_outlier"))
    return ibis.cases(*tests)


def price_fences(engine: Engine, reader: RowReader, rules: Rules) -> tuple[float, float]:
    """Tukey's fences of the good rows' prices: 1.5 interquartile ranges below the first quartile and above the third.

    Reads the file once more. Source: J. W. Tukey, Exploratory Data Analysis (1977).
    """
    rows = classify(engine.read_batches(reader, lambda _: None), reader.source, rules, reader.header())
    good = rows.filter(rows.reason.isnull())
    quartiles = good.agg(first=good.price.quantile(0.25), third=good.price.quantile(0.75))
    first, third = engine.collect(quartiles).to_pylist()[0].values()
    reach = 1.5 * (third - first)
    return first - reach, third + reach


def _as_it_was(rows: ir.Table, source: Source, header: list[str]) -> ir.StringValue:
    """The row's fields joined by the source's delimiter, without what identifies a person.

    Users and sessions are masked. Values may have moved even where there are as many as there should be, so what looks
    like an id is masked wherever no product's, category's or order's is due, and there as well if no time was found.
    """
    identifying = {source.columns.get("session_id"), source.columns.get("user_id")}
    numbered = {source.columns.get(name) for name in _NUMBERED}

    def told(name: str) -> ir.StringValue:
        field = rows[raw_name(name)].fill_null("")
        may_be = field.re_search(LOOKS_LIKE_AN_ID)
        return ibis.ifelse(may_be & rows.event_time.isnull() if name in numbered else may_be, MASK, field)

    return _joined(
        [ibis.literal(MASK) if name in identifying else told(name) for name in header], source.file.delimiter
    )


_NUMBERED: tuple[Canonical, ...] = ("product_id", "category_id", "order_id")
