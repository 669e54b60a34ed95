from hashlib import sha256
from pathlib import Path

import pytest
from plain_log import lines_of

from footfall.simulate import SimulatedShop, month_files, simulate


def digests(shop: SimulatedShop) -> dict[str, str]:
    files = [*shop.months, *sorted(shop.truth.iterdir())]
    return {path.name: sha256(path.read_bytes()).hexdigest() for path in files}


def test_the_same_seed_gives_the_same_bytes(tmp_path):
    one = simulate(tmp_path / "one", users=300, months=2, seed=7)
    other = simulate(tmp_path / "other", users=300, months=2, seed=7)
    assert digests(one) == digests(other)


def test_the_gzip_header_holds_no_time_and_no_name(out):
    header = simulate(out, users=1).months[0].read_bytes()[:10]
    flags, modified = header[3], header[4:8]
    assert flags == 0
    assert modified == bytes(4)


def test_another_seed_gives_another_shop(tmp_path):
    one = simulate(tmp_path / "one", users=300, seed=7)
    other = simulate(tmp_path / "other", users=300, seed=8)
    shared = set(lines_of(one.months[0])) & set(lines_of(other.months[0]))
    assert len(shared) == 1
    assert not set(digests(one).values()) & set(digests(other).values())


def test_the_size_of_a_block_of_text_changes_no_row(tmp_path, monkeypatch):
    whole = simulate(tmp_path / "whole", users=300, seed=7)
    monkeypatch.setattr(month_files, "ROWS_PER_BLOCK", 10)
    blocks = simulate(tmp_path / "blocks", users=300, seed=7)
    assert lines_of(blocks.months[0]) == lines_of(whole.months[0])


def test_a_second_run_replaces_the_first(out):
    simulate(out, users=30, months=2, seed=1)
    again = simulate(out, users=30, months=1, seed=2)
    fresh = simulate(out.with_name("fresh"), users=30, months=1, seed=2)
    assert digests(again) == digests(fresh)


def test_a_run_that_stops_leaves_the_last_good_files(out):
    finished = simulate(out, users=30, seed=1)
    before = digests(finished)

    def stop(done: int, total: int) -> None:
        if done > 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        simulate(out, users=30, seed=2, progress=stop)
    assert digests(finished) == before
    assert entries(out) == {"2019-Oct.csv.gz", "truth"}


def entries(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}
