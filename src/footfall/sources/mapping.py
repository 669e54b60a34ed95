"""A source: which column is what, how times and numbers are written, which rows are which event.

Presets and users' own mapping files (TOML) have one form and go through one parser.
"""

import codecs
import tomllib
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from footfall.contracts import EVENT_TYPES
from footfall.errors import SettingInvalid

Canonical = Literal[
    "event_time",
    "event_type",
    "product_id",
    "description",
    "category_id",
    "category_code",
    "brand",
    "price",
    "amount",
    "quantity",
    "currency",
    "user_id",
    "session_id",
    "order_id",
    "country",
]

SPELLINGS = {
    "view": "view",
    "views": "view",
    "viewed": "view",
    "page_view": "view",
    "product_view": "view",
    "view_item": "view",
    "detail": "view",
    "cart": "cart",
    "add": "cart",
    "addtocart": "cart",
    "add_to_cart": "cart",
    "remove": "remove_from_cart",
    "removefromcart": "remove_from_cart",
    "remove_from_cart": "remove_from_cart",
    "purchase": "purchase",
    "purchased": "purchase",
    "buy": "purchase",
    "order": "purchase",
    "transaction": "purchase",
    "refund": "refund",
    "return": "refund",
}
"""Spellings of event types that need no mapping (lower case; spaces and hyphens count as underscores)."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FileFormat(_Strict):
    """How the text is laid out. Parquet needs none of it."""

    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","
    encoding: str = "utf-8"
    newlines_in_values: bool = False

    @field_validator("encoding")
    @classmethod
    def _known(cls, name: str) -> str:
        try:
            return codecs.lookup(name).name
        except LookupError as error:
            raise ValueError(f'"{name}" is no encoding; write it like utf-8, latin-1 or cp1252') from error


class TimeFormat(_Strict):
    """How event times are written; several formats are tried in turn."""

    formats: tuple[str, ...] = ("%Y-%m-%d %H:%M:%S",)
    timezone: str = "UTC"

    @field_validator("timezone")
    @classmethod
    def _known(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f'"{name}" is no time zone; write it like Europe/Paris') from error
        return name


class NumberFormat(_Strict):
    """How numbers are written."""

    decimal_mark: Literal[".", ","] = "."
    thousands_mark: Literal["", ",", ".", " ", "'"] = ""


class EventTypes(_Strict):
    """Which row is which event: by a column's values, or one default; and what turns a purchase into a refund."""

    default: str | None = None
    values: dict[str, str] = {}
    refund_if_negative_quantity: bool = False
    refund_if_order_starts_with: str = ""

    @model_validator(mode="after")
    def _ours(self) -> "EventTypes":
        for spelling, event_type in [*self.values.items(), ("default", self.default)]:
            if event_type is not None and event_type not in EVENT_TYPES:
                raise ValueError(f'{spelling} = "{event_type}": must be one of {", ".join(EVENT_TYPES)}')
        return self

    def spellings(self) -> dict[str, str]:
        """Every accepted spelling, normalised, with the event type that it means."""
        return SPELLINGS | {normalise_spelling(theirs): ours for theirs, ours in self.values.items()}


class Identity(_Strict):
    """What makes two rows the same event: canonical columns, or the whole row."""

    columns: tuple[Canonical, ...] | Literal["row"] = "row"


class Products(_Strict):
    """Which lines are no product: a regular expression on the product id."""

    not_product: str = ""


class Source(_Strict):
    """All that is needed to read a file as events.

    `kind` says whether a row without a user is an error (`event_log`) or an anonymous sale (`invoices`).
    """

    name: str
    kind: Literal["event_log", "invoices"] = "event_log"
    currency: str | None = None
    columns: dict[Canonical, str]
    file: FileFormat = FileFormat()
    time: TimeFormat = TimeFormat()
    numbers: NumberFormat = NumberFormat()
    event_type: EventTypes = EventTypes()
    identity: Identity = Identity()
    product: Products = Products()

    @model_validator(mode="after")
    def _complete(self) -> "Source":
        missing = [column for column in ("event_time", "product_id") if column not in self.columns]
        if missing:
            raise ValueError(f"[columns] needs {' and '.join(missing)}")
        if ("price" in self.columns) == ("amount" in self.columns):
            raise ValueError("[columns] needs either price (of one piece) or amount (of the line), and not both")
        if "event_type" not in self.columns and self.event_type.default is None:
            raise ValueError("[columns] needs event_type, or [event_type] needs default")
        if self.kind == "event_log" and "user_id" not in self.columns:
            raise ValueError('[columns] needs user_id for kind = "event_log"')
        if self.numbers.decimal_mark == self.numbers.thousands_mark:
            raise ValueError("[numbers] decimal_mark and thousands_mark must differ")
        if self.identity.columns != "row":
            unmapped = [column for column in self.identity.columns if column not in self.columns]
            if "description" in self.identity.columns:
                raise ValueError("[identity] cannot use description, which is not kept; use order_id or product_id")
            if unmapped:
                raise ValueError(f"[identity] names {', '.join(unmapped)}, which [columns] does not map")
        return self


def with_our_names(source: Source) -> Source:
    """The same source as programs bring its events: columns by their canonical names, UTC, numbers with a point.

    >>> with_our_names(Source(name="shop", columns={"event_time": "when", "product_id": "sku", "price": "eur"},
    ...     kind="invoices", event_type=EventTypes(default="purchase"))).columns["product_id"]
    'product_id'
    """
    plain = {"columns": {name: name for name in source.columns}, "time": TimeFormat(), "numbers": NumberFormat()}
    return source.model_copy(update=plain | {"file": FileFormat()})


def normalise_spelling(spelling: str) -> str:
    """An event type's spelling in lower case, with underscores for spaces and hyphens.

    >>> normalise_spelling(" Add to-Cart ")
    'add_to_cart'
    """
    return spelling.strip().lower().replace(" ", "_").replace("-", "_")


def load_mapping(path: Path) -> Source:
    """Read a mapping file.

    Raises:
        SettingInvalid: it cannot be read, or says something that cannot be followed; the message names the key.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise SettingInvalid(f"mapping {path}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise SettingInvalid(f"mapping {path}: is not UTF-8 text ({error.reason} at byte {error.start})") from error
    return parse_mapping(text, where=str(path))


def parse_mapping(text: str, *, where: str) -> Source:
    """Read a mapping from TOML text; `where` is named in errors."""
    try:
        return Source.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise SettingInvalid(f"mapping {where}: is not valid TOML: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"]) or "file"
        raise SettingInvalid(f"mapping {where}: {key}: {first['msg']}; see `footfall sources show rees46`") from error
