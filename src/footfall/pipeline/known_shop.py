"""What the features of a few users rest on besides their own events: the whole shop, as the lake tells of it."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from footfall.clean.rules import Rules
from footfall.contracts import CUSTOMER_SEGMENTS, EVENTS, PRODUCT_PRICES, SESSIONS, USER_MONTHS
from footfall.engine.duckdb import DuckDBEngine, placeholder, sql_of
from footfall.errors import SettingInvalid
from footfall.features import USER_FEATURES
from footfall.features.prices import price_ranks, product_prices
from footfall.ingest.landing import known_files
from footfall.lake import Lake
from footfall.pipeline.cleaning import rules_for
from footfall.pipeline.features import published, shares_as_of
from footfall.pipeline.months import month_end
from footfall.settings import Settings
from footfall.sources import PRESETS, Source, preset
from footfall.sources.mapping import with_our_names

PRICES = pa.schema([field for field in PRODUCT_PRICES.schema if field.name != "month"])
"""Rows of prices as they are kept here, once they are no longer packed as a dictionary."""

_MONTHS_OF_PRICES = 12
_MONTHS_OF_RANKS = 24


class KnownShop:
    """The shop as of a version of the lake's tables. Built once and used for many requests; threads may share it.

    Prices of a month are read when first asked for and kept: some 90 MB for a month with 3 million of them (a product's
    price on a day), and the last twelve months that were asked for. Nothing is ever written.

    Args:
        lake: with features. Its tables are remembered as they are now.
        settings: the timezone, session gap, period and price outliers that the lake was made with; memory and threads.
        source: how the events of requests are read, for a lake whose files were read by a mapping file or by several
            sources; by default as the lake's files.

    Raises:
        UserError: there are no features yet.
        SettingInvalid: no source is given, and the lake's files do not tell one.
    """

    def __init__(self, lake: Lake, settings: Settings, *, source: Source | None = None) -> None:
        self._versions = _versions(lake)
        self.source = with_our_names(source or _source_of(lake))
        self.as_of = published(lake)
        self.timezone = settings.timezone
        self.session_gap = timedelta(minutes=settings.session_gap_minutes)
        self._lake, self._settings = lake, settings
        self._price_files: defaultdict[str, list[Path]] = defaultdict(list)
        for file in lake.files(PRODUCT_PRICES):
            self._price_files[file.partition["month"]].append(lake.folder(PRODUCT_PRICES) / file.path)
        with closing(self._reader()) as reader:
            self.shares = shares_as_of(lake, reader, self.as_of, self.timezone)
            self._kept_prices = _price_range(lake, reader) if settings.price_outliers == "iqr" else None
        # With one thread the same events give the same bits; those who ask at the same time each bring their own.
        self._engine = DuckDBEngine(temporary=None, memory=settings.memory, threads=1)
        self._prices = lru_cache(_MONTHS_OF_PRICES)(self._read_prices)
        self._ranks = lru_cache(_MONTHS_OF_RANKS)(self._rank_prices)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def is_current(self) -> bool:
        """Whether the lake still has the versions of the tables that this was built from. Takes a millisecond."""
        return _versions(self._lake) == self._versions

    def close(self) -> None:
        """Give back its memory."""
        self._engine.close()

    def ask(self, sql: str, rows: Mapping[str, pa.Table]) -> pa.Table:
        """Run SQL of `sql_of` over rows in memory; see `DuckDBEngine.ask`."""
        return self._engine.ask(sql, rows)

    def rules(self) -> Rules:
        """What is accepted of events that come today.

        For price outliers, whose fences are those of a file, any price counts as inside that the lake kept.
        """
        now = datetime.now(UTC)
        rules = rules_for(self._settings, datetime(now.year, now.month, now.day) + timedelta(days=1))
        return replace(rules, price_outliers=False, price_fences=self._kept_prices)

    def prices(self, products: Collection[str], months: Collection[str]) -> pa.Table:
        """The rows of `product_prices` of some products in some months."""
        wanted = pa.array(products, pa.string())
        return pa.concat_tables([PRICES.empty_table(), *(_of_products(self._prices(one), wanted) for one in months)])

    def ranks(self, products: Collection[str], month: str, as_of: datetime) -> pa.Table:
        """The price ranks of some products in a month, by the prices that were seen before a moment."""
        ranks = self._ranks(month, as_of if as_of < month_end(month) else None)
        return ranks.filter(pc.is_in(ranks["product_id"], value_set=pa.array(products, pa.string())))

    def _reader(self) -> DuckDBEngine:
        return DuckDBEngine(temporary=None, memory=self._settings.memory, threads=self._settings.threads)

    def _read_prices(self, month: str) -> pa.Table:
        names = PRICES.names
        parts = [
            pq.ParquetFile(file, read_dictionary=_REPEATED).read(names).cast(_PACKED)
            for file in self._price_files.get(month, [])
        ]
        return pa.concat_tables([_PACKED.empty_table(), *parts]).unify_dictionaries().combine_chunks()

    def _rank_prices(self, month: str, before: datetime | None) -> pa.Table:
        rows = self._prices(month)
        if before is not None:
            whole_days = rows.filter(pc.less(rows["day"], pa.scalar(before.date()))).cast(PRICES)
            rows = pa.concat_tables([whole_days, self._prices_of_day(before)])
        return self.ask(_ranking(), {"prices": rows})

    def _prices_of_day(self, before: datetime) -> pa.Table:
        """The prices of the part of a day that lies before a moment: the events know, and prices know days only."""
        midnight, month = datetime(before.year, before.month, before.day), f"{before:%Y-%m}"
        if before == midnight:
            return PRICES.empty_table()
        with closing(self._reader()) as reader:
            events = self._lake.read(reader, EVENTS, lambda part: part["month"] == month)
            seen = events.filter((events.event_time >= midnight) & (events.event_time < before))
            return reader.collect(product_prices(seen, month).select(PRICES.names)).cast(PRICES)


def _versions(lake: Lake) -> dict[str, int]:
    tables = {table.name for table in (CUSTOMER_SEGMENTS, PRODUCT_PRICES, SESSIONS, USER_FEATURES, USER_MONTHS)}
    return {name: version for name, version in lake.versions().items() if name in tables}


def _source_of(lake: Lake) -> Source:
    """What the lake's files were read by."""
    names = sorted({str(row["source"]) for row in known_files(lake).values()})
    if len(names) != 1 or names[0] not in PRESETS:
        raise SettingInvalid(
            f"lake {lake.root}: its files were read by {', '.join(names)}, and it has to be said how events are to be "
            "read; name the mapping file with --mapping"
        )
    return preset(names[0])


def _price_range(lake: Lake, engine: DuckDBEngine) -> tuple[float, float] | None:
    """The lowest and the highest price among the events that were kept."""
    events = lake.read(engine, EVENTS)
    found = engine.collect(events.agg(low=events.price.min(), high=events.price.max())).to_pylist()[0]
    return None if found["low"] is None else (found["low"], found["high"])


_REPEATED = ("product_id", "category")
_PACKED = pa.schema(
    [(one.name, pa.dictionary(pa.int32(), pa.string()) if one.name in _REPEATED else one.type) for one in PRICES]
)


def _of_products(prices: pa.Table, products: pa.Array) -> pa.Table:
    # By places in the list of products: three million rows take 15 ms, and 60 by their texts.
    column = prices["product_id"].combine_chunks()
    is_wanted = pc.is_in(column.dictionary, value_set=products).to_numpy(zero_copy_only=False)
    return prices.take(pa.array(np.flatnonzero(is_wanted[column.indices.to_numpy()]))).cast(PRICES)


@cache
def _ranking() -> str:
    return sql_of(price_ranks(placeholder("prices", PRICES)))
