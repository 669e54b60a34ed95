"""Raw csv.gz to user features: Footfall beside four other ways to compute the same, one table.

    python benchmarks/pipeline.py FILE.csv.gz [--peers footfall,hand_sql,polars,spark,pandas] [--memory 4GB]
    python benchmarks/pipeline.py FILE.csv.gz --check
    python benchmarks/pipeline.py --months-one-by-one FOLDER

Without FILE a month of 17 million events is simulated first, into build/benchmark.
"""

import argparse
import os
import platform
import shutil
import signal
import sys
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import psutil
from isal import igzip

import footfall
from agreement import COUNTS_AND_MONEY, count_users, deviations, read_features
from footfall.simulate import simulate
from measure import Cost, measure

PEERS_FOLDER = Path(__file__).parent / "peers"
PEERS = {
    "footfall": ("Footfall", "footfall_run.py"),
    "hand_sql": ("DuckDB SQL by hand", "hand_sql.py"),
    "polars": ("Polars streaming", "polars_streaming.py"),
    "spark": ("PySpark local[{threads}]", "spark_naive.py"),
    "pandas": ("pandas in chunks", "pandas_chunks.py"),
}
# 17.0 million events in October 2019.
USERS = 1_225_000


@dataclass(frozen=True)
class Result:
    """A contestant's run."""

    peer: str
    cost: Cost
    users: int | None


def main() -> None:
    """Run what the arguments ask for."""
    options = arguments()
    # Else `timeout` and CI would end us and leave the contestant running, which has a process group of its own.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with tempfile.TemporaryDirectory(prefix="footfall-benchmark-", dir=options.work) as folder:
        work = Path(folder)
        if options.months_one_by_one:
            lines = months_one_by_one(options.months_one_by_one, work, options)
        else:
            file = options.file or simulated()
            results = [contest(peer, file, work / peer, options, keep=options.check) for peer in options.peers]
            lines = [*circumstances(file, options), "", *table(results, rows_in(file), options)]
        print("\n".join(lines))
        if options.out:
            options.out.write_text("\n".join(lines) + "\n")
        if options.check and not check(results, work, options):
            sys.exit(1)


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path, nargs="?", help="a month of REES46, real or simulated")
    parser.add_argument("--peers", type=known_peers, default=list(PEERS), help="names, with commas between")
    parser.add_argument("--memory", default="4GB", help="memory limit of those that have one")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="cores to use")
    parser.add_argument("--timeout", type=float, default=1800, help="seconds after which a contestant is stopped")
    parser.add_argument(
        "--months-one-by-one", type=Path, metavar="FOLDER", help="add its files to one lake, one at a time"
    )
    parser.add_argument("--check", action="store_true", help="compare all features; for a small file")
    parser.add_argument("--out", type=Path, help="write the table there too")
    parser.add_argument("--work", type=Path, help="where temporary files go")
    return parser.parse_args()


def known_peers(text: str) -> list[str]:
    """Names of contestants."""
    names = text.split(",")
    if unknown := set(names) - PEERS.keys():
        raise argparse.ArgumentTypeError(f"unknown: {', '.join(sorted(unknown))}; there are {', '.join(PEERS)}")
    return names


def simulated() -> Path:
    """The default input, made on first use."""
    folder = Path(__file__).parents[1] / "build" / "benchmark"
    if not (folder / "2019-Oct.csv.gz").exists():
        say(f"simulating a month of {USERS:,} users into {folder}")
        with tempfile.TemporaryDirectory(dir=folder.parent if folder.parent.exists() else None) as unfinished:
            simulate(Path(unfinished) / "shop", users=USERS, months=1, seed=0)
            shutil.move(Path(unfinished) / "shop", folder)
    return folder / "2019-Oct.csv.gz"


def contest(peer: str, file: Path, work: Path, options: argparse.Namespace, *, keep: bool) -> Result:
    """Run one contestant in a process of its own; what it left is deleted unless `keep`."""
    work.mkdir()
    rows_in(file)  # so that every contestant finds the file in the page cache
    say(f"{title(peer, options)} ...")
    out, log = work / "out.parquet", work.with_suffix(".log")
    command = [
        sys.executable,
        "-W",
        "ignore",
        str(PEERS_FOLDER / PEERS[peer][1]),
        str(file.resolve()),
        str(out),
        str(work),
    ]
    cost = measure([*command, options.memory, str(options.threads)], log, options.timeout, environment())
    users = count_users(out) if cost.is_ok else None
    say(f"  {cost.status}, {cost.seconds:.1f} s")
    if not cost.is_ok:
        say(log.read_text(errors="replace")[-2000:])
    if not keep:
        shutil.rmtree(work)
    return Result(peer, cost, users)


def environment() -> dict[str, str]:
    """The caller's variables but those that would move temporary files or change what is run."""
    return {
        name: value for name, value in os.environ.items() if not name.startswith(("FOOTFALL_", "SPARK_", "POLARS_"))
    }


def rows_in(file: Path, known: dict[Path, int] = {}) -> int:  # noqa: B006 - remembers the count, not the reading
    """Lines of the file but the header. The packed file is read each time."""
    if file in known:
        with file.open("rb") as stream:
            while stream.read(1 << 24):
                pass
        return known[file]
    lines = 0
    with igzip.open(file) as stream:
        while block := stream.read(1 << 24):
            lines += block.count(b"\n")
    known[file] = lines - 1
    return known[file]


def circumstances(file: Path, options: argparse.Namespace) -> list[str]:
    """What the numbers depend on."""
    memory = psutil.virtual_memory().total / 1e9
    return [
        f"{file.name}: {rows_in(file):,} rows, {file.stat().st_size / 1e6:,.0f} MB packed, to features in Parquet; "
        f"{datetime.now(UTC):%Y-%m-%d}.",
        f"Machine: {cpu_name()}, {options.threads} of {os.cpu_count()} cores used, {memory:.0f} GB; "
        f"memory limit {options.memory} where one can be set.",
        f"Footfall {footfall.__version__}, DuckDB {duckdb.__version__}, Python {platform.python_version()}.",
    ]


def cpu_name() -> str:
    """The processor's name, where Linux tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.machine())


def table(results: list[Result], rows: int, options: argparse.Namespace) -> list[str]:
    """All contestants in Markdown; one that failed says so instead of its speed."""
    ours = next((result.cost.seconds for result in results if result.peer == "footfall" and result.cost.is_ok), None)
    lines = [
        "| contestant | seconds | CPU s | peak memory GB | rows/s | users | seconds, footfall = 1 |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for result in results:
        cost, name = result.cost, title(result.peer, options)
        ratio = f"{cost.seconds / ours:.2f}" if ours and cost.is_ok else "-"
        speed = f"{rows / cost.seconds:,.0f}" if cost.is_ok else cost.status
        users = "-" if result.users is None else f"{result.users:,}"
        memory = f"{cost.peak_bytes / 1e9:.2f}"
        lines.append(
            f"| {name} | {cost.seconds:.1f} | {cost.cpu_seconds:.1f} | {memory} | {speed} | {users} | {ratio} |"
        )
    return lines


def check(results: list[Result], work: Path, options: argparse.Namespace) -> bool:
    """Print how far the others are from Footfall; true if hand_sql agrees in all, the others in counts and money."""
    if not any(result.peer == "footfall" and result.cost.is_ok for result in results):
        print("nothing to compare with: footfall did not run")
        return False
    key = (work / "footfall" / "key").read_bytes().strip()
    ours = read_features(work / "footfall" / "out.parquet")
    agree = all(result.cost.is_ok for result in results)
    for result in results:
        if result.peer == "footfall" or not result.cost.is_ok:
            continue
        found = deviations(ours, read_features(work / result.peer / "out.parquet", key))
        must = list(found.index) if result.peer == "hand_sql" else [*COUNTS_AND_MONEY]
        wrong = found.loc[must, "users that differ"].sum() > 0
        agree = agree and not wrong
        verdict = "DIFFERS" if wrong else "agrees"
        print(f"\n{title(result.peer, options)}: {verdict} ({len(ours):,} users)\n{found.to_string()}")
    return agree


def months_one_by_one(folder: Path, work: Path, options: argparse.Namespace) -> list[str]:
    """Add one month at a time to one lake, features after each."""
    files = sorted(folder.glob("*.csv.gz"), key=lambda file: datetime.strptime(file.name[:8], "%Y-%b"))
    lines = [
        "| month | rows | ingest s | features s | seconds | peak memory GB | month, first = 1 | per row, first = 1 |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    first: tuple[float, float] | None = None
    for file in files:
        rows = rows_in(file)
        say(f"{file.name} ...")
        costs = [footfall_on(work, command, options) for command in (["ingest", str(file.resolve())], ["features"])]
        if bad := [cost.status for cost in costs if not cost.is_ok]:
            lines.append(f"| {file.name[:8]} | {rows:,} | {bad[0]} | | | | | |")
            break
        ingest, features = (cost.seconds for cost in costs)
        seconds, peak = ingest + features, max(cost.peak_bytes for cost in costs) / 1e9
        first = first or (seconds, seconds / rows)
        lines.append(
            f"| {file.name[:8]} | {rows:,} | {ingest:.1f} | {features:.1f} | {seconds:.1f} | {peak:.2f} "
            f"| {seconds / first[0]:.2f} | {seconds / rows / first[1]:.2f} |"
        )
    return lines


def footfall_on(work: Path, command: list[str], options: argparse.Namespace) -> Cost:
    """One Footfall command on the lake in `work`."""
    limits = ["--lake", str(work / "lake"), "--memory", options.memory, "--threads", str(options.threads)]
    program = str(Path(sys.executable).with_name("footfall"))
    variables = environment() | {"FOOTFALL_KEY_FILE": str(work / "key")}
    log = work / "months.log"
    cost = measure([program, *command, *limits], log, options.timeout, variables)
    if not cost.is_ok:
        say(log.read_text(errors="replace")[-2000:])
    return cost


def title(peer: str, options: argparse.Namespace) -> str:
    """A contestant's name in the table."""
    return PEERS[peer][0].format(threads=options.threads)


def say(text: str) -> None:
    """Tell how far we are."""
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
