"""Every feature against a plain-Python oracle."""

import math
import tempfile
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from merged import features_of
from oracle import Event, features_oracle
from strategies import AFTER_EVERYTHING, as_ofs, event_lists, in_own_sessions, many_events, timezones

from footfall.engine import Engine, open_engine

Features = dict[str, dict[str, float | int | None]]


@pytest.fixture(scope="module")
def duckdb(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    return open_engine("duckdb", temporary=tmp_path_factory.mktemp("duckdb"), threads=2)


# A failing list is read as it is: shrinking it, at a third of a second a try, would take minutes.
@settings(
    max_examples=40,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)
@given(events=event_lists(), as_of=as_ofs(), timezone=timezones())
def test_features_are_those_of_the_oracle(duckdb: Engine, events: list[Event], as_of: datetime, timezone: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        found = features_of(events, as_of, timezone, duckdb, Path(folder))
    assert_same(found, features_oracle(events, as_of, timezone))


def test_engines_agree_with_the_oracle(engine: Engine, tmp_path: Path) -> None:
    """Of many events at once: on Spark each query takes a second whatever it reads."""
    events = [event for seed in range(3) for event in in_own_sessions(many_events(seed), number=seed)]
    assert_same(
        features_of(events, AFTER_EVERYTHING, "Europe/Berlin", engine, tmp_path),
        features_oracle(events, AFTER_EVERYTHING, "Europe/Berlin"),
    )


def assert_same(found: Features, expected: Features) -> None:
    """Counts exactly; reals to 1e-9, roots of rounding noise to 1e-7."""
    assert found.keys() == expected.keys()
    for user, features in expected.items():
        assert found[user].keys() == features.keys()
        for name, value in features.items():
            assert same(found[user][name], value), f"{name} of {user} is {found[user][name]} and must be {value}"


def same(found: float | None, expected: float | None) -> bool:
    if found is None or expected is None:
        return found is expected
    if isinstance(expected, int):
        return found == expected
    return math.isclose(found, expected, rel_tol=1e-9, abs_tol=1e-7)
