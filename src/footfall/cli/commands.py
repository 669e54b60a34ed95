"""The commands."""

import csv
import sys
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich.table import Table as Grid

import footfall
from footfall.cli import access, anomalies, demo, own_series, segment, serving, volumes, watching
from footfall.cli.given import load_settings
from footfall.cli.options import (
    MOMENTS,
    AsJson,
    AsOf,
    Challenger,
    Engine,
    Fresh,
    Inputs,
    K,
    KeyFile,
    Lake,
    Mapping,
    Master,
    Memory,
    Outliers,
    Period,
    RegistryUri,
    Resamples,
    Seed,
    SourceName,
    Threads,
    Timezone,
    TopSpenders,
)  # fmt: skip
from footfall.cli.printing import (
    accounts_grid,
    err,
    escaped,
    out,
    print_json,
    progress_bars,
    tell_error,
    tell_run,
    tell_segments,
)  # fmt: skip
from footfall.errors import FootfallError

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    help="Raw shop events in; customer segments out, every row accounted for.\n\n"
    "Start with `footfall demo`, or with your own log: `footfall run 2019-Oct.csv.gz`.",
)
sources_app = typer.Typer(no_args_is_help=True, help="The sources that are known by name, and their mapping files.")
app.add_typer(sources_app, name="sources")
app.add_typer(segment.app, name="segment")
app.command()(volumes.series)
app.command()(volumes.forecast)
app.command()(volumes.backtest)
app.command()(anomalies.detect)
app.command()(watching.watch)
app.command()(own_series.evaluate_detector)
app.add_typer(anomalies.app, name="incidents")
app.add_typer(access.app, name="keys")
app.command()(access.audit)
app.command()(serving.serve)
app.command()(serving.dashboard)
app.command()(demo.demo)


def main() -> None:
    """Run a command: exit 0, 1 with one clear line, or 2 for wrong usage."""
    try:
        app()
    except (FootfallError, OSError) as error:
        tell_error(error)
        sys.exit(1)
    except KeyboardInterrupt:
        err.print("stopped; what was finished is kept, and the same command goes on from there")
        sys.exit(130)


def _version(wanted: bool) -> None:
    if wanted:
        out.print(f"footfall {footfall.__version__}", highlight=False)
        raise typer.Exit


@app.callback()
def _root(
    _: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")] = False,
) -> None: ...


@app.command()
def run(
    sources: Inputs = None,
    lake: Lake = None,
    source: SourceName = "auto",
    mapping: Mapping = None,
    engine: Engine = None,
    spark_master: Master = None,
    memory: Memory = None,
    threads: Threads = None,
    key_file: KeyFile = None,
    timezone: Timezone = None,
    period: Period = None,
    price_outliers: Outliers = None,
    as_of: AsOf = None,
    k: K = None,
    resamples: Resamples = None,
    isolate_top_spenders: TopSpenders = None,
    as_challenger: Challenger = None,
    registry: RegistryUri = None,
    seed: Seed = None,
    as_json: AsJson = False,
) -> None:
    """Bring raw files into the lake, and everything that follows from them up to date.

    Only what is new is done: the same input again says that there is nothing to do.

    Example: `footfall run 2019-Oct.csv.gz --lake lake`
    """
    from footfall.pipeline.cleaning import SourceChoice  # noqa: PLC0415
    from footfall.pipeline.run import run as run_all  # noqa: PLC0415

    settings = load_settings(
        lake=lake, engine=engine, spark_master=spark_master, memory=memory, threads=threads, key_file=key_file,
        timezone=timezone, period=period, price_outliers=price_outliers, as_of=as_of, k=k, seed=seed,
        resamples=resamples, isolate_top_spenders=isolate_top_spenders, as_challenger=as_challenger, registry=registry,
    )  # fmt: skip
    with progress_bars() as progress:
        result = run_all(sources or [], settings, SourceChoice(source, mapping), progress)
    tell_run(result, settings, as_json=as_json)
    _fail_if_any_file_failed(result)


@app.command()
def ingest(
    sources: Inputs = None,
    lake: Lake = None,
    source: SourceName = "auto",
    mapping: Mapping = None,
    engine: Engine = None,
    spark_master: Master = None,
    memory: Memory = None,
    threads: Threads = None,
    key_file: KeyFile = None,
    period: Period = None,
    price_outliers: Outliers = None,
    as_json: AsJson = False,
) -> None:
    """Only the first stages: land raw files and clean them into events."""
    from footfall.pipeline.cleaning import SourceChoice  # noqa: PLC0415
    from footfall.pipeline.run import RunResult, ingest_and_clean  # noqa: PLC0415

    settings = load_settings(
        lake=lake, engine=engine, spark_master=spark_master, memory=memory, threads=threads, key_file=key_file,
        period=period, price_outliers=price_outliers,
    )  # fmt: skip
    with progress_bars() as progress:
        result = RunResult(ingest_and_clean(sources or [], settings, SourceChoice(source, mapping), progress))
    tell_run(result, settings, as_json=as_json)
    _fail_if_any_file_failed(result)


@app.command()
def features(
    lake: Lake = None,
    engine: Engine = None,
    spark_master: Master = None,
    memory: Memory = None,
    threads: Threads = None,
    timezone: Timezone = None,
    as_of: AsOf = None,
    as_json: AsJson = False,
) -> None:
    """Bring `user_features` up to date with the lake's events."""
    from footfall.pipeline.run import run_features  # noqa: PLC0415

    settings = load_settings(
        lake=lake, engine=engine, spark_master=spark_master, memory=memory, threads=threads, timezone=timezone,
        as_of=as_of,
    )  # fmt: skip
    with progress_bars() as progress:
        result = run_features(settings, progress)
    if as_json:
        print_json(asdict(result))
    elif result.users is None:
        out.print(f"nothing to do: the features as of {result.as_of:%Y-%m-%d %H:%M} are up to date")
    else:
        out.print(f"user_features: {result.users:,} users as of {result.as_of:%Y-%m-%d %H:%M} UTC")


@app.command()
def segments(
    lake: Lake = None,
    engine: Engine = None,
    spark_master: Master = None,
    memory: Memory = None,
    threads: Threads = None,
    timezone: Timezone = None,
    as_of: AsOf = None,
    k: K = None,
    resamples: Resamples = None,
    isolate_top_spenders: TopSpenders = None,
    as_challenger: Challenger = None,
    registry: RegistryUri = None,
    fresh: Fresh = None,
    seed: Seed = None,
    as_json: AsJson = False,
) -> None:
    """Bring `customer_segments`, their profiles and the report up to date."""
    from footfall.pipeline.run import run_segments  # noqa: PLC0415

    settings = load_settings(
        lake=lake, engine=engine, spark_master=spark_master, memory=memory, threads=threads, timezone=timezone,
        as_of=as_of, k=k, seed=seed, resamples=resamples, isolate_top_spenders=isolate_top_spenders,
        as_challenger=as_challenger, registry=registry, fresh=fresh,
    )  # fmt: skip
    with progress_bars() as progress:
        result = run_segments(settings, progress)
    if as_json:
        print_json(asdict(result))
        return
    if not result.is_new:
        out.print("nothing to do: the segments are up to date")
    elif not result.challenger:
        out.print(f"segments are new: {result.version}, as of {result.as_of:%Y-%m-%d %H:%M} UTC", highlight=False)
    tell_segments(settings, result)


@app.command()
def fetch(
    dataset: Annotated[str, typer.Argument(help="rees46: the published months of a multi-category shop.")],
    months: Annotated[str, typer.Option(help="FROM..TO, single months, or a list with commas.")] = "2019-10..2020-04",
    since: Annotated[
        datetime | None,
        typer.Option(
            help="Only months with a day from this date on.", formats=MOMENTS, metavar="MOMENT", show_default=False
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Download again what is there already.")] = False,
    lake: Lake = None,
) -> None:
    """Download published files into the lake's raw zone; a cut download goes on where it stopped."""
    from footfall.pipeline.run import fetch as fetch_files  # noqa: PLC0415

    settings = load_settings(lake=lake)
    with progress_bars() as progress:
        files = fetch_files(dataset, settings, months=months, since=since, force=force, progress=progress)
    for file in files:
        out.print(str(file), soft_wrap=True, highlight=False)
    if files:
        out.print(f"next: footfall run --lake {settings.lake}", soft_wrap=True)


@app.command()
def simulate(
    folder: Annotated[Path, typer.Argument(metavar="OUT", help="Folder for the months and their truth.")],
    users: Annotated[int, typer.Option(help="Users in the first month.")] = 20_000,
    months: Annotated[int, typer.Option(help="Months, one file each.")] = 1,
    seed: Annotated[int, typer.Option(help="Same seed, same bytes.")] = 0,
    start: Annotated[str, typer.Option(help="First month.")] = "2019-10",
) -> None:
    """Invent a shop: REES46-shaped months, and beside them the truth about every user, sale, incident and dirty row."""
    from footfall.simulate import simulate as simulate_shop  # noqa: PLC0415

    with progress_bars() as progress, progress.bytes("simulating days") as advance:
        shop = simulate_shop(folder, users=users, months=months, seed=seed, start=start, progress=advance)
    for file in shop.months:
        out.print(f"{file}  {shop.rows[file.name]:,} rows", soft_wrap=True, highlight=False)
    out.print(f"{shop.truth}  the truth", soft_wrap=True, highlight=False)


@app.command()
def status(lake: Lake = None, as_json: AsJson = False) -> None:
    """What the lake holds: files, where their rows went, tables and how fresh they are."""
    from footfall.lake import open_lake  # noqa: PLC0415
    from footfall.pipeline.status import status as status_of  # noqa: PLC0415

    settings = load_settings(lake=lake)
    found = status_of(open_lake(settings.lake))
    if as_json:
        print_json(asdict(found))
        return
    files = Grid("file", "source", "rows", "bytes", "ingested at (UTC)", title="Raw files")
    for file in found.files:
        rows = "not cleaned" if file["rows"] is None else f"{file['rows']:,}"
        files.add_row(
            str(file["path"]), str(file["source"]), rows, f"{file['bytes']:,}", f"{file['ingested_at']:%Y-%m-%d %H:%M}"
        )
    out.print(files)
    out.print(accounts_grid(found.accounts))
    tables = Grid("table", "rows", "bytes", "files", "version", "committed at (UTC)", title="Tables")
    for one in found.tables:
        tables.add_row(
            one.name,
            f"{one.rows:,}",
            f"{one.bytes:,}",
            f"{one.files:,}",
            str(one.version),
            f"{one.committed_at:%Y-%m-%d %H:%M}",
        )
    out.print(tables)


@app.command()
def sql(
    statement: Annotated[str, typer.Argument(metavar='"SELECT ..."', help="One SELECT.")],
    lake: Lake = None,
    form: Annotated[
        Literal["table", "json", "csv"], typer.Option("--format", help="How to print the result.")
    ] = "table",
) -> None:
    """Ask the lake's tables; read-only.

    Example: `footfall sql "SELECT segment_name, count(*) FROM customer_segments GROUP BY ALL"`
    """
    from footfall.lake import open_lake  # noqa: PLC0415
    from footfall.pipeline.query import query  # noqa: PLC0415

    rows = query(open_lake(load_settings(lake=lake).lake), statement)
    match form:
        case "json":
            print_json(rows.to_pylist())
        case "csv":
            writer = csv.writer(sys.stdout, lineterminator="\n")
            writer.writerow(rows.column_names)
            writer.writerows(row.values() for row in rows.to_pylist())
        case "table":
            grid = Grid(*(escaped(name) for name in rows.column_names))
            for row in rows.slice(0, _MOST_ROWS).to_pylist():
                grid.add_row(*(escaped("" if value is None else str(value)) for value in row.values()))
            out.print(grid)
            if rows.num_rows > _MOST_ROWS:
                out.print(f"{_MOST_ROWS:,} of {rows.num_rows:,} rows; --format csv prints all")


_MOST_ROWS = 1000


@sources_app.command("list")
def list_sources() -> None:
    """The presets."""
    from footfall.sources import PRESETS  # noqa: PLC0415

    for name in PRESETS:
        out.print(name)


@sources_app.command("show")
def show_source(name: Annotated[str, typer.Argument(help="A preset.")]) -> None:
    """A preset's mapping file: a start for your own."""
    from footfall.sources import preset  # noqa: PLC0415
    from footfall.sources.presets import preset_text  # noqa: PLC0415

    preset(name)
    typer.echo(preset_text(name), nl=False)


def _fail_if_any_file_failed(result: Any) -> None:
    for error in result.cleaning.failed.values():
        tell_error(error)
    if result.cleaning.failed:
        raise typer.Exit(1)
