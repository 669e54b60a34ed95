"""The commands about anomalies: judge hours that are over, and say what incidents were."""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from footfall.cli.given import load_settings
from footfall.cli.options import (
    MOMENTS,
    Alerts,
    AsJson,
    Baseline,
    Calendar,
    Engine,
    Lake,
    Master,
    Memory,
    Threads,
    Timezone,
)
from footfall.cli.own_series import score_csv
from footfall.cli.printing import err, escaped, out, print_json, progress_bars
from footfall.cli.telling_incidents import tell_detection, tell_incident, tell_incidents, tell_replay
from footfall.errors import SettingInvalid

app = typer.Typer(no_args_is_help=True, help="What went wrong, and what you say of it.")
Which = Annotated[str, typer.Argument(metavar="ID", help="Of the incident; its first letters will do.")]


def detect(
    replay: Annotated[
        str | None,
        typer.Option(
            metavar="FROM..TO",
            help="Judge these days again, as if they came hour by hour: what would have been told under this policy.",
            show_default=False,
        ),
    ] = None,
    csv_file: Annotated[
        Path | None,
        typer.Option(
            "--csv",
            help="Score your own series instead, each row from the rows before it: columns timestamp and value.",
            show_default=False,
        ),
    ] = None,
    out_file: Annotated[
        Path | None, typer.Option("--out", help="With --csv: write timestamp, value, score.", show_default=False)
    ] = None,
    alerts: Alerts = None,
    baseline: Baseline = None,
    lake: Lake = None,
    engine: Engine = None,
    spark_master: Master = None,
    memory: Memory = None,
    threads: Threads = None,
    timezone: Timezone = None,
    calendar: Calendar = None,
    as_json: AsJson = False,
) -> None:
    """Judge the hours that are over and were not judged yet, and tell of what hardly happens by chance.

    Examples: `footfall detect`, `footfall detect --replay 2019-11-01..2019-12-01 --alerts stricter.toml`, and
    `footfall detect --csv latency.csv --out scores.csv`
    """
    if csv_file is not None or out_file is not None:
        if csv_file is None:
            raise SettingInvalid("--out needs --csv: it takes the scores of your own series")
        score_csv(csv_file, out_file, as_json=as_json)
        return
    from footfall.pipeline.detection import detect as judge  # noqa: PLC0415
    from footfall.pipeline.notifying import deliver  # noqa: PLC0415
    from footfall.pipeline.replay import replay as judge_again  # noqa: PLC0415

    settings = load_settings(
        lake=lake, engine=engine, spark_master=spark_master, memory=memory, threads=threads, timezone=timezone,
        calendar=calendar, alerts=alerts, baseline=baseline,
    )  # fmt: skip
    if replay is not None:
        first, last = _period(replay)
        with progress_bars() as progress:
            again = judge_again(settings, first, last, report=progress.step)
        if as_json:
            print_json(again.summary())
        else:
            tell_replay(again)
        return
    with progress_bars() as progress:
        found = judge(settings, report=progress.step)
        delivery = deliver(settings)
    if as_json:
        told = {"series": found.series, "hours": found.hours, "until": found.until, "events": found.events}
        print_json(told | {"report": found.page, "baseline": settings.baseline})
    else:
        tell_detection(found, settings)
    if found.failure:
        err.print(f"[yellow]no report:[/] {escaped(found.failure)}", soft_wrap=True, highlight=False)
    for failure in delivery.failures if delivery else ():
        err.print(f"[yellow]not delivered:[/] {escaped(str(failure))}", soft_wrap=True, highlight=False)


@app.command("list")
def list_incidents(
    open_only: Annotated[bool, typer.Option("--open", help="Only those that are not over.")] = False,
    since: Annotated[
        datetime | None,
        typer.Option(
            help="Only those that were found from then on, UTC.", formats=MOMENTS, metavar="MOMENT", show_default=False
        ),
    ] = None,
    lake: Lake = None,
    as_json: AsJson = False,
) -> None:
    """Incidents, the newest first."""
    from footfall.pipeline.incidents import incidents  # noqa: PLC0415

    settings = load_settings(lake=lake)
    rows = incidents(settings.lake, open_only=open_only, since=since)
    if as_json:
        print_json(rows)
    else:
        tell_incidents(rows)


@app.command()
def show(which: Which, lake: Lake = None, as_json: AsJson = False) -> None:
    """One incident: since when, how deep, what it costs, where, and which anomalies it has."""
    from footfall.pipeline.incidents import incident  # noqa: PLC0415

    row, anomalies = incident(load_settings(lake=lake).lake, which)
    if as_json:
        print_json(row | {"anomaly_rows": anomalies})
    else:
        tell_incident(row, anomalies)


@app.command()
def report(
    out_file: Annotated[
        Path | None, typer.Option("--out", help="Where to.  [default: among the lake's reports]", show_default=False)
    ] = None,
    alerts: Alerts = None,
    lake: Lake = None,
    timezone: Timezone = None,
    baseline: Baseline = None,
    as_json: AsJson = False,
) -> None:
    """Write the page about incidents again, as after `ack` or `feedback`; `footfall detect` writes it too.

    Example: `footfall incidents report --out incidents.html`
    """
    from footfall.pipeline.incident_report import report_incidents  # noqa: PLC0415

    settings = load_settings(lake=lake, alerts=alerts, timezone=timezone, baseline=baseline)
    page = report_incidents(settings, out_file)
    if as_json:
        print_json({"report": page})
    else:
        out.print(f"Report:  {page}", highlight=False, soft_wrap=True)


@app.command()
def ack(which: Which, lake: Lake = None, as_json: AsJson = False) -> None:
    """Take it on: nobody is told of its updates any more, only of its end."""
    from footfall.pipeline.incidents import acknowledge  # noqa: PLC0415

    _told(acknowledge(load_settings(lake=lake).lake, which), "is acknowledged", as_json=as_json)


@app.command()
def snooze(
    which: Which,
    hours: Annotated[float, typer.Option(help="For how long.")] = 24.0,
    lake: Lake = None,
    as_json: AsJson = False,
) -> None:
    """Be silent about it, and about its leading series, for some hours."""
    from footfall.pipeline.incidents import snooze as silence  # noqa: PLC0415

    row = silence(load_settings(lake=lake).lake, which, hours)
    _told(row, f"is silent until {row['snoozed_until']:%Y-%m-%d %H:%M} UTC", as_json=as_json)


@app.command()
def feedback(
    which: Which,
    verdict: Annotated[Literal["true", "false", "expected"], typer.Argument(help="What it was.")],
    lake: Lake = None,
    as_json: AsJson = False,
) -> None:
    """Say what it was: after a false alarm more is needed for the next one of its leading series."""
    from footfall.pipeline.incidents import feedback as say  # noqa: PLC0415

    _told(say(load_settings(lake=lake).lake, which, verdict), f"was {verdict}: noted", as_json=as_json)


def _told(row: dict[str, Any], what: str, *, as_json: bool) -> None:
    if as_json:
        print_json(row)
    else:
        out.print(f"{row['incident_id']} ({escaped(row['series_id'])}) {what}", highlight=False, soft_wrap=True)


def _period(text: str) -> tuple[datetime, datetime]:
    from footfall.settings import parse_period  # noqa: PLC0415

    try:
        return parse_period(text)
    except ValueError as error:
        raise SettingInvalid(f"--replay {error}") from error
