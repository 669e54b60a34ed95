"""`footfall watch` under load: a file of events every minute, and how long they and their hours take. One table.

    python benchmarks/watch.py [--minutes 30] [--events 150000] [--hour 10] [--speed 1] [--users 60000]

Before the feed the shop has had five weeks of days and nights, with `--users` in a month, which the watch has judged.
So hours have something to be compared with, and what the feed brings is far more than usual: an incident.

The feed is a process of its own: it writes the rows of a simulated shop, whose visits start closer together than they
did, with times of the machine's clock. `--hour 3` moves the log to the day before yesterday, so that an hour of it ends
after three minutes of it: a short run has an hour's end as well. With `--speed 6`, which needs `--hour`, six minutes of
the log pass in one.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import threading
import time
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from statistics import median, quantiles

import duckdb
import psutil

from footfall.simulate import simulate

HISTORY_DAYS = 35
WATCH = "import typer; from footfall.cli.watching import watch; typer.run(watch)"
EVENTS_PER_USER = 13
HEADER = "event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session"


def main() -> None:
    """Prepare the rows, feed and watch, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=int, default=30, help="minutes of the log")
    parser.add_argument("--events", type=int, default=150_000, help="events a minute")
    parser.add_argument("--speed", type=float, default=1.0, help="how many minutes of the log pass in one")
    parser.add_argument("--hour", type=int, help="minutes of the log until its first hour ends; by default the clock's")
    parser.add_argument("--users", type=int, default=60_000, help="of a month before the feed; 0 for an empty lake")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--first", type=datetime.fromisoformat, help=argparse.SUPPRESS)
    parser.add_argument("--feed", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--began", type=float, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.speed != 1 and options.hour is None:
        parser.error("--speed needs --hour: the clock's own hours do not end sooner")
    if options.feed:
        feed(options.feed, options.began, options)
        return
    with tempfile.TemporaryDirectory(prefix="footfall-watch-") as temporary:
        folder = Path(temporary)
        prepare(folder, options)
        options.first = log_begin(options)
        if options.users:
            remember(folder, options)
        print("\n".join(table(*run(folder, options), options)))


def prepare(folder: Path, options: argparse.Namespace) -> None:
    """The log in Parquet: the rows of every minute, with the second of it."""
    rows = options.minutes * options.events
    (folder / "incoming").mkdir()
    month = simulate(folder / "shop", users=rows // EVENTS_PER_USER * 11 // 10, seed=1).months[0]
    database = duckdb.connect()
    database.execute(
        f"""
        SET temp_directory = '{folder}/spilled';
        CREATE TABLE log AS
            SELECT *, try_cast(left(event_time, 19) AS TIMESTAMP) AS t
            FROM read_csv('{month}', all_varchar = true, ignore_errors = true);
        DELETE FROM log WHERE t IS NULL;
        CREATE TABLE starts AS
            SELECT user_session, min(t) AS first, row_number() OVER (ORDER BY min(t), user_session) AS place
            FROM log GROUP BY user_session;
        COPY (
            SELECT floor(k / {options.events})::INT AS minute,
                floor(k % {options.events} * 60 / {options.events})::INT AS second,
                concat_ws(',', event_type, product_id, category_id, coalesce(category_code, ''), coalesce(brand, ''),
                    price, user_id, user_session) AS fields
            FROM (
                SELECT log.*, row_number() OVER (
                    ORDER BY place * {options.minutes * 60.0} / (SELECT count(*) FROM starts)
                    + least(date_diff('second', first, t), 1500)) - 1 AS k
                FROM log JOIN starts USING (user_session)
            ) WHERE k < {rows} ORDER BY k
        ) TO '{folder}/log.parquet' (ROW_GROUP_SIZE {options.events})
        """
    )


def remember(folder: Path, options: argparse.Namespace) -> None:
    """Five weeks that end where the feed begins, taken up and judged."""
    months = simulate(folder / "before", users=options.users, months=2, seed=2).months
    names = [f"'{month}'" for month in months]
    duckdb.execute(
        f"""
        COPY (
            SELECT strftime(t + (TIMESTAMP '{options.first}' - (max(t) OVER () + INTERVAL 1 SECOND)),
                '%Y-%m-%d %H:%M:%S UTC') AS event_time, * EXCLUDE (event_time, t)
            FROM (
                SELECT *, try_cast(left(event_time, 19) AS TIMESTAMP) AS t
                FROM read_csv([{", ".join(names)}], all_varchar = true, ignore_errors = true)
            )
            WHERE t BETWEEN '2019-10-01' AND '2019-12-01' -- some clocks are wrong
            QUALIFY t > max(t) OVER () - INTERVAL {HISTORY_DAYS} DAY
        ) TO '{folder}/incoming/before.csv' (HEADER)
        """
    )
    began = time.time()
    subprocess.run([*command(folder, options), "--once"], check=True, stdout=subprocess.DEVNULL)
    print(f"five weeks taken up and judged in {time.time() - began:.0f} s", file=sys.stderr)


def command(folder: Path, options: argparse.Namespace) -> list[str]:
    """The watch."""
    words = [sys.executable, "-c", WATCH, str(folder / "incoming"), "--lake", str(folder / "lake"), "--json"]
    words += ["--key-file", str(folder / "key"), "--threads", str(options.threads)]
    return [*words, "--every", str(max(1, round(60 / options.speed)))]


def feed(folder: Path, began: float, options: argparse.Namespace) -> None:
    """Write each minute's file when the minute is over, whole under its name."""
    database = duckdb.connect()
    first = options.first
    for minute in range(options.minutes):
        found = database.execute(
            f"SELECT second, fields FROM '{folder}/log.parquet' WHERE minute = {minute} ORDER BY second"
        ).fetchall()
        at = [f"{first + timedelta(minutes=minute, seconds=second):%Y-%m-%d %H:%M:%S} UTC" for second in range(60)]
        text = "\n".join([HEADER, *(f"{at[second]},{fields}" for second, fields in found)]) + "\n"
        time.sleep(max(0.0, began + (minute + 1) * 60 / options.speed - time.time()))
        unfinished = folder / "incoming" / f".{minute:04}.csv"
        unfinished.write_text(text)
        unfinished.replace(folder / "incoming" / f"{minute:04}.csv")
        with (folder / "fed").open("a") as noted:
            noted.write(f"{time.time()} {len(found)}\n")


def log_begin(options: argparse.Namespace) -> datetime:
    """The log's own time: now, or where hours are to end sooner than the clock's, a while before the end of an old one.

    It is old enough to be history, whose hours are closed by what was seen alone.
    """
    now = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
    if options.hour is None:
        return now
    return now.replace(minute=0, second=0) - timedelta(days=2, minutes=options.hour)


def run(folder: Path, options: argparse.Namespace) -> tuple[list[dict[str, float]], list[tuple[float, dict]], dict]:
    """Files fed, looks told with the time of each, and what the watch took."""
    watching = subprocess.Popen(command(folder, options), stdout=subprocess.PIPE, stderr=sys.stderr, text=True)
    told: list[tuple[float, dict]] = []
    reading = threading.Thread(target=lambda: told.extend((time.time(), json.loads(line)) for line in watching.stdout))
    reading.start()
    began = time.time() + 5
    feeding = subprocess.Popen(
        [sys.executable, __file__, *sys.argv[1:], "--feed", str(folder), "--began", str(began),
         "--first", options.first.isoformat()]
    )  # fmt: skip
    peak, process = 0, psutil.Process(watching.pid)
    end = began + options.minutes * 60 / options.speed + 150
    while time.time() < end and sum(look.get("files", 0) for _, look in told) < options.minutes:
        peak = max(peak, process.memory_info().rss)
        time.sleep(0.2)
    if options.hour is None:
        time.sleep(130)  # the clock may close an hour yet
    used = process.cpu_times()
    spent = {"cpu": used.user + used.system, "seconds": time.time() - began, "peak": peak}
    watching.terminate()
    watching.wait(120)
    reading.join()
    feeding.wait(30)
    looks = [(at, one) for at, one in told if "event" not in one]
    alerts = [at for at, one in told if one.get("event") == "opened"]
    spent |= {"alerts": [at - began - (options.hour or 0) * 60 / options.speed for at in alerts]}
    fed = [line.split() for line in (folder / "fed").read_text().splitlines()]
    return [{"at": float(at), "events": int(events)} for at, events in fed], looks, spent


def table(
    fed: list[dict[str, float]], looks: list[tuple[float, dict]], spent: dict, options: argparse.Namespace
) -> list[str]:
    """Markdown."""
    arrived = [at for at, look in looks for _ in range(look["files"])]
    lags = [after - file["at"] for file, after in zip(fed, arrived, strict=False)]
    tenth = min(10, len(lags) // 2)
    closed = ", ".join(f"{one:.1f} s" for one in _closings(looks)) or "no hour ended"
    alert = f"{min(spent['alerts']):.1f} s" if spent["alerts"] and options.hour is not None else "none"
    lines = ["| | |", "| --- | ---: |"]
    lines += [
        f"| events | {sum(int(file['events']) for file in fed):,} in {len(fed)} files, {len(arrived)} in the lake |",
        f"| file there -> rows in the lake: median, 95%, max | {_three(lags)} |",
        f"| the same, first {tenth} files | {_three(lags[:tenth])} |",
        f"| the same, last {tenth} files | {_three(lags[-tenth:])} |",
        f"| rows that close an hour in the lake -> hour judged | {closed} |",
        f"| end of the hour -> first alert, {len(spent['alerts'])} told | {alert} |",
        f"| peak memory | {spent['peak'] / 1e9:.2f} GB |",
        f"| CPU | {spent['cpu']:.0f} s, {spent['cpu'] / spent['seconds'] / psutil.cpu_count():.0%} of all cores |",
    ]
    size = f"{psutil.cpu_count()} cores, {psutil.virtual_memory().total / 2**30:.0f} GB"
    load = f"load of the last five minutes {psutil.getloadavg()[1]:.1f}"
    return [*lines, "", f"{options.events:,} events a minute, speed {options.speed:g}. {size}, {load}."]


def _closings(looks: list[tuple[float, dict]]) -> list[float]:
    """From the moment at which the look that closed an hour had brought its files to that at which it was judged."""
    found = []
    for (_, before), (_, look) in pairwise(looks):
        if look["judged_until"] != before["judged_until"] and before["judged_until"]:
            done, brought = (datetime.fromisoformat(look[name]) for name in ("at", "brought_at"))
            found.append((done - brought).total_seconds())
    return found


def _three(lags: list[float]) -> str:
    if len(lags) < 2:
        return "too few"
    return f"{median(lags):.1f}, {quantiles(lags, n=20, method='inclusive')[-1]:.1f}, {max(lags):.1f} s"


if __name__ == "__main__":
    main()
