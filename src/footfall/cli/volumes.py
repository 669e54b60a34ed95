"""The commands about volumes over time: their series, and which model forecasts them."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from footfall.cli.given import load_settings
from footfall.cli.options import AsJson, AsOf, Calendar, Engine, Lake, Master, Members, Memory, Threads, Timezone
from footfall.cli.printing import print_json, progress_bars, tell_backtest, tell_forecast, tell_series

By = Annotated[str, typer.Option("--by", help="all, brand, country, category, category_2 or category_3.")]


def series(
    metric: Annotated[str, typer.Option(help="What to show.")] = "orders",
    by: By = "all",
    lake: Lake = None,
    engine: Engine = None,
    spark_master: Master = None,
    memory: Memory = None,
    threads: Threads = None,
    timezone: Timezone = None,
    members: Members = None,
    calendar: Calendar = None,
    as_of: AsOf = None,
    as_json: AsJson = False,
) -> None:
    """Bring the metric series up to date with the events, and show one metric by week.

    Example: `footfall series --metric revenue --by country --timezone Europe/Paris`
    """
    from footfall.pipeline.run import run_series  # noqa: PLC0415
    from footfall.pipeline.series import weeks  # noqa: PLC0415

    settings = load_settings(
        lake=lake, engine=engine, spark_master=spark_master, memory=memory, threads=threads, timezone=timezone,
        members=members, calendar=calendar, as_of=as_of,
    )  # fmt: skip
    with progress_bars() as progress:
        result = run_series(settings, progress)
    rows = weeks(settings.lake, metric, by)
    if as_json:
        print_json({"counted": asdict(result), "weeks": rows})
    else:
        tell_series(rows, result, settings, metric)


Metric = Annotated[str, typer.Option(help="What to forecast.")]
Grain = Annotated[Literal["day", "hour"], typer.Option(help="Buckets of the lake's series.")]
OwnSeries = Annotated[
    Path | None,
    typer.Option(
        "--csv",
        help="Your own series instead: columns series_id, ts, value, and others with numbers, which models learn from.",
        show_default=False,
    ),
]
KnownAhead = Annotated[
    list[str] | None,
    typer.Option(
        "--known-ahead",
        metavar="COLUMN",
        help="A column of --csv whose coming values are known, like a planned price; may be repeated. To forecast, add "
        "lines with an empty value that have them. Of other columns only the past is used.",
        show_default=False,
    ),
]
Horizon = Annotated[int, typer.Option(min=1, help="Buckets ahead.")]
Origins = Annotated[int, typer.Option(min=2, help="Stretches of the past to forecast.")]
Models = Annotated[
    list[str] | None,
    typer.Option(
        help="seasonal_mean, smoothing, xgboost, ets, theta, mstl, arima, prophet or lstm; may be repeated.  "
        "[default: the first three]",
        show_default=False,
    ),
]


def forecast(
    metric: Metric = "orders",
    by: By = "all",
    grain: Grain = "day",
    csv_file: OwnSeries = None,
    known_ahead: KnownAhead = None,
    horizon: Horizon = 14,
    origins: Origins = 12,
    model: Models = None,
    out_file: Annotated[
        Path | None, typer.Option("--out", help="Write mean and quantiles of every bucket (CSV).", show_default=False)
    ] = None,
    report_file: Annotated[
        Path | None,
        typer.Option(
            "--report", help="Write a page to look at (HTML).  [default: among the lake's reports]", show_default=False
        ),
    ] = None,
    lake: Lake = None,
    engine: Engine = None,
    spark_master: Master = None,
    memory: Memory = None,
    calendar: Calendar = None,
    timezone: Timezone = None,
    threads: Threads = None,
    as_json: AsJson = False,
) -> None:
    """Forecast what is to come, with a range to plan on, by the model that was best before.

    Example: `footfall forecast --metric orders --by country --horizon 28`
    """
    from footfall.pipeline.forecasting import forecast as run  # noqa: PLC0415

    settings = load_settings(
        lake=lake, engine=engine, spark_master=spark_master, memory=memory, calendar=calendar, timezone=timezone,
        threads=threads,
    )  # fmt: skip
    with progress_bars() as progress:
        asked = _asked(metric, by, grain, csv_file, horizon, origins, model, known_ahead)
        found = run(settings, asked, page=report_file, report=progress.step)
    if out_file is not None:
        found.ahead.to_csv(out_file, index=False)
    if as_json:
        print_json(found.summary())
    else:
        tell_forecast(found)


def backtest(
    metric: Metric = "orders",
    by: By = "all",
    grain: Grain = "day",
    csv_file: OwnSeries = None,
    known_ahead: KnownAhead = None,
    horizon: Horizon = 14,
    origins: Origins = 12,
    model: Models = None,
    out_file: Annotated[
        Path | None, typer.Option("--out", help="Write every forecast beside the truth (CSV).", show_default=False)
    ] = None,
    lake: Lake = None,
    calendar: Calendar = None,
    timezone: Timezone = None,
    threads: Threads = None,
    as_json: AsJson = False,
) -> None:
    """Forecast the past from rolling origins: which model to trust, and whether it beats repeating a season.

    Example: `footfall backtest --metric revenue --by country --horizon 14 --origins 12`
    """
    from footfall.pipeline.backtesting import compare  # noqa: PLC0415

    settings = load_settings(lake=lake, calendar=calendar, timezone=timezone, threads=threads)
    with progress_bars() as progress:
        found = compare(
            settings, _asked(metric, by, grain, csv_file, horizon, origins, model, known_ahead), progress.step
        )
    if out_file is not None:
        found.compared.to_csv(out_file, index=False)
    if as_json:
        print_json(found.summary())
    else:
        tell_backtest(found)


def _asked(
    metric: str,
    by: str,
    grain: str,
    csv_file: Path | None,
    horizon: int,
    origins: int,
    names: list[str] | None,
    known_ahead: list[str] | None,
) -> Any:
    from footfall.forecast import FAST  # noqa: PLC0415
    from footfall.pipeline.backtesting import Asked  # noqa: PLC0415

    return Asked(
        metric, by, grain, csv_file, horizon, origins, tuple(names or FAST), tuple(dict.fromkeys(known_ahead or ()))
    )
