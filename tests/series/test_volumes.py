"""Volumes against the oracle on both engines, and what must hold of any of them."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from merged import row_of
from oracle import Event
from strategies import event_lists, many_events, timezones
from volume_oracle import volumes_oracle

from footfall.contracts import DIMENSIONS, EVENTS, VOLUMES
from footfall.engine import Engine, open_engine
from footfall.errors import UserError
from footfall.pipeline.months import month_before, next_month
from footfall.series import find_occurrences, volumes

MEASURES = [
    column.name for column in VOLUMES.columns if column.name not in {"hour", "day", "dimension", "member", "month"}
]


def volumes_of(events: Sequence[Event], timezone: str, month: str, engine: Engine) -> list[dict[str, Any]]:
    """Through Footfall; the months beside this one are there as well, as in a lake."""
    near = (month_before(month), month, next_month(month))
    tables = {
        name: engine.read_arrow(pa.Table.from_pylist([row_of(e) for e in events if month_of(e) == name], EVENTS.schema))
        for name in (near if timezone != "UTC" else near[1:2])
    }
    occurrences, members = find_occurrences(engine, tables, month=month, timezone=timezone)
    return engine.collect(volumes(occurrences, members, month=month)).to_pylist()


def month_of(event: Event) -> str:
    return f"{event.event_time:%Y-%m}"


def hold_against_oracle(events: Sequence[Event], timezone: str, month: str, engine: Engine) -> None:
    ours = {
        (row["hour"], row["day"], row["dimension"], row["member"]): {name: row[name] for name in MEASURES}
        for row in volumes_of(events, timezone, month, engine)
    }
    expected = volumes_oracle(events, timezone, month)
    assert ours.keys() == expected.keys()
    for key, counts in expected.items():
        assert ours[key] == pytest.approx({name: counts.get(name, 0) for name in MEASURES}), key


@pytest.fixture(scope="module")
def duckdb(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    return open_engine("duckdb", temporary=tmp_path_factory.mktemp("duckdb"), threads=2)


@settings(
    max_examples=60,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)
@given(events=event_lists(), timezone=timezones(), month=st.sampled_from(("2020-01", "2020-02", "2020-03")))
def test_counts_are_those_of_the_oracle(duckdb: Engine, events: list[Event], timezone: str, month: str) -> None:
    hold_against_oracle(events, timezone, month, duckdb)


@pytest.mark.parametrize("timezone", ["UTC", "Asia/Kolkata"])
def test_engines_agree_with_the_oracle(engine: Engine, timezone: str) -> None:
    events = many_events(seed=1)
    assert sum(month_of(event) == "2020-02" for event in events) > 20
    hold_against_oracle(events, timezone, "2020-02", engine)


@pytest.mark.parametrize("timezone", ["UTC", "America/New_York"])
def test_members_sum_to_the_shop(duckdb: Engine, timezone: str) -> None:
    sums: dict[str, dict[str, float]] = defaultdict(lambda: dict.fromkeys(MEASURES, 0.0))
    for row in volumes_of(many_events(seed=2), timezone, "2020-02", duckdb):
        for name in MEASURES:
            sums[row["dimension"]][name] += row[name]
    assert sums.keys() == set(DIMENSIONS)
    for dimension in DIMENSIONS:
        assert sums[dimension] == pytest.approx(sums["all"]), dimension


def test_members_that_no_number_holds_are_told_of(duckdb: Engine) -> None:
    """Here each line has a category, a brand and a country of its own, as a mapping to the wrong columns makes them."""
    event, count = row_of(many_events(seed=3)[0]), 2**16
    columns = {name: pa.array([value] * count, EVENTS.schema.field(name).type) for name, value in event.items()}
    names = pa.array([f"member {number}" for number in range(count)])
    rows = pa.table(columns | dict.fromkeys(("category_code", "brand", "country"), names), schema=EVENTS.schema)
    with pytest.raises(UserError, match=r"too many different members .* 65,537 \(brand\)"):
        find_occurrences(duckdb, {"2020-02": duckdb.read_arrow(rows)}, month="2020-02", timezone="UTC")
