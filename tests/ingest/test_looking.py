"""Which files of a watched folder are new and finished."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from footfall.errors import SourceUnreadable
from footfall.ingest.finding import Input
from footfall.ingest.looking import NewFiles

NOW = datetime(2026, 3, 1, 12)


def put(file: Path, text: str = "x", *, ago: int = 0) -> None:
    file.parent.mkdir(exist_ok=True, parents=True)
    file.write_text(text)
    seconds = (NOW - timedelta(seconds=ago)).replace(tzinfo=UTC).timestamp()
    os.utime(file, (seconds, seconds))


def names(found: list[Input]) -> list[str]:
    return [one.name for one in found]


def test_a_file_is_taken_when_two_looks_saw_the_same(tmp_path: Path) -> None:
    files = NewFiles([str(tmp_path)], lambda _: False)
    put(tmp_path / "a.csv", ago=2)
    put(tmp_path / "old.csv", ago=61)
    finished, unsure = files.look(NOW)
    assert (names(finished), names(unsure)) == (["old.csv"], ["a.csv"])
    put(tmp_path / "a.csv", "xx", ago=1)  # still being written
    assert names(files.look(NOW)[0]) == ["old.csv"]
    assert names(files.look(NOW)[0]) == ["a.csv", "old.csv"]


def test_a_file_that_was_dealt_with_comes_back_when_it_changes(tmp_path: Path) -> None:
    files = NewFiles([str(tmp_path)], lambda _: False)
    put(tmp_path / "day" / "a.csv", ago=99)
    (one,), _ = files.look(NOW)
    files.deal_with(one)
    assert files.look(NOW) == ([], [])
    put(tmp_path / "day" / "a.csv", "other", ago=98)
    assert names(files.look(NOW)[0]) == ["day/a.csv"]


def test_what_the_lake_has_is_asked_once(tmp_path: Path) -> None:
    asked: list[str] = []

    def is_known(one: Input) -> bool:
        asked.append(one.name)
        return True

    put(tmp_path / "a.csv", ago=99)
    files = NewFiles([str(tmp_path)], is_known)
    assert [files.look(NOW), files.look(NOW)] == [([], []), ([], [])]
    assert asked == ["a.csv"]


@pytest.mark.parametrize(
    "name", [".a.csv", "_a.csv", "a.csv.tmp", "a.csv.part", "a.csv.unfinished", "_x/a.csv", "a.md"]
)
def test_unfinished_names_and_other_things_are_passed_over(tmp_path: Path, name: str) -> None:
    put(tmp_path / name, ago=99)
    assert NewFiles([str(tmp_path)], lambda _: False).look(NOW) == ([], [])
    assert NewFiles([f"{tmp_path}/*.tmp"], lambda _: False).look(NOW) == ([], [])


@pytest.mark.parametrize("source", ["nowhere", "https://example.org/log.csv"])
def test_what_cannot_be_watched(tmp_path: Path, source: str) -> None:
    with pytest.raises(SourceUnreadable):
        NewFiles([source if ":" in source else str(tmp_path / source)], lambda _: False).look(NOW)
