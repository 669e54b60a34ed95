"""The commands about volumes over time: their series, and which model forecasts them."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Literal

import typer

from footfall.cli.options import AsJson, AsOf, Calendar, Engine, Lake, Master, Members, Memory, Threads, Timezone
from footfall.cli.printing import print_json, progress_bars, tell_backtest, tell_series
from footfall.settings import load_settings

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


def backtest(
    metric: Annotated[str, typer.Option(help="What to forecast.")] = "orders",
    by: By = "all",
    grain: Annotated[Literal["day", "hour"], typer.Option(help="Buckets of the lake's series.")] = "day",
    csv_file: Annotated[
        Path | None,
        typer.Option("--csv", help="Your own series instead: columns series_id, ts, value.", show_default=False),
    ] = None,
    horizon: Annotated[int, typer.Option(min=1, help="Buckets ahead.")] = 14,
    origins: Annotated[int, typer.Option(min=2, help="Stretches of the past to forecast.")] = 12,
    model: Annotated[
        list[str] | None,
        typer.Option(
            help="seasonal_mean, ets, theta, mstl, arima; may be repeated.  [default: all but arima]",
            show_default=False,
        ),
    ] = None,
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
    from footfall.forecast import FAST  # noqa: PLC0415
    from footfall.pipeline.backtesting import Asked, compare  # noqa: PLC0415

    settings = load_settings(lake=lake, calendar=calendar, timezone=timezone, threads=threads)
    with progress_bars() as progress:
        found = compare(
            settings, Asked(metric, by, grain, csv_file), horizon=horizon, origins=origins, names=model or FAST,
            report=progress.step,
        )  # fmt: skip
    if out_file is not None:
        found.compared.to_csv(out_file, index=False)
    if as_json:
        print_json(found.summary())
    else:
        tell_backtest(found)
