"""The page of incidents, as runs write it: last, with plots of what the detector remembers."""

import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from commands import footfall

from footfall.contracts import INCIDENTS
from footfall.errors import UserError
from footfall.lake import open_lake, transaction
from footfall.pipeline.detection import detect
from footfall.pipeline.incident_report import report_incidents
from footfall.settings import load_settings
from footfall.simulate import simulate

OTHER_POLICY = 'metrics = ["orders"]\n'


@pytest.fixture(scope="module")
def ingested(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixty users' October, whose hours nobody has judged yet. Tests copy it."""
    folder = tmp_path_factory.mktemp("sixty")
    shop = simulate(folder / "shop", users=60, seed=4)
    key = tmp_path_factory.getbasetemp() / "key-of-the-tests"
    ended = footfall("ingest", shop.truth.parent, "--lake", folder / "lake", "--key-file", key)
    assert ended.code == 0, ended.err
    return folder / "lake"


@pytest.fixture(scope="module")
def judged(ingested: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, after the first run of detection. Tests copy it."""
    lake = shutil.copytree(ingested, tmp_path_factory.mktemp("judged") / "lake")
    found = detect(load_settings(lake=lake))
    assert found.page == lake / "reports" / "incidents.html"
    return lake


def put_incident(root: Path) -> str:
    """An open incident of all orders, as if the last run had found it."""
    lake = open_lake(root)
    last = lake.done(INCIDENTS, "judged")
    assert last is not None
    until = timedelta(hours=last + 1) + pa.scalar(0, pa.timestamp("us")).as_py()
    row: dict[str, Any] = dict.fromkeys(INCIDENTS.schema.names) | {
        "incident_id": "0a1b2c3d", "kind": "drop", "status": "open", "onset": until - timedelta(hours=20),
        "opened_at": until - timedelta(hours=18), "series_id": "hour/orders/all/all", "metric": "orders",
        "dimension": "all", "member": "all", "side": "down", "series": 2, "anomalies": 9, "value": 1.0,
        "expected": 9.0, "depth": -0.9, "money": -120.0, "orders": -8.0, "p_value": 1e-9, "updated_at": until,
    }  # fmt: skip
    with transaction(lake) as tx:
        tx.write(INCIDENTS, pa.Table.from_pylist([row], INCIDENTS.schema))
    return "0a1b2c3d"


def test_the_first_run_says_what_was_watched_and_that_nothing_was_found(judged: Path) -> None:
    html = (judged / "reports" / "incidents.html").read_text(encoding="utf-8")
    assert "No incident is open, and none was found in the last 28 days." in html
    assert "series of orders, revenue, additions to the cart, visits and events were watched hour by hour" in html


def test_a_card_has_a_plot_of_what_is_remembered_and_none_under_another_policy(judged: Path, tmp_path: Path) -> None:
    lake = shutil.copytree(judged, tmp_path / "lake")
    name = put_incident(lake)
    page = report_incidents(load_settings(lake=lake), tmp_path / "page.html")
    assert f'data-figure="plot-{name}"' in page.read_text(encoding="utf-8")
    (tmp_path / "alerts.toml").write_text(OTHER_POLICY, encoding="utf-8")
    report_incidents(load_settings(lake=lake, alerts=tmp_path / "alerts.toml"), page)
    html = page.read_text(encoding="utf-8")
    assert f'id="card-{name}"' in html
    assert "data-figure" not in html
    assert "what the detector remembers is of another policy" in html
    (lake / "models" / "watch" / "memory.npz").unlink()
    report_incidents(load_settings(lake=lake), page)
    assert "data-figure" not in page.read_text(encoding="utf-8")


def test_a_page_that_cannot_be_written_loses_nothing_that_was_found(ingested: Path, tmp_path: Path) -> None:
    lake = shutil.copytree(ingested, tmp_path / "lake")
    settings = load_settings(lake=lake)
    with pytest.raises(UserError, match="has no series of orders"):
        report_incidents(settings)
    (lake / "reports").write_text("not a folder", encoding="utf-8")
    found = detect(settings)
    assert found.hours > 600
    assert found.page is None
    assert "incidents.html is not written" in found.failure
    assert open_lake(lake).done(INCIDENTS, "judged") is not None
    assert detect(settings).hours == 0
