"""Parts of the dashboard that need no browser."""

import subprocess
import sys
import tomllib
from datetime import datetime, timedelta

import pytest

pytest.importorskip("streamlit", reason='needs the extra: pip install "footfall[serve]"')

from footfall.anomaly import Policy
from footfall.serve.dashboard.incident_band import usual_range
from footfall.serve.dashboard.replaying import as_toml

_WITHOUT = """
import importlib.util as util
found = util.find_spec
util.find_spec = lambda name, *more: None if name == "streamlit" else found(name, *more)
import footfall.serve.dashboard
"""


def test_without_the_extra_it_says_what_to_install() -> None:
    ended = subprocess.run([sys.executable, "-c", _WITHOUT], capture_output=True, text=True, check=False)
    assert "SettingInvalid" in ended.stderr
    assert 'pip install "footfall[serve]"' in ended.stderr


def test_a_policy_is_written_as_it_is_read_and_without_its_secrets() -> None:
    told = {
        "metrics": ["orders", "revenue"], "direction": {"refunds": "up"}, "budget": {"false_alerts_per_week": 2.5},
        "impact": {"relative": 0.1, "count": 3}, "quiet": {"from": "22:00", "to": "07:00"},
        "notify": {"language": "en"},
    }  # fmt: skip
    policy = Policy.model_validate(told)
    text = as_toml(policy)
    assert "notify" not in text
    assert Policy.model_validate(tomllib.loads(text)) == policy.model_copy(update={"notify": {}})


def test_the_usual_range_is_of_the_shortest_stretch_that_has_the_hour() -> None:
    noon = datetime(2019, 11, 1, 12)
    long = {"ts": noon, "hours": 4, "expected": 40.0, "low": 20.0, "high": 60.0}
    short = {"ts": noon - timedelta(hours=1), "hours": 1, "expected": 8.0, "low": 6.0, "high": 11.0}
    found = usual_range([short, long])
    assert [row["ts"].hour for row in found] == [9, 10, 11, 12]
    assert [row["expected"] for row in found] == [10.0, 10.0, 8.0, 10.0]
    assert found[2]["high"] == 11.0
