"""Which forecast is best on a real shop? One table, all models on the same origins.

    python benchmarks/forecast.py online_retail_II.csv [--metric revenue] [--out table.md]

Online Retail II by day: the shop, its countries, and product groups made from the words of the descriptions (of
invoices before the first origin that is scored). 12 origins, 14 days ahead. Two kinds of rows:

- as the library gives it: every day without sales is a zero, no calendar, the library's own intervals (seasonal naive,
  AutoETS, AutoARIMA, MSTL, Prophet, and a global gradient boosting with lags by mlforecast);
- Footfall's models and its choice: the calendar known, intervals from past errors, levels reconciled.

"Below": 1 - geometric mean over series of the ratio of errors to those of the library's seasonal naive forecast, with its
95% interval over origins. Quantile loss: the mean of pinball losses at seven levels. Width at equal coverage: of the 80%
interval, after both are stretched until they cover 80%.
"""

import argparse
import logging
import sys
import time
import warnings
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
from scipy import stats
from sklearn.cluster import KMeans
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import Normalizer
from statsforecast import StatsForecast
from statsforecast import models as library

import footfall
from footfall.forecast import (
    BENCHMARKS,
    INTERVALS,
    LEVELS,
    QUANTILES,
    KnownDays,
    Panel,
    Rolled,
    coverage,
    models,
    roll,
    skill,
)
from footfall.forecast.choice import quantile_losses
from footfall.lake import open_lake
from footfall.pipeline.query import query
from footfall.series import ShopCalendar
from footfall.sources.presets import __file__ as PRESETS

HORIZON, ORIGINS, GROUPS = 14, 12, 10
FIRST_SCORED = "2011-06-24"
NAIVE = "SeasonalNaive"
CALENDAR = """\
country = "GB-ENG"
[[closed]]
name = "Christmas"
from = 2009-12-24
to = 2010-01-03
[[closed]]
name = "Christmas"
from = 2010-12-24
to = 2011-01-03
"""


def with_groups(file: Path, target: Path) -> None:
    """The invoices with a group for each product: K-means on the words of its description."""
    lines = pd.read_csv(file, dtype=str, keep_default_na=False)
    described = lines[lines.Description.str.len() > 5]
    known = described[pd.to_datetime(described.InvoiceDate, format="mixed") < FIRST_SCORED]
    words = TfidfVectorizer(token_pattern=r"[A-Z]{3,}", lowercase=False, min_df=5, sublinear_tf=True)
    space = make_pipeline(words, TruncatedSVD(40, random_state=0), Normalizer())
    texts = known.groupby("StockCode").Description.agg(lambda ours: ours.mode().iloc[0])
    groups = KMeans(GROUPS, n_init=5, random_state=0).fit(space.fit_transform(texts))
    first_seen = described.groupby("StockCode").Description.first()
    group_of = pd.Series(groups.predict(space.transform(first_seen)), first_seen.index).map("group {}".format)
    lines.assign(category_code=lines.StockCode.map(group_of).fillna("")).to_csv(target, index=False)


def panel_of(file: Path, metric: str, folder: Path) -> Panel:
    """Daily series through the whole of Footfall."""
    grouped, mapping, calendar = folder / "grouped.csv", folder / "grouped.toml", folder / "sales.toml"
    with_groups(file, grouped)
    preset = (Path(PRESETS).parent / "online_retail.toml").read_text("utf-8")
    mapping.write_text(preset.replace('country = "Country"', 'country = "Country"\ncategory_code = "category_code"'))
    calendar.write_text(CALENDAR)
    footfall.run([str(grouped)], lake=folder / "lake", mapping=mapping, timezone="Europe/London", calendar=calendar,
                 k="1", resamples=0)  # fmt: skip
    rows = query(
        open_lake(folder / "lake"),
        "SELECT series_id, ts, value, status, parent, dimension FROM metric_series "
        f"WHERE grain = 'day' AND metric = '{metric}' ORDER BY series_id, ts",
    ).to_pandas()
    hierarchy = rows[["series_id", "parent", "dimension"]].drop_duplicates(ignore_index=True)
    return Panel(rows[["series_id", "ts", "value", "status"]], "D", hierarchy=hierarchy)
