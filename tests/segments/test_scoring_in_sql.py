"""What a warehouse makes of the statement, held against `assign`: on a real DuckDB, a real PostgreSQL, a real Spark."""

import math
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from segmented import UPDATED_AT
from shoppers import AS_OF, shop, users_with
from warehouses import ANSWERED, DUCKDB, Warehouse, postgres, spark

from footfall.engine import Engine
from footfall.errors import SettingInvalid
from footfall.segments import SegmentModel, assign, fit
from footfall.segments.parts import places
from footfall.segments.sql import score_sql
from footfall.segments.transform import scaled

EXTREMES = [None, math.nan, math.inf, -math.inf, 0.0, -0.0, 1.0, -1.0, 0.5]
EXTREMES += [sign * size for size in (1e300, 1e-300, 5e-324, 1.7976931348623157e308, 1e16, 1e-16) for sign in (1, -1)]
EVERY_SHAPE = ["orders", "spend", "weekend_share", "hour_entropy", "session_gap_cv", "recency_purchase_days"]
ODD = ["order", "select", 'a "quote"', "a `tick`", "per cent %s", "d1", "nearest", "part", "Größe"]


@cache
def model_of(kind: str) -> SegmentModel:
    web = shop(3_000, seed=0)[0]
    match kind:
        case "buyers and visitors":
            return fit(web, k=9)
        case "invoices only":
            return fit(shop(3_000, seed=0, invoices_only=True)[0], k=5)
        case "top spenders apart":
            return fit(web, k=5, isolate_top_spenders=True)
        case "one segment":
            return fit(web, k=1)
        case "every shape":
            return fit(web.select(["user_id", "as_of", *EVERY_SHAPE]), k=6)
        case "visitors all alike":
            return fit(users_with(orders=[0, None, 0, 1, 5, 9], spend=[0, 0, None, 10.5, 20, 1e6]), k=3)
        case "below and above nothing":
            return fit(users_with(hour_entropy=[-4.0, 0, 4] * 3, spend=[-90.0, 0, 90] * 3), k=3)
        case _:
            raise ValueError(kind)


KINDS = (
    "buyers and visitors",
    "invoices only",
    "top spenders apart",
    "one segment",
    "every shape",
    "visitors all alike",
    "below and above nothing",
)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Warehouse]:
    with postgres() as server:
        yield server


@pytest.fixture(params=["duckdb", "postgres", pytest.param("spark", marks=pytest.mark.spark)])
def warehouse(request: pytest.FixtureRequest, opened: Callable[[str], Engine]) -> Warehouse:
    """Every warehouse in turn; each is started once."""
    if request.param == "duckdb":
        return DUCKDB
    if request.param == "postgres":
        server: Warehouse = request.getfixturevalue("postgres_server")
        return server
    return spark(opened("spark").native())


def table_of(columns: Mapping[str, Sequence[float | None]]) -> pa.Table:
    """Users with these features; NaN stays what it is."""
    users = len(next(iter(columns.values())))
    keys = {"user_id": [f"u{n}" for n in range(users)], "as_of": pa.array([AS_OF] * users, pa.timestamp("us"))}
    return pa.table(keys | {name: pa.array(values, pa.float64()) for name, values in columns.items()})


def adversaries(model: SegmentModel, mixed: int = 200) -> pa.Table:
    """Users who are extreme in every feature, who lie on every cap, median and fill, and who mix all of that."""
    marks: dict[str, list[float | None]] = {name: [*EXTREMES] for name in model.features}
    for part in model.parts:
        if part.rule:
            marks[part.rule.feature] += [part.rule.above, np.nextafter(part.rule.above, np.inf)]
        for scale in part.scales:
            marks[scale.feature] += [scale.low, scale.high, scale.fill, scale.centre, np.nextafter(scale.high, np.inf)]
    same = max(map(len, marks.values()))
    draw = random.Random(0)
    return table_of(
        {
            name: [*(ours * same)[:same], *(draw.choice(ours) for _ in range(mixed))]  # all start with EXTREMES
            for name, ours in marks.items()
        }
    )


def lead(model: SegmentModel, features: pa.Table) -> npt.NDArray[np.float64]:
    """By how much the nearest centre is nearer to each user than the second."""
    found = np.full(features.num_rows, np.inf)
    which = places(features, [part.rule for part in model.parts])
    for place, part in enumerate(model.parts):
        ours = np.flatnonzero(which == place)
        if part.k > 1:
            points = part.projection.project(scaled(features.take(ours), part.scales))
            distances = np.sort(np.linalg.norm(points[:, None] - part.centres, axis=2), axis=1)
            found[ours] = distances[:, 1] - distances[:, 0]
    return found


def assert_same(found: pa.Table, model: SegmentModel, features: pa.Table, *, may_tie: bool = True) -> None:
    """The rows are those of `assign`; only users between two centres, but for rounding, may change sides."""
    expected = assign(model, features, updated_at=UPDATED_AT)
    assert found.column_names == ANSWERED.names
    found = found.cast(ANSWERED).take(pa.compute.index_in(expected["user_id"], found["user_id"]))
    assert found.num_rows == expected.num_rows
    for name in ("user_id", "model_version", "as_of"):
        assert found[name].equals(expected[name]), name
    clear = lead(model, features) >= 1e-9 if may_tie else np.full(features.num_rows, True)
    for name in ("segment_id", "segment_name"):
        assert found[name].filter(clear).equals(expected[name].filter(clear)), name
    for name in ("proba", "distance"):
        np.testing.assert_allclose(found[name].to_numpy(), expected[name].to_numpy(), rtol=0, atol=1e-6, err_msg=name)


@pytest.mark.parametrize("kind", KINDS)
def test_a_warehouse_says_what_assign_says(warehouse: Warehouse, kind: str) -> None:
    model = model_of(kind)
    invoices = kind == "invoices only"
    needed = ["user_id", "as_of", *model.features]
    fitted, later = (
        shop(users, seed, invoices_only=invoices)[0].select(needed) for users, seed in ((3_000, 0), (1_000, 7))
    )
    everyone = pa.concat_tables([fitted, later], promote_options="permissive")
    everyone = everyone.set_column(0, "user_id", [[f"u{n}" for n in range(everyone.num_rows)]])

    for features in (everyone, adversaries(model)):
        assert_same(warehouse.score(model, features), model, features)


value = st.none() | st.floats() | st.sampled_from(EXTREMES) | st.integers(-100, 100).map(float)


@settings(max_examples=60)
@given(st.lists(st.tuples(*[value] * len(EVERY_SHAPE)), min_size=1, max_size=12))
def test_any_users_at_all(users: list[tuple[float | None, ...]]) -> None:
    features = table_of(dict(zip(EVERY_SHAPE, zip(*users, strict=True), strict=True)))
    model = model_of("every shape")

    assert_same(DUCKDB.score(model, features), model, features)


def test_of_two_centres_in_one_place_the_first_is_taken(warehouse: Warehouse) -> None:
    model = model_of("every shape")
    part = model.parts[0]
    twins = (part.segments[0], replace(part.segments[1], centre=part.segments[0].centre), *part.segments[2:])
    model = replace(model, parts=(replace(part, segments=twins), *model.parts[1:]))
    features = adversaries(model)

    found = warehouse.score(model, features)

    assert_same(found, model, features, may_tie=False)
    assert twins[0].id in found["segment_id"].to_pylist()
    assert twins[1].id not in found["segment_id"].to_pylist()


def test_integers_decimals_and_single_precision_are_numbers(warehouse: Warehouse) -> None:
    model = model_of("every shape")
    features = shop(500, seed=3)[0].select(["user_id", "as_of", *EVERY_SHAPE])
    for name, kind in (("orders", pa.int16()), ("spend", pa.decimal128(12, 2)), ("hour_entropy", pa.float32())):
        place = features.column_names.index(name)
        features = features.set_column(place, name, features[name].cast(kind))

    assert_same(warehouse.score(model, features), model, features)


def test_names_that_mean_something_in_sql_are_quoted(warehouse: Warehouse) -> None:
    rng = np.random.default_rng(0)
    features = users_with(**{name: rng.lognormal(0, 1, 60).tolist() for name in ODD})
    model = replace(fit(features, k=3), version="it's \\ the\nfirst; DROP TABLE x --")

    assert_same(warehouse.score(model, features), model, features)


def test_who_reads_the_statement_is_told_what_it_is() -> None:
    statement = score_sql(model_of("one segment"), dialect="postgres", table="analytics.user_features")

    assert statement.startswith("-- Footfall: 1 segments, model v1.0.0, of 3,000 users as of 2020-01-01T00:00:00.\n")
    assert "join them on user_id and as_of" in statement
    assert 'FROM "analytics"."user_features"\n' in statement


def test_each_part_of_a_tables_name_is_quoted_as_the_dialect_does() -> None:
    statement = score_sql(model_of("one segment"), dialect="spark", table="main.analytics.user_features")

    assert "FROM `main`.`analytics`.`user_features`\n" in statement


@pytest.mark.parametrize("table", ["", "x; DROP TABLE y", 'x"y', "a.b.c.d", "x.", "x y", "x\n", "(SELECT 1)", "x--'"])
def test_what_is_no_name_of_a_table_is_refused(table: str) -> None:
    with pytest.raises(SettingInvalid, match="is no table's name; use letters"):
        score_sql(model_of("one segment"), dialect="duckdb", table=table)


def test_an_unknown_dialect_is_refused() -> None:
    with pytest.raises(SettingInvalid, match='dialect "oracle" is unknown; use duckdb, postgres, spark'):
        score_sql(model_of("one segment"), dialect="oracle")  # type: ignore[arg-type]
