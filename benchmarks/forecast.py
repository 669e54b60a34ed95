"""Which forecast is best on a real shop? One table, all models on the same origins.

    python benchmarks/forecast.py online_retail_II.csv [--metric revenue] [--out table.md] [--keep FOLDER]

Online Retail II by day: the shop, its countries, and product groups made from the words of the descriptions (of
invoices before the first origin that is scored). 12 origins, 14 days ahead. Two kinds of rows:

- as the library gives it: every day without sales is a zero, no calendar, the library's own intervals (seasonal
  naive, AutoETS, AutoARIMA, MSTL, Prophet, and a global gradient boosting with lags by mlforecast);
- Footfall's models and its choice: the calendar known, intervals from past errors, levels reconciled.

"Below": 1 - geometric mean over series of the ratio of errors to those of the library's seasonal naive forecast, with
its 95% interval over origins. Quantile loss: the mean of pinball losses at seven levels. Width: of the 80% interval,
after it was stretched until it covers 80%, in units of a series' mean. With --keep, series and forecasts of the same
past are those of an earlier run, and so are the seconds of peers.
"""

import argparse
import hashlib
import logging
import sys
import time
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
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
from footfall.pipeline.kept_forecasts import KeptForecasts
from footfall.pipeline.query import query
from footfall.series import read_calendar
from footfall.sources import presets

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
    if not grouped.exists():
        with_groups(file, grouped)
    preset = (Path(presets.__file__).parent / "online_retail.toml").read_text("utf-8")
    mapping.write_text(preset.replace('country = "Country"', 'country = "Country"\ncategory_code = "category_code"'))
    calendar.write_text(CALENDAR)
    lake = footfall.open(folder / "lake", timezone="Europe/London", calendar=calendar, k="1", resamples=0)
    lake.run(grouped, mapping=mapping)
    rows = query(
        open_lake(folder / "lake"),
        "SELECT series_id, ts, value, status, parent, dimension FROM metric_series "
        f"WHERE grain = 'day' AND metric = '{metric}' ORDER BY series_id, ts",
    ).to_pandas()
    hierarchy = rows[["series_id", "parent", "dimension"]].drop_duplicates(ignore_index=True)
    return Panel(rows[["series_id", "ts", "value", "status"]], "D", hierarchy=hierarchy)


def plain(panel: Panel) -> pd.DataFrame:
    """The series as a library gets them: a number for every day, 0 where nothing was sold."""
    return (
        panel.rows[["series_id", "ts"]]
        .assign(value=panel.rows.value.fillna(0.0))
        .rename(columns={"series_id": "unique_id", "ts": "ds", "value": "y"})
    )


def of_statsforecast(model: object) -> Callable[[pd.DataFrame], pd.DataFrame]:
    """Mean, and intervals of 50, 80 and 95%, as quantiles."""

    def forecast(past: pd.DataFrame) -> pd.DataFrame:
        fitting = StatsForecast([model], freq="D", n_jobs=2, fallback_model=library.NaNModel())
        told = fitting.forecast(HORIZON, past, level=[50, 80, 95])
        sides = [f"{model}-lo-95", f"{model}-lo-80", f"{model}-lo-50", str(model)]
        sides += [f"{model}-hi-50", f"{model}-hi-80", f"{model}-hi-95"]
        return told[["unique_id", "ds"]].assign(
            mean=told[str(model)], **dict(zip(QUANTILES, told[sides].to_numpy(float).T, strict=True))
        )

    return forecast


def of_prophet(past: pd.DataFrame) -> pd.DataFrame:
    """Defaults, and quantiles of its samples."""
    from prophet import Prophet  # noqa: PLC0415 - an extra

    parts = []
    for name, ours in past.groupby("unique_id"):
        fitted = Prophet().fit(ours[["ds", "y"]], seed=0)
        ahead = fitted.make_future_dataframe(HORIZON, include_history=False)
        samples = fitted.predictive_samples(ahead)["yhat"]
        quantiles = dict(zip(QUANTILES, np.quantile(samples, LEVELS, axis=1), strict=True))
        mean = fitted.predict(ahead).yhat.to_numpy()
        parts.append(pd.DataFrame({"unique_id": name, "ds": ahead.ds, "mean": mean, **quantiles}))
    return pd.concat(parts, ignore_index=True)


def of_mlforecast(past: pd.DataFrame) -> pd.DataFrame:
    """One XGBoost of all series on lags and rolling means, conformal intervals by the library."""
    from mlforecast import MLForecast  # noqa: PLC0415 - only this peer needs it
    from mlforecast.lag_transforms import RollingMean  # noqa: PLC0415
    from mlforecast.utils import PredictionIntervals  # noqa: PLC0415
    from xgboost import XGBRegressor  # noqa: PLC0415

    learner = MLForecast(
        {"xgb": XGBRegressor(n_estimators=200, max_depth=6, learning_rate=0.1, n_jobs=1, random_state=0)},
        freq="D",
        lags=[1, 7, 14, 28],
        lag_transforms={1: [RollingMean(7), RollingMean(28)]},
        date_features=["dayofweek", "month", "day"],
    )
    learner.fit(past, prediction_intervals=PredictionIntervals(n_windows=4, h=HORIZON))
    told = learner.predict(HORIZON, level=[50, 80, 95])
    sides = ["xgb-lo-95", "xgb-lo-80", "xgb-lo-50", "xgb", "xgb-hi-50", "xgb-hi-80", "xgb-hi-95"]
    quantiles = dict(zip(QUANTILES, told[sides].to_numpy(float).T, strict=True))
    return told[["unique_id", "ds"]].assign(mean=told.xgb, **quantiles)


PEERS: Mapping[str, Callable[[pd.DataFrame], pd.DataFrame]] = {
    NAIVE: of_statsforecast(library.SeasonalNaive(7)),
    "AutoETS": of_statsforecast(library.AutoETS(season_length=7)),
    "MSTL": of_statsforecast(library.MSTL(season_length=7)),
    "AutoARIMA": of_statsforecast(library.AutoARIMA(season_length=7)),
    "mlforecast XGBoost": of_mlforecast,
    "Prophet": of_prophet,
}


def peers(panel: Panel, ours: pd.DataFrame, names: list[str], keep: Path) -> tuple[pd.DataFrame, dict[str, float]]:
    """Every peer from the same origins, on the same buckets; negative forecasts cut at 0, as anybody would."""
    series, parts = plain(panel), []
    keys = ["series_id", "origin", "ts"]
    buckets = ours.drop_duplicates(keys).drop(columns=["model", "mean", "point", *QUANTILES])
    for name in names:
        for origin in sorted(ours.origin.unique()):
            told = of_peer(name, series[series.ds <= origin], keep)
            numbers = told[["mean", *QUANTILES]].clip(lower=0)
            parts.append(told[["series_id", "ts", "seconds"]].join(numbers).assign(origin=origin, model=name))
        print(f"{name}: {sum(part.seconds.iloc[0] for part in parts[-ORIGINS:]):.0f} s", file=sys.stderr)
    every = pd.concat(parts, ignore_index=True).assign(point=lambda told: told["mean"])
    seconds = every.groupby(["model", "origin"]).seconds.first().groupby("model").sum().to_dict()
    return every.drop(columns="seconds").merge(buckets, on=keys), seconds


def of_peer(name: str, past: pd.DataFrame, keep: Path) -> pd.DataFrame:
    """What it forecasts and how long it took, or what it forecast of this past before."""
    past = past.reset_index(drop=True)
    file = keep / f"{name} {hashlib.md5(pd.util.hash_pandas_object(past).to_numpy().tobytes()).hexdigest()}.parquet"
    if not file.exists():
        began = time.perf_counter()
        told = PEERS[name](past).rename(columns={"unique_id": "series_id", "ds": "ts"}).reset_index(drop=True)
        told.assign(seconds=time.perf_counter() - began).to_parquet(file)
    return pd.read_parquet(file)


def stretched(rows: pd.DataFrame, nominal: int) -> float:
    """Mean width of the interval, in units of the series' scale, after it was stretched until it covers as much."""
    low, high = INTERVALS[nominal]
    is_open = ~rows.is_closed
    middle, scale = rows.q500[is_open], rows.scale[is_open]
    down, up = (middle - rows[low][is_open]).clip(lower=0), (rows[high][is_open] - middle).clip(lower=0)
    missed = rows.actual[is_open] - middle
    need = (missed / up.where(missed > 0, -down)).where(missed != 0, 0.0).fillna(np.inf)
    return float(((down + up) / scale).mean() * np.quantile(need[np.isfinite(need)], nominal / 100))


def below(rows: pd.DataFrame, measure: pd.Series) -> dict[str, float]:
    """1 - geometric mean over series of the ratio to the library's seasonal naive forecast, by model."""
    means = measure.groupby([rows.series_id, rows.model]).mean().unstack()
    usable = means[(means > 0).all(axis=1)]
    ratios: pd.Series = np.log(usable.div(usable[NAIVE], axis=0)).mean()
    return {str(name): float(1 - np.exp(value)) for name, value in ratios.items()}


def against(rows: pd.DataFrame, model: str, other: str) -> str:
    """How much smaller the error of one is, the interval over origins, and the p-value of equal accuracy."""
    if model == other:
        return ""
    told = skill(rows, model, other)
    return f"{told.skill:.1%} [{told.low:.1%}, {told.high:.1%}] ({told.p_value:.2g})"


def table(rows: pd.DataFrame, seconds: Mapping[str, float]) -> str:
    """A line for each model, the best first."""
    errors = below(rows, (rows.point - rows.actual).abs())
    losses = below(rows, quantile_losses(rows))
    covered = coverage(rows).groupby(rows.model).mean()
    lines = [
        "| model | MASE below | its interval (p) | chosen is better by | quantile loss below | 80% | 95% | width | s |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name in sorted(errors, key=lambda one: -errors[one]):
        naive, chosen = against(rows, name, NAIVE), against(rows, "chosen", name)
        lines.append(
            f"| {name} | {errors[name]:.1%} | {naive} "
            f"| {chosen} | {losses[name]:.1%} | {covered[80][name]:.1%} "
            f"| {covered[95][name]:.1%} | {stretched(rows[rows.model == name], 80):.2f} "
            f"| {seconds.get(name, float('nan')):.0f} |"
        )
    return "\n".join(lines).replace("| nan |", "| |")


def levels(rolled: Rolled) -> str:
    """What reconciliation changed on each level: root mean square errors, and how far levels are apart."""
    chosen = rolled.compared[rolled.compared.model == "chosen"]
    both = chosen.merge(rolled.before.rename(columns={"mean": "before"}), on=["series_id", "origin", "ts"])
    squares = {name: ((both[name] - both.actual) ** 2).groupby(both.series_id).mean() for name in ("mean", "before")}
    change = (0.5 * np.log(squares["mean"] / squares["before"])).groupby(lambda name: name.split("/")[2]).mean()
    sums = chosen.groupby([chosen.series_id.str.split("/").str[2], "origin", "ts"])["mean"].sum().unstack(0)
    apart = float((sums.sub(sums["all"], axis=0).abs().max(axis=1) / sums["all"].clip(lower=1)).max())
    told = ", ".join(f"{level} {np.expm1(value):+.2%}" for level, value in change.items())
    return f"Reconciliation changed the root mean square error: {told}; levels are {apart:.1e} apart at most."


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--metric", default="revenue")
    parser.add_argument("--model", nargs="*", default=["seasonal_mean", "smoothing", "theta", "xgboost", "lstm"])
    parser.add_argument("--peer", nargs="*", default=list(PEERS))
    parser.add_argument("--out", type=Path)
    parser.add_argument("--keep", type=Path, help="a folder that keeps series and forecasts for the next run")
    asked = parser.parse_args()
    warnings.filterwarnings("ignore")
    logging.disable(logging.WARNING)
    with TemporaryDirectory() as temporary:
        folder = asked.keep or Path(temporary)
        forecasts = folder / "forecasts"
        forecasts.mkdir(parents=True, exist_ok=True)
        panel = panel_of(asked.file, asked.metric, folder)
        calendar = read_calendar(folder / "sales.toml")
        known = KnownDays(calendar.named_days(), calendar.holidays(range(2009, 2013)).keys(), {}, "Europe/London")
        each = KeptForecasts(forecasts)
        began = time.perf_counter()
        rolled = roll(panel, models(asked.model, threads=2), horizon=HORIZON, origins=ORIGINS, known=known, each=each)
        seconds = {"chosen": time.perf_counter() - began}
        ours = rolled.compared[~rolled.compared.model.isin(BENCHMARKS)]
        theirs, theirs_seconds = peers(panel, ours, asked.peer, forecasts)
    rows = pd.concat([ours, theirs], ignore_index=True)
    large = rows.volume.eq("steady").groupby(rows.series_id).transform("all")
    origins = sorted(rows.origin.unique())
    parts = [
        f"{asked.metric}, {rows.series_id.nunique()} series, {len(origins)} origins from {origins[0]:%Y-%m-%d}",
        table(rows, seconds | theirs_seconds),
        f"Only the {rows[large].series_id.nunique()} that sell on nine of ten open days",
        table(rows[large], {}),
        levels(rolled),
    ]
    text = "\n\n".join(parts)
    print(text)
    if asked.out:
        asked.out.write_text(text + "\n")


if __name__ == "__main__":
    main()
