"""Watching: what it makes of files that come minute by minute is what one run makes of all of them."""

from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from commands import footfall
from lake_tables import assert_same_lakes, one, orphans, rows
from minutes import Row, by_minute, visits, write

from footfall.contracts import EVENTS
from footfall.errors import StorageFailed
from footfall.lake import open_lake, tier
from footfall.pipeline.watching import Look, watch
from footfall.settings import load_settings

# Within a day of the machine's clock, by which files are landed: an older log is history, whose hours no clock closes.
START = datetime.now(UTC).replace(tzinfo=None, minute=0, second=0, microsecond=0) - timedelta(hours=6)
TABLES = ("events", "quarantine", "row_accounts", "volumes", "metric_series")
MINUTE = timedelta(minutes=1)


class SimulatedClock:
    """Time passes when it is waited for, and every minute something happens."""

    def __init__(self, start: datetime, happens: Callable[[datetime], None] = lambda _: None) -> None:
        self.time = start
        self.happens = happens
        self.after: Callable[[int], None] = lambda _: None
        self._waits = 0

    def now(self) -> datetime:
        return self.time

    def wait(self, span: timedelta) -> None:
        before, self.time = self.time, self.time + span
        if before.replace(second=0) != self.time.replace(second=0):
            self.happens(self.time)
        self._waits += 1
        self.after(self._waits)


def watched(
    folder: Path,
    lake: Path,
    clock: SimulatedClock,
    until: datetime,
    judge: Callable[[datetime], object] | None = None,
    **others: object,
) -> tuple[list[Look], list[datetime]]:
    """What every look did until a moment, and when hours were judged."""
    looks: list[Look] = []
    judged: list[datetime] = []
    folder.mkdir(exist_ok=True)
    watch(
        [str(folder)], load_settings(lake=lake, **others), clock=clock, until=lambda: clock.now() >= until,
        judge=judge or judged.append, tell=looks.append, every=timedelta(minutes=5),
    )  # fmt: skip
    return looks, judged


def arriving(folder: Path, files: dict[str, list[Row]], when: dict[str, datetime]) -> Callable[[datetime], None]:
    """Write every file when it is due."""

    def happens(now: datetime) -> None:
        for name, rows_of_file in files.items():
            if when[name] <= now and not (folder / name).exists():
                write(folder, name, rows_of_file)

    return happens


@pytest.mark.parametrize("timezone", ["UTC", "Asia/Kolkata"])
def test_watching_gives_the_tables_of_one_run(tmp_path: Path, timezone: str) -> None:
    """Also where a file comes an hour late, and another brings events of three hours in no order."""
    log = visits(START, 200, seed=1)
    early = [row for row in log[1::4] if row[0] < START + timedelta(minutes=120)]
    files = by_minute(log[::2], minutes=10) | {"shuffled.csv": early[::-1], "late.csv": log[3::4]}
    late = {"shuffled.csv": START + timedelta(minutes=130), "late.csv": START + timedelta(minutes=195)}
    when = {name: late.get(name) or max(moment for moment, _ in ours) + MINUTE for name, ours in files.items()}
    folder, lake, whole = tmp_path / "incoming", tmp_path / "lake", tmp_path / "whole"
    clock = SimulatedClock(START, arriving(folder, files, when))
    looks, judged = watched(folder, lake, clock, START + timedelta(minutes=253), timezone=timezone)
    assert sum(look.files for look in looks) == len(files)
    assert len(judged) == 5
    assert footfall("ingest", folder, "--lake", whole).code == 0
    assert footfall("series", "--lake", whole, "--timezone", timezone).code == 0
    assert_same_lakes(lake, whole, ("events", "quarantine", "row_accounts", "volumes"))
    # A run over the watched lake counts anew, once, and comes to the same.
    told = footfall("series", "--lake", lake, "--timezone", timezone, "--json").told["counted"]
    assert f"{START:%Y-%m}" in told["months"]
    assert_same_lakes(lake, whole, TABLES)
    assert orphans(lake) == []


def small_files(minutes: int, seed: int = 2) -> dict[str, list[Row]]:
    return by_minute(visits(START, minutes, seed=seed), minutes=10)


def test_a_bad_file_is_told_once_and_stops_nothing(tmp_path: Path) -> None:
    folder, files = tmp_path / "incoming", small_files(20)
    good, bad = sorted(files)
    clock = SimulatedClock(START + timedelta(minutes=30))
    write(folder, good, files[good])
    (folder / bad).write_text("who,knows\n1,2\n")

    def mended(now: datetime) -> None:
        if now >= START + timedelta(minutes=50) and "who" in (folder / bad).read_text():
            write(folder, bad, files[bad])

    clock.happens = mended
    looks, _ = watched(folder, tmp_path / "lake", clock, START + timedelta(minutes=70))
    told = [look.failed for look in looks if look.failed]
    assert [list(one) for one in told] == [[bad]]
    assert "line 1: the header (who, knows) is of no source that is known" in told[0][bad]
    assert sum(look.files for look in looks) == 2


def test_a_lake_that_others_write_to_is_waited_for(tmp_path: Path) -> None:
    folder, files = tmp_path / "incoming", small_files(10)
    write(folder, "a.csv", files[min(files)])
    lake = open_lake(tmp_path / "lake", create=True)
    clock = SimulatedClock(START + timedelta(minutes=20))
    held = ExitStack()
    held.enter_context(lake.lock())
    clock.after = lambda waits: held.close() if waits == 4 else None
    looks, judged = watched(folder, lake.root, clock, START + timedelta(minutes=30))
    waiting = [look.waiting for look in looks if look.waiting]
    assert waiting
    assert all("another run is writing" in one for one in waiting)
    assert (looks[-1].waiting, sum(look.files for look in looks), len(judged)) == (None, 1, 1)


def test_a_silent_shop_s_hours_are_closed_by_the_clock(tmp_path: Path) -> None:
    folder, files = tmp_path / "incoming", by_minute(visits(START, 60, per_minute=12), minutes=30)
    for name, ours in files.items():
        write(folder, name, ours)
    clock = SimulatedClock(START + timedelta(minutes=61))
    looks, judged = watched(folder, tmp_path / "lake", clock, START + timedelta(minutes=250))
    assert looks[-1].judged_until == START + timedelta(hours=4)
    assert len(judged) == 4
    hours = rows(
        tmp_path / "lake",
        "SELECT ts, value, status FROM metric_series WHERE series_id = 'hour/events/all/all' "
        f"AND ts >= '{START}' ORDER BY ts",
    )
    assert [row["ts"] for row in hours] == [START + timedelta(hours=number) for number in range(5)]
    assert [row["status"] for row in hours[1:]] == ["complete"] * 3 + ["partial"]
    assert [row["value"] for row in hours[1:]] == [0.0] * 4


def test_whoever_judges_is_called_again_after_a_failure_and_after_a_restart(tmp_path: Path) -> None:
    folder, files, called = tmp_path / "incoming", small_files(70), list[datetime]()
    for name, ours in files.items():
        write(folder, name, ours)

    def judge(now: datetime) -> None:
        called.append(now)
        if len(called) == 1:
            raise StorageFailed("the disk is full")

    looks, _ = watched(folder, tmp_path / "lake", SimulatedClock(START + timedelta(minutes=80)),
                       START + timedelta(minutes=90), judge=judge)  # fmt: skip
    assert [look.waiting for look in looks][:2] == ["the disk is full", None]
    assert len(called) == 2
    looks, _ = watched(folder, tmp_path / "lake", SimulatedClock(START + timedelta(minutes=95)),
                       START + timedelta(minutes=105), judge=judge)  # fmt: skip
    assert len(called) == 3
    assert sum(look.files for look in looks) == 0


def test_a_file_that_comes_twice_counts_once_and_a_new_version_replaces_it(tmp_path: Path) -> None:
    folder, lake, files = tmp_path / "incoming", tmp_path / "lake", small_files(70)
    first, second, *rest = sorted(files)
    for name in (first, second, *rest):
        write(folder, name, files[name])
    write(folder, "again.csv", files[first])
    watched(folder, lake, SimulatedClock(START + timedelta(minutes=80)), START + timedelta(minutes=90))
    everything = one(lake, "SELECT sum(kept) FROM (SELECT sum(rows) AS kept FROM row_accounts)")
    assert everything == sum(map(len, files.values()))
    write(folder, second, files[second][:5])
    looks, _ = watched(folder, lake, SimulatedClock(START + timedelta(minutes=90)), START + timedelta(minutes=131))
    assert sum(look.files for look in looks) == 1
    (folder / "again.csv").unlink()
    assert footfall("ingest", folder, "--lake", tmp_path / "whole").code == 0
    assert footfall("series", "--lake", tmp_path / "whole").code == 0
    assert_same_lakes(lake, tmp_path / "whole", ("events", "volumes"))


def test_packs_hold_what_came_and_give_it_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An hour of files is packed; then one of them comes anew, and events are counted by parts over the packs."""
    monkeypatch.setattr("footfall.pipeline.packing.MANY", 3)
    folder, lake, files = tmp_path / "incoming", tmp_path / "lake", small_files(130)
    names = sorted(files)
    for name in names[:7]:
        write(folder, name, files[name])
    watched(folder, lake, SimulatedClock(START + timedelta(minutes=75)), START + timedelta(minutes=80))
    assert {tier(file) for file in open_lake(lake).files(EVENTS)} == {1}
    for name in names[7:]:
        write(folder, name, files[name])
    write(folder, names[2], files[names[2]][1:])
    watched(folder, lake, SimulatedClock(START + timedelta(minutes=133)), START + timedelta(minutes=183))
    assert footfall("ingest", folder, "--lake", tmp_path / "whole").code == 0
    assert footfall("series", "--lake", tmp_path / "whole").code == 0
    assert_same_lakes(lake, tmp_path / "whole", ("events", "quarantine", "row_accounts", "volumes"))
    assert orphans(lake) == []
