"""Objects come through the same door as files. The server is real: SeaweedFS on loopback."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from object_stores import ObjectStore

from footfall.errors import DownloadFailed, FootfallError, SettingInvalid, SourceUnreadable
from footfall.ingest.finding import find_inputs, look_into
from footfall.ingest.looking import NewFiles
from footfall.ingest.object_store import fetch_object, list_objects
from footfall.pipeline.run import ingest_and_clean
from footfall.settings import load_settings

HEADER = "event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session\n"


def log(hour: int, rows: int = 3) -> str:
    lines = [f"2019-10-01 {hour:02}:{n:02}:00 UTC,view,{n},20,toys,acme,5.0,51{n},s{n}\n" for n in range(rows)]
    return HEADER + "".join(lines)


def test_a_prefix_holds_the_finished_logs_under_it(object_store: ObjectStore) -> None:
    for key in ("a/08.csv", "a/day/09.csv", "a/.10.csv", "a/11.csv.tmp", "a/readme.md", "ab/12.csv"):
        object_store.put(key, log(8))
    assert [one.name for one in find_inputs(["s3://shop/a"])] == ["08.csv", "day/09.csv"]
    assert [one.name for one in find_inputs(["s3://shop/a/"])] == ["08.csv", "day/09.csv"]
    assert [one.name for one in find_inputs(["s3://shop/a/0*.csv"])] == ["08.csv"]
    assert [one.name for one in find_inputs(["s3://shop/a/08.csv"])] == ["08.csv"]


def test_an_object_is_fetched_whole(object_store: ObjectStore, tmp_path: Path) -> None:
    text, told = "x" * 25_000_000, list[tuple[int, int | None]]()
    fetch_object(object_store.put("big.csv", text), tmp_path / "big", lambda done, total: told.append((done, total)))
    assert (tmp_path / "big").read_text() == text
    assert told[-1] == (25_000_000, 25_000_000)
    assert [file.name for file in tmp_path.iterdir()] == ["big"]


def test_a_run_brings_objects_once_and_a_new_version_in_their_place(object_store: ObjectStore, tmp_path: Path) -> None:
    settings = load_settings(lake=tmp_path / "lake", key_file=tmp_path / "key", memory="1GB", threads=2)
    object_store.put("run/08.csv", log(8))
    object_store.put("run/09.csv", log(9))
    first = ingest_and_clean(["s3://shop/run"], settings)
    again = ingest_and_clean(["s3://shop/run"], settings)
    assert {name: accounts["kept"] for name, accounts in first.cleaned.items()} == {"08.csv": 3, "09.csv": 3}
    assert (again.cleaned, again.unchanged) == ({}, ["08.csv", "09.csv"])
    object_store.put("run/09.csv", log(9, rows=5))
    newer = ingest_and_clean(["s3://shop/run"], settings)
    assert (newer.cleaned["09.csv"]["kept"], newer.replaced, newer.unchanged) == (5, ["09.csv"], ["08.csv"])


def test_objects_are_taken_at_once_and_again_when_they_change(object_store: ObjectStore) -> None:
    files, now = NewFiles(["s3://shop/watched"], lambda _: False), datetime.now(UTC).replace(tzinfo=None)
    assert files.look(now) == ([], [])
    object_store.put("watched/1.csv", log(8))
    (one,), unsure = files.look(now)
    assert (one.name, unsure) == ("1.csv", [])
    files.deal_with(one)
    assert files.look(now + timedelta(minutes=1)) == ([], [])
    object_store.put("watched/1.csv", log(8, rows=5))
    assert [one.name for one in files.look(now)[0]] == ["1.csv"]


@pytest.mark.parametrize(
    ("url", "variables", "error", "told"),
    [
        ("s3://shop/none.csv", {}, SourceUnreadable, "holds no file"),
        ("s3://", {}, SettingInvalid, "names no bucket"),
        ("s3://shop/a", {"AWS_SECRET_ACCESS_KEY": "wrong"}, SourceUnreadable, "access is refused"),
        ("s3://shop/a", {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}, DownloadFailed, "does not answer"),
    ],
)
def test_what_is_told(
    object_store: ObjectStore, monkeypatch: pytest.MonkeyPatch, url: str, variables: dict[str, str],
    error: type[FootfallError], told: str,
) -> None:  # fmt: skip
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(error, match=told):
        find_inputs([url])


def test_an_empty_prefix_can_be_watched(object_store: ObjectStore) -> None:
    assert (look_into("s3://shop/nothing/yet"), list_objects("s3://shop/nothing/yet")) == ([], [])
