"""Incidents and people: who is told what and when, also by runs that are killed, and what people say of them."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from threading import Timer

import numpy as np
import pyarrow as pa
import pytest
from commands import footfall, kill_at
from lake_tables import assert_same, in_order
from planted import BRAND_DROPS, BRAND_IS_BACK, HOUR, PARTS, START, PlantedShop, deliver, incidents
from receivers import Webhook

from footfall.contracts import INCIDENTS
from footfall.lake import open_lake, transaction
from footfall.pipeline.notifying import deliver as send
from footfall.publish import Outbox
from footfall.settings import load_settings


@pytest.fixture
def webhook(monkeypatch: pytest.MonkeyPatch) -> Iterator[Webhook]:
    """The one channel of every command."""
    hook = Webhook()
    monkeypatch.setenv("FOOTFALL_NOTIFY", hook.url)
    with hook.up():
        yield hook


@pytest.fixture
def calm(calm_lake: Path, tmp_path: Path) -> Path:
    return shutil.copytree(calm_lake, tmp_path / "lake")


@pytest.fixture
def alarmed(alarmed_lake: Path, tmp_path: Path) -> Path:
    return shutil.copytree(alarmed_lake, tmp_path / "lake")


def kinds_of(hook: Webhook) -> list[str]:
    """What titles begin with: nothing where an incident opens, then `Update`, and `Over`."""
    return [title.partition(" \N{EN DASH} ")[0] if " \N{EN DASH} " in title else "" for title in hook.titles]


def open_one(lake: Path) -> str:
    ((name),) = [row["incident_id"] for row in incidents(lake) if row["status"] == "open"]
    return str(name)


def command(*arguments: object) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "footfall.cli", *map(str, arguments)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def test_one_incident_is_one_message_then_more_and_its_end(
    calm: Path, planted_shop: PlantedShop, webhook: Webhook
) -> None:
    planted_shop.detect(planted_shop.bring(calm, "hour"))
    assert len(webhook.received) == 1
    assert "below expected" in webhook.titles[0]
    assert "brand wind" in webhook.received[0]["message"]
    assert open_one(calm) in webhook.received[0]["message"]
    assert webhook.plots()[0].startswith(b"\x89PNG")
    planted_shop.detect(calm)
    assert len(webhook.received) == 1
    planted_shop.detect(planted_shop.bring(calm, "drop", "back"))
    assert kinds_of(webhook) == ["", "Over"], "its end says what the update said that was due with it"
    assert not Outbox(calm / "outbox").letters()


def test_what_is_long_over_is_not_told(
    calm_lake: Path, planted_shop: PlantedShop, tmp_path: Path, webhook: Webhook
) -> None:
    """Three weeks are brought at once; the gap of two days ago is in the table and in no message."""
    lake = planted_shop.bring(tmp_path / "lake", "weeks")
    planted_shop.detect(lake)
    assert [row["kind"] for row in incidents(lake)] == ["no_data"]
    assert webhook.received == []
    assert not (lake / "outbox" / "pending").exists()


def test_found_at_night_is_due_in_the_morning_of_the_shop(
    calm: Path, planted_shop: PlantedShop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The brand drops at two at night in Los Angeles, and is down for three hours."""
    monkeypatch.setenv("FOOTFALL_NOTIFY", Webhook().url)
    quiet = tmp_path / "quiet.toml"
    quiet.write_text('[quiet]\nfrom = "22:00"\nto = "07:00"\n')
    planted_shop.bring(calm, "hour", "drop")
    planted_shop.detect(calm, "--alerts", quiet, "--timezone", "America/Los_Angeles")
    messages = [letter.message for letter in Outbox(calm / "outbox").letters()]
    assert "opened" in {one.event for one in messages}
    assert all(BRAND_DROPS < one.at <= BRAND_DROPS + 3 * HOUR for one in messages)
    assert {one.due_at for one in messages} == {BRAND_DROPS.replace(hour=14)}


def test_of_what_somebody_has_taken_on_only_the_end_is_told(
    alarmed: Path, planted_shop: PlantedShop, webhook: Webhook
) -> None:
    name = open_one(alarmed)
    said = footfall("incidents", "ack", name[:6], "--lake", alarmed)
    assert (said.code, f"{name} (hour/" in said.out, "is acknowledged" in said.out) == (0, True, True)
    assert footfall("incidents", "ack", name, "--lake", alarmed, "--json").told["acknowledged_at"]
    told = planted_shop.detect(planted_shop.bring(alarmed, "drop", "back"))
    assert [event["event"] for event in told["events"]][-2:] == ["updated", "closed"]
    assert kinds_of(webhook) == ["Over"]
    (row,) = [row for row in incidents(alarmed) if row["incident_id"] == name]
    assert row["acknowledged_at"] is not None
    assert row["status"] == "closed"


def test_a_snoozed_incident_is_told_afterwards(
    alarmed: Path, planted_shop: PlantedShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the silence it goes on, in whichever of its series, and no other is opened in its place."""
    monkeypatch.setenv("FOOTFALL_NOTIFY", Webhook().url)
    name = open_one(alarmed)
    until = BRAND_DROPS + 25 * HOUR
    said = footfall("incidents", "snooze", name, "--hours", 24, "--lake", alarmed)
    assert f"is silent until {until:%Y-%m-%d %H:%M} UTC" in said.out
    planted_shop.detect(planted_shop.bring(alarmed, "drop", "back"))
    letters = Outbox(alarmed / "outbox").letters()
    assert letters
    assert {letter.message.due_at for letter in letters} == {until}
    # The brand drops again three hours before the silence ends.
    first = PARTS["rest"][0]
    events = planted_shop.between(first, until + HOUR)
    is_gone = (events.brand == "wind") & (events.time >= until - 3 * HOUR)
    planted_shop.bring_file(alarmed, deliver(alarmed.parent / "in", "again.parquet", events[~is_gone]))
    told = planted_shop.detect(alarmed)["events"]
    assert "reopened" in [event["event"] for event in told]
    assert {event["incident_id"] for event in told} == {name}
    again = [letter.message for letter in Outbox(alarmed / "outbox").letters() if letter.message.event == "reopened"]
    assert [(one.title[:9], one.due_at) for one in again] == [("On again ", until)]


def test_what_goes_on_after_its_end_is_told_as_that(
    alarmed: Path, planted_shop: PlantedShop, tmp_path: Path, webhook: Webhook
) -> None:
    """The brand is back for six hours, and drops again."""
    name = open_one(alarmed)
    planted_shop.detect(planted_shop.bring(alarmed, "drop"))
    first, again = PARTS["back"][0], BRAND_IS_BACK + 6 * HOUR
    events = planted_shop.between(first, again + 4 * HOUR)
    for number, (start, end) in enumerate([(first, again), (again, again + 4 * HOUR)]):
        some = events[(events.time >= start) & (events.time < end) & ((events.brand != "wind") | (events.time < again))]
        planted_shop.bring_file(alarmed, deliver(tmp_path / "in", f"{number}.parquet", some))
        planted_shop.detect(alarmed)
    assert kinds_of(webhook)[-2:] == ["Over", "On again"]
    assert {name in one["message"] for one in webhook.received[-2:]} == {True}


def test_after_a_false_alarm_its_series_needs_four_times_as_much(alarmed: Path, planted_shop: PlantedShop) -> None:
    name = open_one(alarmed)
    said = footfall("incidents", "feedback", name, "false", "--lake", alarmed)
    assert f"{name} (" in said.out
    assert "was false: noted" in said.out
    lead = footfall("incidents", "show", name, "--lake", alarmed, "--json").told["series_id"]
    planted_shop.detect(planted_shop.bring(alarmed, "drop", "back"))
    with np.load(alarmed / "models" / "watch" / "memory.npz") as memory:
        strictness = memory["alarms.strictness"]
    ids = sorted({row["series_id"] for row in in_order(alarmed, "metric_series", WATCHED).to_pylist()})
    assert dict(zip(ids, strictness, strict=True)) == {one: 0.25 if one == lead else 1.0 for one in ids}
    footfall("incidents", "feedback", name, "true", "--lake", alarmed)
    assert footfall("incidents", "feedback", name, "rubbish", "--lake", alarmed).code == 2


WATCHED = "grain = 'hour' AND metric IN ('orders', 'revenue', 'carts', 'sessions', 'events')"


def test_lists_and_details(judged_lake: Path) -> None:
    listed = incidents(judged_lake)
    assert [row["opened_at"] for row in listed] == sorted(row["opened_at"] for row in listed)
    assert footfall("incidents", "list", "--open", "--lake", judged_lake, "--json").out.strip() == "[]"
    since = footfall("incidents", "list", "--since", "2019-11-01", "--lake", judged_lake)
    assert listed[-1]["incident_id"] in since.out
    assert listed[0]["incident_id"] not in since.out
    last = listed[-1]
    shown = footfall("incidents", "show", last["incident_id"][:7], "--lake", judged_lake)
    assert f"onset     {last['onset']:%Y-%m-%d %H:%M} UTC" in shown.out
    told = footfall("incidents", "show", last["incident_id"], "--lake", judged_lake, "--json").told
    assert len(told["anomaly_rows"]) > 0
    assert {row["incident_id"] for row in told["anomaly_rows"]} == {last["incident_id"]}


@pytest.mark.parametrize(
    ("which", "says"),
    [("zzz", "there is no such incident"), ("", "there is no such incident"), ("'; DROP", "there is no such incident")],
)
def test_an_incident_that_is_not_there(judged_lake: Path, which: str, says: str) -> None:
    for verb, more in (("show", ()), ("ack", ()), ("snooze", ()), ("feedback", ("true",))):
        ended = footfall("incidents", verb, which, *more, "--lake", judged_lake)
        assert (ended.code, says in ended.err, "`footfall incidents list` shows all" in ended.err) == (1, True, True)


def test_letters_that_begin_several_ids(judged_lake: Path, tmp_path: Path) -> None:
    lake = shutil.copytree(judged_lake, tmp_path / "lake")
    opened = open_lake(lake)
    rows = opened.load(INCIDENTS).to_pylist()
    twins = [rows[0] | {"incident_id": "abcd0001"}, rows[1] | {"incident_id": "abcd0002"}]
    with opened.lock(), transaction(opened) as tx:
        tx.write(INCIDENTS, pa.Table.from_pylist(twins, INCIDENTS.schema))
    ended = footfall("incidents", "ack", "abcd", "--lake", lake)
    assert (ended.code, "2 incidents begin so; write more of it" in ended.err) == (1, True)
    assert footfall("incidents", "ack", "abcd0002", "--lake", lake).code == 0
    assert [bool(row["acknowledged_at"]) for row in incidents(lake)] == [False, True]


@pytest.mark.parametrize("hours", ["0", "-3", "nan"])
def test_a_silence_of_no_length(judged_lake: Path, hours: str) -> None:
    name = incidents(judged_lake)[0]["incident_id"]
    ended = footfall("incidents", "snooze", name, "--hours", hours, "--lake", judged_lake)
    assert (ended.code, "must be more than 0" in ended.err) == (1, True)


def test_what_people_say_waits_for_a_run_that_writes(alarmed: Path) -> None:
    held = ExitStack()
    held.enter_context(open_lake(alarmed).lock())
    timer = Timer(1.5, held.close)
    timer.start()
    began = time.monotonic()
    ended = footfall("incidents", "ack", open_one(alarmed), "--lake", alarmed)
    timer.join()
    assert ended.code == 0, ended.err
    assert time.monotonic() - began > 1.4


MARKS = (
    "processed/metric_series/_delta_log/*.json",
    "outbox/pending/*.png",
    "outbox/pending/*.json",
    "processed/anomalies/_delta_log/*.json",
    "processed/incidents/_delta_log/*.json",
    "models/watch/memory.*",
    "outbox/sent/*.json",
)


@pytest.fixture(scope="module")
def due_lake(calm_lake: Path, planted_shop: PlantedShop, lakes_of_session: Path) -> Path:
    """A lake in which a brand has dropped, and that was not judged since. Tests copy it."""
    return planted_shop.bring(shutil.copytree(calm_lake, lakes_of_session / "due"), "hour", "drop")


@pytest.fixture
def due(due_lake: Path, tmp_path: Path) -> Path:
    return shutil.copytree(due_lake, tmp_path / "lake")


@pytest.fixture(scope="module")
def undisturbed(due_lake: Path, planted_shop: PlantedShop, lakes_of_session: Path) -> Path:
    lake = shutil.copytree(due_lake, lakes_of_session / "undisturbed")
    planted_shop.detect(lake)
    return lake


def finish(lake: Path, planted_shop: PlantedShop, undisturbed: Path, webhook: Webhook) -> Counter[str]:
    """Run it again, and an hour later what rested is sent; how often each message came."""
    planted_shop.detect(lake)
    send(load_settings(lake=lake), now=datetime.now(UTC).replace(tzinfo=None) + HOUR)
    for name in ("anomalies", "incidents"):
        assert_same(in_order(lake, name), in_order(undisturbed, name), name)
    assert not Outbox(lake / "outbox").letters()
    return Counter(one["title"] + one["message"] for one in webhook.received)


@pytest.mark.parametrize("mark", MARKS)
def test_a_killed_run_and_another_are_one_run(
    due: Path, planted_shop: PlantedShop, undisturbed: Path, webhook: Webhook, mark: str
) -> None:
    process = command("detect", *planted_shop.flags(due))
    kill_at(due, mark, process)
    assert process.returncode == -signal.SIGKILL
    counts = finish(due, planted_shop, undisturbed, webhook)
    assert sum(title.startswith(("Update", "Over")) for title in counts) <= 1
    assert len(counts) in (1, 2)
    assert sum(counts.values()) <= len(counts) + ("sent" in mark)


def test_killed_before_the_channel_has_answered(
    due: Path, planted_shop: PlantedShop, undisturbed: Path, webhook: Webhook
) -> None:
    process = command("detect", *planted_shop.flags(due))
    webhook.on_request = lambda number: process.kill() if number == 1 else None
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    under_way = webhook.received[0]["title"] + webhook.received[0]["message"]
    counts = finish(due, planted_shop, undisturbed, webhook)
    assert counts.pop(under_way) == 2
    assert set(counts.values()) <= {1}


def test_a_watch_tells_one_incident_once(planted_shop: PlantedShop, tmp_path: Path, webhook: Webhook) -> None:
    file = deliver(tmp_path / "in", "log.parquet", planted_shop.between(START, PARTS["hour"][1]))
    old = time.time() - 3600
    os.utime(file, (old, old))
    watch = ("watch", tmp_path / "in", "--once", "--mapping", planted_shop.folder / "planted.toml",
             "--key-file", planted_shop.key, *planted_shop.flags(tmp_path / "lake"))  # fmt: skip
    for _ in range(2):
        process = command(*watch)
        said, told = process.communicate(timeout=120)
        assert process.returncode == 0, told
        assert len(webhook.received) == 1, said
    assert open_one(tmp_path / "lake") in webhook.received[0]["message"]


def brought(lake: Path, shop: PlantedShop, folder: Path, *files: "tuple[datetime, datetime]") -> Path:
    for number, (first, last) in enumerate(files):
        shop.bring_file(lake, deliver(folder, f"{number}.parquet", shop.between(first, last)))
    return lake


SEVEN = BRAND_DROPS - 2 * HOUR


def test_events_of_an_hour_that_was_judged_are_counted_and_judge_nothing(
    calm: Path, planted_shop: PlantedShop, tmp_path: Path
) -> None:
    """The same hour in another file, after it was judged."""
    before = incidents(calm)
    brought(calm, planted_shop, tmp_path / "in", (SEVEN, SEVEN + HOUR))
    told = planted_shop.detect(calm)
    assert (told["hours"], told["events"]) == (0, [])
    assert incidents(calm) == before


def test_an_hour_delivered_twice_is_no_storm(planted_shop: PlantedShop, tmp_path: Path, webhook: Webhook) -> None:
    """Before it is judged: every series of the shop has doubled, which is one spike, told once, and soon over."""
    files = ((START, SEVEN + HOUR), (SEVEN, SEVEN + HOUR), (SEVEN + HOUR, BRAND_DROPS + timedelta(minutes=5)))
    lake = brought(tmp_path / "lake", planted_shop, tmp_path / "in", *files)
    planted_shop.detect(lake)
    ours = [row for row in incidents(lake) if row["onset"] >= SEVEN - 3 * HOUR]
    assert [(row["kind"], row["onset"], row["dimension"]) for row in ours] == [("spike", SEVEN, "all")]
    assert kinds_of(webhook).count("") == 1


def test_files_that_come_in_no_order_of_time(alarmed_lake: Path, planted_shop: PlantedShop, tmp_path: Path) -> None:
    """A clock that went backwards: later hours came first."""
    first, last = PARTS["weeks"][0], PARTS["hour"][1]
    cuts = [first, first + timedelta(days=9), first + timedelta(days=18, hours=3), last]
    files = list(pairwise(cuts))
    lake = brought(tmp_path / "lake", planted_shop, tmp_path / "in", *files[::-1])
    planted_shop.detect(lake)
    for name in ("anomalies", "incidents"):
        assert_same(in_order(lake, name), in_order(alarmed_lake, name), name)


def test_a_category_that_is_renamed_is_told_once_and_as_that(
    calm: Path, planted_shop: PlantedShop, tmp_path: Path, webhook: Webhook
) -> None:
    """The hours that follow are those of a week before, in which nothing was wrong."""
    week, first = timedelta(weeks=1), PARTS["hour"][0]
    for number, hours in enumerate((1, 3, 18)):
        events = planted_shop.between(first - week, first - week + hours * HOUR)
        first += hours * HOUR
        renamed = events.category.replace("toys", "games")
        events = events.assign(time=events.time + week, category=renamed, visit="again " + events.visit)
        planted_shop.bring_file(calm, deliver(tmp_path / "in", f"{number}.parquet", events))
        planted_shop.detect(calm)
    ours = [row for row in incidents(calm) if row["onset"] >= SEVEN]
    assert [(row["kind"], row["dimension"], row["cause"]) for row in ours] == [
        ("drop", "category", "renamed: toys -> games")
    ]
    assert "Main cause: a new name: toys -> games." in webhook.received[-1]["message"]
    assert kinds_of(webhook).count("") == 1
