"""A lake, keys or an audit log that cannot be used: told to callers and to /health, and over when they are mended."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from served import Server, serving, wait_for

from footfall.errors import RegistryUnreachable
from footfall.lake import open_lake
from footfall.pipeline.query import query
from footfall.serve.access import AuditLog, access_folder
from footfall.serve.api.server import Remembered


@pytest.fixture(scope="module")
def fragile(published_lake: Path, key_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose lake these tests break, and mend again."""
    lake = shutil.copytree(published_lake, tmp_path_factory.mktemp("fragile") / "lake")
    with serving(lake, key_file, "--rate", 1, "--burst", 500) as server:
        # MLflow is opened in the background after a start; if the lake goes away just then, it makes a folder there.
        assert server.get("/v1/models").status_code == 200
        yield server


def incident(lake: Path) -> tuple[str, str | None]:
    row = query(open_lake(lake), "SELECT incident_id, verdict FROM incidents ORDER BY incident_id LIMIT 1").to_pylist()
    return row[0]["incident_id"], row[0]["verdict"]


def status(server: Server, path: str = "/health/ready", role: str | None = None) -> int:
    return server.get(path, role).status_code


def test_without_an_entry_in_the_audit_log_nothing_is_changed(fragile: Server) -> None:
    name, _ = incident(fragile.lake)
    path = f"/v1/incidents/{name}/feedback"
    assert fragile.post(path, {"verdict": "expected"}, "operations").status_code == 200
    (file,) = (fragile.lake / "access" / "audit").glob("*.jsonl")
    away = file.rename(file.with_suffix(".away"))
    file.mkdir()
    refused = fragile.post(path, {"verdict": "false"}, "operations")
    assert (refused.status_code, incident(fragile.lake)) == (503, (name, "expected"))
    assert status(fragile) == 503
    file.rmdir()
    away.rename(file)
    assert status(fragile) == 200
    assert fragile.post(path, {"verdict": "false"}, "operations").status_code == 200
    assert incident(fragile.lake) == (name, "false")


def test_a_lake_that_is_away_is_told(fragile: Server) -> None:
    away = fragile.lake.rename(fragile.lake.parent / "away")
    try:
        wait_for(lambda: status(fragile) == 503)
        wait_for(lambda: status(fragile, "/v1/segments", "marketing") == 503)  # and not: this key opens nothing
        wait_for(lambda: "cannot be read" in str(fragile.get("/health", None).json()["status"]))
    finally:
        away.rename(fragile.lake)
    wait_for(lambda: status(fragile) == 200)
    assert status(fragile, "/v1/segments", "marketing") == 200


def test_files_that_are_gone_are_no_fault_of_the_caller(fragile: Server) -> None:
    (file,) = (fragile.lake / "processed" / "segment_profiles").glob("*.parquet")
    away = file.rename(file.with_suffix(".away"))
    told = fragile.get("/v1/segments", "marketing")
    away.rename(file)
    assert told.status_code == 503
    assert "parquet" not in told.text
    assert status(fragile, "/v1/segments", "marketing") == 200


def test_a_lake_that_was_made_anew_is_another_one(fragile: Server) -> None:
    tag = fragile.get("/v1/segments", "marketing").headers["ETag"]

    def is_known() -> bool:
        again = fragile.get("/v1/segments", "marketing", headers={"If-None-Match": tag})
        return again.status_code == 304

    assert is_known()
    os.utime(fragile.lake / "lake.json")
    wait_for(lambda: not is_known())


def test_keys_that_cannot_be_read_are_told(fragile: Server) -> None:
    file = fragile.lake / "access" / "keys.json"
    good = file.read_bytes()
    file.write_bytes(good[:-20])
    try:
        wait_for(lambda: status(fragile) == 503)
    finally:
        file.write_bytes(good)
    wait_for(lambda: status(fragile) == 200)


def test_probes_are_never_too_fast(fragile: Server) -> None:
    with httpx.Client(base_url=fragile.url, trust_env=False) as client:
        assert {client.head(path).status_code for path in ("/health/live", "/health/ready")} == {200}
        assert {client.get("/health/live").status_code for _ in range(600)} == {200}
        assert {client.get("/metrics").status_code for _ in range(600)} == {200, 429}


def test_what_is_no_incident_is_not_copied_into_the_audit_log(fragile: Server) -> None:
    path = "/v1/incidents/jane.doe%40example.com%0A=1+cmd/acknowledge"
    assert fragile.ask("POST", path, "marketing").status_code == 403
    last = list(AuditLog(access_folder(open_lake(fragile.lake))).entries())[-1]
    assert (last.what, last.outcome, last.target) == ("incidents.write", "refused", "…")


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/v1/incidents?since=0001-01-01T00:00:00%2B05:00", 422),
        ("/v1/anomalies?until=9999-12-31T23:59:59-05:00", 422),
        (f"/v1/segments/{'9' * 5000}", 404),
        ("/v1/segments/4294967296", 422),
        ("/v1/segments/", 404),
    ],
)
def test_odd_requests_are_refused(fragile: Server, path: str, expected: int) -> None:
    told = fragile.get(path)
    assert told.status_code == expected, told.text
    assert "location" not in told.headers


def test_a_tag_is_compared_without_its_weakness(fragile: Server) -> None:
    tag = fragile.get("/v1/segments").headers["ETag"]
    for known in (tag, tag.removeprefix("W/"), f'"other", {tag}', "*"):
        assert fragile.get("/v1/segments", headers={"If-None-Match": known}).status_code == 304
    assert fragile.get("/v1/segments/99999", headers={"If-None-Match": "*"}).status_code == 404


def test_what_could_not_be_had_is_not_asked_for_again_at_once() -> None:
    asked = []

    def get() -> str:
        asked.append(1)
        raise RegistryUnreachable("no answer")

    remembered = Remembered(get, 60.0)
    for _ in range(3):
        with pytest.raises(RegistryUnreachable, match="no answer"):
            remembered()
    assert len(asked) == 1
