"""Versions of the segmentation in a lake: fitted, served, promoted, retired; scored elsewhere, explained."""

import json
import shutil
from pathlib import Path

import pytest
from commands import Ended, footfall, snapshot
from lake_tables import assert_same, in_order, one, rows, serving, versions

from footfall.lake import open_lake
from footfall.pipeline.models import registry_of
from footfall.pipeline.query import query
from footfall.settings import load_settings
from footfall.simulate import SimulatedShop


def test_each_month_is_a_version_and_the_last_one_serves(two_months: Path) -> None:
    first, second = sorted(versions(two_months))
    assert first == "v1.0.0"
    assert versions(two_months) == {second: ["champion"], first: ["previous"]}
    assert serving(two_months) == second


def test_migration_accounts_for_every_user(two_months: Path) -> None:
    flows = "SELECT sum(users) FROM segment_migration WHERE"
    known = one(two_months, "SELECT count(*) FROM user_features WHERE as_of = '2019-11-01'")
    now = one(two_months, "SELECT count(*) FROM customer_segments")
    assert one(two_months, f"{flows} from_segment_id IS NOT NULL") == known
    assert one(two_months, f"{flows} to_segment_id IS NOT NULL") == now
    shares = "SELECT sum(share_of_from) AS s FROM segment_migration WHERE from_segment_id >= 0 GROUP BY from_segment_id"
    assert all(row["s"] == pytest.approx(1) for row in rows(two_months, shares))
    by_segment = "SELECT to_segment_id, sum(users) AS users FROM segment_migration GROUP BY ALL"
    counted = "SELECT segment_id, count(*) AS users FROM customer_segments GROUP BY ALL"
    assert {row["to_segment_id"]: row["users"] for row in rows(two_months, by_segment)} == {
        row["segment_id"]: row["users"] for row in rows(two_months, counted)
    }


def test_promote_and_roll_back_change_what_serves(own_lake: Path) -> None:
    second = serving(own_lake)
    before = in_order(own_lake, "customer_segments")
    ended = footfall("segment", "promote", "v1.0.0", "--lake", own_lake)
    assert ended.code == 0, ended.err
    assert serving(own_lake) == "v1.0.0"
    assert versions(own_lake) == {second: ["previous"], "v1.0.0": ["champion"]}
    assert one(own_lake, "SELECT DISTINCT model_version FROM segment_profiles") == "v1.0.0"
    assert "v1.0.0" in (own_lake / "reports" / "segments.html").read_text()

    rolled = footfall("segment", "rollback", "--lake", own_lake, "--json")
    assert json.loads(rolled.out) == {"version": second, "served_before": "v1.0.0"}
    assert_same(in_order(own_lake, "customer_segments"), before, "customer_segments")


def test_what_was_promoted_stays_until_there_is_something_new(own_lake: Path, small_shop: SimulatedShop) -> None:
    assert footfall("segment", "promote", "v1.0.0", "--lake", own_lake).code == 0
    assert "nothing to do" in footfall("run", *small_shop.months, "--lake", own_lake).out
    assert serving(own_lake) == "v1.0.0"


def test_flows_are_those_of_the_version_that_serves(own_lake: Path) -> None:
    assert footfall("segment", "promote", "v1.0.0", "--lake", own_lake).code == 0
    assert one(own_lake, "SELECT DISTINCT to_model_version FROM segment_migration") == "v1.0.0"
    stayed = one(own_lake, "SELECT sum(users) FROM segment_migration WHERE to_segment_id IS NOT NULL")
    assert stayed == one(own_lake, "SELECT count(*) FROM customer_segments")


def test_a_challenger_waits_until_it_is_promoted(own_lake: Path) -> None:
    second = serving(own_lake)
    ended = footfall("segments", "--k", "3+3", "--as-challenger", "--lake", own_lake)
    assert ended.code == 0, ended.err
    assert serving(own_lake) == second
    (third,) = (version for version, aliases in versions(own_lake).items() if aliases == ["challenger"])
    assert "nothing to do" in footfall("segments", "--k", "3+3", "--as-challenger", "--lake", own_lake).out

    assert footfall("segment", "promote", "--lake", own_lake).code == 0
    assert serving(own_lake) == third
    assert versions(own_lake)[third] == ["champion"]
    assert one(own_lake, "SELECT count(DISTINCT segment_id) FROM segment_profiles") == 6


def ids(lake: Path) -> set[object]:
    return {row["segment_id"] for row in rows(lake, "SELECT DISTINCT segment_id FROM segment_profiles")}


def test_ids_are_never_used_again(own_lake: Path) -> None:
    used = ids(own_lake)
    for _ in range(2):
        assert footfall("segments", "--fresh", "--lake", own_lake).code == 0
        assert not ids(own_lake) & used
        used |= ids(own_lake)
        assert footfall("segment", "rollback", "--lake", own_lake).code == 0
    assert len(versions(own_lake)) == 4


def test_a_fresh_challenger_waits_too(own_lake: Path) -> None:
    before, used = serving(own_lake), ids(own_lake)
    assert footfall("segments", "--fresh", "--as-challenger", "--lake", own_lake).code == 0
    assert serving(own_lake) == before
    assert footfall("segment", "promote", "--lake", own_lake).code == 0
    assert not ids(own_lake) & used


def test_a_run_after_a_promotion_keeps_what_was_promoted(own_lake: Path, small_shop: SimulatedShop) -> None:
    assert footfall("segments", "--k", "3+3", "--as-challenger", "--lake", own_lake).code == 0
    assert footfall("segment", "promote", "--lake", own_lake).code == 0
    promoted = serving(own_lake)
    assert "nothing to do" in footfall("run", *small_shop.months, "--lake", own_lake).out
    assert serving(own_lake) == promoted


def test_another_registry_is_told_what_serves(own_lake: Path, small_shop: SimulatedShop, tmp_path: Path) -> None:
    elsewhere = f"sqlite:///{tmp_path / 'elsewhere.db'}"
    assert footfall("run", *small_shop.months, "--registry", elsewhere, "--lake", own_lake).code == 0
    (known,) = json.loads(footfall("segment", "list", "--registry", elsewhere, "--lake", own_lake, "--json").out)
    assert (known["version"], known["aliases"]) == (serving(own_lake), ["champion"])


def test_a_challengers_report_is_registered(own_lake: Path) -> None:
    assert footfall("segments", "--seed", "6", "--as-challenger", "--lake", own_lake).code == 0
    settings = load_settings(lake=own_lake)
    registry = registry_of(open_lake(own_lake), settings)
    (challenger,) = (one for one in registry.versions("segments") if "challenger" in one.aliases)
    page = registry.file("segments", challenger.version, "report.html").decode()
    assert f"Model {challenger.version}" in page


def test_old_versions_are_retired_and_those_in_use_stay(own_lake: Path) -> None:
    for seed in (1, 2, 3):
        assert footfall("segments", "--seed", seed, "--lake", own_lake).code == 0
    assert len(versions(own_lake)) == 5
    ended = footfall("segment", "retire", "--keep", 1, "--lake", own_lake)
    assert "retired" in ended.out
    assert sorted(alias for aliases in versions(own_lake).values() for alias in aliases) == ["champion", "previous"]
    kept = {path.name for path in (own_lake / "models" / "segments").glob("v*")}
    assert kept == set(versions(own_lake))
    assert "nothing to retire" in footfall("segment", "retire", "--lake", own_lake).out
    retired = ended.out.split()[1].rstrip(",")
    gone = footfall("segment", "promote", retired, "--lake", own_lake)
    assert gone.code == 1
    assert f"has no version {retired}" in gone.err


def test_a_version_that_does_not_reproduce_its_witnesses_does_not_serve(own_lake: Path) -> None:
    file = own_lake / "models" / "segments" / "v1.0.0" / "model.json"
    model = json.loads(file.read_text())
    model["parts"][0]["segments"][0]["centre"][0] += 0.01
    file.write_text(json.dumps(model))
    before = serving(own_lake)
    ended = footfall("segment", "promote", "v1.0.0", "--lake", own_lake)
    assert ended.code == 1
    assert "does not reproduce its witnesses" in ended.err
    assert serving(own_lake) == before


@pytest.mark.parametrize(
    ("damage", "complaint"),
    [('{"format": 99}', "format is 99"), ("{", "not JSON"), (None, "has no version")],
)
def test_a_model_that_cannot_be_read_stops_a_refit_and_the_segments_stay(
    own_lake: Path, damage: str | None, complaint: str
) -> None:
    version = serving(own_lake)
    file = own_lake / "models" / "segments" / str(version) / "model.json"
    if damage is None:
        shutil.rmtree(own_lake / "models")
    else:
        file.write_text(damage)
    before = in_order(own_lake, "customer_segments")
    ended = footfall("segments", "--seed", "7", "--lake", own_lake)
    assert ended.code == 1
    assert complaint in ended.err
    assert_same(in_order(own_lake, "customer_segments"), before, "customer_segments")
    assert footfall("segments", "--seed", "7", "--fresh", "--lake", own_lake).code == 0


def test_a_registry_that_does_not_answer_stops_only_the_telling(own_lake: Path) -> None:
    ended = footfall("segments", "--seed", "8", "--registry", "http://127.0.0.1:9", "--lake", own_lake)
    assert ended.code == 1
    assert "registry http://127.0.0.1:9" in ended.err
    fitted = serving(own_lake)
    assert fitted not in versions(own_lake)
    assert footfall("segments", "--seed", "8", "--lake", own_lake).code == 0
    assert versions(own_lake)[str(fitted)] == ["champion"]


def test_a_registry_elsewhere_keeps_the_versions(own_lake: Path, tmp_path: Path) -> None:
    elsewhere, served = f"sqlite:///{tmp_path / 'elsewhere.db'}", serving(own_lake)
    assert footfall("segments", "--seed", "4", "--registry", elsewhere, "--lake", own_lake).code == 0
    known, before = json.loads(footfall("segment", "list", "--registry", elsewhere, "--lake", own_lake, "--json").out)
    assert known["aliases"] == ["champion"]
    assert known["metrics"]["segments"] == 5
    assert known["params"]["seed"] == "4"
    assert before["version"] == served


def test_the_query_scores_as_the_lake_does(own_lake: Path) -> None:
    told = footfall("segment", "sql", "--lake", own_lake).out
    scored = query(open_lake(own_lake), f"SELECT * FROM ({told.rstrip().rstrip(';')}) WHERE as_of = '2019-12-01'")
    ours = {row["user_id"]: row for row in rows(own_lake, "SELECT * FROM customer_segments")}
    assert scored.num_rows == len(ours)
    for row in scored.to_pylist():
        mine = ours[row["user_id"]]
        assert (row["segment_id"], row["segment_name"]) == (mine["segment_id"], mine["segment_name"])
        assert row["distance"] == pytest.approx(mine["distance"], abs=1e-6)
        assert row["proba"] == pytest.approx(mine["proba"], abs=1e-6)


def test_a_user_is_explained_by_pseudonym_and_by_the_shops_own_id(own_lake: Path, small_shop: SimulatedShop) -> None:
    user = one(own_lake, "SELECT user_id FROM customer_segments ORDER BY user_id LIMIT 1")
    found = footfall("segment", "explain", user, "--lake", own_lake, "--json").told
    mine = rows(own_lake, f"SELECT * FROM customer_segments WHERE user_id = '{user}'")[0]
    assert found["segment_id"] == mine["segment_id"]
    assert found["distances"][0]["distance"] == pytest.approx(mine["distance"])
    assert "Why here and not in" in footfall("segment", "explain", user, "--lake", own_lake).out.replace("\n", " ")

    raw = query_raw_user(small_shop)
    assert footfall("segment", "explain", raw, "--lake", own_lake, "--json").told["segment_name"]
    unknown = footfall("segment", "explain", "nobody", "--lake", own_lake)
    assert unknown.code == 1
    assert "neither a pseudonym nor an id of the shop" in unknown.err


def query_raw_user(shop: SimulatedShop) -> str:
    import duckdb  # noqa: PLC0415

    found = duckdb.sql(
        f"SELECT user_id FROM read_csv('{shop.months[-1]}', ignore_errors=true) WHERE user_id > 0 LIMIT 1"
    )
    return str(found.fetchall()[0][0])


def test_commands_say_what_is_missing(tmp_path: Path, small_lake: tuple[Path, Ended]) -> None:
    assert footfall("segment", "list", "--lake", tmp_path / "none").code == 1
    before = snapshot(small_lake[0])
    rolled = footfall("segment", "rollback", "--lake", small_lake[0])
    assert rolled.code == 1
    assert "no champion came before this one" in rolled.err
    promoted = footfall("segment", "promote", "--lake", small_lake[0])
    assert promoted.code == 1
    assert "no version is challenger" in promoted.err
    assert snapshot(small_lake[0]).keys() == before.keys()
