"""What was done is in the log, whoever writes beside it, and whatever was cut off."""

import json
import re
import resource
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, get_args

import pytest
from crowd import crowd, said
from hypothesis import given
from hypothesis import strategies as st

from footfall.errors import SettingInvalid, StorageFailed
from footfall.serve.access import ANYONE, AuditLog, Caller, Entry, Outcome, Via

ADA, BOB = "a" * 32, "0123456789abcdef" * 2
CALLER = Caller("newsletter", ("marketing",), "00c0ffee")
AT = datetime(2026, 1, 31, 23, 59, 59, 999_000)


class Clock:
    """A date that changes when it is told to."""

    def __init__(self, now: datetime = AT) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "access"


@pytest.fixture
def log(folder: Path) -> AuditLog:
    return AuditLog(folder, Clock())


def january(folder: Path) -> Path:
    return folder / "audit" / "2026-01.jsonl"


def test_an_entry_is_one_line_of_json(folder: Path, log: AuditLog) -> None:
    log.record(CALLER, "users.read", via="api", users=[ADA, BOB])
    log.record(ANYONE, "segments.export", via="dashboard", outcome="refused", segment=3, count=0)
    log.record(CALLER, "models.promote", via="api", target="v1.2.0")
    first, second, third = january(folder).read_text().splitlines()
    assert json.loads(first) == {
        "at": "2026-01-31T23:59:59.999Z",
        "who": "newsletter",
        "key_id": "00c0ffee",
        "what": "users.read",
        "via": "api",
        "outcome": "ok",
        "users": [ADA, BOB],
    }
    assert json.loads(second) == {
        "at": "2026-01-31T23:59:59.999Z",
        "who": "anyone",
        "what": "segments.export",
        "via": "dashboard",
        "outcome": "refused",
        "segment": 3,
        "count": 0,
    }
    assert (json.loads(third)["target"], "users" in json.loads(third)) == ("v1.2.0", False)


def test_a_month_has_a_file_and_all_are_read_in_order(folder: Path) -> None:
    clock = Clock()
    log = AuditLog(folder, clock)
    log.record(CALLER, "users.read", via="api", users=[ADA])
    clock.now += timedelta(milliseconds=1)
    log.record(CALLER, "users.score", via="api", users=[ADA])
    assert sorted(file.name for file in (folder / "audit").iterdir()) == ["2026-01.jsonl", "2026-02.jsonl"]
    assert [entry.at for entry in log.entries()] == [AT, datetime(2026, 2, 1)]


def test_only_the_owner_may_read_it(folder: Path) -> None:
    for month in (1, 2):
        AuditLog(folder, Clock(datetime(2026, month, 1))).record(CALLER, "users.read", via="api", users=[ADA])
    assert {stat.S_IMODE(path.stat().st_mode) for path in (folder, folder / "audit")} == {0o700}
    assert [stat.S_IMODE(file.stat().st_mode) for file in (folder / "audit").iterdir()] == [0o600] * 2


@pytest.mark.parametrize("raw", ["512345678", "jane@example.org", "", BOB.upper(), f"{BOB} ", f"{BOB}\n", BOB[:-1]])
def test_what_is_no_pseudonym_is_never_written(folder: Path, log: AuditLog, raw: str) -> None:
    log.record(CALLER, "users.read", via="api", outcome="not_found", users=[raw, ADA])
    assert [entry.users for entry in log.entries()] == [("…", ADA)]
    assert not raw or raw not in january(folder).read_text()


_MOMENTS = st.datetimes(datetime(2025, 11, 1), datetime(2026, 3, 1)).map(
    lambda at: at.replace(microsecond=at.microsecond // 1000 * 1000)
)
_ENTRIES = st.builds(
    Entry,
    at=_MOMENTS,
    who=st.text(),
    key_id=st.none() | st.just("00c0ffee"),
    what=st.text(),
    via=st.sampled_from(get_args(Via)),
    outcome=st.sampled_from(get_args(Outcome)),
    users=st.lists(st.sampled_from([ADA, BOB])).map(tuple),
    segment=st.none() | st.integers(0, 9),
    count=st.none() | st.integers(0, 10**6),
    target=st.none() | st.sampled_from(["0badcafe", "v1.12.0"]),
)


@given(
    told=st.lists(_ENTRIES, min_size=1),
    since_that_of=st.none() | st.integers(0, 9),
    user=st.sampled_from([None, ADA, BOB]),
    who_as_in=st.none() | st.integers(0, 9),
)
def test_what_was_recorded_is_found_by_time_user_and_key(
    told: list[Entry], since_that_of: int | None, user: str | None, who_as_in: int | None
) -> None:
    told.sort(key=lambda entry: entry.at)
    since = None if since_that_of is None else told[since_that_of % len(told)].at
    who = None if who_as_in is None else told[who_as_in % len(told)].who
    with TemporaryDirectory() as folder:
        clock = Clock()
        log = AuditLog(Path(folder), clock)
        for one in told:
            clock.now = one.at
            log.record(
                Caller(one.who, (), one.key_id), one.what,
                via=one.via, outcome=one.outcome, users=one.users, segment=one.segment, count=one.count,
                target=one.target,
            )  # fmt: skip
        found = log.entries(since, user, who)
        wanted = [one for one in told if since is None or one.at >= since]
        wanted = [one for one in wanted if user is None or user in one.users]
        assert list(found) == [one for one in wanted if who is None or one.who == who]
        assert found.unreadable == 0


def test_a_raw_id_cannot_be_asked_for(log: AuditLog) -> None:
    with pytest.raises(SettingInvalid, match='"512345678" is no pseudonym'):
        log.entries(user="512345678")


def test_an_empty_log_has_no_entries(folder: Path, log: AuditLog) -> None:
    assert list(log.entries()) == []
    assert not folder.exists()


def test_a_line_that_was_cut_is_counted_and_costs_no_other(folder: Path, log: AuditLog) -> None:
    """Wherever a power cut cuts the last line, the lines before it and after it are read."""
    for who in ("first", "cut"):
        log.record(replace(CALLER, name=who), "users.read", via="api", users=[ADA])
    whole = january(folder).read_bytes()
    begin = whole.index(b"\n") + 1
    for end in range(begin + 1, len(whole) - 1):
        january(folder).write_bytes(whole[:end])
        found = log.entries()
        assert [entry.who for entry in found] == ["first"]
        assert found.unreadable == 1
        log.record(replace(CALLER, name="after"), "users.read", via="api", users=[ADA])
        assert [entry.who for entry in found] == ["first", "after"]
        assert found.unreadable == 1


def test_a_last_line_that_lacks_only_its_end_is_read(folder: Path, log: AuditLog) -> None:
    log.record(CALLER, "users.read", via="api", users=[ADA])
    january(folder).write_bytes(january(folder).read_bytes()[:-1])
    log.record(CALLER, "users.score", via="api", users=[ADA])
    found = log.entries()
    assert [entry.what for entry in found] == ["users.read", "users.score"]
    assert found.unreadable == 0


@pytest.mark.parametrize(
    "line", [b"\0" * 300, b"null", b"[]", b'{"at": 5}', b'{"at": "now"}', b'{"who": "x"}', b"\xff\xfe"]
)
def test_lines_that_are_no_entries_are_counted(folder: Path, log: AuditLog, line: bytes) -> None:
    log.record(CALLER, "users.read", via="api", users=[ADA])
    with january(folder).open("ab") as stream:
        stream.write(line + b"\n")
    log.record(CALLER, "users.score", via="api", users=[ADA])
    found = log.entries(user=ADA)
    assert [entry.what for entry in found] == ["users.read", "users.score"]
    assert found.unreadable == 1


@contextmanager
def no_file_longer_than(size: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_disk_that_takes_half_a_line_is_told_and_the_next_line_is_whole(folder: Path, log: AuditLog) -> None:
    log.record(CALLER, "users.read", via="api", users=[ADA])
    with (
        no_file_longer_than(january(folder).stat().st_size + 20),
        pytest.raises(StorageFailed, match=r"2026-01\.jsonl: cannot be written"),
    ):
        log.record(CALLER, "users.read", via="api", users=[BOB])
    log.record(CALLER, "users.score", via="api", users=[ADA])
    found = log.entries()
    assert [entry.what for entry in found] == ["users.read", "users.score"]
    assert found.unreadable == 1


def test_a_full_disk_is_told(folder: Path, log: AuditLog) -> None:
    january(folder).parent.mkdir(parents=True)
    january(folder).symlink_to("/dev/full")
    with pytest.raises(StorageFailed, match="No space left"):
        log.record(CALLER, "users.read", via="api", users=[ADA])


def test_a_lake_that_is_gone_is_not_made_again(tmp_path: Path) -> None:
    with pytest.raises(StorageFailed, match="cannot be written"):
        AuditLog(tmp_path / "lake" / "access").record(CALLER, "users.read", via="api", users=[ADA])
    assert not list(tmp_path.iterdir())


_RECORDS = """
import sys
from itertools import count
from pathlib import Path
from footfall.serve.access import AuditLog, Caller
log = AuditLog(Path(sys.argv[2]))
caller = Caller(sys.argv[1], ())
print("ready", flush=True)
sys.stdin.readline()
for number in range(int(sys.argv[3])) if len(sys.argv) > 3 else count():
    log.record(caller, "users.score", via="api", users=["0" * 32] * (number % 300), count=number)
    print(number, flush=True)
"""


def test_processes_write_beside_each_other(folder: Path) -> None:
    """Lines of up to ten kilobytes."""
    january(folder).parent.mkdir(parents=True)
    with crowd(_RECORDS, folder, 300, size=3) as processes:
        assert [len(said(process)) for process in processes] == [300] * 3
    found = AuditLog(folder).entries()
    entries: list[Any] = list(found)
    assert found.unreadable == 0
    for number in range(3):
        assert [entry.count for entry in entries if entry.who == str(number)] == list(range(300))


def test_what_was_recorded_survives_a_kill(folder: Path) -> None:
    folder.mkdir()
    with crowd(_RECORDS, folder, size=1) as (process,):
        assert process.stdout is not None
        for line in process.stdout:
            if line == "200\n":
                process.kill()
                break
        last = int(re.findall(r"(\d+)\n", "200\n" + process.stdout.read())[-1])
    found = AuditLog(folder).entries()
    counts = [entry.count for entry in found]
    assert found.unreadable == 0
    assert counts in (list(range(last + 1)), list(range(last + 2)))


@pytest.mark.parametrize("target", ["", "jane.doe@example.com", "=1+cmd|x", "0badcafe\n", "v1.2", "x" * 60_000])
def test_what_can_be_no_target_is_masked(tmp_path: Path, target: str) -> None:
    log = AuditLog(tmp_path)
    log.record(CALLER, "incidents.write", via="api", outcome="refused", target=target)
    assert [one.target for one in log.entries()] == ["…"]


def test_a_log_that_cannot_be_written_says_so_before_anything_is_done(tmp_path: Path) -> None:
    log = AuditLog(tmp_path)
    log.must_be_writable()
    (file,) = (tmp_path / "audit").glob("*.jsonl")
    file.unlink()
    file.mkdir()
    with pytest.raises(StorageFailed, match=r"audit log .* cannot be written"):
        log.must_be_writable()
