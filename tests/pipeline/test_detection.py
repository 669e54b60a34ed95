"""Detection in a lake: what was planted is found, once, and nothing else; whatever happens to the runs in between."""

import shutil
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from commands import footfall, snapshot
from lake_tables import assert_same, in_order, one, rows
from planted import (
    BRAND_DROPS,
    BRAND_IS_BACK,
    GAP,
    GAP_ENDS,
    HOUR,
    OUTAGE,
    OUTAGE_ENDS,
    PARTS,
    SALE,
    START,
    WEAK_SALE,
    PlantedShop,
    deliver,
    incidents,
)

from footfall.contracts import ANOMALIES, INCIDENTS
from footfall.lake import open_lake
from footfall.pipeline.query import query

FOUND = ("anomalies", "incidents")
DAY = timedelta(days=1)


@pytest.fixture
def alarmed(alarmed_lake: Path, tmp_path: Path) -> Path:
    return shutil.copytree(alarmed_lake, tmp_path / "lake")


def is_near(moment: datetime, planted: datetime) -> bool:
    return abs(moment - planted) <= HOUR


def test_what_was_planted_is_found_and_nothing_else(judged_lake: Path) -> None:
    found = [(row["kind"], row["side"], row["status"], row["onset"]) for row in incidents(judged_lake)]
    planted = [
        ("no_data", "down", "closed", GAP),
        ("drop", "down", "closed", BRAND_DROPS),
        ("drop", "down", "closed", WEAK_SALE),
        ("drop", "down", "closed", OUTAGE),
    ]
    assert [one[:3] for one in found] == [one[:3] for one in planted]
    assert all(is_near(ours[3], wanted[3]) for ours, wanted in zip(found, planted, strict=True))


def test_an_outage_says_what_it_costs_and_names_nobody(judged_lake: Path, planted_shop: PlantedShop) -> None:
    outage = incidents(judged_lake)[-1]
    assert outage["dimension"] == "all"
    assert outage["cause"] is None
    assert outage["opened_at"] - OUTAGE <= 2 * HOUR
    assert outage["closed_at"] - OUTAGE_ENDS <= 6 * HOUR
    assert outage["depth"] < -0.9
    # What was missing from its onset to its end, beside the same hours of the first two weeks.
    first, last = outage["onset"], outage["closed_at"]
    bought = planted_shop.events[planted_shop.events.what == "purchase"]
    spans = [bought[bought.time.between(first - n * DAY, last - n * DAY)] for n in (0, *range(14, 27))]
    now, *before = [(some.price.sum(), len(some)) for some in spans]
    money, orders = (sum(values) / len(before) for values in zip(*before, strict=True))
    assert outage["money"] == pytest.approx(now[0] - money, rel=0.25)
    assert outage["orders"] == pytest.approx(now[1] - orders, rel=0.25)


def test_a_brand_that_drops_is_named(judged_lake: Path, planted_shop: PlantedShop) -> None:
    drop = incidents(judged_lake)[1]
    assert (drop["cause"], drop["cause_share"] > 0.8) == ("brand: wind", True)
    assert BRAND_IS_BACK < drop["closed_at"] <= BRAND_IS_BACK + 9 * HOUR
    during = planted_shop.between(BRAND_DROPS, BRAND_IS_BACK)
    assert drop["value"] >= len(during[(during.brand == "wind") & (during.what == "view")])
    assert drop["depth"] == pytest.approx(-0.9, abs=0.06)


def test_a_gap_is_missing_data_and_no_drop(judged_lake: Path) -> None:
    gap = incidents(judged_lake)[0]
    assert (gap["onset"], gap["opened_at"], gap["closed_at"]) == (GAP, GAP + HOUR, GAP_ENDS + HOUR)
    assert (gap["money"], gap["orders"]) == (None, None)
    inside = f"SELECT count(*) FROM anomalies WHERE ts >= '{GAP}' AND ts < '{GAP_ENDS}'"
    assert one(judged_lake, inside) == 0


def test_a_known_sale_is_silent_and_told_where_nobody_knows_of_it(
    judged_lake: Path, planted_shop: PlantedShop, tmp_path: Path
) -> None:
    on_that_day = f"SELECT count(*) FROM anomalies WHERE ts >= '{SALE}' AND ts < '{SALE + DAY}' AND incident_id <> ''"
    assert one(judged_lake, on_that_day) == 0
    (tmp_path / "none.toml").write_text("")
    flags = planted_shop.flags(judged_lake)
    flags[flags.index("--calendar") + 1] = str(tmp_path / "none.toml")
    told = footfall("detect", "--replay", f"{SALE:%Y-%m-%d}..{SALE + DAY:%Y-%m-%d}", *flags, "--json").told
    assert [row["side"] for row in told["incidents"]] == ["up"]


@pytest.mark.parametrize("intensity", [1.5, 3.0])
def test_a_sale_that_does_what_was_planned_is_silent(
    judged_lake: Path, planted_shop: PlantedShop, tmp_path: Path, intensity: float
) -> None:
    """It triples; who expects half of that is not told either, for a sale's plan is no more than a plan."""
    flags = planted_shop.flags(judged_lake)
    told = (planted_shop.folder / "sales.toml").read_text().replace("\nto =", f"\nintensity = {intensity}\nto =")
    (tmp_path / "sales.toml").write_text(told)
    flags[flags.index("--calendar") + 1] = str(tmp_path / "sales.toml")
    told = footfall("detect", "--replay", f"{SALE:%Y-%m-%d}..{WEAK_SALE + DAY:%Y-%m-%d}", *flags, "--json").told
    assert [row for row in told["incidents"] if row["onset"] < str(SALE + DAY)] == []
    if intensity == 1.5:
        return
    weak = [row for row in told["incidents"] if is_near(datetime.fromisoformat(row["onset"]), WEAK_SALE)]
    assert [row["kind"] for row in weak] == ["drop"]
    assert -weak[0]["money"] < 3 * 24 * 30 * 40, "more is missing than a sale of that size brings"


def test_again_there_is_nothing_to_do_and_nothing_is_written(judged_lake: Path, planted_shop: PlantedShop) -> None:
    before = snapshot(judged_lake)
    told = planted_shop.detect(judged_lake)
    assert (told["hours"], told["events"]) == (0, [])
    said = footfall("detect", *planted_shop.flags(judged_lake))
    assert said.code == 0
    assert "nothing to do: all hours that are over up to 2019-11-05 23:00 UTC are judged" in said.out
    changed = {name for name, facts in snapshot(judged_lake).items() if before.get(name) != facts}
    assert not {name for name in changed if name.startswith(("processed", "models", "outbox"))}
    assert before.keys() == snapshot(judged_lake).keys()


def test_tables_fit_their_contracts(judged_lake: Path) -> None:
    lake = open_lake(judged_lake)
    for table, key in ((ANOMALIES, "series_id, ts"), (INCIDENTS, "incident_id")):
        names = query(lake, f"SELECT * FROM {table.name} LIMIT 0").schema.names
        assert sorted(names) == sorted(table.schema.names)
        many = one(judged_lake, f"SELECT count(*) FROM {table.name}")
        assert many == one(judged_lake, f"SELECT count(DISTINCT ({key})) FROM {table.name}")
    assert (
        rows(judged_lake, "SELECT * FROM anomalies WHERE side NOT IN ('down', 'up') OR hours NOT IN (1, 3, 6, 24)")
        == []
    )
    assert rows(judged_lake, "SELECT * FROM anomalies WHERE low > high OR NOT p_value BETWEEN 0 AND 1") == []
    unknown = "SELECT * FROM anomalies WHERE incident_id NOT IN (SELECT incident_id FROM incidents)"
    assert rows(judged_lake, unknown) == []
    early = f"SELECT * FROM anomalies WHERE ts < '{START + 14 * DAY}'"
    assert rows(judged_lake, early) == [], "nothing is judged in the first two weeks"


def test_anomalies_are_the_hours_of_their_series(judged_lake: Path) -> None:
    apart = rows(
        judged_lake,
        """
        SELECT a.series_id, a.ts, any_value(a.value) AS told, sum(s.value) AS happened
        FROM anomalies a JOIN metric_series s
            ON s.series_id = a.series_id AND s.ts > a.ts - to_hours(a.hours) AND s.ts <= a.ts
        WHERE a.hours = 1 AND s.status = 'complete' GROUP BY ALL HAVING abs(told - happened) > 1e-6
        """,
    )
    assert apart == []


def test_judged_in_parts_is_judged_at_once(judged_lake: Path, alarmed: Path, planted_shop: PlantedShop) -> None:
    for part in ("drop", "back", "rest"):
        planted_shop.bring(alarmed, part)
        planted_shop.detect(alarmed)
    for name in FOUND:
        assert_same(in_order(alarmed, name), in_order(judged_lake, name), name)


def test_without_a_memory_it_learns_again_and_opens_nothing_twice(
    judged_lake: Path, alarmed: Path, planted_shop: PlantedShop
) -> None:
    (alarmed / "models" / "watch" / "memory.npz").unlink()
    assert planted_shop.detect(alarmed)["events"] == []
    (alarmed / "models" / "watch" / "memory.npz").unlink()
    planted_shop.bring(alarmed, "drop", "back", "rest")
    planted_shop.detect(alarmed)
    for name in FOUND:
        assert_same(in_order(alarmed, name), in_order(judged_lake, name), name)


@pytest.mark.parametrize(
    "policy",
    [
        "[budget]\nfalse_alerts_per_week = 1\n",
        '[budget]\nfalse_alerts_per_week = 0.2\n[direction]\nsessions = "up"\n',
        'metrics = ["orders", "revenue"]\n[budget]\nfalse_alerts_per_week = 0.2\n',
        "[budget]\nfalse_alerts_per_week = 0.2\n[impact]\nmoney = 400\ncount = 20\n",
    ],
)
def test_under_another_policy_what_is_open_is_not_opened_again(
    alarmed: Path, planted_shop: PlantedShop, tmp_path: Path, policy: str
) -> None:
    """Also where another series would have led the incident, whose id it would have then."""
    (opened,) = [row for row in incidents(alarmed) if row["status"] == "open"]
    (tmp_path / "alerts.toml").write_text(policy)
    planted_shop.bring(alarmed, "drop", "back")
    told = planted_shop.detect(alarmed, "--alerts", tmp_path / "alerts.toml")["events"]
    now = [row for row in incidents(alarmed) if is_near(row["onset"], BRAND_DROPS)]
    assert [(row["incident_id"], row["status"]) for row in now] == [(opened["incident_id"], "closed")]
    ours = [event["event"] for event in told if event["incident_id"] == opened["incident_id"]]
    assert ours[-1] == "closed"
    assert "opened" not in ours


def test_a_new_brand_does_not_lose_what_is_open(alarmed: Path, planted_shop: PlantedShop, tmp_path: Path) -> None:
    """The series are others then, and what was remembered is learnt again."""
    (opened,) = [row for row in incidents(alarmed) if row["status"] == "open"]
    events = planted_shop.between(PARTS["drop"][0], PARTS["back"][1])
    fresh = events.brand.eq("apple") & events.category.eq("toys") & events.user.mod(2).eq(0)
    file = deliver(tmp_path / "in", "new.parquet", events.assign(brand=events.brand.mask(fresh, "newcomer")))
    planted_shop.bring_file(alarmed, file)
    told = planted_shop.detect(alarmed)
    assert told["series"] > 35
    now = [row for row in incidents(alarmed) if is_near(row["onset"], BRAND_DROPS)]
    assert [(row["incident_id"], row["status"]) for row in now] == [(opened["incident_id"], "closed")]
    # That it shows in more series now may be told; it is not opened again.
    events = [event["event"] for event in told["events"] if event["incident_id"] == opened["incident_id"]]
    assert (events[-1], "opened" in events) == ("closed", False)


def test_a_replay_writes_nothing_and_finds_the_same(judged_lake: Path, planted_shop: PlantedShop) -> None:
    live, before = incidents(judged_lake), snapshot(judged_lake)
    ended = footfall("detect", "--replay", "2019-10-21..2019-11-06", *planted_shop.flags(judged_lake), "--json")
    told = ended.told
    assert snapshot(judged_lake) == before
    columns = ("incident_id", "kind", "status", "series_id", "cause")
    assert [[row[name] for name in columns] for row in told["incidents"]] == [
        [row[name] for name in columns] for row in live
    ]
    assert told["by_week"] == {"2019-10-21": 2, "2019-10-28": 2}
    assert sum(told["by_series"].values()) == 4
    assert told["alerts_per_week"] == pytest.approx(4 / (told["hours"] / 168))
    shown = footfall("detect", "--replay", "2019-10-21..2019-11-06", *planted_shop.flags(judged_lake))
    assert "4 incidents in" in shown.out
    assert "by week from 2019-10-21" in shown.out


@pytest.mark.parametrize("first", [BRAND_DROPS - 2 * DAY, BRAND_DROPS - HOUR])
def test_a_replay_of_some_days_finds_what_was_found_in_them(
    judged_lake: Path, planted_shop: PlantedShop, first: datetime
) -> None:
    """It learns from all hours before, so ids are those of the table; with more than twelve weeks they might differ."""
    asked = f"{first.isoformat()}..{(first + 2 * DAY + HOUR).isoformat()}"
    told = footfall("detect", "--replay", asked, *planted_shop.flags(judged_lake), "--json").told
    live = [row for row in incidents(judged_lake) if first < row["opened_at"] <= first + 2 * DAY + HOUR]
    assert [row["incident_id"] for row in told["incidents"]] == [row["incident_id"] for row in live]


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ("2019-11-06..2019-10-21", "must be FROM..TO with FROM before TO"),
        ("lately", "must be FROM..TO, like 2019-10-01..2019-11-01"),
        ("2001-01-01..2001-02-01", "name days that it holds"),
        ("2031-01-01..2031-02-01", "name days that it holds"),
    ],
)
def test_a_range_that_cannot_be_replayed(judged_lake: Path, planted_shop: PlantedShop, asked: str, says: str) -> None:
    ended = footfall("detect", "--replay", asked, *planted_shop.flags(judged_lake))
    assert (ended.code, says in ended.err) == (1, True), ended.err


def test_without_a_lake_or_series(tmp_path: Path, planted_shop: PlantedShop) -> None:
    ended = footfall("detect", *planted_shop.flags(tmp_path / "lake"))
    assert (ended.code, "is not a lake" in ended.err) == (1, True)
    for command in (("list",), ("show", "a"), ("ack", "a")):
        ended = footfall("incidents", *command, "--lake", tmp_path / "lake")
        assert (ended.code, "is not a lake" in ended.err) == (1, True)
    lake = open_lake(tmp_path / "lake", create=True).root
    ended = footfall("detect", *planted_shop.flags(lake))
    assert (ended.code, "`footfall run SOURCE" in ended.err) == (1, True), ended.err
    ended = footfall("detect", "--replay", "2019-10-21..2019-11-06", *planted_shop.flags(lake))
    assert (ended.code, "`footfall run SOURCE" in ended.err) == (1, True), ended.err
    assert footfall("incidents", "list", "--lake", lake).out.strip() == "no incidents"


SECRET = "s3cret-t0ken"


@pytest.mark.parametrize(
    ("policy", "says"),
    [
        ('metrics = ["conversion"]', '"conversion" cannot be watched; metrics that can are events, '),
        ('metrics = ["visits"]', '"visits" cannot be watched'),
        ("metrics = []", "metrics: "),
        ('[direction]\norders = "left"', "direction orders: "),
        ("[direction]\naverage_order = 'up'", '"average_order" cannot be watched'),
        ("[budget]\nfalse_alerts_per_week = 0", "budget false_alerts_per_week: "),
        ("[budget]\nfalse_alerts_per_week = 1\nfalse_discovery_rate = 0.1", "budget: takes false_alerts_per_week or"),
        ('[quiet]\nfrom = "22:00"', "quiet to: "),
        ('[quiet]\nfrom = "26:00"\nto = "07:00"', "quiet from: "),
        ("[alarm]\nx = 1", "alarm: "),
        ("metrics = [", "is not valid TOML"),
        (f'[notify]\nchannels = ["jsonz://me:{SECRET}@example.org"]', "notify: channels: channel 1 (jsonz://…)"),
        (f'[notify]\nchannels = "json://me:{SECRET}@example.org"', "notify: channels: "),
        (f'[notify]\nchannel = ["json://me:{SECRET}@example.org"]', "notify: channel: "),
        (f'[notify]\nlanguage = "de"\nchannels = ["json://me:{SECRET}@example.org"]', "notify: language: "),
        (f'notify = ["json://me:{SECRET}@example.org"]', "notify: "),
    ],
)
def test_a_policy_that_cannot_be_used(
    alarmed_lake: Path, planted_shop: PlantedShop, tmp_path: Path, policy: str, says: str
) -> None:
    """The file, the place, what is expected; and no secret."""
    file = tmp_path / "alerts.toml"
    file.write_text(policy + f"\n[notify]\nchannels = ['json://{SECRET}@example.org']" * ("notify" not in policy))
    before = snapshot(alarmed_lake)
    ended = footfall("detect", *planted_shop.flags(alarmed_lake), "--alerts", file)
    assert ended.code == 1
    assert f"policy {file}: {says}" in ended.err
    assert SECRET not in ended.err + ended.out
    assert {name for name in snapshot(alarmed_lake) if name not in before} == set()


def test_a_policy_that_is_not_there(alarmed_lake: Path, planted_shop: PlantedShop, tmp_path: Path) -> None:
    ended = footfall("detect", *planted_shop.flags(alarmed_lake), "--alerts", tmp_path / "none.toml")
    assert (ended.code, "none.toml: cannot be read" in ended.err) == (1, True)


def test_a_new_brand_leaves_the_noise_of_others_as_it_was(
    alarmed: Path, planted_shop: PlantedShop, tmp_path: Path
) -> None:
    """Nothing was expected of it: what it sells is no error of an expectation, by which others would be judged."""
    first, last = PARTS["drop"]
    events = planted_shop.between(first, last)
    fresh = events.brand.eq("apple") & events.category.eq("toys")
    planted_shop.bring_file(alarmed, deliver(tmp_path / "in", "new.parquet", events.assign(
        brand=events.brand.mask(fresh, "newcomer"))))  # fmt: skip
    planted_shop.detect(alarmed)
    widest = one(
        alarmed,
        "SELECT max((high - low) / expected) FROM anomalies "
        f"WHERE ts > '{BRAND_DROPS + HOUR}' AND series_id = 'hour/sessions/brand/wind'",
    )
    assert isinstance(widest, float)
    assert widest < 3
