"""`--k auto`: the number of segments is found, told and written down."""

import shutil
from pathlib import Path

from commands import Ended, footfall, snapshot
from lake_tables import one, rows


def test_auto_finds_the_number_of_segments_and_says_why(small_lake: tuple[Path, Ended], tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    shutil.copytree(small_lake[0], lake)
    ended = footfall("segments", "--k", "auto", "--lake", lake)
    assert ended.code == 0, ended.err
    (chosen,) = rows(lake, "SELECT * FROM k_selection WHERE is_chosen")
    assert str(chosen["verdict"]) in ended.out
    assert chosen["model_version"] == one(lake, "SELECT DISTINCT model_version FROM customer_segments")
    assert chosen["k"] == one(lake, "SELECT count(DISTINCT segment_id) FROM customer_segments")
    assert one(lake, "SELECT count(*) FROM k_selection") == 12
    holding = (
        "jaccard_min >= 0.75 AND prediction_strength >= 0.8 AND smallest_share >= 0.005 "
        "AND gap - gap_error > (SELECT gap FROM k_selection WHERE k = 1)"
    )
    assert chosen["k"] in (1, one(lake, f"SELECT max(k) FROM k_selection WHERE {holding}"))

    before = snapshot(lake)
    assert "nothing to do" in footfall("segments", "--k", "auto", "--lake", lake).out
    assert snapshot(lake) == before

    assert footfall("segments", "--k", "3", "--lake", lake).code == 0
    assert one(lake, "SELECT count(*) FROM k_selection") == 0
    assert one(lake, "SELECT count(DISTINCT segment_id) FROM customer_segments") == 3
